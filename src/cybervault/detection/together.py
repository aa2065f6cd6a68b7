"""What all events of a batch say together: correlations that came true, and the hosts and users of the highest risk."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cybervault.detection.batch import Burst, Fired, Hit, Tally
from cybervault.detection.correlate.bursts import Bursts, on_silence
from cybervault.detection.correlate.correlation import CorrelationMatch
from cybervault.detection.correlate.plan import Plan
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.entities import HOST, USER
from cybervault.detection.ranking import Noticed, ranked
from cybervault.detection.record import LogSource, Record, entity_in
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.detection.sightings import Sighting, Sightings, on_crowd

BURSTS_MAX: Final = 1_000
"""So many of a batch are kept one by one; all are counted."""


def add_bursts(
    tally: Tally, plan: Plan, signals: Iterable[Signal], *, sightings: Sightings, choice: Choice = EVERYTHING
) -> None:
    """Add to the tally and the sightings of a whole batch what its signals come to, and what could not be counted."""
    bursts = Bursts(plan)
    for signal in signals:
        bursts.add(signal)
    for found in bursts.told():
        rule = found.rule
        if not choice.takes(rule):
            continue
        tally.matches += 1
        tally.rules[rule.id] = (tally.rules.get(rule.id) or Fired.of(rule)).again(1, found.first, found.last)
        tally.timeline.add(found.first, rule.level)
        hit = _hit(found)
        sightings.add(Sighting(rule.id, hit.host, hit.user, is_certain=True, first=found.first, last=found.last))
        if len(tally.bursts) < BURSTS_MAX:
            tally.bursts.append(hit)
    if tally.uncounted:
        tally.warnings.append(f"{tally.uncounted:,} matches were too many to be kept for correlations.")
    tally.warnings += (*on_silence(tally.silenced), *bursts.left_out())


def add_entities(tally: Tally, sightings: Sightings, received: datetime, *, noticed: Iterable[Noticed] = ()) -> None:
    """Add the hosts and users of a whole batch by their risk; events without a time count as of `received`."""
    tally.entities += ranked(sightings, tally.rules, received, noticed=noticed)
    tally.warnings += on_crowd(sightings)


def _hit(found: CorrelationMatch) -> Hit:
    about = (Record(LogSource(), dict(found.group)),)
    lines = tuple(int(one.event) for one in found.sample)
    burst = Burst(found.group, found.last, found.count, found.is_capped, lines)
    host, user = entity_in(about, HOST), entity_in(about, USER)
    return Hit(lines[0], found.rule.id, found.first, host, user, is_certain=True, burst=burst)
