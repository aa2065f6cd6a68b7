"""What a whole of events says together: they come in any order, so that all of them wait for its end."""

from collections.abc import Iterator
from typing import Final

from cybervault.detection.correlate.correlation import CorrelationMatch
from cybervault.detection.correlate.correlator import Correlator, Limits, Report, Telling
from cybervault.detection.correlate.plan import Plan
from cybervault.detection.correlate.signals import Signal

_LIMITS: Final = Limits(lateness=None)


class Bursts:
    """Each burst is told once, as a whole."""

    def __init__(self, plan: Plan, limits: Limits = _LIMITS) -> None:
        self._correlator = Correlator(plan, limits=limits, telling=Telling.WHEN_OVER)
        self._ready: list[CorrelationMatch] = []

    def add(self, signal: Signal) -> None:
        """Count a match."""
        self._ready += self._correlator.count(signal)

    def told(self) -> list[CorrelationMatch]:
        """All that came true, by when it began."""
        found, self._ready = [*self._ready, *self._correlator.finish()], []
        return sorted(found, key=lambda one: (one.first, one.rule.id, one.group))

    def left_out(self) -> tuple[str, ...]:
        """What could not be counted, a sentence each."""
        return tuple(sentences_of(self._correlator.report))


def on_silence(count: int) -> tuple[str, ...]:
    """A sentence on so many matches that are told in no other way, where there are any."""
    if not count:
        return ()
    return (f"{count:,} matches of rules that correlations count are not told by themselves.",)


def sentences_of(report: Report) -> Iterator[str]:
    """What correlations could not count, a sentence each."""
    if report.without_time:
        yield f"{report.without_time:,} matches have no time, so no correlation counts them."
    if report.without_field:
        yield f"{report.without_field:,} matches lack a field that a correlation goes by, so it does not count them."
    if report.late or report.hurried:
        yield f"{report.late + report.hurried:,} matches were too many to wait for their turn in a correlation."
    if report.evicted:
        yield f"{sum(count for _, count in report.evicted):,} groups of correlations were forgotten for others."
    if report.unwanted:
        yield f"{report.unwanted:,} matches were kept for correlations that are no longer in force."
