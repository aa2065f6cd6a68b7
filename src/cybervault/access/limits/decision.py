"""What a limiter says of one call: whether and when it may go, and how every window stands after it.

Both are made for every call: named tuples, because a frozen dataclass takes three times as long to build.
"""

from typing import NamedTuple

from cybervault.access.limits.tables import Window


class WindowState(NamedTuple):
    """A window after the call: `used` counts it and those that wait.

    `resets_in_seconds` tells when the window will be empty; where it refused, when it lets the next call pass.
    """

    window: Window
    used: int
    resets_in_seconds: float

    @property
    def remaining(self) -> int:
        """What is left of the published number; while burst is being used it is 0 and calls still pass."""
        return max(0, self.window.published - self.used)

    @property
    def room(self) -> float:
        """What is left as a share of the published number, 0..1."""
        return self.remaining / self.window.published


class Decision(NamedTuple):
    """Whether a call is admitted, and when: at once, or after `wait_seconds`, its key to be checked again then.

    A refused call has `retry_after_seconds` of at least 1, and `violated` names the windows that were full.
    `ticket` numbers a reservation, 0 without one.
    """

    is_admitted: bool
    states: tuple[WindowState, ...]
    wait_seconds: float = 0.0
    retry_after_seconds: int = 0
    violated: tuple[str, ...] = ()
    ticket: int = 0

    @property
    def tightest(self) -> WindowState:
        """The window with the least relative room; of two alike the one that resets later."""
        if self.violated:
            refusing = [state for state in self.states if state.window.name in self.violated]
            return max(refusing, key=lambda state: state.resets_in_seconds)
        return min(self.states, key=lambda state: (state.room, -state.resets_in_seconds))

    @property
    def limit(self) -> int:
        """The published number of the tightest window."""
        return self.tightest.window.published

    @property
    def remaining(self) -> int:
        """What the tightest window has left; 0 after a refusal, whatever the burst."""
        return self.tightest.remaining if self.is_admitted else 0

    @property
    def reset_after_seconds(self) -> float:
        """After a refusal when the next call passes, else when the tightest window is empty."""
        return self.tightest.resets_in_seconds
