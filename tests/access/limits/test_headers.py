"""The fields of a response: what the contract promises, and a Reset that keeps its word."""

from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.limits.headers import fields
from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.tables import Allowance, CallClass, Window, allowance_of
from cybervault.domain.principals import Plan
from tests.access.limits.traffic import minute_of
from tests.fakes.clock import HandClock

START = 1_793_491_200  # 2026-11-01, the hand clock's date


def test_an_admitted_call_shows_the_published_limit_and_what_is_left() -> None:
    clock = HandClock()
    decision = LocalLimiter(clock).admit_now("a", allowance_of("v2", Plan.PROFESSIONAL, CallClass.READ))
    assert fields(decision, clock.now()) == {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "99",
        "X-RateLimit-Reset": str(START + 60),
        "RateLimit-Policy": '"minute";q=100;w=60, "hour";q=5000;w=3600',
        "RateLimit": '"minute";r=99;t=60',
    }


def test_a_refusal_tells_when_to_come_back_in_both_forms() -> None:
    clock, limiter = HandClock(), LocalLimiter(HandClock())
    allowance = minute_of(30, ceiling=33)
    for _ in range(33):
        limiter.admit_now("a", allowance)
    clock.advance(0.25)
    found = fields(limiter.admit_now("a", allowance), clock.now())
    assert found["Retry-After"] == "60"
    assert (found["X-RateLimit-Limit"], found["X-RateLimit-Remaining"]) == ("30", "0")
    assert found["X-RateLimit-Reset"] == str(START + 61), "rounded up: never a moment too early"
    assert found["RateLimit"] == '"minute";r=0;t=60'


def test_a_call_that_waits_says_how_long() -> None:
    clock, allowance = HandClock(), minute_of(1, queued_max=1, wait_seconds_max=10)
    limiter = LocalLimiter(clock)
    limiter.admit_now("a", allowance)
    clock.advance(57.5)
    found = fields(limiter.admit_now("a", allowance), clock.now())
    assert found["X-RateLimit-Queued-Ms"] == "2500"
    assert found["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in found


@given(
    st.lists(st.sampled_from([0.0, 0.001, 0.4, 7.3, 31.0]), min_size=1, max_size=60),
    st.sampled_from([("minute",), ("hour",), ("minute", "hour")]),
    st.sampled_from([0, 2]),
)
def test_a_lone_caller_who_comes_at_reset_or_after_retry_after_is_never_refused(
    pauses: list[float], names: tuple[str, ...], queued_max: int
) -> None:
    windows = (Window("minute", 60, 5, 6), Window("hour", 3600, 11, 11))
    allowance = Allowance(tuple(one for one in windows if one.name in names), queued_max, 5.0 * queued_max)
    for by_reset in (True, False):
        clock = HandClock()
        limiter = LocalLimiter(clock)
        for pause in pauses:
            clock.advance(pause)
            decision = limiter.admit_now("a", allowance)
        found = fields(decision, clock.now())
        if by_reset or decision.is_admitted:
            clock.advance(int(found["X-RateLimit-Reset"]) - clock.now().timestamp())
        else:
            clock.advance(int(found["Retry-After"]))
        assert limiter.admit_now("a", allowance).is_admitted
