"""Windows events with the structure of their XML, from every reader's print."""

from datetime import UTC, datetime

import pytest

from cybervault.detection.normal.evtx_json import names_of, read, recognises
from cybervault.detection.record import Record

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def event(data: object, event_id: object = 1, channel: str = SYSMON, **more: object) -> dict[str, object]:
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon", "Guid": "x"}},
        "EventID": event_id,
        "Channel": channel,
        "Computer": "ws-1",
        "Level": 4,
        "Security": {"#attributes": {"UserID": "S-1-5-18"}},
        "TimeCreated": {"#attributes": {"SystemTime": "2026-03-04T12:00:00.5Z"}},
    }
    return {"Event": {"#attributes": {"xmlns": "x"}, "System": system, "EventData": data, **more}}


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    return record


def test_a_sysmon_event() -> None:
    record = read_one(event({"Image": "C:\\a.exe", "ProcessId": 7, "Signed": True, "Empty": "", "Nothing": None}))
    assert record.source.service == "sysmon"
    assert record.at == datetime(2026, 3, 4, 12, 0, 0, 500_000, tzinfo=UTC)
    assert record.entities == (("host", "ws-1"), ("process", "C:\\a.exe"))
    assert record.fields == {
        "Image": "C:\\a.exe",
        "ProcessId": "7",
        "Signed": "true",
        "Empty": "",
        "Nothing": None,
        "EventID": "1",
        "Channel": SYSMON,
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": "ws-1",
        "Level": "4",
        "UserID": "S-1-5-18",
    }


@pytest.mark.parametrize(
    "event_id", [1, "1", {"#text": 1, "#attributes": {"Qualifiers": 0}}, {"#text": "1"}, {"Value": 1}]
)
def test_the_id_may_be_written_in_many_ways(event_id: object) -> None:
    assert read_one(event({}, event_id)).source.categories == {"process_creation"}


@pytest.mark.parametrize(
    ("provider", "beside"),
    [
        ({"@Name": "P"}, None),
        ({"Name": "P"}, None),
        ({"#attributes": {"Name": "P"}}, None),
        (None, {"Name": "P"}),
    ],
)
def test_attributes_stand_where_the_reader_put_them(provider: object, beside: object) -> None:
    system = {"EventID": 1, "Provider": provider, "Provider_attributes": beside}
    assert read_one({"Event": {"System": system}}).fields["Provider_Name"] == "P"
    assert read_one({"System": system}).fields["Provider_Name"] == "P"


@pytest.mark.parametrize(
    "data",
    [
        {"Data": ["a", "b"]},
        {"Data": {"#text": ["a", "b"]}},
        {"Data": [{"#text": "a"}, {"#text": "b"}]},
    ],
)
def test_nameless_texts_stand_in_data(data: object) -> None:
    assert read_one(event(data, 1, "Application")).fields["Data"] == ("a", "b")


def test_data_elements_may_carry_their_names_as_attributes() -> None:
    data = {"Data": [{"@Name": "A", "#text": "1"}, {"#attributes": {"Name": "B"}, "#text": "2"}]}
    fields = read_one(event(data)).fields
    assert (fields["A"], fields["B"]) == ("1", "2")
    assert read_one(event([{"A": "1"}, {"A": "2"}, "odd"])).fields["A"] == ("1", "2")
    assert read_one(event({"A": {"#text": "1"}, "#attributes": {"Name": "x"}})).fields["A"] == "1"


def test_names_with_blanks_have_the_two_spellings_in_use() -> None:
    assert tuple(names_of("Threat Name (x)")) == ("ThreatNamex", "Threat_Name_(x)")
    assert tuple(names_of("Source-Name")) == ("Source-Name",)


def test_a_channel_in_user_data_is_matched_but_routes_nothing() -> None:
    user_data = {"LogFileCleared": {"#attributes": {"xmlns": "x"}, "Channel": "Security", "Who": {"#text": "ann"}}}
    record = read_one(event(None, 104, "System", UserData=user_data))
    assert record.source.service == "system"
    assert record.fields["Channel"] == ("System", "Security")
    assert record.fields["Who"] == "ann"


@pytest.mark.parametrize("other", [{}, {"Event": 1}, {"Event": {"System": {}}}, {"System": "EventID"}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
