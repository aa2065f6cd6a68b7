"""Usage: noted without waiting, written once each, and never lost while the process lives."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from cybervault.access import usage as module
from cybervault.access.store.usage import UsageRow, UsageStore
from cybervault.access.usage import Usage, Use
from cybervault.domain.principals import Environment, KeyId, MemberId, Plan, Principal, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.statements import look
from tests.access.store.test_usage import last_uses, with_key
from tests.fakes.clock import HandClock

ACME = TenantId("tv_1")
KEY = KeyId("key_1")
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
CALLER = Principal(ACME, frozenset(), Plan.STARTER, key_id=KEY, hint="old")


def use(number: int = 0, principal: Principal = CALLER, **parts: object) -> Use:
    made = Use(
        principal, "GET", "/v3/threats/{id}", 200, 7, "192.0.2.7", "curl/8", f"req_{number}",
        BEGUN + timedelta(seconds=number),
    )  # fmt: skip
    return replace(made, **parts)  # type: ignore[arg-type] # the fields of a use


class Failing(UsageStore):
    """A database that goes away before a batch, or behind its end so that nobody hears of it."""

    is_down = False
    is_cut_behind = False
    calls = 0

    async def add(self, rows: Sequence[UsageRow]) -> None:
        self.calls += 1
        if self.is_down:
            raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone")
        await super().add(rows)

    async def used(self, key_id: KeyId, hint: str, *, at: float, ip: str | None) -> None:
        if self.is_cut_behind:
            raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone")
        await super().used(key_id, hint, at=at, ip=ip)


@pytest.fixture
async def store(database: Database) -> Failing:
    await with_key(database)
    return Failing(database)


@pytest.fixture
def usage(store: Failing) -> Usage:
    return Usage(store, HandClock())


async def count(database: Database) -> object:
    return (await look(database, "SELECT count(*) FROM key_usage"))[0][0]


async def test_a_call_is_kept_with_all_that_was_noted(usage: Usage) -> None:
    usage.note(use(3))
    page = await usage.page(ACME, KEY)
    (row,) = page.rows
    assert (row.method, row.route, row.status, row.milliseconds) == ("GET", "/v3/threats/{id}", 200, 7)
    assert (row.hint, row.ip, row.agent, row.request_id) == ("old", "192.0.2.7", "curl/8", "req_3")
    assert (row.when, row.is_test, page.before) == (BEGUN + timedelta(seconds=3), False, None)


async def test_calls_with_a_test_key_are_marked(usage: Usage) -> None:
    usage.note(use(principal=replace(CALLER, environment=Environment.SANDBOX)))
    assert (await usage.page(ACME, KEY)).rows[0].is_test


async def test_people_who_have_signed_in_leave_no_rows(usage: Usage, database: Database) -> None:
    usage.note(use(principal=Principal(ACME, frozenset(), Plan.STARTER, member_id=MemberId("usr_1"))))
    await usage.flush()
    assert await count(database) == 0


async def test_what_a_database_would_choke_on_is_made_fit(usage: Usage) -> None:
    usage.note(use(agent="a\x00b" + "c" * 1_000, milliseconds=2**40))
    (row,) = (await usage.page(ACME, KEY)).rows
    assert row.agent == "ab" + "c" * 254
    assert row.milliseconds == 2**31 - 1


async def test_pages_are_newest_first_and_say_where_the_next_begins(usage: Usage) -> None:
    for number in range(5):
        usage.note(use(number))
    page = await usage.page(ACME, KEY, most=3)
    assert [row.request_id for row in page.rows] == ["req_4", "req_3", "req_2"]
    page = await usage.page(ACME, KEY, before=page.before, most=3)
    assert ([row.request_id for row in page.rows], page.before) == (["req_1", "req_0"], None)


async def test_what_was_noted_last_is_seen_in_a_report(usage: Usage) -> None:
    usage.note(use(1))
    usage.note(use(3))
    assert [row.request_id for row in await usage.recent(ACME, BEGUN + timedelta(seconds=2))] == ["req_3"]


async def test_last_use_is_of_any_call_and_last_success_of_those_below_400(usage: Usage, database: Database) -> None:
    """Check 131: a 403 from B after a 200 from A moves the time and leaves the address of the last success."""
    usage.note(use(5, ip="192.0.2.66", status=403))
    usage.note(use(1, ip="192.0.2.1"))
    usage.note(use(2, principal=replace(CALLER, hint="new"), ip="192.0.2.2"))
    await usage.flush()
    at = BEGUN.timestamp()
    assert await last_uses(database) == [("old", at + 5, "192.0.2.66"), ("new", at + 2, "192.0.2.2")]
    assert await look(database, "SELECT last_ip FROM keys") == [("192.0.2.2",)]


async def test_a_late_node_takes_nothing_back(usage: Usage, store: Failing, database: Database) -> None:
    late = Usage(store, HandClock())
    late.note(use(1, ip="192.0.2.1"))
    usage.note(use(5, ip="192.0.2.5"))
    await usage.flush()
    await late.flush()
    assert await last_uses(database) == [("old", BEGUN.timestamp() + 5, "192.0.2.5"), ("new", None, None)]
    assert await look(database, "SELECT last_ip FROM keys") == [("192.0.2.5",)]
    assert await count(database) == 2


async def test_many_calls_are_written_in_batches_and_each_once(
    usage: Usage, store: Failing, database: Database
) -> None:
    for number in range(2_500):
        usage.note(use(number))
    await usage.flush()
    await usage.flush()
    assert (await count(database), store.calls, usage.written) == (2_500, 3, 2_500)


async def test_while_the_database_is_gone_calls_wait_in_memory(
    usage: Usage, store: Failing, database: Database
) -> None:
    store.is_down = True
    for number in range(1_200):
        usage.note(use(number))
        if number == 600:
            with pytest.raises(Problem):
                await usage.flush()
    with pytest.raises(Problem):
        await usage.flush()
    store.is_down = False
    await usage.flush()
    assert (await count(database), usage.dropped) == (1_200, 0)


async def test_a_batch_whose_end_nobody_heard_of_is_not_written_twice(
    usage: Usage, store: Failing, database: Database
) -> None:
    store.is_cut_behind = True
    usage.note(use(1))
    with pytest.raises(Problem):
        await usage.flush()
    assert await count(database) == 1
    usage.note(use(2))
    store.is_cut_behind = False
    await usage.flush()
    assert await count(database) == 2
    assert (await last_uses(database))[0] == ("old", BEGUN.timestamp() + 2, "192.0.2.7")


async def test_noting_has_a_bound_and_counts_what_it_drops(usage: Usage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOTED_MAX", 3)
    for number in range(5):
        usage.note(use(number))
    assert usage.dropped == 2
    assert len((await usage.page(ACME, KEY)).rows) == 3


async def ended(usage: Usage, stop: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        await usage.run(stop)


async def test_what_was_noted_before_the_stop_is_written(usage: Usage, database: Database) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(ended(usage, stop))
        await asyncio.sleep(0)
        usage.note(use(1))
        stop.set()
    assert await count(database) == 1


async def test_it_is_written_beat_by_beat_and_trouble_ends_no_process(
    usage: Usage, store: Failing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BEAT_SECONDS", 0.01)
    monkeypatch.setattr(module, "NOTED_MAX", 3)
    store.is_down = True
    for number in range(10):
        usage.note(use(number))
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        with capture_logs() as logs:
            task = group.create_task(ended(usage, stop))
            while store.calls < 3:  # noqa: ASYNC110 - the work under test counts, and has no event
                await asyncio.sleep(0.01)
            store.is_down = False
            stop.set()
            await task
    assert {"event": "usage lost", "calls": 7, "log_level": "error"} in logs
    assert [one["event"] for one in logs].count("usage lost") == 1
    assert logs[0]["event"] == "usage not written"
    assert await count(database) == 3


async def test_calls_are_counted_in_steps_the_last_one_too(usage: Usage) -> None:
    usage.note(use())
    steps = await usage.steps(CALLER.tenant_id, KEY, present="another", length=timedelta(hours=1), count=2)
    assert [[(one.is_old_secret, one.calls) for one in step.counts] for step in steps] == [[], [(True, 1)]]
