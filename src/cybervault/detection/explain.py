"""Why a rule fires on an event, or why not: each part of its condition with what the event says of it.

It comes to the same as the engine by a way of its own, slowly: for one rule and one event that somebody looks at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.detection.compile.partition import is_for, known_by
from cybervault.detection.compile.scanners import literals, scanner_of
from cybervault.detection.reading import of_bare, refers, texts
from cybervault.detection.record import EVENT_ID, Record, Value
from cybervault.detection.rule import Rule
from cybervault.detection.rules.outline import Part, Sign, outline_of
from cybervault.detection.tree import ANYWHERE, REFERENCES, TRUE, Kind, Predicate, known, wanted_by

VALUE_CHARACTERS_MAX: Final = 400
VALUES_MAX: Final = 20


class Said(StrEnum):
    """What an event says of a part."""

    YES = "true"
    NO = "false"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What it comes to."""

    FIRES = "fires"
    FIRES_UNCERTAIN = "fires_uncertain"
    """What would exclude the event is not known."""
    UNDECIDED = "undecided"
    """It might fire if more were known."""
    SILENT = "silent"
    NOT_ASKED = "not_asked"
    """The rule is for another log source; its parts are answered all the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part and what the event says of it.

    Where it asks, `value` are the texts of the field (none: it is absent), shortened, `matched` those that hold, and
    `note` says why nothing is known.
    """

    part: Part
    said: Said
    of: tuple["Step", ...] = ()
    value: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule on one record."""

    rule: Rule
    verdict: Verdict
    root: Step


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one predicate comes to. It `speaks` for a rule only where more than a name without its folder does."""

    said: Said
    value: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    note: str = ""
    speaks: bool = True


def explain(rule: Rule, record: Record) -> Explanation:
    """Each part of a rule's condition on a record."""
    outline = outline_of(rule)
    answers = {predicate: _answer(predicate, record) for predicate in dict.fromkeys(outline.predicates())}
    root = _step(outline, answers)
    if not is_for(rule.where, record.source):
        return Explanation(rule, Verdict.NOT_ASKED, root)
    return Explanation(rule, _verdict(rule, record, root.said, answers=answers), root)


def _verdict(rule: Rule, record: Record, said: Said, *, answers: dict[Predicate, _Answer]) -> Verdict:
    if said is not Said.UNKNOWN:
        return Verdict.FIRES if said is Said.YES else Verdict.SILENT
    left = known(rule.condition, known_by(_event_id(record)))
    true = {predicate for predicate, answer in answers.items() if answer.said is Said.YES}
    speak = {predicate for predicate in true if answers[predicate].speaks}
    fires = known(left, lambda predicate: predicate in true) == TRUE and not speak.isdisjoint(wanted_by(left))
    return Verdict.FIRES_UNCERTAIN if fires else Verdict.UNDECIDED


def _step(part: Part, answers: dict[Predicate, _Answer]) -> Step:
    if part.predicate is not None:
        answer = answers[part.predicate]
        return Step(part, answer.said, (), answer.value, answer.matched, answer.note)
    steps = tuple(_step(one, answers) for one in part.of)
    return Step(part, _JOINED[part.sign]([step.said for step in steps]), steps)


def _all(said: list[Said]) -> Said:
    if Said.NO in said:
        return Said.NO
    return Said.UNKNOWN if Said.UNKNOWN in said else Said.YES


_OPPOSITE: Final = {Said.YES: Said.NO, Said.NO: Said.YES, Said.UNKNOWN: Said.UNKNOWN}
_JOINED: Final[dict[Sign, Callable[[list[Said]], Said]]] = {
    Sign.EVERY: _all,
    Sign.SOME: lambda said: _OPPOSITE[_all([_OPPOSITE[one] for one in said])],
    Sign.NOT: lambda said: _OPPOSITE[said[0]],
}


def _event_id(record: Record) -> str | None:
    event_id = record.fields.get(EVENT_ID)
    return event_id if isinstance(event_id, str) else None


def _answer(predicate: Predicate, record: Record) -> _Answer:  # noqa: PLR0911 - one for each case
    value: Value = record.fields.get(predicate.field)
    if value == ():
        value = None
    decided = known_by(_event_id(record))(predicate)
    if decided is not None:
        return _plain(predicate, value, holds=decided)
    if predicate.field == ANYWHERE:
        return _anywhere(predicate, record)
    if predicate.kind in REFERENCES:
        return _plain(predicate, value, holds=refers(predicate, record.fields))
    if value is None and record.is_excerpt:
        return _Answer(Said.UNKNOWN, note="the event names some fields only, and not this one")
    if value is None:
        return _Answer(Said.YES if predicate.kind is Kind.NULL else Said.NO)
    if predicate.field in record.bare:
        return _bare(predicate, value)
    holding = _holding(predicate, texts(value))
    return _Answer(Said.YES if holding else Said.NO, _short(texts(value)), _short(holding))


def _plain(predicate: Predicate, value: Value, *, holds: bool) -> _Answer:
    shown = _short(texts(value))
    matched = shown if holds and predicate.kind is not Kind.NULL else ()
    return _Answer(Said.YES if holds else Said.NO, shown, matched)


def _anywhere(predicate: Predicate, record: Record) -> _Answer:
    every = [text for value in record.fields.values() for text in texts(value)]
    holds = bool(_holding(predicate, ("\n".join(every),)))
    return _Answer(Said.YES if holds else Said.NO, (), _short(_holding(predicate, tuple(every))) if holds else ())


def _bare(predicate: Predicate, value: str | tuple[str, ...]) -> _Answer:
    names = texts(value)
    alone = _holding(predicate, names)
    found = {name: of_bare(predicate, name, holds_alone=name in alone) for name in names}
    holding = tuple(name for name in names if found[name])
    if holding:
        return _Answer(Said.YES, _short(names), _short(holding), speaks=False)
    if None in found.values():
        note = "the event has the name without its folder"
        return _Answer(Said.UNKNOWN, _short(names), (), note)
    return _Answer(Said.NO, _short(names))


def _holding(predicate: Predicate, values: tuple[str, ...]) -> tuple[str, ...]:
    scanner = scanner_of({0: predicate}, literals)
    return tuple(value for value in values if scanner.true(value))


def _short(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        value if len(value) <= VALUE_CHARACTERS_MAX else f"{value[:VALUE_CHARACTERS_MAX]}…"
        for value in values[:VALUES_MAX]
    )
