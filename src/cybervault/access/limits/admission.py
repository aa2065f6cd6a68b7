"""Decide on one call over all its windows in one step: check, then charge every window or none.

A call above the limit that may wait gets a reservation: it is counted at the future moment at which it may go. First
come, first served follows by arithmetic, since no call is ever placed before the last one.
"""

import math
from collections.abc import Sequence

from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.ring import CELLS, SECOND, Ring
from cybervault.access.limits.tables import Allowance, Window


class Counts:
    """The rings of one caller, in the order of the windows that they count."""

    __slots__ = ("allowance", "rings")

    def __init__(self, allowance: Allowance) -> None:
        self.rings: tuple[Ring, ...] = ()
        self.follow(allowance)

    def follow(self, allowance: Allowance) -> None:
        """Take over other numbers and keep what was counted; a window that is new begins empty."""
        kept = {ring.span: ring for ring in self.rings}
        spans = (window.seconds * SECOND for window in allowance.windows)
        self.rings = tuple(kept.get(span) or Ring(span) for span in spans)
        for ring, window in zip(self.rings, allowance.windows, strict=True):
            ring.width = width_of(window, allowance)
        self.allowance = allowance

    def is_idle(self, now: int) -> bool:
        """Whether nothing is counted any more."""
        return not any(ring.used(now) for ring in self.rings)


def admit(rings: Sequence[Ring], allowance: Allowance, now: int) -> Decision:
    """Decide at `now` (microseconds) on one call; `rings` stand in the order of the allowance's windows."""
    # Behind the last reservation, if there is one: nobody overtakes.
    at = max(now, rings[0].latest)
    if not allowance.queued_max:
        now = at  # a server's clock that was set back stands still until it has caught up
    states = []
    for ring, window in zip(rings, allowance.windows, strict=True):
        used = ring.used(now)
        if used >= window.ceiling:
            at = max(at, ring.nth_last(window.ceiling) + ring.span)
        states.append(WindowState(window, used + 1, window.seconds))
    if at == now:
        for ring in rings:
            ring.add(now)
        return Decision(is_admitted=True, states=tuple(states))
    return _above(rings, allowance, now, at=at)


def _above(rings: Sequence[Ring], allowance: Allowance, now: int, *, at: int) -> Decision:
    first = rings[0]
    if not _may_wait(first, allowance, now, at=at):
        return _refused(rings, allowance, now, at=at)
    states = []
    for ring, window in zip(rings, allowance.windows, strict=True):
        ring.add(at)
        states.append(WindowState(window, ring.used(now), (at + ring.span - now) / SECOND))
    return Decision(is_admitted=True, states=tuple(states), wait_seconds=(at - now) / SECOND, ticket=first.number)


def give_back(rings: Sequence[Ring], ticket: int, now: int) -> None:
    """Free the place of a caller that left, if its reservation is still to come and was the last; else it is spent."""
    first = rings[0]
    if ticket and first.number == ticket and first.latest > now:
        for ring in rings:
            ring.take_back()


def used_of(rings: Sequence[Ring], allowance: Allowance, now: int) -> tuple[int, ...]:
    """How many calls each window counts at `now`; what was never counted is empty."""
    counts = {ring.span: ring.used(now) for ring in rings}
    return tuple(counts.get(window.seconds * SECOND, 0) for window in allowance.windows)


def width_of(window: Window, allowance: Allowance) -> int:
    """How wide the cells of a window are, in microseconds.

    Where callers may wait the first window is counted exactly, so that nobody inside the limit ever does.
    """
    is_exact = allowance.queued_max > 0 and window is allowance.windows[0]
    return 0 if is_exact else window.seconds * SECOND // CELLS


def _may_wait(first: Ring, allowance: Allowance, now: int, *, at: int) -> bool:
    if not allowance.queued_max or at - now > _longest_wait(allowance):
        return False
    return first.nth_last(allowance.queued_max) <= now


def _longest_wait(allowance: Allowance) -> int:
    return int(allowance.wait_seconds_max * SECOND)


def _refused(rings: Sequence[Ring], allowance: Allowance, now: int, *, at: int) -> Decision:
    """Refuse with the first moment at which a call alone would be taken, to go or to wait."""
    earliest = at
    if allowance.queued_max:
        earliest = max(at - _longest_wait(allowance), rings[0].nth_last(allowance.queued_max))
    states, violated = [], []
    for ring, window in zip(rings, allowance.windows, strict=True):
        used = ring.used(now)
        resets = max(now, ring.latest + ring.span) if used else now
        if used >= window.ceiling:
            violated.append(window.name)
            resets = min(earliest, ring.nth_last(window.ceiling) + ring.span)
        states.append(WindowState(window, used, (resets - now) / SECOND))
    return refusal(tuple(states), tuple(violated), (earliest - now) / SECOND)


def refusal(states: tuple[WindowState, ...], violated: tuple[str, ...], seconds: float) -> Decision:
    """A refusal until `seconds` from now, which the window that says so last is made to show."""
    violated = violated or (states[0].window.name,)
    latest = max((state for state in states if state.window.name in violated), key=lambda one: one.resets_in_seconds)
    states = tuple(WindowState(one.window, one.used, seconds) if one is latest else one for one in states)
    return Decision(is_admitted=False, states=states, retry_after_seconds=max(1, math.ceil(seconds)), violated=violated)
