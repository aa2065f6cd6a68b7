"""How long things are kept, on a clock that a test moves."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from cybervault.access import retention as module
from cybervault.access.retention import Retention, network_of
from cybervault.access.store.retention import Kept, RetentionStore
from cybervault.access.store.usage import UsageStore
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.statements import look
from tests.access.store.test_usage import row
from tests.fakes.clock import HandClock

DAY = timedelta(days=1).total_seconds()


class Counting(RetentionStore):
    """Counts the sweeps and fails the first."""

    sweeps = 0
    kept: Kept | None = None

    async def delete(self, kept: Kept) -> dict[str, int]:
        self.sweeps += 1
        self.kept = kept
        if self.sweeps == 1:
            raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone")
        return await super().delete(kept)


async def test_usage_is_kept_as_long_as_the_operator_says(database: Database) -> None:
    clock = HandClock()
    retention = Retention(RetentionStore(database), clock, usage_days=10)
    await UsageStore(database).add([row(1, at=clock.now().timestamp())])
    clock.advance(10 * DAY - 1)
    assert (await retention.sweep())["usage"] == 0
    clock.advance(2)
    assert (await retention.sweep())["usage"] == 1


async def test_after_ninety_days_only_the_network_of_an_address_is_kept(database: Database) -> None:
    clock = HandClock()
    retention = Retention(RetentionStore(database), clock, usage_days=365)
    addresses = ["192.0.2.77", "2001:db8:1:2::7", None, "nonsense"]
    rows = [row(number, at=clock.now().timestamp(), ip=ip) for number, ip in enumerate(addresses)]
    await UsageStore(database).add(rows)
    clock.advance(90 * DAY)
    assert (await retention.sweep())["addresses"] == 0
    clock.advance(1)
    assert (await retention.sweep())["addresses"] == 3
    assert (await retention.sweep())["addresses"] == 0
    assert await look(database, "SELECT ip FROM key_usage ORDER BY id") == [
        ("192.0.2.0/24",), ("2001:db8:1::/48",), (None,), ("0.0.0.0/0",),
    ]  # fmt: skip


async def test_everything_else_has_a_time_of_its_own(database: Database) -> None:
    store, clock = Counting(database), HandClock()
    with pytest.raises(Problem):
        await Retention(store, clock, usage_days=90).sweep()
    now, kept = clock.now().timestamp(), store.kept
    assert kept is not None
    assert (now - kept.replies, now - kept.failures, now - kept.events) == (DAY, DAY, DAY)
    assert (now - kept.sessions, now - kept.invitations, now - kept.checkpoints) == (30 * DAY, 30 * DAY, 30 * DAY)


async def test_work_is_kept_seven_days_behind_its_end(database: Database) -> None:
    clock, asked = HandClock(), list[float]()

    async def forget(before: float) -> int:
        asked.append(before)
        return 3

    swept = await Retention(RetentionStore(database), clock, usage_days=90, work={"jobs": forget}).sweep()
    assert (swept["jobs"], asked) == (3, [clock.now().timestamp() - 7 * DAY])


async def test_it_sweeps_again_and_again_and_trouble_ends_no_process(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_BETWEEN", 0.01)
    store, clock, stop = Counting(database), HandClock(), asyncio.Event()
    await UsageStore(database).add([row(1)])

    async def run() -> None:
        async with asyncio.timeout(20):
            await Retention(store, clock, usage_days=90).run(stop)

    async with asyncio.TaskGroup() as group:
        with capture_logs() as logs:
            task = group.create_task(run())
            while store.sweeps < 3:  # noqa: ASYNC110 - the work under test counts, and has no event
                await asyncio.sleep(0.01)
            stop.set()
            await task
    assert [one["event"] for one in logs[:2]] == ["retention not kept", "retention kept"]
    assert logs[1]["usage"] == 1
    assert "sessions" not in logs[1]


@pytest.mark.parametrize(
    ("ip", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("", "0.0.0.0/0")],
)
def test_the_network_of_an_address(ip: str, network: str) -> None:
    assert network_of(ip) == network
