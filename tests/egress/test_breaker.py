"""Stop asking a source that does not answer."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cybervault.egress.breaker import ENTRIES_MAX, FAILURES_TO_OPEN, OPEN_SECONDS, Breaker, BreakerState


@dataclass
class HandClock:
    """A clock that a test moves."""

    at: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def seconds(self) -> float:
        return self.at

    def boot_seconds(self) -> float:
        return self.at


def opened(clock: HandClock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed("otx", "")
    return breaker


def test_it_opens_after_five_failures_in_a_row() -> None:
    breaker = Breaker(HandClock())
    for _ in range(4):
        breaker.failed("otx", "")
    assert breaker.allows("otx", "")
    assert breaker.state("otx", "") is BreakerState.CLOSED
    breaker.failed("otx", "")
    assert not breaker.allows("otx", "")
    assert breaker.state("otx", "") is BreakerState.OPEN


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(HandClock())
    for _ in range(3):
        for _ in range(4):
            breaker.failed("otx", "")
        breaker.succeeded("otx", "")
    assert breaker.allows("otx", "")


def test_it_stays_open_for_thirty_seconds() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.at += OPEN_SECONDS - 0.001
    assert not breaker.allows("otx", "")
    clock.at += 0.001
    assert breaker.state("otx", "") is BreakerState.HALF_OPEN
    assert breaker.allows("otx", "")


def test_half_open_lets_one_probe_through() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.at += OPEN_SECONDS
    assert [breaker.allows("otx", "") for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.at += OPEN_SECONDS
    assert breaker.allows("otx", "")
    breaker.succeeded("otx", "")
    assert breaker.state("otx", "") is BreakerState.CLOSED
    breaker.failed("otx", "")
    assert breaker.allows("otx", "")


def test_a_probe_that_fails_opens_it_again_at_once() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.at += OPEN_SECONDS
    assert breaker.allows("otx", "")
    breaker.failed("otx", "")
    clock.at += OPEN_SECONDS - 1
    assert not breaker.allows("otx", "")


def test_a_probe_that_is_never_reported_does_not_block_for_ever() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.at += OPEN_SECONDS
    assert breaker.allows("otx", "")
    clock.at += OPEN_SECONDS
    assert breaker.allows("otx", "")


def test_another_key_of_the_same_source_is_not_held_up() -> None:
    """Contract check 144: the server's open breaker does not stop a request that brings its own key."""
    breaker = opened(HandClock())
    assert not breaker.allows("otx", "")
    assert breaker.allows("otx", "f00d")
    assert breaker.allows("virustotal", "")


def test_its_memory_is_bounded_and_drops_the_longest_silent() -> None:
    breaker = opened(HandClock())
    for number in range(ENTRIES_MAX - 1):
        breaker.failed("otx", f"key-{number}")
    assert not breaker.allows("otx", "")
    breaker.failed("otx", "one more")
    assert breaker.allows("otx", "")
    assert len(breaker._failing) == ENTRIES_MAX
