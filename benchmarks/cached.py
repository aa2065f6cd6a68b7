"""Analyses whose sources are all remembered, against the bare liveness path of the same server process.

Claim: an answer from memory costs below 20 ms of processor time, so one core gives more than 50 a second.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import uvloop

from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.processes import Served, family, processor_seconds, served
from tests.fakes.upstream import UpstreamFarm

CONNECTIONS = 8
ROUNDS = 5
ANALYSES = 400
HEALTH_CHECKS = 4_000
LIMIT_MILLISECONDS = 20.0
KNOWN = ("203.0.113.42", "evil.example", "44d88612fea8a8f36de82e1278abb02f", "8.8.8.8")


def farm(ready: Connection) -> None:
    """The made-up sources in a process of their own, until killed."""
    with UpstreamFarm() as running:
        ready.send(running.environment())
        ready.recv()


async def load(url: str, paths: list[str], last: bytes) -> float:
    """Ask for all paths over a few kept connections; seconds that it took."""
    waiting = iter(paths)

    async def some(session: aiohttp.ClientSession) -> None:
        for path in waiting:
            async with session.get(url + path) as reply:
                assert last in await reply.read()

    async with aiohttp.ClientSession() as session:
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(some(session))
        return time.perf_counter() - begun


def measure(server: Served, paths: list[str], last: bytes) -> tuple[float, float]:
    """Requests a second, and milliseconds of the server's processor time for each."""
    pids = family(server.pid)
    before = processor_seconds(pids)
    took = uvloop.run(load(server.url, paths, last))
    return len(paths) / took, (processor_seconds(pids) - before) / len(paths) * 1000


def main() -> None:
    """Print rates, costs, and the ratio to the limit."""
    here, there = multiprocessing.Pipe()
    sources = multiprocessing.get_context("spawn").Process(target=farm, args=(there,), daemon=True)
    sources.start()
    settings = {name: value for name, value in here.recv().items() if name != "CYBERVAULT_CHAT__KEY"}
    settings["CYBERVAULT_RATE_LIMIT__POINTS"] = "100000000"
    analyses = [f"/api/ctai/stream?ioc={KNOWN[number % len(KNOWN)]}" for number in range(ANALYSES)]
    checks = ["/api/health"] * HEALTH_CHECKS
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compile_small_knowledge(folder)
        with served(folder, settings, folder / "output") as server:
            measure(server, analyses, b"event: done")
            for _ in range(ROUNDS):
                ours.append(measure(server, analyses, b"event: done"))
                bare.append(measure(server, checks, b"ok"))
    here.send(None)
    rate, cost = (statistics.median(values) for values in zip(*ours, strict=True))
    bare_rate, bare_cost = (statistics.median(values) for values in zip(*bare, strict=True))
    costs = sorted(one for _, one in ours)
    print(
        f"remembered analyses: {rate:.0f} a second, {cost:.2f} ms CPU each ({costs[0]:.2f} to {costs[-1]:.2f}); "
        f"/api/health: {bare_rate:.0f} a second, {bare_cost:.3f} ms CPU"
    )
    ratio = cost / LIMIT_MILLISECONDS
    print(f"limit {LIMIT_MILLISECONDS:.0f} ms CPU: ratio {ratio:.2f}; to the bare path {cost / bare_cost:.0f}")


if __name__ == "__main__":
    main()
