"""Reading from container registries (OCI distribution specification 1.1), as everybody may; nothing it says is trusted.

What is named by a digest is compared with it, and nothing larger than it says, or than our bounds, is read.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.guard import Origin
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.stream import StreamReply
from cybervault.scans.targets import ImageName

_Read = TypeVar("_Read")

LAYERS_MAX: Final = 200
LAYER_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
IMAGE_BYTES_MAX: Final = 8 * 1024 * 1024 * 1024
_DOCUMENT_BYTES_MAX: Final = 4 * 1024 * 1024
_ANSWER_SECONDS: Final = 20.0
_LAYER_SECONDS: Final = 900.0
_TRIES: Final = 3
_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT: Final = ("Accept", ", ".join((*_MANIFESTS, *_INDEXES)))
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
_PLATFORM: Final = ("linux", "amd64")
# Docker's own hub answers under another name, and calls its own images by a prefix.
_HUB: Final = frozenset({"docker.io", "index.docker.io"})
_HUB_HOST: Final = "registry-1.docker.io"


class RegistryError(Exception):
    """Why a registry gave no image, in our own words."""

    def __init__(self, reason: str, *, is_reached: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_reached = is_reached


class Platform(msgspec.Struct):
    """For which machines a manifest of an index is."""

    os: str = ""
    architecture: str = ""


class Descriptor(msgspec.Struct):
    """What a manifest says of something that it names."""

    digest: str
    size: int
    mediaType: str = ""  # noqa: N815 - as the specification spells it
    platform: Platform | None = None


class Manifest(msgspec.Struct):
    """A manifest of one image, or an index of several (`manifests`)."""

    config: Descriptor | None = None
    layers: list[Descriptor] = []
    manifests: list[Descriptor] = []
    schemaVersion: int = 2  # noqa: N815 - same


class RunConfig(msgspec.Struct, rename="pascal"):
    """How a container of the image is started."""

    user: str | None = None
    env: list[str] | None = None
    healthcheck: dict[str, Any] | None = None


class Config(msgspec.Struct):
    """What an image says of itself."""

    created: str | None = None
    config: RunConfig | None = None
    architecture: str = ""
    os: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a registry: its digest, what it says of itself, and its layers from the bottom."""

    digest: str
    config: Config
    layers: tuple[Descriptor, ...]


@dataclass(slots=True)
class Registry:
    """The registry of one image. `plain` are those that the operator named with http."""

    egress: Egress
    name: ImageName
    plain: frozenset[Origin] = frozenset()
    _token: Secret | None = field(default=None, init=False)

    async def image(self) -> Image:
        """Its manifest (of an index that for linux/amd64, else the first) and configuration; raises `RegistryError`."""
        reference = self.name.digest or self.name.tag or "latest"
        digest, manifest = await self._manifest(reference)
        if manifest.manifests:
            digest, manifest = await self._manifest(_chosen(manifest.manifests).digest)
        if manifest.config is None or manifest.schemaVersion != 2:  # noqa: PLR2004 - the version of manifests
            raise RegistryError("its manifest is of a form that is not read: neither OCI nor Docker's second")
        if len(manifest.layers) > LAYERS_MAX or sum(layer.size for layer in manifest.layers) > IMAGE_BYTES_MAX:
            raise RegistryError(f"it has more than {LAYERS_MAX} layers or {IMAGE_BYTES_MAX >> 30} GiB")
        _checked_digest(manifest.config.digest)
        raw = await self._document(f"blobs/{manifest.config.digest}", manifest.config.digest)
        return Image(digest, _read(raw, Config, "configuration"), tuple(manifest.layers))

    async def copy_layer(self, digest: str, size: int, into: BinaryIO) -> None:
        """Write a layer as it is packed into a file; raises `RegistryError` for any other bytes than its digest's."""
        _checked_digest(digest)
        if not 0 <= size <= LAYER_BYTES_MAX:
            raise RegistryError(f"it is larger than {LAYER_BYTES_MAX >> 30} GiB")
        seen, length = hashlib.sha256(), 0

        async def take(piece: bytes) -> None:
            nonlocal length
            length += len(piece)
            seen.update(piece)
            await asyncio.to_thread(into.write, piece)

        await self._take(self._request(f"blobs/{digest}", seconds=_LAYER_SECONDS, most=size), take)
        if length != size or f"sha256:{seen.hexdigest()}" != digest:
            raise RegistryError("what came is not what its digest says")

    async def _manifest(self, reference: str) -> tuple[str, Manifest]:
        raw = await self._document(f"manifests/{reference}", reference if _DIGEST.fullmatch(reference) else "")
        return f"sha256:{hashlib.sha256(raw).hexdigest()}", _read(raw, Manifest, "manifest")

    async def _document(self, path: str, digest: str) -> bytes:
        """A small document, which is what `digest` says where it is named by one."""
        raw = bytearray()

        async def take(piece: bytes) -> None:
            raw.extend(piece)

        await self._take(self._request(path, seconds=_ANSWER_SECONDS, most=_DOCUMENT_BYTES_MAX), take)
        if digest and f"sha256:{hashlib.sha256(raw).hexdigest()}" != digest:
            raise RegistryError("what came is not what its digest says")
        return bytes(raw)

    async def _take(self, request: OutgoingRequest, take: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand on what the registry answers, with a token where it wants one; raises `RegistryError`."""
        for _ in range(_TRIES):
            try:
                async with self.egress.stream(self._with_token(request)) as reply:
                    if await self._is_refused(reply):
                        continue
                    async for piece in reply.chunks():
                        await take(piece)
            except EgressError as error:
                raise _lost(error.failure) from None
            return
        raise _refused()

    def _request(self, path: str, *, seconds: float, most: int) -> OutgoingRequest:
        host = _HUB_HOST if self.name.host in _HUB else self.name.host
        repository = self.name.path
        if host == _HUB_HOST and "/" not in repository:
            repository = f"library/{repository}"
        port = self.name.port
        is_plain = Origin("http", host, port or 80) in self.plain
        where = f"{'http' if is_plain else 'https'}://{host}{f':{port}' if port else ''}"
        return OutgoingRequest(
            url=f"{where}/v2/{repository}/{path}",
            headers=(_ACCEPT,),
            redirect_hosts=frozenset({"*"}),
            drops_key_on_redirect=True,
            timeout_seconds=seconds,
            body_bytes_max=most,
            retries=0,
        )

    def _with_token(self, request: OutgoingRequest) -> OutgoingRequest:
        if self._token is None:
            return request
        bearer = SecretHeader("Authorization", self._token, scheme="Bearer ")
        return replace(request, secret_headers=(bearer,))

    async def _is_refused(self, reply: StreamReply) -> bool:
        """Whether it is to be asked again with a token, which was fetched; raises `RegistryError` for a final no."""
        if reply.status == 200:  # noqa: PLR2004 - OK
            return False
        if reply.status == 401 and self._token is None:  # noqa: PLR2004 - Unauthorized
            self._token = await self._new_token(reply.header("www-authenticate"))
            return True
        raise _refusal(reply.status)

    async def _new_token(self, challenge: str) -> Secret:
        """What a registry lets everybody read with (distribution specification, token authentication)."""
        scheme, _, rest = challenge.partition(" ")
        fields = dict(_CHALLENGE.findall(rest))
        realm = fields.get("realm", "")
        if scheme.lower() != "bearer" or not realm:
            raise _refused()
        question = {name: fields[name] for name in ("service", "scope") if name in fields}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(question)}"
        reply = await self.egress.fetch(OutgoingRequest(url=url, body_bytes_max=_DOCUMENT_BYTES_MAX))
        if reply.failure is not None:
            raise _lost(reply.failure)
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise _refused()
        found = _read(reply.body, dict[str, object], "token")
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token:
            raise _refused()
        return Secret(token)


def _chosen(manifests: list[Descriptor]) -> Descriptor:
    for one in manifests:
        if one.platform is not None and (one.platform.os, one.platform.architecture) == _PLATFORM:
            return one
    return manifests[0]


def _read(raw: bytes, sort: type[_Read], what: str) -> _Read:
    try:
        return msgspec.json.decode(raw, type=sort)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise RegistryError(f"its {what} cannot be read") from None


def _checked_digest(digest: str) -> None:
    if _DIGEST.fullmatch(digest) is None:
        raise RegistryError("it names something by a digest that is not SHA-256")


def _lost(failure: EgressFailure) -> RegistryError:
    reasons = {
        EgressFailure.REFUSED: "its registry, or where that leads, may not be reached from this server",
        EgressFailure.TOO_LARGE: "more came than its size says",
        EgressFailure.TIMEOUT: "its registry took too long",
        EgressFailure.UNREACHABLE: "its registry does not answer",
        EgressFailure.BAD_ENCODING: "its registry's answer breaks HTTP",
    }
    return RegistryError(reasons[failure], is_reached=failure in {EgressFailure.TOO_LARGE, EgressFailure.BAD_ENCODING})


def _refused() -> RegistryError:
    return RegistryError("its registry wants a name and a password, which this server has not")


def _refusal(status: int) -> RegistryError:
    if status in {401, 403}:
        return _refused()
    if status == 404:  # noqa: PLR2004 - Not Found
        return RegistryError("its registry has no such image")
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return RegistryError("its registry lets nobody read more for now")
    return RegistryError(f"its registry answered with status {status}")
