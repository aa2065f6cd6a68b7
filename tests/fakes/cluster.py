"""Many nodes as an operator runs them: processes of `cybervault serve` on one PostgreSQL, and what they answer."""

import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from cybervault.access.audit import OPERATOR
from cybervault.access.minting import MintedKey, NewKey
from cybervault.app.access import Access
from cybervault.app.product import open_access
from cybervault.domain.principals import KeyKind, Plan, Scope
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings
from tests.fakes.keys import bearer
from tests.fakes.processes import NO_TLS, Served, family, served

PEPPER: Final = "one pepper that all nodes of a cluster share"
BALANCED: Final = {"CYBERVAULT_TRUSTED_PROXIES": '["127.0.0.0/8"]'}
HEALTH: Final = "/v3/system/health"
WHOAMI: Final = "/v3/system/whoami"
# A face without routes yet looks at the key all the same: it tells by its headers whose limits count.
PLACES: Final = ("/v1/nowhere", "/v2/nowhere", HEALTH)
# What holds for an address that has shown no valid key.
_STRANGERS_MINUTE: Final = "60"


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: when it was asked for, by whom, of which node, and what it says; status 0 where there was none."""

    asked_at: float
    node: int
    status: int
    code: str = ""
    retry_after: str | None = None
    limit: str | None = None
    text: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the key was let in, whatever became of the call."""
        return self.status in {200, 201, 404, 429} and self.limit != _STRANGERS_MINUTE


@dataclass
class Cluster:
    """The nodes; each has its folder of state, a copy of the prepared one, and nothing in it that the others need."""

    folder: Path
    prepared: Path
    settings: Mapping[str, str]
    nodes: dict[int, Served] = field(default_factory=dict)
    _running: dict[int, AbstractContextManager[Served]] = field(default_factory=dict)

    def start(self, number: int) -> None:
        """Start a node, anew where it was killed."""
        data = self.folder / f"node{number}"
        if not data.exists():
            shutil.copytree(self.prepared, data)
        running = served(data, self.settings, self.folder / f"output{number}")
        self.nodes[number] = running.__enter__()
        self._running[number] = running

    def kill(self, number: int) -> None:
        """End a node as a power cut would."""
        for pid in family(self.nodes[number].pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop(number)

    def stop(self, number: int) -> None:
        """Interrupt a node, and wait for its end."""
        self.nodes.pop(number, None)
        running = self._running.pop(number, None)
        if running is not None:
            running.__exit__(None, None, None)

    def output(self) -> str:
        """What all nodes have printed since they were started last."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("output*"))

    def operator(self) -> Settings:
        """The settings of a command line on a machine of its own."""
        return Settings(
            data=self.folder / "operator",
            database_url=Secret(self.settings["CYBERVAULT_DATABASE_URL"]),
            pepper=Secret(PEPPER),
        )


@contextmanager
def cluster(folder: Path, prepared: Path, *, count: int, url: str, redis: str | None = None) -> Iterator[Cluster]:
    """So many nodes on one database, with or without a server of the Redis protocol."""
    settings = {"CYBERVAULT_DATABASE_URL": url, "CYBERVAULT_PEPPER": PEPPER, **BALANCED}
    found = Cluster(folder, prepared, settings | ({"CYBERVAULT_REDIS_URL": redis} if redis else {}))
    with ThreadPoolExecutor(count) as pool:
        try:
            list(pool.map(found.start, range(count)))
            yield found
        finally:
            list(pool.map(found.stop, list(found.nodes)))


@dataclass(frozen=True, slots=True)
class World:
    """Callers of a cluster, and the operator who makes and changes them beside its nodes."""

    cluster: Cluster
    access: Access
    client: httpx2.AsyncClient
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def ask(self, node: int, path: str, secret: str, **given: Any) -> Told:  # noqa: ANN401 - those of the client
        """One call; GET unless given otherwise. Each comes from another address, for refusals are counted by that."""
        asked_at, method = now(), given.pop("method", "GET")
        number = next(self.numbers)
        headers = bearer(secret) | {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        try:
            reply = await self.client.request(
                method, self.cluster.nodes[node].url + path, headers=headers, timeout=15, **given
            )
        except (httpx2.TransportError, KeyError):
            return Told(asked_at, node, 0)
        heads = reply.headers
        retry_after, limit = heads.get("retry-after"), heads.get("x-ratelimit-limit")
        return Told(asked_at, node, reply.status_code, code_of(reply), retry_after, limit, reply.text)

    async def mint(self, name: str, kind: KeyKind = KeyKind.SERVICE_LIVE, **wish: Any) -> MintedKey:  # noqa: ANN401 - NewKey's
        """A key of the one tenant."""
        tenant = await self.access.tenants.find("acme")
        return await self.access.minting.mint(tenant, NewKey(kind, name, **wish), by=None, actor=OPERATOR)

    async def manager(self) -> str:
        """The text of a key that may manage others."""
        name = f"manager {next(self.numbers)} {os.urandom(4).hex()}"
        return (await self.mint(name, scopes=frozenset({Scope.KEYS_MANAGE}))).secret.reveal()


@asynccontextmanager
async def world_of(cluster: Cluster) -> AsyncIterator[World]:
    """The callers; there is one tenant, acme, on the largest plan."""
    async with (
        open_access(cluster.operator()) as access,
        httpx2.AsyncClient(trust_env=False, verify=NO_TLS) as client,
    ):
        if not any(tenant.name == "acme" for tenant in await access.tenants.list()):
            await access.tenants.create("acme", Plan.ENTERPRISE, actor=OPERATOR)
        yield World(cluster, access, client)


def code_of(reply: httpx2.Response) -> str:
    """The code of a failure in the form of whichever face; empty for none."""
    try:
        document = reply.json()
    except json.JSONDecodeError:
        return "no JSON"
    if reply.is_success or not isinstance(document, dict):
        return ""
    error = document.get("error", document)
    return str(error.get("code", error.get("error_code", "no code")))


def now() -> float:
    """The moment, as all tests of real processes measure it."""
    return time.monotonic()  # noqa: TID251 - a real process takes real time
