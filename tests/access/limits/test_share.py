"""Alone without the server: shares that add up to less than the whole, and debts that are told exactly once."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.limits.admission import Counts, admit
from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.share import RETRY_SECONDS, Shares
from cybervault.access.limits.tables import Allowance, Window
from tests.access.limits.traffic import MINUTE, minute_of, peak
from tests.fakes.clock import HandClock

HUNDRED = minute_of(100)
BOTH = Allowance((Window("minute", 60, 40, 44), Window("hour", 3600, 100, 100)))


def asked(shares: Shares, times: int, allowance: Allowance = HUNDRED, *, now: int = 0) -> None:
    """Calls that the server admits."""
    counts = Counts(allowance)
    for _ in range(times):
        shares.note("a", allowance, admit(counts.rings, allowance, now), now=now)


def admitted(shares: Shares, now: int, allowance: Allowance = HUNDRED) -> int:
    """How many calls in a row pass at one moment."""
    calls = 0
    while shares.decide("a", allowance, now=now).is_admitted:
        calls += 1
    return calls


def test_the_first_minute_alone_has_the_share_of_what_was_left_and_later_ones_that_of_the_limit() -> None:
    shares = Shares(lambda: 4)
    asked(shares, 57)
    shares.lose(1)
    assert admitted(shares, SECOND) == (100 - 57 - 3) // 4
    assert admitted(shares, MINUTE + 1) == 25 - 10, "those of the first minute are counted still"
    assert admitted(shares, 2 * MINUTE + SECOND) == 25


def test_a_caller_never_seen_has_the_share_of_the_limit() -> None:
    shares = Shares(lambda: 4)
    shares.lose(0)
    assert admitted(shares, 1) == 24


def test_a_node_that_knows_of_no_other_may_use_all_that_was_left() -> None:
    shares = Shares(lambda: 0)
    asked(shares, 40)
    shares.lose(0)
    assert admitted(shares, 1) == 60


def test_nodes_that_vanish_from_the_list_during_the_outage_still_have_their_share() -> None:
    """With the database their heartbeats may be gone too."""
    known = [4]
    shares = Shares(lambda: known[0])
    shares.lose(0)
    admitted(shares, 1)
    known[0] = 1
    assert admitted(shares, 3 * MINUTE) == 25


def test_a_share_of_nothing_is_refused_until_there_is_one() -> None:
    shares = Shares(lambda: 4)
    asked(shares, 100)
    shares.lose(0)
    refused = shares.decide("a", HUNDRED, now=10 * SECOND)
    assert (refused.is_admitted, refused.retry_after_seconds, refused.remaining) == (False, 50, 0)
    assert shares.decide("a", HUNDRED, now=MINUTE).is_admitted
    tiny = shares.decide("b", minute_of(3), now=10 * SECOND)
    assert (tiny.is_admitted, tiny.retry_after_seconds) == (False, RETRY_SECONDS)


def test_what_is_left_of_the_share_is_what_the_caller_is_told() -> None:
    shares = Shares(lambda: 2)
    shares.lose(0)
    first = shares.decide("a", HUNDRED, now=2 * MINUTE)
    assert (first.limit, first.remaining, first.reset_after_seconds) == (100, 49, 60)
    for _ in range(49):
        last = shares.decide("a", HUNDRED, now=2 * MINUTE)
    assert (last.is_admitted, last.remaining) == (True, 0)
    refused = shares.decide("a", HUNDRED, now=2 * MINUTE + SECOND)
    assert (refused.violated, refused.retry_after_seconds) == (("minute",), 59)
    assert shares.decide("a", HUNDRED, now=2 * MINUTE + 60 * SECOND).is_admitted


def test_both_windows_bind_alone_too() -> None:
    shares = Shares(lambda: 2)
    shares.lose(0)
    assert admitted(shares, 1, BOTH) == 21
    assert admitted(shares, 2 * MINUTE, BOTH) == 22
    refused = [shares.decide("a", BOTH, now=4 * MINUTE) for _ in range(8)][-1]
    assert (refused.violated, refused.retry_after_seconds) == (("hour",), 3_600 - 240)


def test_debts_are_told_with_their_ages_and_only_once() -> None:
    shares = Shares(lambda: 1)
    asked(shares, 3)
    assert not list(shares.debts(SECOND, is_all=False))
    shares.lose(SECOND)
    for moment in (2 * SECOND, 2 * SECOND, 30 * SECOND):
        shares.decide("a", HUNDRED, now=moment)
    (debt,) = shares.debts(31 * SECOND, is_all=False)
    assert debt.cells == (((29 * SECOND, 2), (SECOND, 1)),)
    shares.decide("a", HUNDRED, now=31 * SECOND)
    shares.pay(debt, (6,))
    (later,) = shares.debts(31 * SECOND, is_all=False)
    assert later.cells == (((0, 1),),)
    shares.pay(later, (7,))
    assert not list(shares.debts(31 * SECOND, is_all=False))


def test_a_server_that_forgot_everything_is_told_all_that_still_counts() -> None:
    shares = Shares(lambda: 1)
    asked(shares, 3)
    asked(shares, 2, now=50 * SECOND)
    (debt,) = shares.debts(70 * SECOND, is_all=True)
    assert debt.cells == (((20 * SECOND, 2),),)
    assert not list(shares.debts(3 * MINUTE, is_all=True))


def test_a_reservation_is_owed_at_the_moment_it_goes() -> None:
    shares, clock, queued = Shares(lambda: 1), HandClock(), minute_of(1, queued_max=1, wait_seconds_max=60)
    limiter = LocalLimiter(clock)
    for _ in range(2):
        shares.note("a", queued, limiter.admit_now("a", queued), now=0)
    (debt,) = shares.debts(0, is_all=True)
    assert debt.cells == (((0, 1), (-MINUTE, 1)),)


def test_what_the_server_says_of_a_call_of_the_share_pays_it_or_takes_it_back() -> None:
    shares, counts = Shares(lambda: 1), Counts(minute_of(1))
    shares.lose(0)
    yes, no = (admit(counts.rings, counts.allowance, 0) for _ in range(2))
    shares.decide("a", minute_of(5), now=0)
    shares.confirm("a", minute_of(5), yes)
    assert not list(shares.debts(0, is_all=False))
    shares.decide("a", minute_of(5), now=0)
    shares.confirm("a", minute_of(5), no)
    assert not list(shares.debts(0, is_all=False))
    assert admitted(shares, 0, minute_of(5)) == 4


def test_a_call_that_the_server_answered_after_its_loss_is_owed_again() -> None:
    """Whether it still knows of it is not sure."""
    shares = Shares(lambda: 1)
    shares.lose(0)
    asked(shares, 1)
    assert list(shares.debts(0, is_all=False))


def test_a_second_loss_before_all_was_told_is_the_same_one() -> None:
    shares = Shares(lambda: 2)
    shares.lose(0)
    assert admitted(shares, 1) == 49
    shares.lose(2)
    assert admitted(shares, 3) == 0
    shares.restore()
    shares.lose(4)
    assert admitted(shares, 5) == 49, "a new one begins with what the server last said"


def test_the_caller_longest_silent_is_forgotten_first_and_other_numbers_keep_the_counts() -> None:
    shares = Shares(lambda: 1, ledgers_max=2)
    shares.lose(0)
    for name in ("a", "b", "a", "c"):
        shares.decide(name, HUNDRED, now=1)
    assert [debt.bucket for debt in shares.debts(1, is_all=False)] == ["a", "c"]
    assert admitted(shares, 1, minute_of(5)) == 3


_CALLS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4 * SECOND)), min_size=40, max_size=200)


@given(_CALLS, st.integers(0, 40), st.sampled_from([minute_of(40), BOTH]))
def test_four_nodes_together_never_admit_more_than_the_ceiling_through_a_loss(
    calls: Sequence[tuple[int, int]], lost_after: int, allowance: Allowance
) -> None:
    """Each node has looked once just before the server goes; it stays away."""
    nodes, server, now = [Shares(lambda: 4) for _ in range(4)], Counts(allowance), 0
    moments: list[int] = []
    before = [*calls[:lost_after], *((node, 0) for node in range(4))]
    for node, pause in before:
        now += pause
        decision = admit(server.rings, allowance, now)
        nodes[node].note("a", allowance, decision, now=now)
        moments += [now] * decision.is_admitted
    for one in nodes:
        one.lose(now)
    for node, pause in calls[lost_after:]:
        now += pause
        moments += [now] * nodes[node].decide("a", allowance, now=now).is_admitted
    for window in allowance.windows:
        assert peak(moments, window.seconds * SECOND) <= window.ceiling


def test_what_this_node_admitted_is_told_as_long_as_it_counts() -> None:
    shares = Shares(lambda: 1)
    asked(shares, 3, now=1)
    assert [shares.used("a", HUNDRED, now=now) for now in (2, MINUTE + SECOND)] == [(3,), (0,)]
    assert shares.used("nobody", HUNDRED, now=2) == (0,)
