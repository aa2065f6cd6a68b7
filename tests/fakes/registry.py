"""A container registry on loopback: the OCI distribution protocol, with the manners of real ones, and with lies."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.fakes.loopback import HOST

OCI: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
TOKEN: Final = "a-token-that-everybody-may-have"
DEBIAN: Final = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
OPENSSL: Final = (
    b"Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1~deb12u1\n"
    b"Description: libraries\n that are long\n\n"
    b"Package: gone\nStatus: deinstall ok config-files\nVersion: 1.0\n\n"
    b"Package: libc6\nStatus: install ok installed\nSource: glibc (2.36-9+deb12u3)\nVersion: 2.36-9+deb12u3+b1\n"
)


def digest_of(raw: bytes) -> str:
    """How content is named."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def layer(files: Mapping[str, bytes], *, is_packed: bool = True) -> bytes:
    """A layer with these files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            head = tarfile.TarInfo(name)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
    return gzip.compress(made.getvalue(), mtime=0) if is_packed else made.getvalue()


def _unpacked_digest(raw: bytes) -> str:
    return digest_of(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)


def jar(version: str) -> bytes:
    """An archive of Java that says it is log4j-core of this version."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        about = f"version={version}\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n"
        archive.writestr("META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties", about)
    return made.getvalue()


@dataclass(slots=True)
class Shelves:
    """What a registry holds and how it behaves: `lies` are blobs that are answered with other bytes than their own."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    lies: dict[str, bytes] = field(default_factory=dict)
    wants_token: bool = False
    wants_password: bool = False
    people: dict[str, str] = field(default_factory=dict)
    """Names and passwords of those who are let in; `realm` is where it says tokens are made ("": with itself)."""
    realm: str = ""
    """HERE in it is the registry's own place."""
    leads_blobs_to: str = ""
    status: int = 0
    hold: threading.Event | None = None
    """Blobs but the first two wait for it."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, raw: bytes) -> dict[str, Any]:
        """Keep a blob; its descriptor."""
        self.blobs[digest_of(raw)] = raw
        return {"mediaType": "application/octet-stream", "digest": digest_of(raw), "size": len(raw)}

    def push(self, reference: str, layers: Sequence[bytes], **config: object) -> str:
        """An image of a repository, as `app:1`; its digest."""
        run = {"User": "app", "Env": ["PATH=/bin"], "Healthcheck": {"Test": ["CMD", "true"]}} | config
        document = {
            "created": "2026-10-01T00:00:00Z",
            "os": "linux",
            "architecture": "amd64",
            "config": run,
            "rootfs": {"type": "layers", "diff_ids": [_unpacked_digest(one) for one in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": self.keep(json.dumps(document).encode()) | {"mediaType": _CONFIG},
            "layers": [self.keep(one) | {"mediaType": _LAYER} for one in layers],
        }
        return self.put(reference, manifest)

    def put(self, reference: str, manifest: object, sort: str = OCI) -> str:
        """A manifest of any sort; its digest."""
        raw = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        repository, _, tag = reference.partition(":")
        for name in (tag, digest_of(raw)):
            self.manifests[f"{repository}/{name}"] = (sort, raw)
        return digest_of(raw)


class _Handler(BaseHTTPRequestHandler):
    shelves: Shelves
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "")
        self.shelves.asked.append((self.path, token))
        if self.path.startswith("/token?"):
            is_let_in = not self.shelves.people or self._is_known(token)
            self._answer(200 if is_let_in else 401, json.dumps({"token": TOKEN} if is_let_in else {}).encode())
        elif self.shelves.status:
            self._answer(self.shelves.status, b"<html>", {"Content-Type": "text/html"})
        elif self.shelves.wants_password and self.path.startswith("/v2/") and not self._is_known(token):
            self._answer(401, b"{}", {"WWW-Authenticate": 'Basic realm="ours"'})
        elif self.shelves.wants_token and token != f"Bearer {TOKEN}" and self.path.startswith("/v2/"):
            realm = (self.shelves.realm or "http://HERE/token").replace("HERE", str(self.headers["Host"]))
            challenge = f'Bearer realm="{realm}",service="ours",scope="repository:app:pull"'
            self._answer(401, b"{}", {"WWW-Authenticate": challenge})
        else:
            self._answer_content()

    def _answer_content(self) -> None:
        if self.path == "/v2/":
            self._answer(200, b"{}")
            return
        rest = self.path.removeprefix("/v2/").removeprefix("/stored/")
        repository, _, name = rest.rpartition("/")
        name = name.partition("?")[0]
        if repository.endswith("/manifests") and (found := self._manifest(repository, name)):
            self._answer(200, found[1], {"Content-Type": found[0]})
        elif self.shelves.leads_blobs_to and self.path.startswith("/v2/"):
            where = self.shelves.leads_blobs_to.replace("HERE", str(self.headers["Host"]))
            self._answer(307, b"", {"Location": f"{where}/stored/{repository}/{name}"})
        elif name in self.shelves.blobs:
            self._answer(200, self.shelves.lies.get(name, self.shelves.blobs[name]))
        else:
            self._answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    def _is_known(self, header: str) -> bool:
        told = base64.b64decode(header.removeprefix("Basic ")).decode() if header.startswith("Basic ") else ""
        name, _, password = told.partition(":")
        return bool(name) and self.shelves.people.get(name) == password

    def _wait(self) -> None:
        blobs = [path for path, _ in self.shelves.asked if "/blobs/" in path]
        if self.shelves.hold is not None and len(blobs) > 2:
            self.shelves.hold.wait(60)

    def _manifest(self, repository: str, name: str) -> tuple[str, bytes] | None:
        return self.shelves.manifests.get(f"{repository.removesuffix('/manifests')}/{name}")

    def _answer(self, status: int, body: bytes, heads: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (heads or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def registry_of(shelves: Shelves) -> Iterator[str]:
    """The `host:port` of a registry with these shelves."""
    handler = type("Handler", (_Handler,), {"shelves": shelves})
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
