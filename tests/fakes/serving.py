"""A real server on loopback for the acceptance checks: our whole application before the upstream farm."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import uvicorn

from cybervault.app.server import create_app
from cybervault.domain.secrets import Secret
from cybervault.setting_parts import ScanSettings
from cybervault.settings import ChatSettings, ModelChoice, RateLimitSettings, Settings, SourceSettings
from tests.fakes.clock import HandClock
from tests.fakes.processes import NO_TLS
from tests.fakes.upstream import UpstreamFarm

SOURCES: Final = (
    "virustotal", "abuseipdb", "polyswarm", "robtex", "internetdb", "greynoise", "hashlookup", "rdap", "robtex_dns",
)  # fmt: skip
KEYED: Final = frozenset({"virustotal", "abuseipdb", "polyswarm"})


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; `events` of a stream."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.text)

    @property
    def events(self) -> list[Event]:
        assert self.headers["content-type"].startswith("text/event-stream"), self.text
        blocks = [block for block in self.text.split("\n\n") if block and not block.startswith(":")]
        return [_event(block) for block in blocks]

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    @property
    def meta(self) -> dict[str, Any]:
        return self.events[0].data

    @property
    def words(self) -> str:
        return "".join(event.data["content"] for event in self.events if event.name == "chunk")


def _event(block: str) -> Event:
    name, data = block.split("\n")
    value = json.loads(data.removeprefix("data: "))
    assert isinstance(value, dict)
    return Event(name.removeprefix("event: "), value)


@dataclass(frozen=True, slots=True)
class Running:
    """A running server."""

    url: str
    clock: HandClock
    settings: Settings = field(default_factory=Settings)

    def get(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
        """One request, read to its end."""
        with httpx2.Client(timeout=30, trust_env=False, verify=NO_TLS) as client:
            reply = client.request(method, self.url + path, headers=dict(headers or {}))
        return Reply(reply.status_code, reply.headers, reply.text)

    def ctai(self, ioc: str, headers: Mapping[str, str] | None = None, *, sse: bool = True, rest: str = "") -> Reply:
        """One analysis, asked for as a stream unless told otherwise."""
        accept = {"Accept": "text/event-stream"} if sse else {}
        return self.get(f"/api/ctai?ioc={ioc}{rest}", accept | dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test changes of the usual settings; a key of None leaves that key out."""

    farm: UpstreamFarm
    data: Path
    keys: Mapping[str, str | None]
    chat_key: str | None = "sk-or-server"
    chat_url: str = ""
    points: int = 10_000
    window: int = 60
    sources: Mapping[str, Mapping[str, Any]] | None = None
    given: Mapping[str, Any] | None = None

    def settings(self) -> Settings:
        parts = {name: self._source(name) for name in SOURCES} | {"dns": SourceSettings(enabled=False)}
        return Settings(
            data=self.data,
            sources=parts,
            chat=ChatSettings(
                url=self.chat_url or self.farm.url("chat"),
                key=Secret(self.chat_key) if self.chat_key else None,
                models=CHAT_MODELS,
            ),
            rate_limit=RateLimitSettings(points=self.points, seconds=self.window),
            # Whether this machine has nmap is not to say what comes out.
            **({"scans": ScanSettings(nmap="")} | dict(self.given or {})),
        )

    def _source(self, name: str) -> SourceSettings:
        key = self.keys.get(name, "k0" if name in KEYED else None)
        usual = {"url": self.farm.url(name), "key": key, "unmetered": True, "timeout_seconds": 5.0}
        return SourceSettings(**(usual | dict((self.sources or {}).get(name, {}))))


CHAT_MODELS: Final = (
    ModelChoice(id="openrouter/free", label="Free"),
    ModelChoice(id="openrouter/auto", label="Auto"),
)


@contextmanager
def running(setup: Setup, clock: HandClock | None = None) -> Iterator[Running]:
    """Serve our application on a free port of loopback."""
    clock, settings = clock or HandClock(), setup.settings()
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings, clock),
        log_config=None,
        lifespan="on",
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    _wait_for(url)
    try:
        yield Running(url, clock, settings)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def _wait_for(url: str) -> None:
    transport = httpx2.HTTPTransport(retries=5)
    with httpx2.Client(transport=transport, trust_env=False, verify=NO_TLS, timeout=60) as client:
        assert client.get(f"{url}/api/health").status_code == 200
