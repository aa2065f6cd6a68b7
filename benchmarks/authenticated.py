"""An endpoint with everything that stands before it, against the same endpoint bare, in server processes alike.

Claim: authenticated, limited and noted, it gives at least half the requests a second of the same function as the web
framework's own documentation writes it, on SQLite and on PostgreSQL. The floor, told beside it, is a function without
any framework around it. `health`, of which the claim speaks, asks the database in every form; `whoami` asks nothing, so
that of it little but the frame is left.
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from fastapi import FastAPI
from granian.constants import Interfaces, Loops
from granian.server import Server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cybervault.access.audit import OPERATOR
from cybervault.app.product import open_access, put_together
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, TenantId
from cybervault.domain.secrets import Secret
from cybervault.faces.face import json_response
from cybervault.faces.v3.shapes import HealthReply, WhoamiReply
from cybervault.settings import Settings, load_settings
from tests.fakes.engines import a_postgres
from tests.fakes.keys import minted
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.loopback import HOST
from tests.fakes.processes import Served, environment, family, free_port, processor_seconds, served, wait_for

CONNECTIONS: Final = 8
ROUNDS: Final = 3
REQUESTS: Final = 2_000
NO_LIMIT: Final = 100_000_000
PEPPER: Final = "a pepper that is long enough for a benchmark"
PLACES: Final = ("health", "whoami")
TARGETS: Final = {"health": " (target at least 0.5)", "whoami": ""}


def bare_app() -> ASGIApp:
    """The endpoints without frame, caller, limits and usage, on the same rows."""
    product = put_together(load_settings())
    tenant = TenantId("tv_0123456789ab")

    async def health() -> HealthReply:
        is_healthy = await product.is_healthy()
        moment = product.clock.now()
        return HealthReply(
            status="operational" if is_healthy else "degraded",
            tenant_id=tenant,
            environment="production",
            timestamp=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        )

    async def whoami() -> WhoamiReply:
        return WhoamiReply(
            address=HOST,
            tenant_id=tenant,
            plan="enterprise",
            environment="production",
            now=f"{product.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            scopes=[],
            key=None,
            member=None,
        )

    async def health_alone(_request: Request) -> Response:
        return json_response(200, (await health()).model_dump())

    async def whoami_alone(_request: Request) -> Response:
        return json_response(200, (await whoami()).model_dump())

    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with product:
            yield

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/v3/system/health", health, response_model=HealthReply)
    app.add_api_route("/v3/system/whoami", whoami, response_model=WhoamiReply)
    app.add_api_route("/api/health", alive)
    app.router.routes += [Route("/floor/health", health_alone), Route("/floor/whoami", whoami_alone)]
    return app


def serve_bare(port: int) -> None:
    """The same server program with the same settings."""
    Server(
        "benchmarks.authenticated:bare_app", factory=True, address=HOST, port=port, interface=Interfaces.ASGI,
        loop=Loops.uvloop, log_access=False,
    ).serve()  # fmt: skip


@contextmanager
def bare(data: Path, settings: dict[str, str], output: Path) -> Iterator[Served]:
    """A process of it."""
    port = free_port()
    given = environment(settings, {"CYBERVAULT_DATA": str(data), "PYTHONPATH": "src:."})
    with (
        output.open("wb") as out,
        subprocess.Popen(
            [sys.executable, __file__, "--bare", str(port)], env=given, stdout=out, stderr=subprocess.STDOUT
        ) as process,
    ):
        server = Served(port, process.pid, output)
        try:
            wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(15)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: requests a second, processor milliseconds a request, and milliseconds that each took."""

    rate: float
    cost: float
    took: list[float]


async def load(port: int, path: str, secret: str) -> list[float]:
    """Milliseconds of each request, over a few kept connections."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
    left = iter(range(REQUESTS))
    took: list[float] = []

    async def some() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in left:
            begun = time.perf_counter()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            took.append((time.perf_counter() - begun) * 1_000)
            assert head.startswith(b"http/1.1 200"), head
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(some())
    return took


def measure(server: Served, path: str, secret: str) -> Round:
    """One round."""
    pids = family(server.pid)
    before, begun = processor_seconds(pids), time.perf_counter()
    took = uvloop.run(load(server.port, path, secret))
    seconds = time.perf_counter() - begun
    return Round(REQUESTS / seconds, (processor_seconds(pids) - before) / REQUESTS * 1_000, took)


async def a_key(settings: Settings) -> str:
    """The text of a key that no limit stops."""
    async with open_access(settings) as access:
        tenant = await access.tenants.create("Acme", Plan.ENTERPRISE, actor=OPERATOR)
        limit = LimitOverride("v3", CallClass.ANY, minute=NO_LIMIT, burst_percent=0)
        await access.tenants.set_limit(tenant.id, limit, actor=OPERATOR)
        return (await minted(access)).secret.reveal()


def said(what: str, rounds: Sequence[Round]) -> tuple[float, float]:
    """One line; the medians of rate and cost."""
    rate, cost = (statistics.median(values) for values in ([one.rate for one in rounds], [one.cost for one in rounds]))
    cuts = statistics.quantiles([one for each in rounds for one in each.took], n=100)
    print(f"{what}: {rate:.0f} a second, {cost:.3f} ms CPU each, p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms")
    return rate, cost


def compare(engine: str, folder: Path, url: str | None) -> None:
    """Two lines and a ratio for each endpoint."""
    settings = {"CYBERVAULT_PEPPER": PEPPER} | ({"CYBERVAULT_DATABASE_URL": url} if url else {})
    given = Settings(data=folder, pepper=Secret(PEPPER), database_url=Secret(url) if url else None)
    secret = uvloop.run(a_key(given))
    with served(folder, settings, folder / "output") as whole, bare(folder, settings, folder / "bare") as other:
        for place in PLACES:
            path = f"/v3/system/{place}"
            forms = ((whole, path), (other, path), (other, f"/floor/{place}"))
            rounds = [[measure(server, one, secret) for server, one in forms] for _ in range(ROUNDS + 1)]
            ours, bare_one, floor = zip(*rounds[1:], strict=True)  # the first warms up
            rate, cost = said(f"{engine}, {place}, authenticated", ours)
            bare_rate, bare_cost = said(f"{engine}, {place}, bare", bare_one)
            floor_rate, _ = said(f"{engine}, {place}, floor", floor)
            print(
                f"{engine}, {place}: ratio {rate / bare_rate:.2f} of the bare rate{TARGETS[place]}, "
                f"{cost / bare_cost:.2f} times its processor time; {rate / floor_rate:.2f} of the floor"
            )


def main() -> None:
    """Print lines for both engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bare", type=int, metavar="PORT", help="serve the bare endpoints instead")
    port = parser.parse_args().bare
    if port is not None:
        serve_bare(port)
        return
    with tempfile.TemporaryDirectory() as name, a_postgres() as server:
        knowledge = compile_small_knowledge(Path(name) / "small")
        for engine, url in (("SQLite", None), ("PostgreSQL", server.fresh_database())):
            shutil.copytree(knowledge, Path(name) / engine / "knowledge")
            compare(engine, Path(name) / engine, url)


if __name__ == "__main__":
    main()
