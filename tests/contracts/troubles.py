"""Everything that goes wrong around a server, asked for with everybody's keys: the scenario of the proof of secrecy."""

import hashlib
import itertools
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Final
from urllib.parse import urlsplit

from tests.contracts.saying import ADDRESS, MD5
from tests.fakes.canaries import Traces
from tests.fakes.loopback import HOST
from tests.fakes.processes import say
from tests.fakes.upstream import Behaviour, UpstreamFarm

OF_SOURCES: Final = (
    Behaviour.UNAUTHORIZED, Behaviour.FORBIDDEN, Behaviour.NOT_FOUND, Behaviour.THROTTLED, Behaviour.QUOTA,
    Behaviour.SERVER_ERROR, Behaviour.UNPROCESSABLE, Behaviour.HANG, Behaviour.DROP, Behaviour.REDIRECT_AWAY,
    Behaviour.GZIP_BOMB, Behaviour.HTML, Behaviour.BROKEN_JSON, Behaviour.WRONG_TYPES, Behaviour.INJECTION,
)  # fmt: skip
OF_CHAT: Final = (
    Behaviour.UNAUTHORIZED, Behaviour.PAYMENT, Behaviour.BAD_REQUEST, Behaviour.THROTTLED, Behaviour.SERVER_ERROR,
    Behaviour.ERROR_IN_200, Behaviour.ERROR_MID_STREAM, Behaviour.BROKEN_JSON, Behaviour.DROP,
    Behaviour.DROP_MID_STREAM, Behaviour.REASONING_ONLY, Behaviour.HTML,
)  # fmt: skip
SSE: Final = {"Accept": "text/event-stream"}
_AT_ONCE: Final = 4
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """One whole answer as it came over the wire."""

    status: int
    headers: bytes
    body: bytes


@dataclass
class Asker:
    """Asks one server and keeps everything it says; `keys` are the headers of a caller with keys of their own."""

    port: int
    keys: dict[str, str]
    traces: Traces
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def get(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Asked:
        """One request."""
        connection = HTTPConnection(HOST, self.port, timeout=30)
        connection.request(method, path, headers=dict(headers or {}))
        reply = connection.getresponse()
        asked = Asked(reply.status, str(reply.headers).encode(), _whole(reply))
        connection.close()
        self.traces.add("response headers", asked.headers)
        self.traces.add("response bodies", asked.body)
        return asked

    def all_kinds(self) -> list[Asked]:
        """About things not asked before, of every kind, by both streams and without one, with own keys and without."""
        number = next(self._numbers)
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        asked = [
            (f"/api/ctai?ioc=11.{number >> 8}.{number & 255}.1", SSE | self.keys),
            (f"/api/ctai/stream?ioc=n{number}.example&lang=en", self.keys),
            (f"/api/ctai?ioc={digest}", self.keys),
            (f"/api/ctai/stream?ioc=11.{number >> 8}.{number & 255}.2", {}),
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda one: self.get(*one), asked))

    def leave_early(self, path: str) -> None:
        """Read the beginning of an answer and go."""
        with socket.create_connection((HOST, self.port), timeout=10) as connection:
            lines = "".join(f"{name}: {value}\r\n" for name, value in (SSE | self.keys).items())
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
            self.traces.add("response bodies", connection.recv(65_536))

    def say(self, request: bytes) -> None:
        """Send bytes that may be no request."""
        self.traces.add("response bodies", say(self.port, request, patience_seconds=0.3))


def _whole(reply: HTTPResponse) -> bytes:
    """The body, as far as it came."""
    try:
        return reply.read()
    except IncompleteRead as error:
        return error.partial


def go_through_all(asker: Asker, farm: UpstreamFarm) -> None:
    """Good answers, every trouble of sources and of the language model, callers who leave and callers who stammer."""
    _wake_bomb(farm)
    for behaviour in OF_SOURCES:
        farm.set_default(behaviour)
        assert any(_is_asked_for(asker, farm) for _ in range(_TRIES)), behaviour
        # A good answer closes the breaker again; without it the next trouble would not even be asked for.
        farm.set_default(Behaviour.OK)
        asker.all_kinds()
    for behaviour in (Behaviour.OK, *OF_CHAT):
        farm.set("chat", behaviour)
        asker.get(f"/api/ctai?ioc={ADDRESS}", asker.keys)
        asker.get(f"/api/ctai/stream?ioc={MD5}", SSE | asker.keys)
        asker.get(f"/api/ctai?ioc={MD5}", SSE)
    farm.set("chat", Behaviour.SLOW)
    asker.leave_early(f"/api/ctai?ioc={ADDRESS}")
    farm.set_default(Behaviour.HANG)
    asker.leave_early("/api/ctai/stream?ioc=11.255.0.1")
    farm.set_default(Behaviour.OK)
    farm.set("chat", Behaviour.OK)
    _stammer(asker)


def _is_asked_for(asker: Asker, farm: UpstreamFarm) -> bool:
    """Whether the trouble came about: a source may be given up on a busy machine before it is even reached."""
    before = len(farm.calls("virustotal"))
    asker.all_kinds()
    return len(farm.calls("virustotal")) > before


def _wake_bomb(farm: UpstreamFarm) -> None:
    """Let the farm make its bomb, which takes longer than the server would wait."""
    farm.set("robtex", Behaviour.GZIP_BOMB)
    place = urlsplit(farm.url("robtex"))
    connection = HTTPConnection(place.netloc, timeout=30)
    connection.request("GET", f"{place.path}/x")
    connection.getresponse().read()
    connection.close()
    farm.reset()


def _stammer(asker: Asker) -> None:
    """Requests that are refused, each with the keys of a caller."""
    for path in (
        "/api/ctai",
        "/api/ctai?ioc=",
        "/api/ctai?ioc=%ff%00",
        "/api/nope",
        "/",
        "/assets/x.js",
        "/api/health",
    ):
        asker.get(path, asker.keys)
        asker.get(path, asker.keys, method="POST")
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in asker.keys.items())
    for head in (
        b"GET /api/ctai HTTP/9.9\r\n",
        b"\x16\x03\x01\x02\x00\r\n",
        b"G\x00T / HTTP/1.1\r\n",
        b"GET\r\n",
        b"GET /api/ctai HTTP/1.1\r\nConnection: close\r\n",
        b"GET /api/ctai HTTP/1.1\r\nBad Header\r\n",
        b"GET /api/ctai HTTP/1.1\r\nContent-Length: x\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n",
        b"GET /api/ctai HTTP/1.1\r\nX-Long: " + b"a" * 100_000 + b"\r\n",
    ):
        asker.say(head + lines + b"\r\n")
        asker.say(lines + head)
