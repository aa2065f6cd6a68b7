"""What we still allow ourselves of a source."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cybervault.egress.budget import Budget, Lane, MemoryBudgetStore, QuotaRule, Window

MINUTE = QuotaRule(4, 60)
DAY = QuotaRule(500, 86_400)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that a test moves."""

    at: datetime = MIDNIGHT + timedelta(hours=12)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def boot_seconds(self) -> float:
        return self.seconds()

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def budget_with(clock: HandClock) -> Budget:
    return Budget(MemoryBudgetStore(), clock)


async def taken(budget: Budget, times: int, *rules: QuotaRule, fingerprint: str = "") -> int:
    return [await budget.take("vt", fingerprint, rules) for _ in range(times)].count(True)


async def left(budget: Budget, *rules: QuotaRule) -> list[int]:
    return [state.calls for state in await budget.remaining("vt", "", rules)]


async def test_eight_wishes_on_four_a_minute_give_four_calls() -> None:
    budget = budget_with(HandClock())
    assert await taken(budget, 8, MINUTE) == 4


async def test_the_next_window_gives_four_more() -> None:
    clock = HandClock()
    budget = budget_with(clock)
    assert await taken(budget, 5, MINUTE) == 4
    clock.move(59.999)
    assert await taken(budget, 1, MINUTE) == 0
    clock.move(0.001)
    assert await taken(budget, 5, MINUTE) == 4


async def test_a_day_ends_at_midnight_utc() -> None:
    clock = HandClock(MIDNIGHT - timedelta(seconds=1))
    budget = budget_with(clock)
    assert await taken(budget, 3, QuotaRule(2, 86_400)) == 2
    clock.move(1)
    assert await taken(budget, 3, QuotaRule(2, 86_400)) == 2


async def test_a_full_window_takes_nothing_from_the_others() -> None:
    budget = budget_with(HandClock())
    for rules in ((MINUTE, DAY), (DAY, MINUTE)):
        await taken(budget, 10, *rules)
    assert await left(budget, MINUTE, DAY) == [0, 496]


async def test_given_back_calls_can_be_taken_again() -> None:
    budget = budget_with(HandClock())
    assert await taken(budget, 4, MINUTE, DAY) == 4
    await budget.give_back("vt", "", (MINUTE, DAY))
    assert await left(budget, MINUTE, DAY) == [1, 497]
    assert await taken(budget, 2, MINUTE, DAY) == 1


async def test_giving_back_never_makes_more_than_the_quota() -> None:
    budget = budget_with(HandClock())
    await budget.give_back("vt", "", (MINUTE,))
    assert await taken(budget, 9, MINUTE) == 4


async def test_another_key_has_a_quota_of_its_own() -> None:
    """Contract check 144: the server's empty quota does not stop a request that brings its own key."""
    budget = budget_with(HandClock())
    assert await taken(budget, 5, MINUTE) == 4
    await budget.exhaust("vt", "", seconds=3600)
    assert await taken(budget, 5, MINUTE, fingerprint="f00d") == 4


async def test_a_source_without_rules_is_never_held_up() -> None:
    assert await taken(budget_with(HandClock()), 1000) == 1000


async def test_an_exhausted_source_waits_as_long_as_it_said() -> None:
    clock = HandClock()
    budget = budget_with(clock)
    await budget.exhaust("vt", "", seconds=90)
    assert await left(budget, MINUTE, DAY) == [0, 0]
    assert [state.resets_at for state in await budget.remaining("vt", "", (MINUTE,))] == [
        clock.at + timedelta(seconds=90)
    ]
    clock.move(89)
    assert await taken(budget, 1, MINUTE) == 0
    clock.move(1)
    assert await taken(budget, 1, MINUTE) == 1


async def test_an_exhausted_source_that_says_no_time_waits_for_its_shortest_window() -> None:
    clock = HandClock(MIDNIGHT + timedelta(seconds=20))
    budget = budget_with(clock)
    await budget.exhaust("vt", "", rules=(DAY, MINUTE))
    clock.move(39)
    assert await taken(budget, 1, MINUTE, DAY) == 0
    clock.move(1)
    assert await taken(budget, 1, MINUTE, DAY) == 1


async def test_an_exhausted_source_without_rules_waits_a_minute() -> None:
    clock = HandClock()
    budget = budget_with(clock)
    await budget.exhaust("vt", "")
    assert await taken(budget, 1) == 0
    clock.move(60)
    assert await taken(budget, 1) == 1


async def test_no_source_silences_itself_for_more_than_a_day() -> None:
    """One odd Retry-After must not switch a source off for a year."""
    clock = HandClock()
    budget = budget_with(clock)
    await budget.exhaust("vt", "", seconds=1e12)
    clock.move(86_400)
    assert await taken(budget, 1) == 1


async def test_a_wait_of_nothing_blocks_nothing_and_shortens_nothing() -> None:
    budget = budget_with(HandClock())
    await budget.exhaust("vt", "", seconds=0)
    assert await taken(budget, 1) == 1
    await budget.exhaust("vt", "", seconds=100)
    await budget.exhaust("vt", "", seconds=1)
    states = await budget.remaining("vt", "", (MINUTE,))
    assert states[0].resets_at == HandClock().at + timedelta(seconds=100)


async def test_remaining_says_what_is_left_and_when_it_is_full_again() -> None:
    budget = budget_with(HandClock())
    await taken(budget, 3, MINUTE, DAY)
    minute, day = await budget.remaining("vt", "", (MINUTE, DAY))
    assert (minute.rule, minute.calls, minute.resets_at) == (MINUTE, 1, HandClock().at + timedelta(minutes=1))
    assert (day.calls, day.resets_at) == (497, MIDNIGHT + timedelta(days=1))


async def test_the_memory_store_is_bounded_and_drops_the_longest_untouched() -> None:
    store = MemoryBudgetStore(entries_max=3)
    windows = [Window(Lane("vt", str(number)), 60, 0) for number in range(4)]
    for window in windows[:3]:
        assert await store.add([window]) == [1]
    assert await store.add([windows[0]]) == [2]
    await store.add([windows[3]])
    assert [await store.used(window) for window in windows] == [2, 0, 1, 1]
    for number in range(4):
        await store.block(Lane("vt", str(number)), 100.0)
    assert [await store.blocked_until(Lane("vt", str(number))) for number in range(4)] == [0.0, 100.0, 100.0, 100.0]


class SlowStore(MemoryBudgetStore):
    """A shared store answers after a while, so that others come between."""

    async def add(self, windows: Sequence[Window]) -> Sequence[int]:
        await asyncio.sleep(0)
        return await super().add(windows)


@given(wishes=st.integers(1, 40), calls=st.integers(0, 10))
async def test_wishes_at_the_same_time_never_overspend(wishes: int, calls: int) -> None:
    rules = (QuotaRule(calls, 60), QuotaRule(1000, 3600))
    budget = Budget(SlowStore(), HandClock())
    given_calls = await asyncio.gather(*(budget.take("vt", "", rules) for _ in range(wishes)))
    assert given_calls.count(True) <= calls
    assert [state.calls for state in await budget.remaining("vt", "", rules)] == [
        calls - given_calls.count(True),
        1000 - given_calls.count(True),
    ]
