"""A Sigma rule as it is matched and shown, and what comes beside rules: filters, correlations, problems."""

from enum import StrEnum
from typing import Any, Final

import msgspec

from cybervault.detection.tree import Tree, loaded
from cybervault.domain.verdicts import Severity


class Status(StrEnum):
    """How far its author trusts it."""

    STABLE = "stable"
    TEST = "test"
    EXPERIMENTAL = "experimental"
    DEPRECATED = "deprecated"
    UNSUPPORTED = "unsupported"


# Of the study of scores: trust lowers the confidence, never the level that the rule itself claims.
_CONFIDENCES: Final = {
    Status.STABLE: 1.0,
    Status.TEST: 0.9,
    Status.EXPERIMENTAL: 0.75,
    Status.DEPRECATED: 0.5,
    Status.UNSUPPORTED: 0.5,
}
_HUNTING: Final = 0.6


class Where(msgspec.Struct, frozen=True):
    """Which events it is for; an empty text asks for nothing."""

    product: str = ""
    category: str = ""
    service: str = ""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold beside the condition of rules that others wrote: of those named by id or name, or of all.

    It is for rules with the log source in `where`. `written` is as in `Rule`.
    """

    id: str
    title: str
    where: Where
    condition: Tree
    rules: tuple[str, ...] = ()
    written: str = ""
    pack: str = ""
    path: str = ""
    line: int = 1

    def is_for(self, rule: "Rule") -> bool:
        """Whether a rule is to be narrowed by it."""
        mine, its = self.where, rule.where
        is_there = (
            mine.product in {"", its.product}
            and mine.category in {"", its.category}
            and mine.service in {"", its.service}
        )
        return is_there and (not self.rules or rule.id in self.rules or (rule.name != "" and rule.name in self.rules))


class Correlation(msgspec.Struct, frozen=True):
    """A document on how matches of several rules belong together, as it was written, with its file and line."""

    path: str
    line: int
    content: dict[str, Any]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `author` is shown with each match, as the licences of rules ask.

    `compiled` is its condition as `dumped` gives it: it is read only where partitions are made of it, for to read all
    of them took most of a start. `written` is its detection as JSON, with the names of its selections, for
    whoever explains it; `filters` are those that the condition holds already.
    """

    id: str
    title: str
    level: Severity
    where: Where
    compiled: bytes
    name: str = ""
    written: str = ""
    filters: tuple[Filter, ...] = ()
    status: Status = Status.TEST
    author: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_hunting: bool = False
    pack: str = ""
    path: str = ""

    @property
    def condition(self) -> Tree:
        """What must hold."""
        return loaded(self.compiled)

    @property
    def confidence(self) -> float:
        """How much a match says, 0..1."""
        return _CONFIDENCES[self.status] * (_HUNTING if self.is_hunting else 1.0)


class RuleProblem(msgspec.Struct, frozen=True):
    """Why a rule cannot be used: the file, the line where it begins (1 is the first), and a sentence."""

    path: str
    line: int
    reason: str
    title: str = ""
