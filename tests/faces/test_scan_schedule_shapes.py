"""How schedules of scans are written."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from cybervault.domain.ids import ScanId
from cybervault.faces.scan_schedule_shapes import ScheduleEditRequest, ScheduleReply, ScheduleRequest
from cybervault.scans.schedule import NewSchedule, ScheduleEdit
from tests.scans.scheduling import SCHEDULE


def test_a_wish_names_times_and_zone_and_nothing_unknown() -> None:
    given = {"name": "Office", "targets": ["10.1.0.0/24", "x" * 600], "cron": "30 3 * * 1", "timezone": "UTC"}
    wish = ScheduleRequest.model_validate(given).to_core()
    assert wish == NewSchedule("Office", ("10.1.0.0/24", "x" * 513), "30 3 * * 1", "UTC")
    for without in ("cron", "timezone"):
        with pytest.raises(ValidationError):
            ScheduleRequest.model_validate({name: value for name, value in given.items() if name != without})
    with pytest.raises(ValidationError):
        ScheduleRequest.model_validate(given | {"more": 1})


def test_an_edit_says_what_changes_alone() -> None:
    assert ScheduleEditRequest.model_validate({}).to_core() == ScheduleEdit()
    edit = ScheduleEditRequest.model_validate({"targets": ["10.1.0.7"], "enabled": False}).to_core()
    assert edit == ScheduleEdit(targets=("10.1.0.7",), is_enabled=False)


def test_a_turn_is_a_scan_or_says_why_there_is_none() -> None:
    new = ScheduleReply.of(SCHEDULE)
    assert (new.next_at, new.last_at, new.last_scan_id, new.error) == ("2026-11-01T13:30:00Z", None, None, None)
    refused = replace(
        SCHEDULE, is_enabled=False, next_at=None, last_at=SCHEDULE.next_at, last_scan_id=ScanId("scan_1"),
        problem_code="turn_missed", problem_message="Nobody could.",
    )  # fmt: skip
    told = ScheduleReply.of(refused)
    assert (told.enabled, told.next_at, told.last_at) == (False, None, "2026-11-01T13:30:00Z")
    assert told.error is not None
    assert (told.last_scan_id, told.error.code, told.error.message) == ("scan_1", "turn_missed", "Nobody could.")
    spanish = ScheduleReply.of(refused, "es").error
    assert spanish is not None
    assert spanish.message.startswith("A la hora del turno no había")
