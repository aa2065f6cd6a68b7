"""Events at a glance: those that are called silent are those on which a whole reading finds nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection import glance as module
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import Event
from cybervault.detection.memo import Limits
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from tests.detection.sigma import rule, selecting

ID = "4b89abaa-99fe-4232-afdd-{:012d}"
WINDOWS = {"product": "windows"}
SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
QUIET = SYSMON | {"Image": "C:\\quiet.exe", "ProcessId": 4711, "tags": ["a", "b"]}
RULES = [
    rule(selecting(Image__endswith="\\bad.exe"), id=ID.format(1)),
    rule(selecting(ProcessId=4444), id=ID.format(2)),
    rule({"a": {"Image": "x"}, "b": {"User": None}, "condition": "a and b"}, id=ID.format(3)),
    rule({"a": {"Image|fieldref": "User"}, "condition": "a"}, id=ID.format(4)),
    rule({"words": ["kiwi::"], "condition": "words"}, id=ID.format(5), logsource=WINDOWS),
    rule({"a": {"Provider_Name": "p"}, "condition": "a"}, id=ID.format(6), logsource=WINDOWS),
    rule({"a": {"Computer|startswith": "dc"}, "condition": "a"}, id=ID.format(7), logsource=WINDOWS),
    rule({"a": {"Data|contains": "-enc"}, "condition": "a"}, id=ID.format(8), logsource=WINDOWS),
    rule(selecting(User="true"), id=ID.format(9)),
]
NAMES = ("Image", "User", "ProcessId", "SourceName", "Hostname", "Computer", "Data", "Message", "NewProcessName", "x")
VALUES = st.sampled_from((
    "x", "C:\\bad.exe", "c:\\fine.exe", "p", "dc1", "a -enc b", "kiwi::x", "4444", 4444, 4444.0, 1, 0, True, None, "",
    ["x"], ["C:\\bad.exe", "y"], {"y": "kiwi::x"}, "KİWI::", "true", 5, "é",
))  # fmt: skip
EVENTS = st.builds(
    lambda routing, fields: routing | fields,
    st.sampled_from((
        SYSMON, {"Channel": "Security", "EventID": 4688}, {"Channel": "Security", "EventID": "4624"},
        {"Channel": "Windows PowerShell", "EventID": 800}, {"Channel": "Odd", "EventID": 1}, {"EventID": 1},
    )),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
)  # fmt: skip


def event_of(content: dict[str, Any], *, is_ascii: bool = True) -> Event:
    return Event(1, content, json.dumps(content, ensure_ascii=is_ascii).encode())


def finds(detector: Detector, content: dict[str, Any]) -> bool:
    """Whether a whole reading of an event finds anything, or cannot take it for one."""
    records = normalise(content)
    return isinstance(records, Unrecognised) or bool(detector.of_records(records).matches)


def structured(content: dict[str, Any]) -> dict[str, Any]:
    """The same event, as it stands in a file of EVTX."""
    names = ("Channel", "EventID", "Computer")
    system = {name: content[name] for name in names if name in content} | {
        "Provider": {"#attributes": {"Name": content.get("SourceName")}}
    }
    return {"Event": {"System": system, "EventData": {name: one for name, one in content.items() if name not in names}}}


def of_beats(content: dict[str, Any]) -> dict[str, Any]:
    """The same event, as winlogbeat sends it."""
    names = {"Channel": "channel", "EventID": "event_id", "Computer": "computer_name", "SourceName": "provider_name"}
    winlog: dict[str, Any] = {other: content[name] for name, other in names.items() if name in content}
    data = {name: one for name, one in content.items() if name not in names}
    return {"winlog": {"computer_name": "PC", "provider_name": "s"} | winlog | {"event_data": data}, "message": "m"}


LIMITS = st.sampled_from((Limits(), Limits(values=2), Limits(remembers=False)))


@given(st.lists(EVENTS, max_size=6), st.booleans(), LIMITS)
def test_what_is_called_silent_is_silent(events: list[dict[str, Any]], is_ascii: bool, limits: Limits) -> None:  # noqa: FBT001 - drawn
    detector, other = Detector(Engine(RULES, limits=limits)), Detector(Engine(RULES))
    for flat in events:
        for content in (flat, structured(flat), of_beats(flat)):
            if detector.is_silent(event_of(content, is_ascii=is_ascii)):
                assert not finds(other, content)


def test_what_was_quiet_is_forgotten_with_what_its_numbers_stand_for() -> None:
    both, alone = selecting(Image__endswith="\\bad.exe", User="u"), selecting(Image__endswith="\\evil.exe")
    rules = [rule(both, id=ID.format(1)), rule(alone, id=ID.format(2))]
    detector = Detector(Engine(rules, limits=Limits(values=3)))
    bad = QUIET | {"Image": "C:\\bad.exe"}
    assert detector.is_silent(event_of(bad))
    assert not detector.is_silent(event_of(bad | {"User": "u"}))  # now there are too many numbers, and they begin anew
    for _ in range(2):  # the second time its value is remembered
        assert not detector.is_silent(event_of(QUIET | {"Image": "C:\\evil.exe"}))


def test_an_event_of_beats_is_silent_too() -> None:
    detector = Detector(Engine(RULES))
    quiet = of_beats(QUIET | {"tags": "a"})
    assert detector.is_silent(event_of(quiet))
    quiet["winlog"]["event_data"]["Image"] = "C:\\bad.exe"
    assert not detector.is_silent(event_of(quiet))


def test_an_event_of_a_file_is_silent_too() -> None:
    detector = Detector(Engine(RULES))
    quiet = structured(QUIET | {"Computer": "PC", "SourceName": "s", "tags": "a"})
    assert detector.is_silent(event_of(quiet))
    quiet["Event"]["EventData"]["Image"] = "C:\\bad.exe"
    assert not detector.is_silent(event_of(quiet))


@pytest.mark.parametrize(
    ("content", "is_silent"),
    [
        (QUIET, True),
        (QUIET | {"ProcessId": 4444}, False),
        (QUIET | {"Image": "C:\\Bad.EXE"}, False),
        (QUIET | {"Image": ["C:\\quiet.exe"]}, False),
        (QUIET | {"User": "c:\\QUIET.exe"}, False),
        (QUIET | {"User": True}, False),
        (QUIET | {"User": 1}, True),
        (QUIET | {"x": "KIWI::"}, False),
        (QUIET | {"SourceName": "p"}, False),
        (QUIET | {"Hostname": "DC1"}, False),
        (QUIET | {"x": {"y": 1}}, True),
        ({"Channel": "Windows PowerShell", "EventID": 800, "Message": "x -enc y"}, False),
        ({"Channel": "Windows PowerShell", "EventID": 800, "Message": "x"}, True),
        ({"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\bad.exe"}, False),
        ({"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\good.exe"}, True),
        ({"what": "ever"}, False),
    ],
)
def test_only_an_event_that_no_rule_fires_on_is_silent(content: dict[str, Any], *, is_silent: bool) -> None:
    detector = Detector(Engine(RULES))
    for _ in range(2):  # the second time its values are remembered
        assert detector.is_silent(event_of(content)) is is_silent


def test_an_event_whose_line_is_not_known_takes_a_whole_reading() -> None:
    assert not Detector(Engine(RULES)).is_silent(Event(1, QUIET))
    assert not Detector().is_silent(event_of(QUIET))


def test_an_event_that_is_too_large_is_not_called_silent() -> None:
    deep: Any = "x"
    for _ in range(20):
        deep = [deep]
    detector = Detector(Engine(RULES))
    assert not detector.is_silent(event_of(QUIET | {"x": deep}))
    assert not detector.is_silent(event_of(QUIET | {"x": list(range(10_001))}))


@pytest.mark.parametrize(
    "odd",
    [
        rule({"a": {"Some.Part": "z"}, "condition": "a"}, id=ID.format(10)),
        rule({"words": {"|re": "k[a]y"}, "condition": "words"}, id=ID.format(11), logsource=WINDOWS),
    ],
    ids=["dotted", "regex_anywhere"],
)
def test_rules_that_look_into_what_is_nested_take_a_whole_reading(odd: Any) -> None:  # noqa: ANN401 - a rule
    assert not Detector(Engine([odd])).is_silent(event_of(QUIET))


def test_what_is_known_of_routes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARTITIONS_MAX", 2)
    detector = Detector(Engine(RULES))
    for number in range(5):
        assert detector.is_silent(event_of(QUIET | {"Channel": f"C{number}"}))
