"""Sysmon for Linux, structured and flat."""

import pytest

from cybervault.detection.normal.sysmon_linux import read, recognises

STRUCTURED: dict[str, object] = {
    "Event": {
        "System": {"Provider": {"@Name": "Linux-Sysmon"}, "EventID": 1, "Computer": "srv"},
        "EventData": {"Image": "/bin/sh", "UtcTime": "2026-03-04 12:00:00.000"},
    }
}
FLAT: dict[str, object] = {
    "Provider_Name": "Linux-Sysmon", "EventID": 1, "Computer": "srv", "Image": "/bin/sh",
    "UtcTime": "2026-03-04 12:00:00.000",
}  # fmt: skip
BEATS: dict[str, object] = {
    "@timestamp": "2026-03-04T12:00:00Z",
    "winlog": {
        "provider_name": "Linux-Sysmon", "event_id": 1, "computer_name": "srv", "event_data": {"Image": "/bin/sh"},
    },
}  # fmt: skip


@pytest.mark.parametrize("event", [STRUCTURED, FLAT, BEATS])
def test_a_started_process_is_one_of_linux(event: dict[str, object]) -> None:
    assert recognises(event)
    (record,) = read(event)
    assert record.source.product == "linux"
    assert record.source.categories == {"process_creation"}
    assert record.source.service == "sysmon"
    assert record.fields["Image"] == "/bin/sh"
    assert record.fields["EventID"] == "1"
    assert record.entities == (("host", "srv"), ("process", "/bin/sh"))
    assert record.at is not None


def test_an_unknown_event_has_no_category() -> None:
    (record,) = read({"Provider_Name": "Linux-Sysmon", "EventID": 99})
    assert record.source.categories == frozenset()
    assert "Computer" not in record.fields


@pytest.mark.parametrize(
    "other",
    [{}, {"Provider_Name": "Other", "EventID": 1}, {"winlog": {}}, {"Event": {"System": {"EventID": 1}}}, {"Event": 1}],
)
def test_windows_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
