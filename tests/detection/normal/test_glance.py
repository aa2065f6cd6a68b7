"""A flat event of Windows at a glance: its log source and its fields are those of a whole reading."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.normal import normalise
from cybervault.detection.normal.glance import flat_of, moment_of, route_of
from cybervault.detection.normal.values import text_of
from cybervault.detection.record import Unrecognised, at_of

SYSMON = "Microsoft-Windows-Sysmon/Operational"
NAMES = (
    "Channel", "EventID", "Provider_Name", "SourceName", "ProviderName", "EventType", "Computer", "Hostname", "Data",
    "param1", "Message", "Image", "NewProcessName", "SubjectUserName", "ProcessId", "ObjectName", "tags", "winlog",
)  # fmt: skip
VALUES = st.sampled_from((
    "Security", "security", SYSMON, "Windows PowerShell", "ForwardedEvents", "Microsoft-Windows-Sysmon", "Linux-Sysmon",
    "", None, True, False, 0, 1, 1.0, 12, 4688, 4657, 5156, "12", "4688", "CreateKey", "0x10", ["a"], ["a", "b"], [],
    {"x": "y"}, [{"x": 1}],
))  # fmt: skip
EVENTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10).map(
    lambda event: {"Channel": "Security", "EventID": 4688} | event
)


@given(EVENTS)
def test_what_is_seen_at_a_glance_is_what_a_whole_reading_says(event: dict[str, Any]) -> None:
    route = route_of(event)
    if route is None:
        return
    records = normalise(event)
    assert not isinstance(records, Unrecognised)
    assert (route.source, route.event_id) == (records[0].source, records[0].fields["EventID"])
    for name in NAMES:
        make = route.made.get(name)
        value = make(event) if make else event.get(route.names.get(name, name))
        if not isinstance(value, list | dict):
            assert text_of(value) == records[0].fields.get(name), name
    second = route.second(event)
    assert (second is None) == (len(records) == 1)
    if second is not None and not any(isinstance(event.get(name), list | dict) for name in ("Computer", "Hostname")):
        whole = records[1]
        assert second.source == whole.source
        if isinstance(event.get("Computer", ""), str) and isinstance(event.get("Hostname", ""), str):
            assert {name: one for name, one in second.fields.items() if name != "Computer"} == {
                name: one for name, one in whole.fields.items() if name != "Computer"
            }


SYSTEMS = st.fixed_dictionaries(
    {
        "Provider": st.sampled_from(
            (
                {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
                {"Name": "Linux-Sysmon"},
                {"Name": "p"},
                "p",
                None,
            )
        ),
        "EventID": st.sampled_from((1, "4688", {"#text": 4688}, 12, 4657, True, None, [1])),
        "Channel": st.sampled_from(("Security", SYSMON, {"#text": "Security"}, "Windows PowerShell", "", None)),
        "Computer": st.sampled_from(("PC", "", None, 7)),
    },
    optional={"Level": VALUES, "Security": st.just({"#attributes": {"UserID": "S-1"}}), "Keywords": VALUES},
)
DATA = st.dictionaries(st.sampled_from((*NAMES, "Level", "UserID", "Threat Name", "#attributes", "#text")), VALUES)
STRUCTURED = st.builds(
    lambda system, data, more: {"Event": {"System": system, "EventData": data} | more},
    SYSTEMS,
    st.one_of(DATA, st.none(), st.lists(DATA, max_size=2)),
    st.sampled_from(({}, {"UserData": {"x": {"Channel": "y"}}})),
)
OF_BEATS = st.builds(
    lambda winlog, data, more: {"winlog": winlog | {"event_data": data}} | more,
    st.fixed_dictionaries(
        {
            "provider_name": st.sampled_from(("Microsoft-Windows-Sysmon", "p", "p", "Linux-Sysmon", None)),
            "channel": st.sampled_from(("Security", SYSMON, "Windows PowerShell", "ForwardedEvents", ["Security"])),
            "event_id": st.sampled_from((1, "4688", 12, 4657, 4657, "5156", True, None)),
            "computer_name": st.sampled_from(("PC", "PC", "")),
        },
        optional={"user_data": st.just({"x": {"Channel": "y"}}), "keywords": VALUES},
    ),
    st.one_of(st.dictionaries(st.sampled_from(NAMES[6:-1]), VALUES, max_size=3), DATA, st.none()),
    st.dictionaries(
        st.sampled_from(("message", "message", "host", "host", "event", "user", "host.name", "EventID", "event_data")),
        st.sampled_from((
            "x", "PC", {"name": "PC"}, {"name": "pc", "hostname": "PC"}, {"hostname": "b"}, 1, None,
            {"code": "4688", "category": ["process"]}, {"name": {"x": 1}}, {"name": ["PC", "b"]},
        )),
        max_size=2,
    ),
)  # fmt: skip


@given(st.one_of(STRUCTURED, OF_BEATS))
def test_an_event_with_the_structure_of_xml_or_of_beats_is_seen_as_a_flat_one(event: dict[str, Any]) -> None:
    flat = flat_of(event)
    route = None if flat is None else route_of(flat)
    if flat is None or route is None:
        return
    records = normalise(event)
    assert not isinstance(records, Unrecognised)
    assert (route.source, route.event_id) == (records[0].source, records[0].fields["EventID"])
    for name in {*NAMES, "Level", "UserID", "Keywords"}:
        make = route.made.get(name)
        value = make(flat) if make else flat.get(route.names.get(name, name))
        if not isinstance(value, list):
            assert text_of(value) == records[0].fields.get(name), name
    second = route.second(flat)
    assert (second is None) == (len(records) == 1)
    if second is not None:
        assert (second.source, second.fields) == (records[1].source, records[1].fields)


def test_plain_events_of_files_are_seen_at_a_glance() -> None:
    system = {"Provider": {"#attributes": {"Name": "p"}}, "EventID": 1, "Channel": SYSMON, "Computer": "PC"}
    flat = flat_of({"Event": {"System": system, "EventData": {"Image": "a"}}})
    assert flat == {"Provider_Name": "p", "EventID": "1", "Channel": SYSMON, "Computer": "PC", "Image": "a"}
    assert route_of(flat) is not None
    for data in ({"Threat Name": "x"}, {"Channel": "x"}, {"Data": ["x"]}, {"A": {"#text": "x"}}, None):
        assert flat_of({"Event": {"System": system, "EventData": data}}) is None


def test_plain_events_of_beats_are_seen_at_a_glance() -> None:
    winlog = {"provider_name": "p", "channel": SYSMON, "event_id": 1, "computer_name": "PC", "event_data": {"a": "b"}}
    more = {"@timestamp": "2026", "message": "m", "agent": {"type": "winlogbeat"}, "event": {"code": "1"}}
    flat = flat_of({"winlog": winlog, "host": {"name": "PC"}} | more)
    told = {"Provider_Name": "p", "Channel": SYSMON, "EventID": 1, "Computer": "PC"}
    assert flat == {"a": "b", "Message": "m"} | told
    assert route_of(flat) is not None
    assert flat_of({"winlog": winlog, "user": {"name": "eve"}}) is None
    assert flat_of({"winlog": winlog | {"event_data": {"a": {"b": 1}}}}) is None


@pytest.mark.parametrize(
    "event",
    [
        {"EventID": 1},
        {"Channel": SYSMON},
        {"Channel": SYSMON, "EventID": [1]},
        {"Channel": SYSMON, "EventID": True},
        {"Channel": SYSMON, "EventID": ""},
        {"Channel": 7, "EventID": 1},
        {"Channel": "", "SourceName": "x", "EventID": 1},
        {"SourceName": "Linux-Sysmon", "ProviderName": "x", "EventID": 1},
        {"Channel": SYSMON, "EventID": 1, "winlog": {"provider_name": "Linux-Sysmon"}},
    ],
)
def test_what_is_not_plain_is_left_to_a_whole_reading(event: dict[str, Any]) -> None:
    assert route_of(event) is None


def test_events_of_one_kind_have_one_route() -> None:
    first = route_of({"Channel": SYSMON, "EventID": 1, "Image": "a"})
    assert first is not None
    assert first is route_of({"Channel": SYSMON, "EventID": 1, "Image": "b"})
    assert first is not route_of({"Channel": SYSMON, "EventID": "1", "Image": "b"})


SYSTEM = {"Provider": {"#attributes": {"Name": "p"}}, "Channel": "c", "EventID": 3, "Computer": "pc"}
BEAT = {"provider_name": "p", "channel": "c", "event_id": 3, "computer_name": "pc"}
CREATED = {"TimeCreated": {"#attributes": {"SystemTime": "2026-03-01T12:00:00Z"}}}
UTC_TIME = {"UtcTime": "2026-03-01 12:00:00.123"}


@pytest.mark.parametrize(
    ("event", "is_told"),
    [
        ({"Channel": "c", "EventID": 3} | UTC_TIME, True),
        ({"Channel": "c", "EventID": 3, "EventTime": "2026-03-01T12:00:00+01:00"}, True),
        ({"Channel": "c", "EventID": 3, "EventTime": "2026-03-01 12:00:00"}, False),
        ({"winlog": BEAT, "@timestamp": "2026-03-01T12:00:00Z"}, True),
        ({"winlog": BEAT | {"event_data": UTC_TIME}}, True),
        ({"winlog": BEAT}, False),
        ({"Event": {"System": SYSTEM | CREATED, "EventData": UTC_TIME}}, True),
        ({"Event": {"System": SYSTEM, "EventData": UTC_TIME}}, True),
        ({"Event": {"System": SYSTEM, "EventData": {"a": "b"}}}, False),
    ],
)
def test_when_it_happened_is_what_a_whole_reading_says(event: dict[str, Any], *, is_told: bool) -> None:
    records = normalise(event)
    assert isinstance(records, tuple)
    assert moment_of(event) == at_of(records)
    assert (moment_of(event) is not None) is is_told
