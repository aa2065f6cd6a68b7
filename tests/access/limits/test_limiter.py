"""The limiter of one process: a bucket for each caller, bounded in number."""

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.tables import CallClass, allowance_of
from cybervault.domain.principals import Plan
from tests.access.limits.traffic import minute_of
from tests.fakes.clock import HandClock

TWO = minute_of(2)


async def test_each_bucket_is_counted_for_itself() -> None:
    limiter = LocalLimiter(HandClock())
    assert [(await limiter.admit("a", TWO)).is_admitted for _ in range(3)] == [True, True, False]
    assert (await limiter.admit("b", TWO)).is_admitted


async def test_professional_gets_115_calls_and_the_next_is_refused_with_the_published_number() -> None:
    limiter, allowance = LocalLimiter(HandClock()), allowance_of("v2", Plan.PROFESSIONAL, CallClass.READ)
    decisions = [await limiter.admit("a", allowance) for _ in range(116)]
    assert [one.is_admitted for one in decisions] == [True] * 115 + [False]
    assert (decisions[-1].limit, decisions[-1].retry_after_seconds) == (100, 60)


async def test_a_thousand_calls_an_hour_pass_spread_out_and_then_the_hour_refuses() -> None:
    clock, allowance = HandClock(), allowance_of("v2", Plan.STARTER, CallClass.WRITE)
    limiter = LocalLimiter(clock)
    for _ in range(1_000):
        assert (await limiter.admit("a", allowance)).is_admitted
        clock.advance(2)
    refused = await limiter.admit("a", allowance)
    assert (refused.is_admitted, refused.violated, refused.limit) == (False, ("hour",), 1_000)
    assert 1_600 <= refused.retry_after_seconds <= 1_660
    clock.advance(refused.retry_after_seconds)
    assert (await limiter.admit("a", allowance)).is_admitted


async def test_other_numbers_take_hold_at_the_next_call() -> None:
    limiter = LocalLimiter(HandClock())
    for _ in range(2):
        await limiter.admit("a", TWO)
    assert (await limiter.admit("a", minute_of(3))).is_admitted
    assert not (await limiter.admit("a", minute_of(3))).is_admitted


async def test_a_caller_that_leaves_the_queue_last_frees_its_place() -> None:
    clock, queued = HandClock(), minute_of(1, queued_max=1, wait_seconds_max=10)
    limiter = LocalLimiter(clock)
    await limiter.admit("a", queued)
    clock.advance(55)
    waiting = await limiter.admit("a", queued)
    assert waiting.wait_seconds == 5
    await limiter.give_back("a", waiting)
    assert (await limiter.admit("a", queued)).wait_seconds == 5
    await limiter.give_back("nobody", waiting)


async def test_idle_callers_are_forgotten_when_others_come() -> None:
    clock = HandClock()
    limiter = LocalLimiter(clock)
    for name in ("a", "b", "c"):
        await limiter.admit(name, TWO)
    clock.advance(61)
    await limiter.admit("c", TWO)
    await limiter.admit("d", TWO)
    assert list(limiter._buckets) == ["c", "d"]


async def test_a_new_caller_is_counted_from_its_first_call() -> None:
    """It must not be taken for an idle one and forgotten."""
    limiter = LocalLimiter(HandClock())
    await limiter.admit("a", TWO)
    assert [(await limiter.admit("b", TWO)).is_admitted for _ in range(3)] == [True, True, False]


async def test_above_the_bound_the_one_longest_silent_is_forgotten() -> None:
    limiter = LocalLimiter(HandClock(), buckets_max=2)
    for name in ("a", "b", "a", "c"):
        await limiter.admit(name, TWO)
    assert list(limiter._buckets) == ["a", "c"]


async def test_what_is_used_can_be_asked_and_counts_for_none() -> None:
    clock, allowance = HandClock(), allowance_of("v2", Plan.STARTER, CallClass.ANY)
    limiter = LocalLimiter(clock)
    for _ in range(3):
        await limiter.admit("a", allowance)
    assert [await limiter.used("a", allowance) for _ in range(2)] == [(3, 3)] * 2
    clock.advance(62)
    assert await limiter.used("a", allowance) == (0, 3)
    assert await limiter.used("nobody", allowance) == (0, 0)
