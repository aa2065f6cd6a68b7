"""The engine in force."""

from cybervault.detection.detector import Detected, Detector
from cybervault.detection.engine import Engine
from cybervault.detection.record import Record
from cybervault.domain.telemetry import read_telemetry
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


def test_each_record_is_told_with_what_fires_on_it() -> None:
    other = Record(PROCESSES, {"Image": "C:\\cmd.exe"})
    records = [Record(PROCESSES, {"Image": "C:\\svchost.exe"}), other]
    (first, matches), rest = Detector(Engine([PROCESS])).of_records(records).parts
    assert first == records[0]
    assert [one.rule for one in matches] == [PROCESS]
    assert rest == (other, ())


def test_a_silent_rule_is_asked_and_told_only_to_what_counts_over_several_events() -> None:
    record = Record(PROCESSES, {"Image": "C:\\svchost.exe"})
    detector = Detector(Engine([PROCESS]), frozenset({PROCESS.id}))
    found = detector.of_records([record])
    assert (found.matches, found.rules) == ((), 1)
    assert [one.rule for one in found.parts[0][1]] == [PROCESS]
    detector.use(Engine([PROCESS]))
    assert [one.rule for one in detector.of_records([record]).matches] == [PROCESS]
