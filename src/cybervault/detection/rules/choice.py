"""What a tenant chooses among the rules of an installation: fewer than are in force, never more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.detection.engine import Match
from cybervault.detection.record import Record
from cybervault.detection.rule import Rule
from cybervault.detection.rules.narrowing import Narrowing
from cybervault.detection.rules.pack import Profile
from cybervault.domain.assessments import rank_of
from cybervault.domain.verdicts import Severity


class Place(StrEnum):
    """Whether a rule counts for a tenant, or the first reason why it does not."""

    IN_FORCE = "in_force"
    SWITCHED_OFF = "switched_off"
    """By whoever runs the installation."""
    BELOW_LEVEL = "below_level"
    """Of the installation."""
    HUNTING = "hunting"
    DISABLED = "disabled"
    """By the tenant."""
    BELOW_OWN_LEVEL = "below_own_level"


@dataclass(frozen=True, slots=True)
class Switch:
    """Why, when and by whom a rule was disabled."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Choice:
    """`off` are the ids of rules that were disabled; `least` is the level from which on rules count (None: any).

    `narrowing` are the filters that the tenant has of its own.
    """

    least: Severity | None = None
    off: Mapping[str, Switch] = field(default_factory=dict)
    narrowing: Narrowing = field(default_factory=Narrowing, compare=False)

    def takes(self, rule: Rule) -> bool:
        """Whether what a rule says counts for the tenant."""
        return rule.id not in self.off and (self.least is None or rank_of(rule.level) >= rank_of(self.least))

    def left(self, record: Record, matches: tuple[Match, ...]) -> tuple[Match, ...]:
        """Those on a record of rules that were not disabled, and that the filters let through.

        A level keeps no match from being counted by a correlation.
        """
        if not self.off and not self.narrowing.filters:
            return matches
        left = (self.narrowing.of(record, match) for match in matches if match.rule.id not in self.off)
        return tuple(match for match in left if match is not None)

    def place(self, rule: Rule, profile: Profile) -> Place:
        """Whether a rule counts for the tenant, where the installation has this profile."""
        standing = Place(profile.standing(rule).value)
        if standing is not Place.IN_FORCE or self.takes(rule):
            return standing
        return Place.DISABLED if rule.id in self.off else Place.BELOW_OWN_LEVEL


EVERYTHING: Final = Choice()
