"""Which window a response speaks of, and what is left of it."""

from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.tables import Window

MINUTE = Window("minute", 60, 100, 115)
HOUR = Window("hour", 3600, 1_000, 1_000)


def test_the_window_with_the_least_relative_room_is_shown() -> None:
    minute, hour = WindowState(MINUTE, 50, 60.0), WindowState(HOUR, 600, 3600.0)
    decision = Decision(is_admitted=True, states=(minute, hour))
    assert decision.tightest is hour
    assert (decision.limit, decision.remaining, decision.reset_after_seconds) == (1_000, 400, 3600.0)
    assert Decision(is_admitted=True, states=(minute, WindowState(HOUR, 400, 3600.0))).tightest is minute


def test_of_two_windows_without_room_the_one_that_resets_later_is_shown() -> None:
    minute, hour = WindowState(MINUTE, 110, 60.0), WindowState(HOUR, 1_000, 3600.0)
    assert Decision(is_admitted=True, states=(minute, hour)).tightest is hour


def test_while_burst_is_used_nothing_is_left_and_never_less() -> None:
    state = WindowState(MINUTE, 115, 60.0)
    assert (state.remaining, state.room) == (0, 0.0)


def test_a_refusal_shows_the_refusing_window_that_lets_pass_last() -> None:
    minute, hour = WindowState(MINUTE, 115, 20.0), WindowState(HOUR, 1_000, 5.0)
    decision = Decision(is_admitted=False, states=(minute, hour), retry_after_seconds=20, violated=("minute", "hour"))
    assert decision.tightest is minute
    beside = Decision(is_admitted=False, states=(WindowState(MINUTE, 10, 20.0), hour), violated=("minute",))
    assert (beside.tightest.window, beside.remaining) == (MINUTE, 0)
