"""One window in cells: never a call forgotten early, each at most one cell late, and memory that is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.limits.ring import CELLS, SECOND, Ring
from tests.access.limits.traffic import MINUTE

_PAUSES = st.lists(st.integers(0, 20 * SECOND), max_size=80)


def test_a_call_is_counted_for_its_window_and_not_a_moment_longer() -> None:
    ring = Ring(MINUTE, SECOND)
    ring.add(5)
    assert ring.used(5) == 1
    assert ring.used(MINUTE + 4) == 1
    assert ring.used(MINUTE + 5) == 0


def test_calls_of_one_cell_leave_with_the_latest_of_them() -> None:
    ring = Ring(MINUTE, SECOND)
    ring.add(0)
    ring.add(SECOND - 1)
    assert list(ring.cells()) == [(SECOND - 1, 2)]
    assert ring.used(MINUTE + SECOND - 2) == 2
    assert ring.used(MINUTE + SECOND - 1) == 0


def test_without_a_width_every_moment_counts_exactly() -> None:
    ring = Ring(MINUTE)
    for moment in (7, 7, 8):
        ring.add(moment)
    assert list(ring.cells()) == [(7, 2), (8, 1)]
    assert ring.used(MINUTE + 7) == 1


def test_the_nth_last_call_is_found_by_its_number() -> None:
    ring = Ring(MINUTE)
    for moment in (1, 2, 2, 3):
        ring.add(moment)
    assert [ring.nth_last(number) for number in range(6)] == [0, 3, 2, 2, 1, 0]
    ring.used(MINUTE + 1)
    assert ring.nth_last(4) == 0


def test_a_call_that_is_taken_back_is_not_counted() -> None:
    ring = Ring(MINUTE)
    ring.take_back()
    for moment in (1, 2, 2):
        ring.add(moment)
    ring.take_back()
    assert (ring.used(2), ring.latest, ring.number) == (2, 2, 2)
    ring.take_back()
    assert (ring.used(2), ring.latest, ring.number) == (1, 1, 1)


def test_a_call_never_joins_a_cell_that_has_left() -> None:
    ring = Ring(SECOND, 10 * SECOND)
    ring.add(0)
    assert ring.used(2 * SECOND) == 0
    ring.add(2 * SECOND)
    assert ring.used(2 * SECOND) == 1


def test_memory_does_not_grow_with_time_or_calls() -> None:
    ring = Ring(MINUTE, MINUTE // CELLS)
    for moment in range(0, 20 * MINUTE, MINUTE // 600):
        ring.used(moment)
        ring.add(moment)
    assert len(list(ring.cells())) <= CELLS + 1
    assert len(ring._cells) <= 6 * CELLS


@given(_PAUSES, st.sampled_from([0, SECOND, 7 * SECOND]))
def test_no_call_is_forgotten_early_and_none_is_kept_longer_than_one_cell(pauses: list[int], width: int) -> None:
    ring, now = Ring(MINUTE, width), 0
    log: list[int] = []
    for pause in pauses:
        now += pause
        used = ring.used(now)
        assert used >= sum(moment + MINUTE > now for moment in log)
        assert used <= sum(moment + MINUTE + width > now for moment in log)
        ring.add(now)
        log.append(now)


@given(_PAUSES)
def test_cells_tell_every_counted_call(pauses: list[int]) -> None:
    ring, now = Ring(MINUTE, SECOND), 0
    for pause in pauses:
        now += pause
        ring.add(now)
        used = ring.used(now)
        assert sum(calls for _, calls in ring.cells()) == used
        assert ring.nth_last(1) == ring.latest == now
