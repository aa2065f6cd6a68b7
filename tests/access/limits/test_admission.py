"""One call over all windows: never above the ceiling, little refused for nothing, and a queue that keeps its order."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.storage import memory
from limits.strategies import MovingWindowRateLimiter

from cybervault.access.limits.admission import Counts, admit, give_back, width_of
from cybervault.access.limits.decision import Decision
from cybervault.access.limits.ring import CELLS, SECOND
from cybervault.access.limits.tables import Allowance, Window
from tests.access.limits.traffic import KINDS, MINUTE, adversary, exactly_admitted, minute_of, peak

HOUR = 60 * MINUTE
BOTH = Allowance((Window("minute", 60, 6, 7), Window("hour", 3600, 20, 20)))
QUEUED = minute_of(10, queued_max=4, wait_seconds_max=10)
_PAUSES = st.lists(st.one_of(st.just(0), st.integers(0, 3 * SECOND), st.integers(0, 90 * SECOND)), max_size=120)


def play(allowance: Allowance, pauses: list[int]) -> list[tuple[int, Decision]]:
    """Calls with pauses between them, each with its moment."""
    counts, now, decisions = Counts(allowance), 0, []
    for pause in pauses:
        now += pause
        decisions.append((now, admit(counts.rings, allowance, now)))
    return decisions


def went(decisions: list[tuple[int, Decision]]) -> list[int]:
    """The moments at which the admitted calls went."""
    return [now + round(one.wait_seconds * SECOND) for now, one in decisions if one.is_admitted]


@given(_PAUSES)
def test_no_half_open_window_ever_holds_more_than_its_ceiling(pauses: list[int]) -> None:
    moments = went(play(BOTH, pauses))
    assert peak(moments, MINUTE) <= 7
    assert peak(moments, HOUR) <= 20


@given(_PAUSES)
def test_a_call_is_charged_to_every_window_or_to_none(pauses: list[int]) -> None:
    counts, now, admitted = Counts(BOTH), 0, 0
    for pause in pauses:
        now += pause
        admitted += admit(counts.rings, BOTH, now).is_admitted
        assert [ring.number for ring in counts.rings] == [admitted, admitted]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [100, 1_000])
def test_whatever_the_traffic_the_peak_stays_at_the_limit(kind: str, rate: int) -> None:
    allowance, minutes = minute_of(rate), 10 if rate == 100 else 4
    counts = Counts(allowance)
    moments = KINDS[kind](rate, minutes)
    admitted = [moment for moment in moments if admit(counts.rings, allowance, moment).is_admitted]
    assert peak(admitted, MINUTE) <= rate
    if kind != "adversary at the edge":  # who sends exactly at the edge loses there, and is owed nothing
        assert len(admitted) >= 0.98 * exactly_admitted(moments, rate, MINUTE)


def test_the_adversary_at_the_edge_gets_one_limit_in_any_minute() -> None:
    """Two limits pass a fixed window, and nearly two the common counter of two cells."""
    allowance = minute_of(100, ceiling=115)
    counts = Counts(allowance)
    admitted = [moment for moment in adversary(300, 5) if admit(counts.rings, allowance, moment).is_admitted]
    assert peak(admitted, MINUTE) == 115


@given(_PAUSES)
def test_the_peers_exact_log_refuses_none_of_the_calls_that_we_admit(pauses: list[int]) -> None:
    """The moving window of `limits`, with its clock replaced, fed with what passed here."""
    moments = went(play(minute_of(7), pauses))
    with pytest.MonkeyPatch.context() as patch:
        now = 0.0
        patch.setattr(memory, "time", SimpleNamespace(time=lambda: now))
        judge, item = MovingWindowRateLimiter(memory.MemoryStorage()), RateLimitItemPerMinute(7)
        for moment in moments:
            # It counts a call of exactly a minute ago, which a half-open window does not: stretched by a hair.
            now = 1 + moment / SECOND * (1 + 1e-9)
            assert judge.hit(item, "a")


@given(_PAUSES, st.sampled_from([(60,), (3600,), (60, 3600)]))
def test_a_lone_caller_who_asks_again_at_reset_is_never_refused(pauses: list[int], spans: tuple[int, ...]) -> None:
    allowance = Allowance(tuple(window for window in BOTH.windows if window.seconds in spans))
    counts, now = Counts(allowance), 0
    for pause in pauses:
        now += pause
        decision = admit(counts.rings, allowance, now)
        then = now + round(decision.reset_after_seconds * SECOND)
        copy = Counts(allowance)
        for ring, other in zip(counts.rings, copy.rings, strict=True):
            for moment, calls in ring.cells():
                for _ in range(calls):
                    other.add(moment)
        assert admit(copy.rings, allowance, then).is_admitted
        assert decision.is_admitted or decision.retry_after_seconds >= decision.reset_after_seconds


def test_a_refusal_names_the_first_moment_at_which_the_next_call_passes() -> None:
    allowance = minute_of(3)
    counts = Counts(allowance)
    for moment in (0, 10 * SECOND, 20 * SECOND):
        admit(counts.rings, allowance, moment)
    refused = admit(counts.rings, allowance, 30 * SECOND + 1)
    assert (refused.is_admitted, refused.violated, refused.retry_after_seconds) == (False, ("minute",), 30)
    assert not admit(counts.rings, allowance, MINUTE - 1).is_admitted
    assert admit(counts.rings, allowance, MINUTE).is_admitted


def test_when_both_windows_are_full_the_later_one_is_told() -> None:
    decisions = play(BOTH, [0] * 7 + [MINUTE] * 13 + [0])
    last = decisions[-1][1]
    assert last.violated == ("hour",)
    assert last.retry_after_seconds == 3600 - 13 * 60
    full = play(BOTH, ([0] * 7 + [MINUTE]) * 2 + [0] * 7)[-1][1]
    assert full.violated == ("hour",)
    assert full.tightest.window.name == "hour"


def test_each_of_two_full_windows_tells_when_it_lets_pass_itself() -> None:
    allowance = Allowance((Window("minute", 60, 3, 3), Window("hour", 3600, 6, 6)))
    refused = play(allowance, [0, 0, 0, 60 * SECOND, 0, 0, 0])[-1][1]
    assert refused.violated == ("minute", "hour")
    assert [state.resets_in_seconds for state in refused.states] == [60, 3_540]
    assert refused.retry_after_seconds == 3_540


def test_a_refused_call_is_not_counted() -> None:
    allowance = minute_of(2)
    decisions = play(allowance, [0, 0, *[SECOND] * 59, SECOND])
    assert [one.is_admitted for _, one in decisions] == [True, True, *[False] * 59, True]


def test_other_numbers_take_hold_at_once_and_counts_are_kept() -> None:
    small, large = minute_of(2), Allowance((Window("minute", 60, 4, 4), Window("hour", 3600, 5, 5)))
    counts = Counts(small)
    assert [admit(counts.rings, small, 0).is_admitted for _ in range(3)] == [True, True, False]
    counts.follow(large)
    assert [admit(counts.rings, large, 1).is_admitted for _ in range(3)] == [True, True, False]
    assert [ring.used(1) for ring in counts.rings] == [4, 2]
    counts.follow(small)
    assert not admit(counts.rings, small, 2).is_admitted
    assert not counts.is_idle(MINUTE)
    assert counts.is_idle(MINUTE + SECOND)


def test_a_clock_that_was_set_back_stands_still_until_it_has_caught_up() -> None:
    allowance = minute_of(2)
    counts = Counts(allowance)
    admit(counts.rings, allowance, 50 * SECOND)
    assert admit(counts.rings, allowance, 20 * SECOND).is_admitted
    assert not admit(counts.rings, allowance, 21 * SECOND).is_admitted


def test_a_call_inside_the_limit_never_waits() -> None:
    moments = [place * MINUTE // 10 for place in range(40)]
    pauses = [after - before for before, after in zip([0, *moments], moments, strict=False)]
    assert all(one.wait_seconds == 0 for _, one in play(QUEUED, pauses))
    assert not any(one.wait_seconds for _, one in play(QUEUED, [0] * 10))


@given(_PAUSES)
def test_who_waits_is_served_in_order_within_the_wait_and_never_above_the_limit(pauses: list[int]) -> None:
    decisions = play(QUEUED, pauses)
    moments = went(decisions)
    assert moments == sorted(moments)
    assert peak(moments, MINUTE) <= 10
    assert all(one.wait_seconds <= 10 for _, one in decisions)
    for now, decision in decisions:
        inside = sum(now - MINUTE < moment <= now for moment in moments)
        assert decision.is_admitted or inside >= 9 or sum(moment > now for moment in moments) >= 4


@given(_PAUSES)
def test_who_waits_has_a_reason(pauses: list[int]) -> None:
    """Nobody is delayed while an exact log still has room, queue counted at the moments it goes."""
    placed: list[int] = []
    for now, decision in play(QUEUED, pauses):
        if decision.is_admitted:
            goes = now + round(decision.wait_seconds * SECOND)
            if goes > now:
                assert sum(moment + MINUTE > goes - 1 for moment in placed) >= 10 or placed[-1] >= goes
                assert decision.ticket
            placed.append(goes)


def test_places_in_the_queue_are_counted_and_the_rest_is_refused_until_one_is_free() -> None:
    pauses = [place * SECOND for place in [1] * 10] + [46 * SECOND] + [0] * 4
    decisions = play(QUEUED, pauses)
    waits = [one.wait_seconds for _, one in decisions[10:14]]
    assert waits == [5, 6, 7, 8]
    refused = decisions[14][1]
    assert (refused.is_admitted, refused.retry_after_seconds, refused.remaining) == (False, 5, 0)
    assert decisions[13][1].states[0].used == 14


def test_a_slot_that_is_too_far_away_is_refused_at_once_and_told_when_waiting_begins() -> None:
    decisions = play(QUEUED, [0] * 11)
    refused = decisions[-1][1]
    assert (refused.is_admitted, refused.retry_after_seconds, refused.wait_seconds) == (False, 50, 0)
    waiting = play(QUEUED, [0] * 10 + [50 * SECOND])[-1][1]
    assert (waiting.is_admitted, waiting.wait_seconds) == (True, 10)


def test_who_leaves_last_frees_the_place_and_who_leaves_before_others_does_not() -> None:
    counts = Counts(QUEUED)
    for _ in range(10):
        admit(counts.rings, QUEUED, 0)
    first, second = (admit(counts.rings, QUEUED, 55 * SECOND) for _ in range(2))
    give_back(counts.rings, first.ticket, 56 * SECOND)
    assert counts.rings[0].used(56 * SECOND) == 12
    give_back(counts.rings, second.ticket, 56 * SECOND)
    assert counts.rings[0].used(56 * SECOND) == 11
    give_back(counts.rings, first.ticket, 60 * SECOND)
    assert counts.rings[0].used(59 * SECOND) == 11, "its moment has come: the place is spent"
    give_back(counts.rings, 0, 0)
    assert counts.rings[0].number == 11


def test_behind_a_queue_nobody_overtakes_even_when_the_limit_was_raised() -> None:
    counts = Counts(QUEUED)
    for _ in range(10):
        admit(counts.rings, QUEUED, 0)
    assert admit(counts.rings, QUEUED, 52 * SECOND).wait_seconds == 8
    raised = minute_of(20, queued_max=1, wait_seconds_max=10)
    counts.follow(raised)
    refused = admit(counts.rings, raised, 53 * SECOND)
    assert (refused.is_admitted, refused.violated, refused.retry_after_seconds) == (False, ("minute",), 7)


def test_only_the_first_window_of_a_queue_is_exact() -> None:
    queued = Allowance(BOTH.windows, 1, 1.0)
    assert [width_of(window, queued) for window in queued.windows] == [0, HOUR // CELLS]
    assert [width_of(window, BOTH) for window in BOTH.windows] == [MINUTE // CELLS, HOUR // CELLS]
