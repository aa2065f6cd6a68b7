"""What the audit costs a change, whether any change of it stays hidden, and what noting the use of a key costs a call.

Claims: every mutation of an export is found; noting a call costs below 1 us, and writing calls in batches at most a
third of writing each by itself; a row of the audit costs below 100 us of processor time.
"""

import asyncio
import itertools
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from cybervault.access.audit import OPERATOR, Audit, Change, Happening
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.proofs.export import row_in, verify_lines
from cybervault.access.proofs.merkle import Tree
from cybervault.access.proofs.notes import PublicKey
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.usage import UsageStore
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.usage import Usage, Use
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyId, Plan, Principal, TenantId
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at

ROWS = 2_000
ROUNDS = 10
EXPORTED = 200
MUTATIONS = 2_000
CALLS = 20_000
SINGLE_CALLS = 2_000
LEAVES = 50_000
ROW_LIMIT_MICROSECONDS = 100.0
NOTE_LIMIT_MICROSECONDS = 1.0
ACME = TenantId("tv_1")
CALLER = Principal(ACME, frozenset(), Plan.STARTER, key_id=KeyId("key_1"), hint="cv_live_…abcd")
USE = Use(CALLER, "GET", "/v3/threats", 200, 7, "192.0.2.7", "curl/8", "req_1", datetime(2026, 11, 1, tzinfo=UTC))


async def seconds_of(work: Callable[[], Awaitable[object]]) -> float:
    """Processor seconds that some work takes."""
    begun = time.process_time()
    await work()
    return time.process_time() - begun


def parts_on(database: Database, folder: Path) -> tuple[AuditStore, Audit, Checkpoints]:
    """An audit that nobody has written to."""
    peppers, clock = Peppers(Pepper.of(Secret("a pepper that is long enough for this"))), SystemClock()
    store = AuditStore(database)
    audit = Audit(store, clock, peppers)
    return store, audit, Checkpoints(audit, store, clock, peppers=peppers, file=folder / "checkpoints.txt")


async def rows(database: Database, folder: Path) -> None:
    """Print what a row costs, what all of them cost, and how many mutations of an export are found."""
    store, audit, checkpoints = parts_on(database, folder)
    happening = Happening(Change.KEY_CREATED, OPERATOR, "key_1", ACME, {"name": "ci", "scopes": "threat:read"})

    async def write(count: int) -> None:
        for _ in range(count):
            async with store.transaction():
                await audit.record(happening)

    async def nothing(count: int) -> None:
        for _ in range(count):
            async with store.transaction():
                await store.last()

    await write(EXPORTED)
    mutations([line async for line in checkpoints.export()], [checkpoints.public_key])
    some = ROWS // ROUNDS
    costs = [await seconds_of(lambda: write(some)) / some * 1e6 for _ in range(ROUNDS)]
    bare = [await seconds_of(lambda: nothing(some)) / some * 1e6 for _ in range(ROUNDS)]
    cost = statistics.median(costs)
    print(f"a row in a transaction of its own on SQLite: {cost:.0f} us CPU ({min(costs):.0f} to {max(costs):.0f})")
    print(f"of which the transaction and a read in it: {statistics.median(bare):.0f} us")
    print(f"limit {ROW_LIMIT_MICROSECONDS:.0f} us: ratio {cost / ROW_LIMIT_MICROSECONDS:.2f}")
    sealing = await seconds_of(checkpoints.seal)
    proving = await seconds_of(lambda: checkpoints.prove(7))
    verifying = await seconds_of(checkpoints.verify)
    print(
        f"{ROWS + EXPORTED} rows: look at all and sign {sealing * 1e3:.0f} ms, verify {verifying * 1e3:.0f} ms, "
        f"prove one {proving * 1e3:.0f} ms"
    )
    root = await seconds_of(lambda: asyncio.to_thread(Tree, [bytes(32)] * LEAVES))
    print(f"root over {LEAVES} leaves: {root * 1e3:.0f} ms")


def mutations(lines: list[str], keys: list[PublicKey]) -> None:
    """Print how many of many small changes are found."""
    assert not verify_lines(lines, keys).faults
    chance = random.Random(7)  # noqa: S311 - the same mutations every time
    endless = (mutation(lines, chance) for _ in itertools.count())
    tried = itertools.islice((mutated for mutated in endless if mutated is not None), MUTATIONS)
    found = sum(bool(verify_lines(mutated, keys).faults) for mutated in tried)
    print(f"mutations of an export of {EXPORTED} rows (bit, swap, drop, insert, cut): {found} of {MUTATIONS} found")
    print(f"target all of them: ratio {found / MUTATIONS:.4f}")


def mutation(lines: list[str], chance: random.Random) -> list[str] | None:
    """Something done to an export; None where it says the same in other letters."""
    place = chance.randrange(1, len(lines))
    match chance.choice(("bit", "swap", "drop", "insert", "cut")):
        case "bit":
            raw = bytearray(lines[place].encode())
            raw[chance.randrange(len(raw) - 1)] ^= 1 << chance.randrange(8)
            changed = raw.decode(errors="replace")
            return None if says_the_same(changed, lines[place]) else [*lines[:place], changed, *lines[place + 1 :]]
        case "swap":
            other = chance.randrange(1, len(lines))
            if other == place:
                return None
            swapped = list(lines)
            swapped[place], swapped[other] = lines[other], lines[place]
            return swapped
        case "drop":
            return [*lines[:place], *lines[place + 1 :]]
        case "insert":
            return [*lines[:place], chance.choice(lines[1:]), *lines[place:]]
        case _:
            return lines[:place]


def says_the_same(one: str, other: str) -> bool:
    """Whether two lines hold the same row: a blank, or a hexadecimal digit in capitals."""
    try:
        return row_in(one) == row_in(other)
    except (ValueError, KeyError, TypeError):
        return False


async def usage(database: Database) -> None:
    """Print what noting costs a call, and what writing costs in batches against each by itself."""
    noting = []
    for _ in range(20):
        log = Usage(UsageStore(database), SystemClock())
        begun = time.perf_counter()
        for _ in itertools.repeat(None, CALLS):
            log.note(USE)
        noting.append((time.perf_counter() - begun) / CALLS * 1e6)
    note = statistics.median(noting)
    print(f"noting a call: {note:.3f} us ({min(noting):.3f} to {max(noting):.3f})")
    print(f"limit {NOTE_LIMIT_MICROSECONDS:.0f} us: ratio {note / NOTE_LIMIT_MICROSECONDS:.2f}")
    many, single = Usage(UsageStore(database), SystemClock()), Usage(UsageStore(database), SystemClock())
    for number in range(CALLS):
        many.note(replace(USE, request_id=f"req_{number}"))
    batch = await seconds_of(many.flush) / CALLS * 1e6

    async def each() -> None:
        for number in range(SINGLE_CALLS):
            single.note(replace(USE, request_id=f"req_{number}"))
            await single.flush()

    alone = await seconds_of(each) / SINGLE_CALLS * 1e6
    print(f"writing a call: {batch:.1f} us in batches, {alone:.1f} us each by itself: ratio {batch / alone:.2f}")


async def measure(folder: Path) -> None:
    """Measure everything on one SQLite file."""
    database = database_at(folder / "cybervault.db", SystemClock())
    await database.open()
    try:
        await rows(database, folder)
        await usage(database)
    finally:
        await database.close()


def main() -> None:
    """Print costs, findings and their ratios to the limits."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name)))


if __name__ == "__main__":
    main()
