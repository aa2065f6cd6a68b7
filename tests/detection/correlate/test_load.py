"""Correlations from documents: what Sigma allows is read, and what cannot be used is named."""

from typing import Any

import pytest
from sigma.correlations import SigmaCorrelationRule

from cybervault.detection.correlate.correlation import Alias, Condition, Kind
from cybervault.detection.correlate.load import COUNT_MAX, RULES_MAX, load_correlations
from cybervault.detection.rule import RuleProblem
from tests.detection.correlation import correlation, document

ID = "0e95725d-7320-415d-80f7-004da920fc11"
WHOLE: dict[str, Any] = {
    "title": "Many refused logons",
    "id": ID.upper(),
    "name": "many_refused",
    "level": "high",
    "status": "stable",
    "author": "Ann",
    "description": "Somebody tries passwords.",
    "references": ["https://example.org/"],
    "falsepositives": ["Forgotten passwords"],
    "tags": ["attack.credential-access", "attack.T1110.003", "attack.initial_access", "attack.s0001", "cve.2026-1"],
    "correlation": {
        "type": "value_count",
        "rules": ["refused", ID.upper(), "refused"],
        "group-by": ["Computer", "source"],
        "timespan": "5m",
        "aliases": {"source": {"refused": "IpAddress", ID.upper(): "SourceIp"}},
        "condition": {"gte": 10, "field": "TargetUserName"},
        "generate": True,
    },
}


WORDS = "its condition combines rules by words, which is not supported yet"


def problem(told: object, **more: Any) -> str:  # noqa: ANN401 - YAML
    """Why a correlation cannot be used."""
    content = {"type": "event_count", "rules": "a", "timespan": "1m", "condition": {"gte": 3}}
    whole = content | told if isinstance(told, dict) else told
    found, (one,) = load_correlations([document(whole, 7, **more)])
    assert (found, one.path, one.line) == ((), "some.yml", 7)
    return one.reason.removeprefix("it is no valid correlation: ")


def test_everything_that_a_correlation_says_is_read() -> None:
    (found,), problems = load_correlations([document(line=4, **WHOLE | {"told": None})], "mine")
    assert problems == ()
    assert (found.kind, found.rules, found.seconds, found.line) == (Kind.VALUE_COUNT, ("refused", ID), 300, 4)
    assert (found.group_by, found.fields, found.generates) == (("Computer", "source"), ("TargetUserName",), True)
    assert found.aliases == (Alias("source", (("refused", "IpAddress"), (ID, "SourceIp"))),)
    assert (found.name, found.condition) == ("many_refused", Condition(10))
    rule = found.rule
    assert (rule.id, rule.title, rule.level, rule.status) == (ID, "Many refused logons", "high", "stable")
    assert (rule.author, rule.pack, rule.path) == ("Ann", "mine", "some.yml")
    assert (rule.techniques, rule.tactics) == (("T1110.003",), ("credential-access", "initial-access"))
    assert rule.false_positives == ("Forgotten passwords",)


@pytest.mark.parametrize("kind", ["event_count", "value_count", "temporal", "temporal_ordered"])
def test_pysigma_reads_the_same(kind: str) -> None:
    content = WHOLE | {
        "tags": [],
        "correlation": WHOLE["correlation"] | {"type": kind, "condition": {"gte": 2, "field": "F"}},
    }
    ours, theirs = load_correlations([document({}, **content)])[0][0], SigmaCorrelationRule.from_dict(content)
    assert theirs.rules is not None
    assert ours.rules == tuple(dict.fromkeys(one.reference.lower() for one in theirs.rules))
    assert (ours.seconds, ours.group_by) == (theirs.timespan.seconds, tuple(theirs.group_by or ()))
    assert (ours.kind, ours.generates) == (theirs.type.name.lower(), theirs.generate)
    assert ours.rule.title == theirs.title
    assert ours.rule.id == str(theirs.id)


@pytest.mark.parametrize("timespan", ["1s", "90s", "15m", "2h", "7d", "2w", "3M", "1y"])
def test_a_timespan_is_as_long_as_pysigma_has_it(timespan: str) -> None:
    content = WHOLE | {"tags": [], "correlation": WHOLE["correlation"] | {"timespan": timespan}}
    assert correlation({"timespan": timespan}).seconds == SigmaCorrelationRule.from_dict(content).timespan.seconds


@pytest.mark.parametrize(
    ("told", "condition"),
    [
        ({"gt": 3}, Condition(4)),
        ({"gte": "3"}, Condition(3)),
        ({"lt": 3}, Condition(1, 2)),
        ({"lte": 3}, Condition(1, 3)),
        ({"eq": 3}, Condition(3, 3)),
        ({"neq": 3}, Condition(1, None, (3,))),
        ({"gt": 3, "lte": 9}, Condition(4, 9)),
        ({"gte": 3, "lt": 9, "neq": 5}, Condition(3, 8, (5,))),
    ],
)
def test_conditions_and_ranges_of_them(told: dict[str, int], condition: Condition) -> None:
    assert correlation({"condition": told}).condition == condition


def test_rules_in_time_need_no_condition() -> None:
    assert correlation({"type": "temporal", "rules": ["a", "b"], "condition": {"gte": 1}}).condition == Condition(1)
    content = {"type": "temporal_ordered", "rules": ["a", "b"], "timespan": "1m"}
    (found,), _ = load_correlations([document(content)])
    assert (found.condition, found.group_by, found.aliases, found.generates) == (Condition(2), (), (), False)
    assert (found.rule.id, found.rule.level, found.rule.status) == ("together", "medium", "test")


def test_a_field_beside_the_condition_is_read_too() -> None:
    told = {"type": "value_count", "rules": "a", "timespan": "1m", "field": ["A", "B"], "condition": {"gte": 2}}
    assert load_correlations([document(told)])[0][0].fields == ("A", "B")


def test_one_without_an_id_is_named_by_its_place_and_hunting_is_known_by_it() -> None:
    (found,), _ = load_correlations([document(correlation_content(), 9, id=None)], "mine")
    assert found.rule.id == "mine:some.yml:9"
    (found,), _ = load_correlations([document(correlation_content(), tags=["detection.threat-hunting"])])
    assert found.rule.is_hunting


def correlation_content() -> dict[str, Any]:
    return {"type": "event_count", "rules": ["a"], "timespan": "1m", "condition": {"gte": 1}}


def test_of_two_with_one_id_the_first_is_used() -> None:
    both = [document(correlation_content(), 1), document(correlation_content(), 9)]
    found, problems = load_correlations(both)
    assert [one.line for one in found] == [1]
    reason = "it is no valid correlation: its id is that of some.yml too"
    assert problems == (RuleProblem("some.yml", 9, reason, "Together"),)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (3, "its correlation is no list of names and values"),
        ({"type": "value_sum"}, "its type is none of event_count, value_count, temporal, temporal_ordered"),
        ({"rules": None}, f"it refers to no rules or to more than {RULES_MAX}"),
        ({"rules": [f"r{number}" for number in range(33)]}, f"it refers to no rules or to more than {RULES_MAX}"),
        ({"rules": [{"a": 1}]}, "its rules is no text and no list of texts"),
        ({"rules": [None]}, "its rules is no text and no list of texts"),
        ({"group-by": list("abcdefghi")}, "it has more than 8 fields"),
        ({"timespan": "5"}, "its timespan is none, such as 30s, 5m, 2h or 1d, of at most a year"),
        ({"timespan": "0m"}, "its timespan is none, such as 30s, 5m, 2h or 1d, of at most a year"),
        ({"timespan": "2y"}, "its timespan is none, such as 30s, 5m, 2h or 1d, of at most a year"),
        ({"type": "value_count"}, "it counts values, and does not say of which field"),
        ({"condition": None}, "its condition is no list of names and values"),
        ({"condition": {}}, "its condition is none of eq, gt, gte, lt, lte, neq"),
        ({"condition": {"about": 3}}, "its condition is none of eq, gt, gte, lt, lte, neq"),
        ({"condition": {"gte": "many"}}, "a number of its condition is none"),
        ({"condition": {"gte": True}}, "a number of its condition is none"),
        ({"condition": {"gte": -1}}, "a number of its condition is none"),
        ({"condition": {"gte": COUNT_MAX + 1}}, f"a number of its condition is larger than {COUNT_MAX}"),
        ({"condition": {"lt": 1}}, "its condition never holds for what has happened at least once"),
        ({"condition": {"gt": 5, "lt": 6}}, "its condition never holds for what has happened at least once"),
        ({"condition": {"eq": 5, "neq": 5}}, "its condition never holds for what has happened at least once"),
        ({"type": "temporal", "condition": {"gte": 2}}, "its condition wants more rules than it refers to"),
        ({"type": "temporal", "condition": "a or b"}, WORDS),
        ({"aliases": ["x"]}, "its aliases is no list of names and values"),
        ({"aliases": {"x": "y"}}, "its x is no list of names and values"),
        ({"generate": "yes"}, "its generate is neither true nor false"),
        ({"span": "5m"}, "it has span, which is unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_reason(told: object, reason: str) -> None:
    assert problem(told) == reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"title": None}, "it has no title"),
        ({"level": "grave"}, "its level is none of informational, low, medium, high, critical"),
        ({"status": "old"}, "its status is none of stable, test, experimental, deprecated, unsupported"),
    ],
)
def test_what_people_are_shown_must_be_there(more: dict[str, Any], reason: str) -> None:
    assert problem({}, **more) == reason
