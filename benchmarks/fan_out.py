"""What asking ten sources at once adds to the slowest of them: `Lookup.ask` against ten bare requests of its client.

Claim: at most 5 ms in the median, from the question to the last answer, memory and brakes included.
"""

import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop
from aiohttp import web

from cybervault.domain.clock import SystemClock
from cybervault.domain.evidence import Answer
from cybervault.domain.observables import Observable, parse_observable
from cybervault.domain.secrets import Secret
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.egress.message import OutgoingRequest
from cybervault.enrichment.connector import SourceSetup, UpstreamReply
from cybervault.enrichment.connectors.virustotal import CONNECTOR
from cybervault.enrichment.lookup import Lookup, Means
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at

SOURCES = 10
ROUNDS = 300
WARM_UP = 20
SOURCE_SECONDS = 0.05
LIMIT_MILLISECONDS = 5.0


def serve(ready: Connection) -> None:
    """Answer every path after 50 ms as VirusTotal does about a bad address, until killed."""
    engines = {
        f"Engine {number}": {"category": "harmless", "engine_name": f"Engine {number}", "method": "blacklist"}
        for number in range(90)
    }
    stats = {"malicious": 9, "suspicious": 1, "harmless": 60, "undetected": 20}
    attributes = {"last_analysis_stats": stats, "last_analysis_results": engines, "reputation": -4}

    async def answer(_request: web.Request) -> web.Response:
        begun = time.perf_counter()
        await asyncio.sleep(SOURCE_SECONDS)
        body = {"data": {"attributes": attributes}}
        return web.json_response(body | {"held": time.perf_counter() - begun})

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/{rest:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    uvloop.run(main())


def lookup_of(egress: Egress, database: Database, answers: AnswerStore, *, url: str) -> Lookup:
    """Ten sources that speak like VirusTotal, on a real database."""
    names = [f"source{number}" for number in range(SOURCES)]
    # As many windows to count in as VirusTotal has, wide enough for all rounds.
    quota = tuple(replace(one, calls=1_000_000) for one in CONNECTOR.source.quota)
    connectors = [
        replace(CONNECTOR, source=replace(CONNECTOR.source, name=name, quota=quota), read=_renamed(name))
        for name in names
    ]
    clock = SystemClock()
    means = Means(egress, Budget(StoredBudgets(database), clock), Breaker(clock), answers, clock)
    return Lookup(connectors, {name: SourceSetup(url, key=Secret("k")) for name in names}, means)


def _renamed(name: str) -> Callable[[Observable, tuple[UpstreamReply, ...]], Answer]:
    return lambda observable, replies: replace(CONNECTOR.read(observable, replies), source=name)


async def ask(lookup: Lookup, observable: Observable) -> float:
    """Milliseconds beyond what the slowest source held the question."""
    begun = time.perf_counter()
    answers = [answer async for answer in lookup.ask(observable, {})]
    took = time.perf_counter() - begun
    assert len(answers) == SOURCES
    return (took - max(held(answer.answer.document or b"") for answer in answers)) * 1000


def held(body: bytes) -> float:
    """How long a source took by its own clock, in seconds."""
    return float(json.loads(body)["held"])


async def ask_bare(egress: Egress, url: str) -> float:
    """The same of ten requests with nothing around them."""
    request = OutgoingRequest(url=f"{url}/x")
    begun = time.perf_counter()
    replies = await asyncio.gather(*(egress.fetch(request) for _ in range(SOURCES)))
    took = time.perf_counter() - begun
    return (took - max(held(reply.body) for reply in replies)) * 1000


async def measure(url: str, folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds: ours, and bare requests, in turn."""
    database = database_at(folder / "cybervault.db", SystemClock())
    await database.open()
    async with Egress(Guard([origin_of(url)])) as egress:
        answers = AnswerStore(database, SystemClock())
        lookup = lookup_of(egress, database, answers, url=url)
        ours, bare = [], []
        for number in range(WARM_UP + ROUNDS):
            # A new address each time: nothing is remembered.
            ours.append(await ask(lookup, parse_observable(f"11.0.{number >> 8}.{number & 255}")))
            bare.append(await ask_bare(egress, url))
        await answers.settle()
    await database.close()
    return ours[WARM_UP:], bare[WARM_UP:]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that this share of the values does not exceed."""
    return statistics.quantiles(values, n=100)[percent - 1]


def main() -> None:
    """Print median and spread, and the ratio to the limit."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = uvloop.run(measure(f"http://127.0.0.1:{here.recv()}", Path(folder)))
    server.kill()
    mine = statistics.median(ours)
    print(
        f"fan-out over the slowest of {SOURCES} sources: p50 {mine:.2f} ms, p99 {percentile(ours, 99):.2f} ms; "
        f"bare requests p50 {statistics.median(bare):.2f} ms, p99 {percentile(bare, 99):.2f} ms"
    )
    print(f"limit {LIMIT_MILLISECONDS:.0f} ms at p50: ratio {mine / LIMIT_MILLISECONDS:.2f}")


if __name__ == "__main__":
    main()
