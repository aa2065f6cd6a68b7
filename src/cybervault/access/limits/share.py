"""What a node admits by itself while the server that counts for all is gone: its share, and what it owes afterwards.

Every window begins with the share of what was left of it when this node last saw it; once a whole window has passed
without the server, with the share of the limit. Together the nodes so stay below the ceiling, up to what others used
between a node's last look and the loss.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cybervault.access.limits.admission import Counts, refusal, used_of
from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.ring import SECOND, Ring
from cybervault.access.limits.server import Debt
from cybervault.access.limits.tables import Allowance, Window

LEDGERS_MAX: Final = 50_000
RETRY_SECONDS: Final = 5
"""When to ask again where a node's share is nothing: the server may be back by then."""


class _Ledger(Counts):
    """What this node itself admitted of one caller, and what the server last said of it."""

    __slots__ = ("loss", "lost", "paid", "seen", "then")

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(allowance)
        # By span: what the server last said is used, and the number of the last call that it has counted.
        self.seen: dict[int, int] = {}
        self.paid: dict[int, int] = {}
        # Since which loss the next two hold: what was used then, and the number of the last call before it.
        self.loss = 0
        self.then: dict[int, int] = {}
        self.lost: dict[int, int] = {}

    def begin(self, loss: int) -> None:
        self.loss = loss
        self.then = dict(self.seen)
        self.lost = {ring.span: ring.number for ring in self.rings}

    def look(self, decision: Decision) -> None:
        for ring, state in zip(self.rings, decision.states, strict=True):
            self.seen[ring.span] = state.used

    def count(self, moment: int) -> None:
        for ring in self.rings:
            ring.add(max(moment, ring.latest))

    def pay(self, calls: int) -> None:
        for ring in self.rings:
            self.paid[ring.span] = min(ring.number, self.paid.get(ring.span, 0) + calls)

    def take_back(self) -> None:
        for ring in self.rings:
            ring.take_back()

    def cells(self, now: int, *, is_all: bool) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(tuple(self._owed(ring, now, is_all=is_all)) for ring in self.rings)

    def _owed(self, ring: Ring, now: int, *, is_all: bool) -> Iterator[tuple[int, int]]:
        number = ring.number - ring.used(now)
        paid = 0 if is_all else self.paid.get(ring.span, 0)
        for moment, calls in ring.cells():
            number += calls
            if number > paid:
                yield now - moment, min(calls, number - paid)


class Shares:
    """The books of one node. Above `ledgers_max` callers the one longest silent is forgotten."""

    def __init__(self, nodes: Callable[[], int], *, ledgers_max: int = LEDGERS_MAX) -> None:
        self._nodes = nodes
        self._ledgers_max = ledgers_max
        self._ledgers: OrderedDict[str, _Ledger] = OrderedDict()
        self._losses = 0
        self._lost_at: int | None = None
        self._nodes_then = 1

    def lose(self, now: int) -> None:
        """Note that the server is gone from `now` (microseconds) on; again until `restore` changes nothing."""
        if self._lost_at is None:
            self._lost_at = now
            self._losses += 1
            self._nodes_then = 1

    def restore(self) -> None:
        """Note that the server counts again and has been told all."""
        self._lost_at = None

    def note(self, bucket: str, allowance: Allowance, decision: Decision, *, now: int) -> None:
        """Keep what the server said of a call that this node has not counted yet."""
        ledger = self._ledger(bucket, allowance)
        ledger.look(decision)
        if decision.is_admitted:
            ledger.count(now + round(decision.wait_seconds * SECOND))
            if self._lost_at is None:
                ledger.pay(1)

    def confirm(self, bucket: str, allowance: Allowance, decision: Decision) -> None:
        """Keep what the server said of a call that `decide` let pass: to have counted it too, or to refuse it."""
        ledger = self._ledger(bucket, allowance)
        ledger.look(decision)
        if decision.is_admitted:
            ledger.pay(1)
        else:
            ledger.take_back()

    def decide(self, bucket: str, allowance: Allowance, *, now: int) -> Decision:
        """Decide on one call by this node's share and count it; nobody waits in a queue meanwhile."""
        ledger = self._ledger(bucket, allowance)
        found = [self._state(ledger, place, now) for place in range(len(ledger.rings))]
        states = tuple(state for state, _ in found)
        violated = tuple(state.window.name for state, is_full in found if is_full)
        if violated:
            wait = max(state.resets_in_seconds for state, is_full in found if is_full)
            return refusal(states, violated, wait)
        ledger.count(now)
        return Decision(
            is_admitted=True,
            states=tuple(WindowState(one.window, one.used + 1, one.window.seconds) for one in states),
        )

    def used(self, bucket: str, allowance: Allowance, *, now: int) -> tuple[int, ...]:
        """How many calls each window counts of what this node admitted."""
        ledger = self._ledgers.get(bucket)
        return used_of(() if ledger is None else ledger.rings, allowance, now)

    def debts(self, now: int, *, is_all: bool) -> Iterator[Debt]:
        """What the server does not know, each to be settled by `pay` before the next is asked for.

        `is_all`: the server has forgotten everything, so all that is counted still.
        """
        for bucket, ledger in list(self._ledgers.items()):
            cells = ledger.cells(now, is_all=is_all)
            if any(cells):
                yield Debt(bucket, ledger.allowance, cells, tuple(ring.number for ring in ledger.rings))

    def pay(self, debt: Debt, used: Sequence[int]) -> None:
        """Note that the server counts a debt now, and how many calls it then counted in each window."""
        ledger = self._ledger(debt.bucket, debt.allowance)
        for ring, number, calls in zip(ledger.rings, debt.numbers, used, strict=True):
            ledger.paid[ring.span] = number
            ledger.seen[ring.span] = calls

    def _state(self, ledger: _Ledger, place: int, now: int) -> tuple[WindowState, bool]:
        """How a window stands by this node's share, told as if it were the whole; and whether it is full."""
        ring, window = ledger.rings[place], ledger.allowance.windows[place]
        used = min(ring.used(now), ring.number - ledger.lost.get(ring.span, 0))
        share, more_at = self._share(ledger, window, now)
        shown = max(0, window.published - (share - used))
        if used < share:
            return WindowState(window, shown, max(0, ring.latest + ring.span - now) / SECOND), False
        room_at = ring.nth_last(share) + ring.span if share else now + RETRY_SECONDS * SECOND
        return WindowState(window, shown, ((more_at or room_at) - now) / SECOND), True

    def _share(self, ledger: _Ledger, window: Window, now: int) -> tuple[int, int]:
        """How many calls of a window are this node's, and the moment from which they are more (0 = none is known)."""
        self._nodes_then = nodes = max(self._nodes_then, self._nodes())
        later, span = window.ceiling // nodes, window.seconds * SECOND
        if self._lost_at is None or now >= self._lost_at + span:
            return later, 0
        # Each of the others may have made a call since this node last looked.
        left = window.ceiling - ledger.then.get(span, 0) - (nodes - 1)
        share = max(0, left) // nodes
        return share, self._lost_at + span if later > share else 0

    def _ledger(self, bucket: str, allowance: Allowance) -> _Ledger:
        ledger = self._ledgers.get(bucket)
        if ledger is None:
            ledger = self._ledgers[bucket] = _Ledger(allowance)
            if len(self._ledgers) > self._ledgers_max:
                self._ledgers.popitem(last=False)
        else:
            self._ledgers.move_to_end(bucket)
            if ledger.allowance is not allowance:
                ledger.follow(allowance)
        if ledger.loss != self._losses:
            ledger.begin(self._losses)
        return ledger
