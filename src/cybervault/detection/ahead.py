"""The log sources whose events may come, by the rules that are for them: what is compiled before any event waits."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from cybervault.detection.compile.partition import rules_for
from cybervault.detection.normal.windows import PRODUCT, known_sources
from cybervault.detection.record import EVENT_ID, LogSource
from cybervault.detection.rule import Rule
from cybervault.detection.tree import Kind, leaves

OTHER_ID: Final = "other"
"""An event id that no rule names."""

Asked: TypeAlias = tuple[LogSource, str | None]


def asked_of(rules: Sequence[Rule]) -> Iterator[Asked]:
    """Each log source with each event id that a rule for it names, and with one that none does.

    Beside those of Windows it is what rules name; a format that says more of its events makes a partition when the
    first one comes.
    """
    wheres = dict.fromkeys(rule.where for rule in rules if rule.where.product != PRODUCT)
    others = ((LogSource(one.product, frozenset({one.category} - {""}), one.service), None) for one in wheres)
    for source, event_id in dict.fromkeys((*known_sources(), *others)):
        some = rules_for(rules, source).values()
        if some and event_id is not None:
            yield source, event_id
        elif some:
            yield source, OTHER_ID if source.product == PRODUCT else None
            yield from ((source, one) for one in sorted(set(_named_by(some))))


def _named_by(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        asked = leaves(rule.condition)
        yield from (one.pattern for one in asked if one.field == EVENT_ID and one.kind is Kind.EQUALS)
