"""A place on loopback where releases of rules are published: what lies at each path, over real HTTP."""

import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.detection.sigma import selecting, text_of
from tests.fakes.loopback import HOST


@dataclass(frozen=True, slots=True)
class Published:
    """What a path answers."""

    body: bytes = b""
    status: int = 200
    location: str = ""
    retry_after: str = ""
    # How long it says to be, where that is not so.
    length: int | None = None


def rule_text(number: int, **more: object) -> str:
    """A rule with an id of its own."""
    return text_of(
        selecting(Image__endswith=f"\\x{number}.exe"),
        id=f"00000000-0000-4000-8000-{number:012}",
        title=f"Rule {number}",
        **more,
    )


def archive(files: Mapping[str, str]) -> bytes:
    """A ZIP archive of some texts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return made.getvalue()


def release(count: int, **others: str) -> bytes:
    """An archive in the form of SigmaHQ's releases, with so many rules."""
    files = {f"rules/windows/r{number}.yml": rule_text(number) for number in range(count)}
    return archive(files | {"version.txt": "r2026-11-01\n", "README.md": "x"} | others)


@contextmanager
def publishing(paths: Mapping[str, Published]) -> Iterator[str]:
    """The base address of a server that answers these paths, and 404 elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = paths.get(self.path, Published(status=404))
            self.send_response(found.status)
            if found.location:
                self.send_header("Location", found.location)
            if found.retry_after:
                self.send_header("Retry-After", found.retry_after)
            self.send_header("Content-Length", str(len(found.body) if found.length is None else found.length))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
