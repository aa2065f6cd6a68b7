"""A tenant's own filters, asked about what fired; they say what filters of packs would say."""

import pytest

from cybervault.detection.engine import Engine, Match
from cybervault.detection.record import Record
from cybervault.detection.rule import Rule
from cybervault.detection.rules import narrowing as module
from cybervault.detection.rules.load import load_files
from cybervault.detection.rules.narrowing import Narrowing
from cybervault.detection.rules.pack import narrowed
from tests.detection.sigma import PROCESSES, record, rule, selecting

FILTER = """\
title: Our deployment
id: 7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10
logsource: {product: windows}
filter: {rules: %s, s: {ParentImage|endswith: '\\deploy.exe'}, condition: not s}
"""
RULE = rule(selecting(Image__endswith="\\a.exe"))
OTHER = rule(selecting(Image__endswith="\\a.exe"), id="4b89abaa-99fe-4232-afdd-000000000001")


def narrowing(rules: str = "any") -> Narrowing:
    loaded = load_files([("f", (FILTER % rules).encode())])
    assert loaded.problems == ()
    return Narrowing(loaded.filters)


@pytest.mark.parametrize(
    ("event", "is_left"),
    [
        (record(Image="C:\\a.exe", ParentImage="C:\\Deploy.exe"), False),
        (record(Image="C:\\a.exe", ParentImage="C:\\cmd.exe"), True),
        (record(Image="C:\\a.exe"), True),
    ],
)
def test_a_match_is_left_where_the_filter_lets_it(event: Record, is_left: bool) -> None:  # noqa: FBT001 - a column
    match = Match(RULE)
    assert narrowing().of(event, match) == (match if is_left else None)
    (filter_,) = narrowing().filters
    whole = Engine([narrowed(RULE, [filter_])]).outcome(event)
    assert bool(whole.matches) is is_left


def test_where_it_is_not_known_whether_the_filter_excludes_the_match_is_not_certain() -> None:
    event = Record(PROCESSES, {"Image": "C:\\a.exe"}, is_excerpt=True)
    assert narrowing().of(event, Match(RULE)) == Match(RULE, is_certain=False)


def test_a_rule_that_no_filter_is_for_is_left_alone() -> None:
    event = record(Image="C:\\a.exe", ParentImage="C:\\deploy.exe")
    mine = narrowing(f"[{RULE.id}]")
    assert mine.of(event, Match(RULE)) is None
    assert mine.of(event, Match(OTHER, is_certain=False)) == Match(OTHER, is_certain=False)
    assert Narrowing().of(event, Match(RULE)) == Match(RULE)


def test_memory_of_rules_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RULES_MAX", 2)
    mine, event = narrowing(), record(Image="C:\\a.exe", ParentImage="C:\\cmd.exe")
    for number in range(5):
        one: Rule = rule(selecting(Image__endswith="\\a.exe"), id=f"4b89abaa-99fe-4232-afdd-{number:012}")
        assert mine.of(event, Match(one)) == Match(one)
        assert len(mine._engines) <= 2
