"""What it costs to find out who calls: `Keys.resolve` on both engines, from memory and from the database.

Claims: from memory below 25 us (p99), read from the embedded file below 50 us (p99) with 100,000 keys (`--millions`:
three million); a typing mistake costs no look-up. Each read is held against the bare statement on the same engine.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg  # type: ignore[import-untyped] # it brings no types
import uvloop

from cybervault.access import tokens
from cybervault.access.audit import Audit
from cybervault.access.epoch import StoredEpoch
from cybervault.access.journal import Journal
from cybervault.access.keybook import KeyBook
from cybervault.access.keys import Keys
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.epoch import EpochStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.sync import Sync
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyKind
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from tests.fakes.engines import a_postgres

MANY: Final = 100_000
MILLIONS: Final = 3_000_000
PROBES: Final = 2_000
CALLS: Final = 20_000
CALLS_OVER_NETWORK: Final = 5_000
PEPPERS: Final = Peppers(Pepper.of(Secret("a pepper that is long enough for a benchmark")))
TENANT: Final = ("tv_1", "acme", "enterprise", 0.0)
TENANT_COLUMNS: Final = ("id", "name", "plan", "created_at")
KEY_COLUMNS: Final = ("id", "tenant_id", "kind", "name", "scopes", "networks", "created_at")
SECRET_COLUMNS: Final = ("digest", "pepper_id", "key_id", "hint", "created_at", "is_ended")


def probes() -> list[str]:
    """The texts of some secrets."""
    return [tokens.mint(KeyKind.SERVICE_LIVE).secret.reveal() for _ in range(PROBES)]


def key_rows(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of keys."""
    for number in range(count):
        yield f"key_{number:012}", "tv_1", "cv_live_sk_", f"key {number}", "threat:read threat:write", "", 0.0


def secret_rows(count: int, texts: list[str]) -> Iterator[tuple[object, ...]]:
    """Rows of secrets: those to be presented, then others."""
    pepper = PEPPERS.current
    for number in range(count):
        digest = tokens.digest(Secret(texts[number]), pepper) if number < len(texts) else os.urandom(32)
        yield digest, pepper.id, f"key_{number:012}", "cv_live_sk_...abcd", 0.0, False


def fill_file(file: Path, count: int, texts: list[str]) -> None:
    """Keys by the thousand, beside the product."""
    with sqlite3.connect(file) as connection:
        for table, columns, rows in _tables(count, texts):
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608
    connection.close()


async def fill_server(url: str, count: int, texts: list[str]) -> None:
    """The same on PostgreSQL."""
    connection = await asyncpg.connect(url)
    for table, columns, rows in _tables(count, texts):
        await connection.copy_records_to_table(table, records=rows, columns=columns)
    await connection.execute("ANALYZE")
    await connection.close()


def _tables(count: int, texts: list[str]) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[object, ...]]]]:
    yield "tenants", TENANT_COLUMNS, iter([TENANT])
    yield "keys", KEY_COLUMNS, key_rows(count)
    yield "key_secrets", SECRET_COLUMNS, secret_rows(count, texts)


def keys_on(database: Database) -> tuple[Keys, Sync]:
    """Keys as a node has them, and the sync whose lease decides whether they come from memory."""
    clock = SystemClock()
    store, sync = KeyStore(database), Sync(EpochStore(database), clock)
    journal = Journal(clock, Audit(AuditStore(database), clock, PEPPERS), StoredEpoch(EpochStore(database), clock))
    return Keys(KeyBook(store, journal), PEPPERS, entries=sync.verifier(store)), sync


async def timed(call: Callable[[str], Awaitable[object]], texts: list[str], calls: int) -> list[float]:
    """Microseconds of each call, one after another."""
    took = []
    for number in range(calls):
        text = texts[number % len(texts)]
        begun = time.perf_counter_ns()
        await call(text)
        took.append((time.perf_counter_ns() - begun) / 1_000)
    return took


def said(what: str, took: list[float], *, against: list[float] | None = None, peer: str = "") -> None:
    """One line: p50, p99, and the ratio of the medians."""
    ratio = f"; {statistics.median(took) / statistics.median(against):.2f} of {peer}" if against else ""
    print(f"{what}: p50 {statistics.median(took):.1f} us, p99 {statistics.quantiles(took, n=100)[98]:.1f} us{ratio}")


async def embedded(folder: Path, count: int, texts: list[str]) -> None:
    """One file."""
    file = folder / "cybervault.db"
    database = database_at(file, SystemClock())
    await database.open()
    fill_file(file, count, texts)
    keys, _ = keys_on(database)
    bare = sqlite3.connect(file)

    async def read(text: str) -> None:
        digest = tokens.digest(Secret(text), PEPPERS.current)
        statement = "SELECT * FROM key_secrets JOIN keys ON keys.id = key_id JOIN tenants ON tenants.id = tenant_id"
        bare.execute(f"{statement} WHERE digest = ?", (digest,)).fetchone()

    async def mistaken(text: str) -> None:
        try:
            await keys.resolve(f"{text[:-1]}_", None)
        except Problem:
            return

    async def resolve(text: str) -> None:
        await keys.resolve(text, None)

    peer = await timed(read, texts, CALLS)
    said("embedded, read-through", await timed(resolve, texts, CALLS), against=peer, peer="the bare join")
    said("a typing mistake", await timed(mistaken, texts, CALLS))
    print(f"embedded: {file.stat().st_size / count:.0f} bytes on disk a key")
    bare.close()
    await database.close()


async def shared(url: str, count: int, texts: list[str]) -> None:
    """PostgreSQL: from memory under a lease, and past it."""
    await fill_server(url, count, texts)
    database = database_at(url, SystemClock())
    await database.open()
    keys, sync = keys_on(database)
    connection = await asyncpg.connect(url)
    statement = "SELECT * FROM key_secrets JOIN keys ON keys.id = key_id JOIN tenants ON tenants.id = tenant_id"

    async def read(text: str) -> None:
        await connection.fetch(f"{statement} WHERE digest = $1", tokens.digest(Secret(text), PEPPERS.current))

    async def resolve(text: str) -> None:
        await keys.resolve(text, None)

    peer = await timed(read, texts, CALLS_OVER_NETWORK)
    through = await timed(resolve, texts, CALLS_OVER_NETWORK)
    said("shared, past the lease", through, against=peer, peer="the bare join")
    remembered: list[float] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sync.run())
        await asyncio.sleep(0.2)
        for _ in range(2):  # the first round fills
            remembered = await timed(resolve, texts, CALLS)
        task.cancel()
    said("shared, from memory", remembered, against=through, peer="that")
    await connection.close()
    await database.close()


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", action="store_true", help=f"{MILLIONS:,} keys instead of {MANY:,}")
    count = MILLIONS if parser.parse_args().millions else MANY
    print(f"{count:,} keys")
    texts = probes()
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(embedded(Path(folder), count, texts))
    with a_postgres() as server:
        uvloop.run(shared(server.fresh_database(), count, texts))


if __name__ == "__main__":
    main()
