"""Remember refusals until the moment they name, so that a flood is refused here and never reaches the server."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from cybervault.access.limits.admission import refusal
from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.tables import Allowance

DENIALS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Denial:
    allowance: Allowance
    decision: Decision
    since: float


class Denials:
    """The last refusal of each bucket. Exact: until its moment no call can pass, since none leaves the count before."""

    def __init__(self, *, denials_max: int = DENIALS_MAX) -> None:
        self._denials_max = denials_max
        self._kept: OrderedDict[str, _Denial] = OrderedDict()

    def keep(self, bucket: str, allowance: Allowance, decision: Decision, *, now: float) -> None:
        """Remember a refusal that came at `now` (seconds of a clock that never jumps)."""
        self._kept[bucket] = _Denial(allowance, decision, now)
        self._kept.move_to_end(bucket)
        if len(self._kept) > self._denials_max:
            self._kept.popitem(last=False)

    def find(self, bucket: str, allowance: Allowance, *, now: float) -> Decision | None:
        """The refusal as it reads now; None when it is over, or when the caller's limits have changed meanwhile."""
        kept = self._kept.get(bucket)
        if kept is None:
            return None
        left = kept.since + kept.decision.reset_after_seconds - now
        if left <= 0 or kept.allowance != allowance:
            del self._kept[bucket]
            return None
        passed = now - kept.since
        states = tuple(
            WindowState(one.window, one.used, max(0.0, one.resets_in_seconds - passed)) for one in kept.decision.states
        )
        return refusal(states, kept.decision.violated, left)

    def forget(self, bucket: str) -> None:
        """Ask the server again: a place may have become free earlier."""
        self._kept.pop(bucket, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
