"""A Sigma correlation as it is watched for and shown, and what is told when it comes true."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from cybervault.detection.rule import Rule


class Kind(StrEnum):
    """What is counted; the words are Sigma's."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"


class Condition(msgspec.Struct, frozen=True):
    """From `low` to `high`, None for no end, but none of `excluded`."""

    low: int = 1
    high: int | None = None
    excluded: tuple[int, ...] = ()

    def holds(self, count: int) -> bool:
        """Whether so many are enough and not too many."""
        return self.low <= count and (self.high is None or count <= self.high) and count not in self.excluded

    @property
    def told_apart(self) -> int:
        """All larger counts are the same to it, so that nobody needs to count further."""
        return max(self.low, 0 if self.high is None else self.high + 1, *(one + 1 for one in self.excluded), 1)


class Alias(msgspec.Struct, frozen=True):
    """A field's name within a correlation, and what some of its rules call it: (rule, field)."""

    name: str
    fields: tuple[tuple[str, str], ...]


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """One correlation.

    `rule` is how it is shown: title, level, author and the like; it matches no event by itself. `rules` are ids or
    names of rules or of other correlations. `generates`: what it refers to is also told by itself.
    """

    rule: Rule
    kind: Kind
    rules: tuple[str, ...]
    seconds: int
    condition: Condition
    name: str = ""
    group_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    generates: bool = False
    line: int = 1

    def field_of(self, name: str, reference: str) -> str:
        """What the rule that is referred to so calls a field of this correlation."""
        for alias in self.aliases:
            if alias.name == name:
                return next((field for rule, field in alias.fields if rule == reference), name)
        return name


@dataclass(frozen=True, slots=True)
class Sighting:
    """One of the events behind a correlation: `event` is what the caller named it, `rule` what it matched."""

    at: datetime
    rule: str
    event: str


@dataclass(frozen=True, slots=True)
class CorrelationMatch:
    """A correlation that came true for one group.

    `count` is of events, of different values, or of rules, as its kind says; where it `is_capped` there were more.
    `group` are field and value in small letters; `sample` the first few sightings that made it true.
    """

    correlation: Correlation
    group: tuple[tuple[str, str], ...]
    first: datetime
    last: datetime
    count: int
    is_capped: bool
    sample: tuple[Sighting, ...]

    @property
    def rule(self) -> Rule:
        """How it is shown beside matches of single events."""
        return self.correlation.rule
