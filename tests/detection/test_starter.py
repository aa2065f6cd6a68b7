"""The pack that ships: every rule fires on what it is for, and on nothing that only looks like it.

So does every correlation: a case holds sequences, each a list of events with the seconds at which they happen; `{}` in
a value is the number of the repetition.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cybervault.detection.correlate.correlation import Correlation
from cybervault.detection.correlate.correlator import Correlator, Limits, Report
from cybervault.detection.correlate.load import load_correlations
from cybervault.detection.correlate.plan import Plan, plan_of
from cybervault.detection.engine import Engine
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Rule
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.load import Loaded, load_files
from cybervault.detection.rules.pack import STARTER, Profile

CASES = sorted(Path("tests/cases/sigma/starter").glob("*.json"))
SEQUENCES = sorted(Path("tests/cases/sigma/starter_correlations").glob("*.json"))
HERE = Path("src/cybervault/detection") / STARTER
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def loaded() -> Loaded:
    found = load_files(files_of(HERE), "cybervault-starter")
    assert found.problems == ()
    return found


@cache
def rules() -> dict[str, Rule]:
    return {rule.path.removesuffix(".yml"): rule for rule in loaded().rules}


@cache
def correlations() -> dict[str, Correlation]:
    found, problems = load_correlations(loaded().correlations, "cybervault-starter")
    assert problems == ()
    return {one.rule.path.removesuffix(".yml"): one for one in found}


@cache
def plan() -> Plan:
    found = plan_of(correlations().values(), rules().values(), Profile().takes)
    assert found.problems == ()
    return found


@cache
def engine() -> Engine:
    return Engine(list(rules().values()))


def events(case: dict[str, Any], kind: str) -> list[Record]:
    told = case["source"]
    source = LogSource(told["product"], frozenset(told["categories"]), told["service"])
    return [Record(source, {name: value(one) for name, one in event.items()}) for event in case[kind]]


def value(told: Any) -> Value:  # noqa: ANN401 - JSON
    return tuple(told) if isinstance(told, list) else told


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {path.stem for path in CASES} == set(rules())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule_fires_on_what_it_is_for_and_not_on_what_looks_like_it(path: Path) -> None:
    case, wanted = json.loads(path.read_text()), rules()[path.stem].id
    assert case["matching"]
    assert case["other"]
    for event in events(case, "matching"):
        assert wanted in {one.rule.id for one in engine().outcome(event).matches}, event
    for event in events(case, "other"):
        assert wanted not in {one.rule.id for one in engine().outcome(event).matches}, event


def sequence(case: dict[str, Any], told: list[dict[str, Any]]) -> Iterator[Record]:
    for part in told:
        for number, seconds in enumerate(part["at"]):
            content = {name: one.replace("{}", str(number)) for name, one in part["event"].items()}
            (record,) = events(case | {"one": [content]}, "one")
            yield Record(record.source, record.fields, START + timedelta(seconds=seconds))


def fired(case: dict[str, Any], told: list[dict[str, Any]]) -> set[str]:
    correlator = Correlator(plan(), limits=Limits(lateness=None))
    for record in sequence(case, told):
        assert correlator.add(record, engine().outcome(record).matches) == ()
    found = {one.rule.id for one in correlator.finish()}
    assert correlator.report == Report()
    return found


def test_every_correlation_has_a_case_and_every_case_a_correlation() -> None:
    assert {path.stem for path in SEQUENCES} == set(correlations())


def test_every_correlation_is_in_force_by_default_and_what_only_it_needs_is_silent() -> None:
    assert {one.rule.id for one in plan().steps} == {one.rule.id for one in correlations().values()}
    assert {one.id for one in rules().values() if one.id in plan().needed and not Profile().takes(one)} <= plan().silent
    assert rules()["win_shadow_copies_deleted"].id not in plan().silent


@pytest.mark.parametrize("path", SEQUENCES, ids=lambda path: path.stem)
def test_a_correlation_comes_true_in_its_sequences_and_not_in_those_that_look_like_it(path: Path) -> None:
    case, wanted = json.loads(path.read_text()), correlations()[path.stem].rule.id
    assert case["matching"]
    assert case["other"]
    for told in case["matching"]:
        assert wanted in fired(case, told), told
    for told in case["other"]:
        assert wanted not in fired(case, told), told


def test_every_rule_says_what_people_need() -> None:
    for rule in [*rules().values(), *(one.rule for one in correlations().values())]:
        assert rule.author == "CyberVault"
        assert rule.description
        assert rule.techniques, rule.title
        assert rule.tactics, rule.title
        assert rule.false_positives, rule.title
