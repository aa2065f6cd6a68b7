"""Windows events of NXLog and Beats, nested and dotted."""

import pytest

from cybervault.detection.normal.windows_flat import read, recognises
from cybervault.detection.record import Record

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    return record


def test_nxlogs_names_become_those_of_windows() -> None:
    record = read_one(
        {
            "EventID": 3, "Channel": SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "ws-1",
            "DestinationIp": "203.0.113.1", "EventTime": "2026-03-04 07:00:00", "UtcTime": "2026-03-04 12:00:00.000",
            "@timestamp": "2026-03-04T12:00:09Z", "tags": ["a", "b"],
        }
    )  # fmt: skip
    assert record.source.categories == {"network_connection"}
    assert record.fields["Provider_Name"] == "Microsoft-Windows-Sysmon"
    assert record.fields["Computer"] == "ws-1"
    assert record.fields["EventID"] == "3"
    assert record.fields["tags"] == ("a", "b")
    assert record.at is not None
    assert record.at.isoformat() == "2026-03-04T12:00:00+00:00"


def test_a_local_time_is_no_moment() -> None:
    event: dict[str, object] = {"EventID": "4624", "SourceName": "x", "EventTime": "2026-03-04 07:00:00"}
    assert read_one(event).at is None
    assert read_one(event | {"@timestamp": "2026-03-04T12:00:09Z"}).at is not None


NESTED: dict[str, object] = {
    "@timestamp": "2026-03-04T12:00:00Z",
    "message": "Process Create",
    "winlog": {
        "channel": SYSMON, "event_id": 1, "provider_name": "Microsoft-Windows-Sysmon", "computer_name": "ws-1",
        "event_data": {"Image": "C:\\a.exe"}, "user_data": {"Outer": {"Inner": "x"}},
    },
}  # fmt: skip
DOTTED: dict[str, object] = {
    "@timestamp": "2026-03-04T12:00:00Z",
    "message": "Process Create",
    "winlog.channel": SYSMON,
    "winlog.event_id": "1",
    "winlog.provider_name": "Microsoft-Windows-Sysmon",
    "winlog.computer_name": "ws-1",
    "winlog.event_data.Image": "C:\\a.exe",
    "winlog.user_data.Outer.Inner": "x",
}
OLD: dict[str, object] = {
    "@timestamp": "2026-03-04T12:00:00Z", "message": "Process Create", "log_name": SYSMON, "event_id": 1,
    "source_name": "Microsoft-Windows-Sysmon", "computer_name": "ws-1", "event_data": {"Image": "C:\\a.exe"},
    "user_data": {"Inner": "x"},
}  # fmt: skip


@pytest.mark.parametrize("event", [NESTED, DOTTED, OLD])
def test_every_version_of_beats_gives_the_same_record(event: dict[str, object]) -> None:
    record = read_one(event)
    assert record.source.service == "sysmon"
    assert record.at is not None
    assert record.fields == {
        "Image": "C:\\a.exe",
        "Inner": "x",
        "Message": "Process Create",
        "EventID": "1",
        "Channel": SYSMON,
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": "ws-1",
    }


def test_what_beats_moved_to_elastics_names_is_found_there() -> None:
    event = NESTED | {"process": {"executable": "C:\\b.exe", "command_line": "b"}}
    fields = read_one(event).fields
    assert fields["Image"] == "C:\\a.exe"
    assert fields["CommandLine"] == "b"


def test_fields_of_beats_with_blanks_lose_them() -> None:
    winlog = {"channel": "x", "event_id": 1, "event_data": {"Threat Name": "a", "ThreatName": "b"}}
    assert read_one({"winlog": winlog}).fields["ThreatName"] == ("a", "b")


@pytest.mark.parametrize("other", [{}, {"EventID": 1}, {"event_id": 1}, {"Channel": "x"}, {"event_data": {}}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
