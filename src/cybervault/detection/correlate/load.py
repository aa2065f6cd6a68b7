"""Correlations from documents of Sigma files; what cannot be used is named with its file and line.

Read here and not by pySigma, which is slow to import and refuses a range of counts. A test compares the two.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from cybervault.detection.correlate.correlation import Alias, Condition, Correlation, Kind
from cybervault.detection.rule import Correlation as Document
from cybervault.detection.rule import Rule, RuleProblem, Status, Where
from cybervault.detection.tree import FALSE, dumped
from cybervault.domain.verdicts import Severity

COUNT_MAX: Final = 100_000
"""Of a condition: as many events or values of one group are kept."""

RULES_MAX: Final = 32
FIELDS_MAX: Final = 8
SECONDS_MAX: Final = 366 * 86_400

_KEYS: Final = frozenset({"type", "rules", "group-by", "timespan", "condition", "aliases", "generate", "field"})
# Sigma's month and year are those of the Gregorian calendar on average.
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952}
_TIMESPAN: Final = re.compile(r"([0-9]{1,9})([smhdwMy])", re.ASCII)
_OPERATORS: Final = frozenset({"gt", "gte", "lt", "lte", "eq", "neq"})
_HUNTING: Final = "detection.threat-hunting"

Loaded: TypeAlias = tuple[tuple[Correlation, ...], tuple[RuleProblem, ...]]


class _UnusableError(Exception):
    """Its text is the reason."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A mapping whose values are asked for by what they should be."""

    content: Mapping[str, object]

    def text(self, name: str) -> str:
        found = self.content.get(name)
        return "" if found is None else str(found).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them, each once."""
        found = self.content.get(name)
        if found is None:
            return ()
        items = found if isinstance(found, list) else [found]
        if any(isinstance(one, dict | list) or one is None for one in items):
            raise _UnusableError(f"its {name} is no text and no list of texts")
        return tuple(dict.fromkeys(str(one) for one in items))

    def truth(self, name: str) -> bool:
        found = self.content.get(name, False)
        if not isinstance(found, bool):
            raise _UnusableError(f"its {name} is neither true nor false")
        return found

    def part(self, name: str) -> "_Part":
        found = self.content.get(name)
        if not isinstance(found, Mapping):
            raise _UnusableError(f"its {name} is no list of names and values")
        return _Part(found)


def load_correlations(documents: Iterable[Document], pack: str = "") -> Loaded:
    """All correlations of some documents; of two with one id the first is used, and the other is a problem.

    Whether what they refer to is there, `plan_of` says.
    """
    found: dict[str, Correlation] = {}
    problems: list[RuleProblem] = []
    for document in documents:
        whole = _Part(document.content)
        try:
            one = _correlation(whole, document, pack)
            _must_be_new(one, found)
        except _UnusableError as reason:
            text = f"it is no valid correlation: {reason}"
            problems.append(RuleProblem(document.path, document.line, text, whole.text("title")))
        else:
            found[one.rule.id] = one
    return tuple(found.values()), tuple(problems)


def _must_be_new(one: Correlation, found: Mapping[str, Correlation]) -> None:
    if one.rule.id in found:
        raise _UnusableError(f"its id is that of {found[one.rule.id].rule.path} too")


def reference(text: str) -> str:
    """An id as rules have it, in whatever case it was written; a name is left alone."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _correlation(whole: _Part, document: Document, pack: str) -> Correlation:
    told = whole.part("correlation")
    if unknown := sorted(map(str, told.content.keys() - _KEYS)):
        raise _UnusableError(f"it has {', '.join(unknown)}, which is unknown")
    kind, rules = _kind(told.text("type")), tuple(dict.fromkeys(map(reference, told.texts("rules"))))
    if not 0 < len(rules) <= RULES_MAX:
        raise _UnusableError(f"it refers to no rules or to more than {RULES_MAX}")
    group_by, fields = told.texts("group-by"), _fields(told, kind)
    if len(group_by) > FIELDS_MAX or len(fields) > FIELDS_MAX:
        raise _UnusableError(f"it has more than {FIELDS_MAX} fields")
    return Correlation(
        rule=_rule(whole, document, pack),
        kind=kind,
        rules=rules,
        seconds=_seconds(told.text("timespan")),
        condition=_condition(told, kind, len(rules)),
        name=whole.text("name"),
        group_by=group_by,
        fields=fields,
        aliases=_aliases(told),
        generates=told.truth("generate"),
        line=document.line,
    )


def _kind(text: str) -> Kind:
    try:
        return Kind(text.lower())
    except ValueError:
        raise _UnusableError(f"its type is none of {', '.join(Kind)}") from None


def _seconds(text: str) -> int:
    found = _TIMESPAN.fullmatch(text)
    seconds = 0 if found is None else int(found[1]) * _UNITS[found[2]]
    if not 0 < seconds <= SECONDS_MAX:
        raise _UnusableError("its timespan is none, such as 30s, 5m, 2h or 1d, of at most a year")
    return seconds


def _fields(told: _Part, kind: Kind) -> tuple[str, ...]:
    """Sigma has the field inside the condition; older correlations have it beside."""
    condition = told.content.get("condition")
    fields = (_Part(condition).texts("field") if isinstance(condition, Mapping) else ()) or told.texts("field")
    if kind is Kind.VALUE_COUNT and not fields:
        raise _UnusableError("it counts values, and does not say of which field")
    return fields if kind is Kind.VALUE_COUNT else ()


def _condition(told: _Part, kind: Kind, rules: int) -> Condition:
    if "condition" not in told.content and kind in {Kind.TEMPORAL, Kind.TEMPORAL_ORDERED}:
        return Condition(rules)
    if isinstance(told.content.get("condition"), str):
        raise _UnusableError("its condition combines rules by words, which is not supported yet")
    items = {name: value for name, value in told.part("condition").content.items() if name != "field"}
    if not items or not items.keys() <= _OPERATORS:
        raise _UnusableError(f"its condition is none of {', '.join(sorted(_OPERATORS))}")
    bounds = {name: _bound(value) for name, value in items.items()}
    low = max(bounds.get("gt", 0) + 1, bounds.get("gte", 1), bounds.get("eq", 1))
    highs = [bounds[name] - (name == "lt") for name in ("lt", "lte", "eq") if name in bounds]
    found = Condition(low, min(highs, default=None), tuple(bounds[name] for name in ("neq",) if name in bounds))
    if found.high is not None and not any(map(found.holds, range(found.low, min(found.high, found.low + 1) + 1))):
        raise _UnusableError("its condition never holds for what has happened at least once")
    if kind in {Kind.TEMPORAL, Kind.TEMPORAL_ORDERED} and found.low > rules:
        raise _UnusableError("its condition wants more rules than it refers to")
    return found


def _bound(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise _UnusableError("a number of its condition is none")
    if int(value) > COUNT_MAX:
        raise _UnusableError(f"a number of its condition is larger than {COUNT_MAX}")
    return int(value)


def _aliases(told: _Part) -> tuple[Alias, ...]:
    if told.content.get("aliases") is None:
        return ()
    aliases = told.part("aliases")
    found = []
    for name in aliases.content:
        fields = aliases.part(name).content
        found.append(Alias(str(name), tuple((reference(str(rule)), str(field)) for rule, field in fields.items())))
    return tuple(found)


def _rule(whole: _Part, document: Document, pack: str) -> Rule:
    tags = tuple(one.lower() for one in whole.texts("tags"))
    attack = [one.removeprefix("attack.") for one in tags if one.startswith("attack.")]
    title = whole.text("title")
    if not title:
        raise _UnusableError("it has no title")
    return Rule(
        id=reference(whole.text("id")) or f"{pack}:{document.path}:{document.line}",
        title=title,
        level=_level(whole.text("level").lower()),
        where=Where(),
        compiled=dumped(FALSE),
        status=_status(whole.text("status").lower()),
        author=whole.text("author"),
        description=whole.text("description"),
        references=whole.texts("references"),
        false_positives=whole.texts("falsepositives"),
        techniques=tuple(one.upper() for one in attack if re.match(r"t[0-9]{4}", one)),
        tactics=tuple(one.replace("_", "-") for one in attack if re.fullmatch(r"[a-z][a-z_-]+", one)),
        tags=tags,
        is_hunting=_HUNTING in tags or "threat-hunting" in document.path,
        pack=pack,
        path=document.path,
    )


def _level(text: str) -> Severity:
    try:
        return Severity(text or Severity.MEDIUM)
    except ValueError:
        raise _UnusableError(f"its level is none of {', '.join(Severity)}") from None


def _status(text: str) -> Status:
    try:
        return Status(text or Status.TEST)
    except ValueError:
        raise _UnusableError(f"its status is none of {', '.join(Status)}") from None
