"""The pack that ships: every rule fires on what it is for, and on nothing that only looks like it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cybervault.detection.engine import Engine
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Rule
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.load import load_files
from cybervault.detection.rules.pack import STARTER

CASES = sorted(Path("tests/cases/sigma/starter").glob("*.json"))
HERE = Path("src/cybervault/detection") / STARTER


@cache
def rules() -> dict[str, Rule]:
    loaded = load_files(files_of(HERE), "cybervault-starter")
    assert loaded.problems == ()
    return {rule.path.removesuffix(".yml"): rule for rule in loaded.rules}


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


def test_every_rule_says_what_people_need() -> None:
    for rule in rules().values():
        assert rule.author == "CyberVault"
        assert rule.description
        assert rule.techniques, rule.title
        assert rule.tactics, rule.title
        assert rule.false_positives, rule.title
