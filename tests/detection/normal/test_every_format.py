"""What holds for all formats: nothing raises on what JSON can hold, records are sound, and no event is guessed at."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cybervault.detection.normal import FORMATS, format_of, normalise
from cybervault.detection.normal.values import DEPTH_MAX, FIELDS_MAX
from cybervault.detection.record import Record, Unrecognised

# Names that some format looks at, so that arbitrary events get past the first look.
NAMES = (
    "Event", "System", "EventData", "UserData", "Data", "Provider", "Provider_Name", "SourceName", "EventID", "Channel",
    "#attributes", "#text", "Name", "TimeCreated", "SystemTime", "UtcTime", "winlog", "event_data", "user_data",
    "event_id", "log_name", "NewProcessId", "ObjectName", "NewValue", "NewValueType", "Protocol", "param1", "Message",
    "event", "ecs", "category", "type", "action", "process", "args", "executable", "hash", "dns", "question", "host",
    "class_uid", "activity_id", "time", "cloud", "provider", "api", "request", "data", "reg_value", "file", "hashes",
    "eventSource", "eventName", "eventVersion", "Records", "detail", "requestParameters", "Operation", "Workload",
    "RecordType", "AuditData", "ClientIP", "eventType", "actor", "displayMessage", "target", "published",
    "operationName", "resourceId", "caller", "properties", "status", "errorCode", "riskEventType", "azure",
    "signinlogs", "event_type", "src_ip", "http", "url", "ts", "uid", "id", "id.orig_h", "_path", "msg", "a0", "a1",
    "syscall", "exe", "proctitle", "ID", "EXECVE", "SYSCALL", "ARGV", "auditd", "cs-method", "c-uri", "remote_addr",
    "uri", "date", "apiVersion", "auditID", "verb", "items", "kind", "events", "parameters", "protoPayload",
    "methodName", "serviceName", "logName", "gcp", "audit", "id.applicationName", "@timestamp",
)  # fmt: skip
TEXTS = (
    "Security", "4688", "4657", "5156", "Microsoft-Windows-Sysmon/Operational", "12", "Linux-Sysmon", "EXECVE", "1309",
    "%%1876", "0x7fffffffffffffffffffffff", "audit(1.0:1):", "1772625600.000:1", "audit.k8s.io/v1", "dns", "http",
    "process", "start", "Exchange", "Administrative", "SignInLogs", "admin#reports#activity", "AWS", "1007", "6003",
    "6D00FF", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "{", "[" * 5000, "\ud800", "\0", "nan", "1e999",
)  # fmt: skip
TEXT = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(), max_size=8))
SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([10**4000, -(10**400), 1007, 4003, 6003, 201002]),
    st.floats(), TEXT,
)  # fmt: skip
NAME = st.one_of(st.sampled_from(NAMES), st.text(st.characters(), max_size=4))
JSON = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=6)),
    max_leaves=25,
)
EVENTS = st.dictionaries(NAME, JSON, max_size=12)


def check_sound(records: tuple[Record, ...]) -> None:
    for record in records:
        for name, value in record.fields.items():
            name.encode()
            for text in (value,) if isinstance(value, str) else value or ():
                text.encode()
        assert record.bare <= record.fields.keys()
        assert record.at is None or record.at.utcoffset() is not None
        assert all(text.isprintable() for _, text in record.entities)
        assert isinstance(record.source.categories, frozenset)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_no_event_breaks_a_format(event: Mapping[str, object]) -> None:
    found = normalise(event)
    if not isinstance(found, Unrecognised):
        check_sound(found)


def test_names_of_formats_are_those_of_their_files() -> None:
    assert [one.name for one in FORMATS] == [one.read.__module__.rpartition(".")[2] for one in FORMATS]


OWN: tuple[tuple[str, dict[str, object]], ...] = (
    ("sysmon_linux", {"Provider_Name": "Linux-Sysmon", "EventID": 1}),
    ("windows_flat", {"EventID": 1, "Channel": "Security"}),
    (
        "windows_flat",
        {"winlog": {"event_id": 1}, "ecs": {"version": "1"}, "event": {"category": "process"}, "host": {}},
    ),
    ("evtx_json", {"Event": {"System": {"EventID": 1}}}),
    ("ocsf", {"class_uid": 1007, "activity_id": 1}),
    ("kubernetes", {"auditID": "1", "verb": "get"}),
    ("gcp", {"protoPayload": {"methodName": "x"}}),
    ("cloudtrail", {"eventSource": "x", "eventName": "y", "eventVersion": "1"}),
    ("m365", {"Operation": "x", "Workload": "y", "RecordType": 1}),
    ("okta", {"eventType": "x", "actor": {}, "displayMessage": "x"}),
    ("azure", {"category": "AuditLogs", "operationName": "x"}),
    ("suricata", {"event_type": "dns", "flow_id": 1}),
    ("zeek", {"ts": 1.0, "_path": "dns"}),
    ("auditd", {"type": "EXECVE", "a0": "x"}),
    ("auditd", {"auditd": {}, "ecs": {"version": "1"}, "process": {}}),
    ("web", {"cs-method": "GET"}),
    ("ecs", {"ecs": {"version": "1"}, "event": {"category": "process", "type": "start"}, "process": {}}),
)


@pytest.mark.parametrize(("name", "event"), OWN)
def test_each_format_knows_its_own(name: str, event: dict[str, object]) -> None:
    found = format_of(event)
    assert found is not None
    assert found.name == name
    assert not isinstance(normalise(event), Unrecognised)


def among(own: Mapping[str, object], strange: Mapping[str, object]) -> dict[str, object]:
    """An event with strange fields beside its own, in every object that it holds."""
    return {**strange, **{name: among(one, strange) if isinstance(one, dict) else one for name, one in own.items()}}


@pytest.mark.parametrize(("name", "event"), OWN)
@settings(max_examples=12, deadline=None)
@given(EVENTS, JSON, st.integers(0, 9))
def test_no_format_breaks_on_what_stands_among_its_own(
    name: str, event: dict[str, object], strange: Mapping[str, object], odd: object, place: int
) -> None:
    mixed = among(event, strange)
    (one,) = (one for one in FORMATS if one.name == name)
    # One of its own fields is something else too, unless it is what the format is known by.
    replaced = mixed | {list(event)[place % len(event)]: odd}
    for each in (mixed, replaced):
        if one.recognises(each):
            check_sound(one.read(each))


def test_what_nobody_knows_is_not_guessed_at() -> None:
    for event in ({}, {"message": "hello"}, {"Image": "C:\\a.exe"}, {"process_name": "svchost.exe"}):
        assert isinstance(normalise(event), Unrecognised)


def test_a_known_format_with_nothing_for_rules_says_so() -> None:
    found = normalise({"ecs": {"version": "1"}, "event": {"category": "iam"}, "host": {}})
    assert isinstance(found, Unrecognised)
    assert "format is known" in found.reason


def test_too_large_events_are_refused_as_a_whole() -> None:
    wide: dict[str, object] = {"EventID": 1, "Channel": "x"} | dict.fromkeys(map(str, range(FIELDS_MAX)), "")
    deep: object = 1
    for _ in range(max(DEPTH_MAX, 5000)):
        deep = [deep]
    for event in (wide, {"EventID": 1, "Channel": "x", "a": deep}):
        found = normalise(event)
        assert isinstance(found, Unrecognised)
        assert "10,000" in found.reason


@pytest.mark.parametrize(
    "event",
    [
        {"Event": {"System": {"EventID": 1}, "EventData": {"Data": [str(number) for number in range(9000)]}}},
        {"winlog": {"event_id": 1, "user_data": {str(number): {"x": number} for number in range(4000)}}},
        {"ID": "1.0:1", "CWD": [{str(number): number} for number in range(4000)]},
        {"kind": "admin#reports#activity", "events": [{}] * 4000, "actor": dict.fromkeys(map(str, range(4000)), "")},
    ],
    ids=["texts", "leaves", "records", "reports"],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_large_events_cost_no_more_than_their_size(event: dict[str, object]) -> None:
    """Names that repeat must not cost the square: one such event would stop a batch for minutes."""
    assert not isinstance(normalise(event), Unrecognised)
