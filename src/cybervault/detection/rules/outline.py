"""A rule's condition as its author wrote it: with the names of its selections and the case of its letters."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
)
from sigma.rule import SigmaDetections
from sigma.types import SigmaExpansion, SigmaString, SpecialChars

from cybervault.detection.compile.predicates import asked
from cybervault.detection.rule import Rule
from cybervault.detection.tree import ANYWHERE, Every, Kind, Leaf, Not, Predicate, Some, Tree


class Sign(StrEnum):
    """What joins the parts of a condition; ASKS has none and looks at the event."""

    EVERY = "and"
    SOME = "or"
    NOT = "not"
    ASKS = "asks"


@dataclass(frozen=True, slots=True)
class Part:
    """A node of a condition.

    `name` is that of a selection, a choice among selections (1 of filter_*) or a filter; `pattern` is the text of the
    predicate as the rule has it.
    """

    sign: Sign
    of: tuple["Part", ...] = ()
    name: str = ""
    predicate: Predicate | None = None
    pattern: str = ""

    def predicates(self) -> Iterator[Predicate]:
        """What is asked in it, from left to right, repeated as it is."""
        if self.predicate is not None:
            yield self.predicate
        for part in self.of:
            yield from part.predicates()


_SIGNS: Final = {ConditionAND: Sign.EVERY, ConditionOR: Sign.SOME, ConditionNOT: Sign.NOT}
_LITERAL: Final = frozenset({Kind.EQUALS, Kind.CONTAINS, Kind.STARTS, Kind.ENDS})
_WILD: Final = {SpecialChars.WILDCARD_MULTI: "*", SpecialChars.WILDCARD_SINGLE: "?"}


def outline_of(rule: Rule) -> Part:
    """The condition of a rule, and of the filters on it; one that was not read from a file has no names."""
    if not rule.written:
        return _of_tree(rule.condition)
    own = _read(rule.written)
    if not rule.filters:
        return own
    filters = (_named(_read(one.written), f"filter {one.title}") for one in rule.filters)
    return Part(Sign.EVERY, (own, *filters))


def _read(written: str) -> Part:
    detections = SigmaDetections.from_dict(json.loads(written))
    parts = tuple(_node(condition.parse(postprocess=False), detections) for condition in detections.parsed_condition)
    return parts[0] if len(parts) == 1 else Part(Sign.SOME, parts)


def _node(node: Any, detections: SigmaDetections) -> Part:  # noqa: ANN401 - pySigma's classes share no base
    match node:
        case ConditionIdentifier(identifier=name):
            return _named(_expression(detections.detections[name].postprocess(detections)), name)
        case ConditionSelector():
            sign = _SIGNS[node.cond_class]
            parts = tuple(_node(one, detections) for one in node.resolve_referenced_detections(detections))
            return Part(sign, parts, f"{node.args[0]} of {node.pattern}")
    return Part(_SIGNS[type(node)], tuple(_node(one, detections) for one in node.args))


def _named(part: Part, name: str) -> Part:
    """The part under a name; one that has a name or asks already stands below it."""
    if part.name or part.sign in {Sign.ASKS, Sign.NOT}:
        return Part(Sign.EVERY, (part,), name)
    return Part(part.sign, part.of, name)


def _expression(node: Any) -> Part:  # noqa: ANN401 - same
    sign = _SIGNS.get(type(node))
    if sign is not None:
        return Part(sign, tuple(map(_expression, node.args)))
    field = node.field if isinstance(node, ConditionFieldEqualsValueExpression) else ANYWHERE
    return _asked(field, node.value)


def _asked(field: str, value: Any) -> Part:  # noqa: ANN401 - same
    if isinstance(value, SigmaExpansion):
        return Part(Sign.SOME, tuple(_asked(field, one) for one in value.values))
    part = _of_tree(asked(field, value))
    if part.predicate is None or not isinstance(value, SigmaString):
        return part
    return Part(Sign.ASKS, predicate=part.predicate, pattern=_text(value, part.predicate))


def _text(value: SigmaString, predicate: Predicate) -> str:
    """Without the * that the kind of the predicate stands for."""
    if predicate.kind in _LITERAL:
        return "".join(part for part in value.s if isinstance(part, str))
    return "".join(part if isinstance(part, str) else _WILD.get(part, "") for part in value.s)  # type: ignore[arg-type] # no placeholders here


def _of_tree(tree: Tree) -> Part:
    match tree:
        case Leaf(predicate=predicate):
            return Part(Sign.ASKS, predicate=predicate, pattern=_shown(predicate.pattern))
        case Not(of=part):
            return Part(Sign.NOT, (_of_tree(part),))
        case Every(of=parts):
            return Part(Sign.EVERY, tuple(map(_of_tree, parts)))
        case Some(of=parts):
            return Part(Sign.SOME, tuple(map(_of_tree, parts)))


def _shown(pattern: str) -> str:
    return pattern.replace("\0", "")
