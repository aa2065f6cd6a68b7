"""From what pySigma parsed to a tree of predicates; what cannot be asked of an event is refused here, never later."""

from collections.abc import Iterable
from typing import Any, Final

import re2  # type: ignore[import-untyped] # it brings no types
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaDetections, SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from cybervault.detection.compile.scanners import REGEX_MEMORY_BYTES
from cybervault.detection.tree import ANYWHERE, MANY, ONE, Kind, Leaf, Predicate, Tree, every, opposite, some

_COMPARISONS: Final = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}
_FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_ANY: Final = SpecialChars.WILDCARD_MULTI
_SIGNS: Final = {_ANY: MANY, SpecialChars.WILDCARD_SINGLE: ONE}


class CannotCompileError(Exception):
    """A sentence on why a rule cannot be asked of an event."""


def condition_of(rule: SigmaRule) -> Tree:
    """The condition of a rule. Raises as `condition_in`."""
    return condition_in(rule.detection)


def condition_in(detections: SigmaDetections) -> Tree:
    """The condition over some selections; several are alternatives. `CannotCompileError`, or an error of pySigma."""
    return some(_tree(condition.parsed) for condition in detections.parsed_condition)


def _tree(node: Any) -> Tree:  # noqa: ANN401 - pySigma's classes share no base that says so
    match node:
        case ConditionAND():
            return every(map(_tree, node.args))
        case ConditionOR():
            return some(map(_tree, node.args))
        case ConditionNOT():
            return opposite(_tree(node.args[0]))
        case ConditionFieldEqualsValueExpression():
            return asked(node.field, node.value)
        case ConditionValueExpression():
            return asked(ANYWHERE, node.value)
    raise CannotCompileError(f"its condition holds something that is not known here: {type(node).__name__}")


def asked(field: str, value: Any) -> Tree:  # noqa: ANN401 - same
    """What is asked of a field, or of any (ANYWHERE), by one value of pySigma. Raises `CannotCompileError`."""
    if isinstance(value, SigmaExpansion):
        return some(asked(field, one) for one in value.values)
    if isinstance(value, SigmaExists):
        found = Leaf(Predicate(field, Kind.EXISTS))
        return found if value.exists else opposite(found)
    return Leaf(_keyword(value) if field == ANYWHERE else _predicate(field, value))


def _predicate(field: str, value: Any) -> Predicate:  # noqa: ANN401, PLR0911 - same; one line for each kind
    match value:
        case SigmaString():
            return _text(field, value)
        case SigmaRegularExpression():
            return Predicate(field, Kind.REGEX, _regex(value), is_cased=True)
        case SigmaTimestampPart():
            raise CannotCompileError(f"{field} is compared with a part of a time, which is not supported yet")
        case SigmaNumber():
            return Predicate(field, Kind.EQUALS, str(value.number))
        case SigmaBool():
            return Predicate(field, Kind.EQUALS, str(value.boolean).lower())
        case SigmaNull():
            return Predicate(field, Kind.NULL)
        case SigmaCIDRExpression():
            return Predicate(field, Kind.CIDR, str(value.network))
        case SigmaCompareExpression() if value.op in _COMPARISONS and isinstance(value.number, SigmaNumber):
            return Predicate(field, Kind.COMPARE, f"{_COMPARISONS[value.op]} {value.number.number}")
        case SigmaFieldReference():
            return _reference(field, value)
    raise CannotCompileError(f"{field} is compared with something that is not known here: {type(value).__name__}")


def _reference(field: str, value: SigmaFieldReference) -> Predicate:
    if value.starts_with and value.ends_with:
        raise CannotCompileError(f"{field} is to contain another field, which is not supported yet")
    kind = Kind.SAME_START if value.starts_with else Kind.SAME_END if value.ends_with else Kind.SAME
    return Predicate(field, kind, value.field)


def _keyword(value: Any) -> Predicate:  # noqa: ANN401 - same
    """A word stands anywhere in the event, as if there were a * on both sides."""
    match value:
        case SigmaString():
            return _text(ANYWHERE, _ANY + value + _ANY)
        case SigmaRegularExpression():
            return Predicate(ANYWHERE, Kind.REGEX, _regex(value), is_cased=True)
        case SigmaNumber():
            return Predicate(ANYWHERE, Kind.CONTAINS, str(value.number))
    raise CannotCompileError(f"a keyword is something that is not known here: {type(value).__name__}")


def _text(field: str, value: SigmaString) -> Predicate:  # noqa: PLR0911 - one line for each kind
    is_cased = isinstance(value, SigmaCasedString)
    parts = list(_merged(value.s))
    if any(not isinstance(part, str | SpecialChars) for part in parts):
        raise CannotCompileError(f"{field} holds a placeholder that nobody has filled in")
    if not is_cased:
        parts = [part.lower() if isinstance(part, str) else part for part in parts]
    match parts:
        case []:
            return Predicate(field, Kind.EQUALS, "", is_cased)
        case [SpecialChars.WILDCARD_MULTI]:
            return Predicate(field, Kind.EXISTS)
        case [str(text)]:
            return Predicate(field, Kind.EQUALS, text, is_cased)
        case [SpecialChars.WILDCARD_MULTI, str(text), SpecialChars.WILDCARD_MULTI]:
            return Predicate(field, Kind.CONTAINS, text, is_cased)
        case [str(text), SpecialChars.WILDCARD_MULTI]:
            return Predicate(field, Kind.STARTS, text, is_cased)
        case [SpecialChars.WILDCARD_MULTI, str(text)]:
            return Predicate(field, Kind.ENDS, text, is_cased)
    if any(isinstance(part, str) and "\0" in part for part in parts):
        raise CannotCompileError(f"{field} holds a zero byte")
    return Predicate(field, Kind.WILDCARD, "".join(_SIGNS.get(part, part) for part in parts), is_cased)


def _merged(parts: Iterable[Any]) -> Iterable[Any]:
    """Without a * beside another one."""
    before = None
    for part in parts:
        if part is not before or part is not _ANY:
            yield part
        before = part


def _regex(value: SigmaRegularExpression) -> str:
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    text = value.to_plain()
    pattern = f"(?{flags}){text}" if flags else text
    refuse_regex(pattern)
    return pattern


def refuse_regex(pattern: str) -> None:
    """Raise `CannotCompileError` for what RE2 refuses: look-around, back-references, and what would take too much."""
    options = re2.Options()
    options.max_mem, options.log_errors = REGEX_MEMORY_BYTES, False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else b""
        reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise CannotCompileError(f"a regular expression cannot be used: {reason}") from None
