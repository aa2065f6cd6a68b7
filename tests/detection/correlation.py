"""Correlations, rules and matches, written shortly, and an oracle that recomputes everything from all events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cybervault.detection.correlate.correlation import Correlation
from cybervault.detection.correlate.load import load_correlations
from cybervault.detection.engine import Match
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Correlation as Document
from cybervault.detection.rule import Rule, Where
from cybervault.detection.tree import FALSE, dumped
from cybervault.domain.verdicts import Severity

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = LogSource("windows")


def base(name: str, level: Severity = Severity.MEDIUM) -> Rule:
    """A rule that is referred to; its id is its name."""
    return Rule(
        id=name, title=f"Rule {name}", level=level, where=Where(), compiled=dumped(FALSE), name=f"called_{name}"
    )


def document(told: object, line: int = 1, **more: Any) -> Document:  # noqa: ANN401 - YAML
    """A correlation as its file has it."""
    return Document("some.yml", line, {"title": "Together", "id": "together", "correlation": told} | more)


def correlation(told: dict[str, Any] | None = None, **more: Any) -> Correlation:  # noqa: ANN401 - YAML
    """At least 3 of rule a within 10 s for a user, unless told otherwise."""
    whole = {
        "type": "event_count",
        "rules": ["a"],
        "group-by": ["User"],
        "timespan": "10s",
        "condition": {"gte": 3},
    }
    (found,), problems = load_correlations([document(whole | (told or {}), **more)])
    assert problems == ()
    return found


def matches(*rules: str) -> list[Match]:
    """Certain matches of these rules."""
    return [Match(base(name)) for name in rules]


def record(seconds: float | None, **fields: Value) -> Record:
    """An event so many seconds after the start."""
    at = None if seconds is None else START + timedelta(seconds=seconds)
    return Record(SOURCE, {"User": "ann"} | fields, at)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the oracle: when, who, which rule, which value."""

    seconds: int
    user: str
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class Run:
    """A burst as the oracle finds it."""

    user: str
    begun: int
    last: int
    count: int


def naive(one: Correlation, events: Iterable[Happened]) -> list[Run]:
    """Every burst of every group: at each moment of a group its whole window is counted anew."""
    found = []
    known = [event for event in events if event.rule in one.rules]
    for user in sorted({event.user for event in known}):
        mine = sorted((event for event in known if event.user == user), key=lambda event: event.seconds)
        run: list[int] = []
        for at in sorted({event.seconds for event in mine}):
            if run and at - run[-1] > one.seconds:
                found.append(_run(one, mine, run))
                run = []
            if one.condition.holds(_counted(one, [e for e in mine if at - one.seconds <= e.seconds <= at])):
                run.append(at)
            elif run:
                found.append(_run(one, mine, run))
                run = []
        if run:
            found.append(_run(one, mine, run))
    return sorted(found, key=lambda run: (run.user, run.begun))


def _run(one: Correlation, mine: Sequence[Happened], run: Sequence[int]) -> Run:
    if one.kind == "temporal_ordered":
        windows = ([e for e in mine if at - one.seconds <= e.seconds <= at] for at in run)
        count = max(_counted(one, window) for window in windows)
    else:
        count = _counted(one, [event for event in mine if run[0] - one.seconds <= event.seconds <= run[-1]])
    return Run(mine[0].user, run[0], run[-1], count)


def _counted(one: Correlation, window: Sequence[Happened]) -> int:
    match one.kind:
        case "event_count":
            return len(window)
        case "value_count":
            return len({event.value for event in window})
        case "temporal":
            return len({event.rule for event in window})
        case _:
            return _chain(one.rules, window)


def _chain(rules: Sequence[str], window: Sequence[Happened]) -> int:
    """How many of the rules, from the first, are found in order; times of the same second are in any order."""
    after = -1
    for number, rule in enumerate(rules):
        times = [event.seconds for event in window if event.rule == rule and event.seconds >= after]
        if not times:
            return number
        after = min(times)
    return len(rules)
