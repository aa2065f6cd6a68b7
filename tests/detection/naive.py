"""The oracle: a rule evaluated as pySigma parsed it, straight along its condition, with nothing decided beforehand."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.rule import SigmaRule
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
    SigmaString,
    SpecialChars,
)

from cybervault.detection.record import Value

_FLAGS = {"IGNORECASE": re.IGNORECASE, "MULTILINE": re.MULTILINE, "DOTALL": re.DOTALL}
_OPERATORS = {
    CompareOperators.LT: float.__lt__,
    CompareOperators.LTE: float.__le__,
    CompareOperators.GT: float.__gt__,
    CompareOperators.GTE: float.__ge__,
}


def fires(rule: SigmaRule, fields: Mapping[str, Value]) -> bool:
    """Whether a rule matches an event."""
    return any(_node(condition.parsed, fields) for condition in rule.detection.parsed_condition)


def _node(node: Any, fields: Mapping[str, Value]) -> bool:  # noqa: ANN401 - pySigma's classes share no base
    if isinstance(node, ConditionAND):
        return all(_node(part, fields) for part in node.args)
    if isinstance(node, ConditionOR):
        return any(_node(part, fields) for part in node.args)
    if isinstance(node, ConditionNOT):
        return not _node(node.args[0], fields)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _field(node.field, node.value, fields)
    return _keyword(node.value, fields)


def _texts(value: Value) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _field(name: str, value: Any, fields: Mapping[str, Value]) -> bool:  # noqa: ANN401 - same
    texts = _texts(fields.get(name))
    if isinstance(value, SigmaExpansion):
        return any(_field(name, one, fields) for one in value.values)
    is_there = fields.get(name) not in {None, ()}
    if isinstance(value, SigmaNull):
        return not is_there
    if isinstance(value, SigmaExists):
        return is_there == value.exists
    if isinstance(value, SigmaFieldReference):
        others = _texts(fields.get(value.field))
        return any(_refers(value, text.lower(), other.lower()) for text in texts for other in others)
    return any(_text(value, text) for text in texts)


def _refers(value: SigmaFieldReference, text: str, other: str) -> bool:
    if value.starts_with:
        return text.startswith(other)
    return text.endswith(other) if value.ends_with else text == other


def _text(value: Any, text: str) -> bool:  # noqa: ANN401 - same
    if isinstance(value, SigmaString):
        return re.fullmatch(_glob(value), text, _flags(value)) is not None
    if isinstance(value, SigmaRegularExpression):
        return re.search(value.to_plain(), text, sum(_FLAGS[one.name] for one in value.flags)) is not None
    if isinstance(value, SigmaNumber | SigmaBool):
        return text.lower() == str(value).lower()
    return _within(value, text) if isinstance(value, SigmaCIDRExpression) else _compares(value, text)


def _compares(value: SigmaCompareExpression, text: str) -> bool:
    try:
        return bool(_OPERATORS[value.op](float(text), float(value.number.number)))
    except ValueError:
        return False


def _within(value: SigmaCIDRExpression, text: str) -> bool:
    try:
        return ipaddress.ip_address(text.strip()) in value.network
    except ValueError:
        return False


def _keyword(value: Any, fields: Mapping[str, Value]) -> bool:  # noqa: ANN401 - same
    whole = "\n".join(text for one in fields.values() for text in _texts(one))
    if isinstance(value, SigmaString):
        return re.search(_glob(value), whole, _flags(value)) is not None
    if isinstance(value, SigmaNumber):
        return str(value.number) in whole
    return _text(value, whole)


def _flags(value: SigmaString) -> int:
    return re.DOTALL if isinstance(value, SigmaCasedString) else re.DOTALL | re.IGNORECASE


def _glob(value: SigmaString) -> str:
    signs = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    return "".join(re.escape(part) if isinstance(part, str) else signs[part] for part in value.s)  # type: ignore[index] # no placeholders here
