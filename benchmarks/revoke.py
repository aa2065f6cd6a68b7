"""How soon a revoked key is dead on four nodes: with hints of either kind, by polling alone, and with everything cut.

Claims: p99 below 100 ms with hints, below 1.5 s when the bus is dead; with bus and database cut the last acceptance is
below 5 s after the revoke, and what follows is "not now", never "wrong key". The peer is Kong's default poll of 5 s.
"""

import asyncio
import logging
import multiprocessing
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import structlog
import uvloop

from cybervault.access.audit import OPERATOR, Audit
from cybervault.access.changes import KeyChanges
from cybervault.access.epoch import StoredEpoch
from cybervault.access.journal import Journal
from cybervault.access.keybook import KeyBook
from cybervault.access.keys import Keys
from cybervault.access.minting import MintedKey, Minting, NewKey
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.epoch import EpochStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.subjects import Subject
from cybervault.access.sync import Hints, Sync
from cybervault.access.tenants import Tenants
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyKind, Plan, Scope, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.bus import PostgresHints, RedisHints
from cybervault.storage.engines import database_at
from cybervault.storage.redis import redis_at
from tests.fakes.engines import Postgres, a_postgres, a_valkey

NODES: Final = 4
REVOKES: Final = 150
POLLED: Final = 30
OUTAGES: Final = 5
PEER_SECONDS: Final = 5.0
PEPPERS: Final = Peppers(Pepper.of(Secret("a pepper that is long enough for a benchmark")))


@dataclass(frozen=True, slots=True)
class Line:
    """Where the rows are, and by which line nodes hear of changes."""

    url: str
    bus: str
    redis: str

    def hints(self) -> tuple[Hints, ...]:
        """Its ends in this process."""
        if self.bus == "LISTEN/NOTIFY":
            return (PostgresHints(Secret(self.url)),)
        return (RedisHints(redis_at(Secret(self.redis), timeout_seconds=1)),) if self.bus == "Valkey" else ()


@dataclass(frozen=True, slots=True)
class Node:
    """One node's part of the product."""

    sync: Sync
    keys: Keys
    minting: Minting
    changes: KeyChanges
    tenants: Tenants


class Told:
    """Tells the parent when this node forgot somebody."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def drop(self, subjects: Iterable[Subject]) -> None:
        self._line.send(("dropped", tuple(subjects), time.perf_counter()))

    def drop_all(self) -> None:
        """At the start."""


@asynccontextmanager
async def a_node(line: Line) -> AsyncIterator[Node]:
    """A node whose loop runs."""
    clock = SystemClock()
    database = database_at(Secret(line.url), clock)
    await database.open()
    store, events = KeyStore(database), EpochStore(database)
    sync = Sync(events, clock, line.hints())
    journal = Journal(clock, Audit(AuditStore(database), clock, PEPPERS), StoredEpoch(events, clock, sync.noted))
    book = KeyBook(store, journal)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sync.run())
        yield Node(
            sync,
            Keys(book, PEPPERS, entries=sync.verifier(store)),
            Minting(book, PEPPERS),
            KeyChanges(book),
            Tenants(TenantStore(database), journal),
        )
        task.cancel()
    await database.close()


def run_node(place: Line, line: Connection) -> None:
    """The process of a node, until it is told to end."""
    be_quiet()

    async def main() -> None:
        async with a_node(place) as node:
            node.sync.follow(Told(line))
            line.send("ready")
            while True:
                word, text = await asyncio.to_thread(line.recv)
                if word == "end":
                    return
                if word == "remember":
                    await node.keys.resolve(text, None)
                    line.send("remembered")
                if word == "outlive":
                    line.send(await outlive(node.keys, text))

    uvloop.run(main())


async def outlive(keys: Keys, text: str) -> tuple[float, str]:
    """Present a key until it is no longer accepted: when it last was, and how it was refused."""
    last = time.perf_counter()
    while True:
        asked = time.perf_counter()
        try:
            await keys.resolve(text, None)
        except Problem as problem:
            return last, problem.code if problem.kind is ProblemKind.UNAUTHENTICATED else problem.kind.value
        last = asked
        await asyncio.sleep(0.005)


@asynccontextmanager
async def nodes(line: Line) -> AsyncIterator[list[Connection]]:
    """Four processes, each with its own connections."""
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(NODES)]
    processes = [context.Process(target=run_node, args=(line, there), daemon=True) for _, there in pairs]
    for process in processes:
        process.start()
    lines = [here for here, _ in pairs]
    for one in lines:
        assert await asyncio.to_thread(one.recv) == "ready"
    await asyncio.sleep(0.5)  # until all of them hear
    yield lines
    for one in lines:
        one.send(("end", ""))
    for process in processes:
        await asyncio.to_thread(process.join, 5)
        process.kill()


async def answer(line: Connection, word: str) -> Any:  # noqa: ANN401 - what a pipe carries
    """The next message of this kind."""
    while True:
        message = await asyncio.to_thread(line.recv)
        if message == word or message[0] == word:
            return message


async def mint(node: Node, tenant: Tenant, number: int) -> MintedKey:
    wish = NewKey(KeyKind.SERVICE_LIVE, f"key {number}", frozenset({Scope.THREAT_READ}))
    return await node.minting.mint(tenant, wish, by=None, actor=OPERATOR)


async def seen(line: Line, revokes: int) -> list[float]:
    """Milliseconds from the start of each revoke until each node has forgotten the key."""
    took = []
    async with a_node(line) as here, nodes(line) as there:
        tenant = await here.tenants.create(line.bus, Plan.ENTERPRISE, actor=OPERATOR)
        keys = [await mint(here, tenant, number) for number in range(revokes)]
        await asyncio.sleep(1.5)  # until all have heard of that
        for minted in keys:
            for one in there:
                one.send(("remember", minted.secret.reveal()))
                await answer(one, "remembered")
            await any_moment(0.02 if line.bus != "none" else 1)
            begun = time.perf_counter()
            await here.changes.revoke(minted.key.id, by=None, actor=OPERATOR)
            for one in there:
                subjects, at = (), 0.0
                while at < begun:
                    _, subjects, at = await answer(one, "dropped")
                assert f"key:{minted.key.id}" in subjects
                took.append((at - begun) * 1_000)
    return took


async def cut(line: Line, server: Postgres) -> list[tuple[float, str]]:
    """Seconds from a revoke to the last acceptance on each node, when nobody can hear of it, and how that ended."""
    found = []
    for number in range(OUTAGES):
        async with a_node(line) as here:
            tenant = await here.tenants.create(f"outage {number}", Plan.ENTERPRISE, actor=OPERATOR)
            minted = await mint(here, tenant, number)
            async with nodes(line) as there:
                for one in there:
                    one.send(("remember", minted.secret.reveal()))
                    await answer(one, "remembered")
                await any_moment(1)
                for one in there:
                    one.send(("outlive", minted.secret.reveal()))
                revoked = time.perf_counter()
                await here.changes.revoke(minted.key.id, by=None, actor=OPERATOR)
                server.kill()
                found += [await last_acceptance(one, revoked) for one in there]
                await asyncio.to_thread(server.start)
    return found


async def any_moment(seconds: float) -> None:
    """Wait so that a revoke falls anywhere between two looks."""
    await asyncio.sleep(random.uniform(0, seconds))  # noqa: S311 - only spreads


async def last_acceptance(line: Connection, revoked: float) -> tuple[float, str]:
    while True:
        message = await asyncio.to_thread(line.recv)
        if message[0] != "dropped":
            last, how = message
            return last - revoked, how


def said(what: str, took: list[float]) -> None:
    """One line: p50, p99, the longest, and against the peer."""
    p99 = statistics.quantiles(took, n=100)[98]
    print(
        f"{what}: p50 {statistics.median(took):.1f} ms, p99 {p99:.1f} ms, longest {max(took):.1f} ms of {len(took)}; "
        f"p99 is {p99 / (PEER_SECONDS * 1_000):.3f} of a poll of {PEER_SECONDS:.0f} s"
    )


def be_quiet() -> None:
    """An outage is what is measured here, not worth a warning."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def main() -> None:
    """Print a line for each way to hear."""
    be_quiet()
    with a_postgres() as server, a_valkey() as valkey:
        for bus, revokes in (("LISTEN/NOTIFY", REVOKES), ("Valkey", REVOKES), ("none", POLLED)):
            line = Line(server.fresh_database(), bus, valkey.url)
            said(f"{NODES} nodes, bus {bus}", uvloop.run(seen(line, revokes)))
        found = uvloop.run(cut(Line(server.fresh_database(), "none", valkey.url), server))
        how = ", ".join(f"{word} {[end for _, end in found].count(word)}" for word in sorted({end for _, end in found}))
        print(
            f"bus and database cut: last acceptance {max(after for after, _ in found):.2f} s after the revoke ({how})"
        )


if __name__ == "__main__":
    main()
