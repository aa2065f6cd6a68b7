"""Reading from container registries (OCI distribution specification 1.1); nothing they say is trusted.

They are asked as everybody may, or with the name and password that the operator connected for one. What is named by a
digest is compared with it, and nothing larger than it says, or than our bounds, is read.
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
from cybervault.egress.guard import Origin, origin_of
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.stream import StreamReply
from cybervault.scans.seen import CoverageState, shown
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
_HUB_TOKENS: Final = Origin("https", "auth.docker.io", 443)
SETTING: Final = "CYBERVAULT_SCANS__REGISTRY_ACCOUNTS__<NAME>__"


class RegistryError(Exception):
    """Why a registry gave no image, in our own words, and what that means for what was to be looked at."""

    def __init__(self, reason: str, state: CoverageState = CoverageState.FAILED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state


@dataclass(frozen=True, slots=True)
class RegistryAccount:
    """Who asks; `tokens_at` is where its password may be sent besides the registry itself (None: nowhere)."""

    username: str
    password: Secret
    tokens_at: Origin | None = None


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
    """The registry of one image. `plain` are those that the operator named with http.

    The password of an `account` is sent to the registry and to where that has tokens made, never where they redirect.
    """

    egress: Egress
    name: ImageName
    plain: frozenset[Origin] = frozenset()
    account: RegistryAccount | None = None
    _right: SecretHeader | None = field(default=None, init=False)

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

    def name_of_blob(self, digest: str) -> str:
        """The hexadecimal digits of a digest, which are all that may name a file; raises `RegistryError`."""
        _checked_digest(digest)
        return digest.partition(":")[2]

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
        """Hand on what the registry answers, with a right to it where it wants one; raises `RegistryError`."""
        for _ in range(_TRIES):
            rights = () if self._right is None else (self._right,)
            try:
                async with self.egress.stream(replace(request, secret_headers=rights)) as reply:
                    if await self._is_refused(reply):
                        continue
                    async for piece in reply.chunks():
                        await take(piece)
            except EgressError as error:
                raise _lost(error.failure) from None
            return
        raise self._refusal(401)

    @property
    def _place(self) -> str:
        host = _HUB_HOST if self.name.host in _HUB else self.name.host
        port = self.name.port
        is_plain = Origin("http", host, port or 80) in self.plain
        return f"{'http' if is_plain else 'https'}://{host}{f':{port}' if port else ''}"

    def _request(self, path: str, *, seconds: float, most: int) -> OutgoingRequest:
        repository = self.name.path
        if self.name.host in {*_HUB, _HUB_HOST} and "/" not in repository:
            repository = f"library/{repository}"
        return OutgoingRequest(
            url=f"{self._place}/v2/{repository}/{path}",
            headers=(_ACCEPT,),
            redirect_hosts=frozenset({"*"}),
            drops_key_on_redirect=True,
            timeout_seconds=seconds,
            body_bytes_max=most,
            retries=0,
        )

    async def _is_refused(self, reply: StreamReply) -> bool:
        """Whether it is to be asked again with a right, which was fetched; raises `RegistryError` for a final no."""
        if reply.status == 200:  # noqa: PLR2004 - OK
            return False
        if reply.status == 401 and self._right is None:  # noqa: PLR2004 - Unauthorized
            self._right = await self._new_right(reply.header("www-authenticate"))
            return True
        raise self._refusal(reply.status)

    async def _new_right(self, challenge: str) -> SecretHeader:
        """What a registry lets us read with (distribution specification, authentication; RFC 7617)."""
        scheme, _, rest = challenge.partition(" ")
        fields = dict(_CHALLENGE.findall(rest))
        realm = fields.get("realm", "")
        if scheme.lower() == "basic" and self.account is not None:
            return _basic(self.account)
        if scheme.lower() != "bearer" or not realm:
            raise _unknown()
        question = {name: fields[name] for name in ("service", "scope") if name in fields}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(question)}"
        return SecretHeader("Authorization", await self._new_token(url), "Bearer ")

    async def _new_token(self, url: str) -> Secret:
        request = OutgoingRequest(url=url, body_bytes_max=_DOCUMENT_BYTES_MAX)
        if self.account is not None:
            self._refuse_stranger(url, self.account)
            request = replace(request, secret_headers=(_basic(self.account),))
        reply = await self.egress.fetch(request)
        if reply.failure is not None:
            raise _lost(reply.failure)
        if reply.status in {400, 401, 403}:
            raise _unknown() if self.account is None else _wrong()
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise self._refusal(reply.status)
        found = _read(reply.body, dict[str, object], "token")
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token:
            raise self._refusal(401)
        return Secret(token)

    def _refuse_stranger(self, url: str, account: RegistryAccount) -> None:
        """Let a password go to no other place than was named; a registry that was broken into could name any."""
        own = {origin_of(self._place), account.tokens_at} | ({_HUB_TOKENS} if self.name.host in _HUB else set())
        try:
            asked = origin_of(url)
        except EgressError as error:
            raise _lost(error.failure) from None
        if asked not in own:
            where = shown(f"{asked.scheme}://{asked.host}", 100)
            reason = f"its registry wants the password sent to {where}, which nobody named: set {SETTING}TOKEN_URL"
            raise RegistryError(reason, CoverageState.NOT_TESTED)

    def _refusal(self, status: int) -> RegistryError:
        if status in {401, 403}:
            if self.account is None:
                return _unknown()
            is_basic = self._right is not None and bool(self._right.user)
            return _wrong() if is_basic and status == 401 else _not_for_us()  # noqa: PLR2004 - Unauthorized
        if status == 404:  # noqa: PLR2004 - Not Found
            return RegistryError("its registry has no such image")
        if status == 429:  # noqa: PLR2004 - Too Many Requests
            return RegistryError("its registry lets nobody read more for now")
        return RegistryError(f"its registry answered with status {status}")


def _basic(account: RegistryAccount) -> SecretHeader:
    return SecretHeader("Authorization", account.password, "Basic ", user=account.username)


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
    is_reached = failure in {EgressFailure.TOO_LARGE, EgressFailure.BAD_ENCODING}
    return RegistryError(reasons[failure], CoverageState.FAILED if is_reached else CoverageState.NOT_REACHED)


def _unknown() -> RegistryError:
    reason = f"its registry wants a name and a password, which this server has not: set {SETTING}REGISTRY and the rest"
    return RegistryError(reason, CoverageState.NOT_TESTED)


def _wrong() -> RegistryError:
    return RegistryError("its registry refused these credentials", CoverageState.NOT_TESTED)


def _not_for_us() -> RegistryError:
    reason = "its registry lets the name that is connected to it not read this image"
    return RegistryError(reason, CoverageState.NOT_TESTED)
