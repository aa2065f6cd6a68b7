"""What a schedule is while nothing came of it yet."""

from cybervault.scans.schedule import ScheduleEdit, Turn
from tests.scans.scheduling import SCHEDULE


def test_a_new_one_tells_of_no_turn_and_an_empty_edit_of_no_change() -> None:
    assert (SCHEDULE.last_at, SCHEDULE.last_scan_id, SCHEDULE.problem_code) == (None, None, None)
    assert ScheduleEdit() == ScheduleEdit(None, None, None, None, None, None, None)
    assert Turn(None).problem_message is None
