"""The part of the report on hosts and users of the highest risk."""

from collections.abc import Sequence
from typing import Final

from cybervault.cli.detections.tally import Tally
from cybervault.detection.entity_risk import INCIDENT_FROM, TACTICS_FROM
from cybervault.detection.ranking import RankedEntity
from cybervault.pages.markup import Markup, element, lines
from cybervault.pages.sheet import quiet, table, when

ENTITIES_MAX: Final = 15
RULES_MAX: Final = 4
_HEADS: Final = ("", "name", "risk", "when", "made of", "tactics")
_SAID: Final = (
    "Points of each rule halve every eight hours and a rule counts once, and so does of each kind the worst bad "
    f"indicator. An incident has {INCIDENT_FROM} points, or {TACTICS_FROM} tactics within a day. Each stands here at "
    "its highest."
)


def risk_of_entities(tally: Tally, entities: Sequence[RankedEntity]) -> Markup:
    """A table, the worst first."""
    rows = [element("tr", _cells(tally, one)) for one in entities[:ENTITIES_MAX]]
    left = len(entities) - ENTITIES_MAX
    more = f" {left:,} more are not shown." if left > 0 else ""
    return Markup(table(_HEADS, rows, class_="risks") + quiet(f"{_SAID}{more}"))


def _cells(tally: Tally, one: RankedEntity) -> list[Markup]:
    shown = one.rules[:RULES_MAX]
    rules = [f"{points:,.0f} · {tally.title_of(id_)}" for id_, points in shown]
    if len(one.rules) > len(shown):
        rules.append(f"and {len(one.rules) - len(shown)} more rules")
    badge = element("span", "incident", class_="badge back-critical") if one.is_incident else Markup()
    name = lines([one.value, one.kind])
    return [
        element("td", badge),
        element("td", name),
        element("td", f"{one.score:,.0f}", class_="number"),
        element("td", when(one.at), class_="time"),
        element("td", lines(rules)),
        element("td", ", ".join(one.tactics)),
    ]
