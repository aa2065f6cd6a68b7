"""The engine in force."""

import json

from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.detector import Detected, Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import Event
from cybervault.detection.record import Record
from cybervault.domain.telemetry import read_telemetry
from tests.detection.correlation import correlation
from tests.detection.sigma import PROCESSES, rule, selecting
from tests.fakes.threats import SEED

CONNECTION = rule(
    {"a": {"DestinationPort": 4444}, "b": {"Image|contains": "\\System32\\"}, "condition": "a and not b"},
    logsource={"category": "network_connection"},
)
PROCESS = rule(selecting(Image__endswith="\\svchost.exe"), id="4b89abaa-99fe-4232-afdd-000000000001")
SAMPLE = read_telemetry("endpoint_telemetry", SEED["payload"])  # type: ignore[arg-type] # a JSON object


def test_without_rules_nobody_was_asked() -> None:
    assert Detector().of_telemetry(SAMPLE) == Detector(Engine([])).of_telemetry(SAMPLE) == Detected(rules=None)


def test_every_part_of_an_event_is_looked_at_and_what_is_certain_comes_first() -> None:
    found = Detector(Engine([CONNECTION, PROCESS])).of_telemetry(SAMPLE)
    assert [(one.rule.id, one.is_certain) for one in found.matches] == [(PROCESS.id, True), (CONNECTION.id, False)]
    assert (found.rules, found.undecided) == (2, 0)


def test_a_rule_counts_once_and_by_its_certain_match() -> None:
    certain = Record(PROCESSES, {"Image": "C:\\svchost.exe"})
    same = rule({"a": {"Image|endswith": "\\svchost.exe"}, "b": {"User": "x"}, "condition": "a and not b"})
    excerpt = Record(PROCESSES, {"Image": "C:\\svchost.exe"}, is_excerpt=True)
    for records in ([certain, excerpt], [excerpt, certain]):
        (match,) = Detector(Engine([same])).of_records(records).matches
        assert match.is_certain


def test_another_engine_takes_its_place() -> None:
    detector = Detector(Engine([CONNECTION]))
    detector.use(Engine([PROCESS]))
    assert [one.rule.id for one in detector.of_telemetry(SAMPLE).matches] == [PROCESS.id]


PLAN = plan_of([correlation({"rules": [PROCESS.id], "group-by": ["Image"]})], [PROCESS, CONNECTION])


def test_what_correlations_count_is_a_signal_and_no_match() -> None:
    records = [Record(PROCESSES, {"Image": "C:\\svchost.exe"}), Record(PROCESSES, {"Image": "C:\\cmd.exe"})]
    detector = Detector(Engine([PROCESS, CONNECTION]), PLAN)
    found = detector.of_records(records)
    assert (found.matches, found.rules, found.silenced) == ((), 2, 1)
    assert found.signals == (Signal(PROCESS.id, "", None, {"Image": ("c:\\svchost.exe",)}),)
    assert [one.rule.id for one in detector.of_telemetry(SAMPLE).matches] == [CONNECTION.id]


def test_a_rule_that_a_correlation_lets_be_told_is_both() -> None:
    told = {"rules": [PROCESS.id], "group-by": ["Image"], "generate": True}
    detector = Detector(Engine([PROCESS]), plan_of([correlation(told)], [PROCESS]))
    found = detector.of_records([Record(PROCESSES, {"Image": "C:\\svchost.exe"})])
    assert (len(found.matches), len(found.signals), found.silenced) == (1, 1, 0)


def test_where_nothing_is_counted_nothing_is_silent_but_what_is_asked_for_others_only() -> None:
    record = Record(PROCESSES, {"Image": "C:\\svchost.exe"})
    detector = Detector()
    detector.use(Engine([PROCESS]), PLAN.for_single_events())
    found = detector.of_records([record])
    assert ([one.rule for one in found.matches], found.signals) == ([PROCESS], ())
    lent = plan_of([correlation({"rules": [PROCESS.id]})], [PROCESS], takes=lambda one: one.id != PROCESS.id)
    detector.use(Engine([PROCESS]), lent.for_single_events())
    assert detector.of_records([record]).matches == ()
    assert detector.plan.by_source == {}


def test_of_an_event_that_no_rule_fires_on_a_glance_is_enough() -> None:
    content = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Image": "C:\\a.exe"}
    detector = Detector(Engine([PROCESS]))
    assert detector.is_silent(Event(1, content, json.dumps(content).encode()))
    loud = content | {"Image": "C:\\svchost.exe"}
    assert not detector.is_silent(Event(1, loud, json.dumps(loud).encode()))
    assert not Detector().is_silent(Event(1, content, json.dumps(content).encode()))
