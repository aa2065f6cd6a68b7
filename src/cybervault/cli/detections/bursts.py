"""Correlations over all events of the files: they are told at the end, each as one match where it began."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cybervault.cli.detections.tally import Kept, Place, Tally
from cybervault.detection.correlate.correlation import CorrelationMatch
from cybervault.detection.correlate.correlator import Correlator, Limits, Report, Telling
from cybervault.detection.correlate.plan import Plan
from cybervault.detection.detector import Detected
from cybervault.detection.engine import Match
from cybervault.detection.record import LogSource, Record


class Bursts:
    """Files are read one after the other, so that the order of their events is known at the end only."""

    def __init__(self, plan: Plan) -> None:
        self._correlator = Correlator(plan, limits=Limits(lateness=None), telling=Telling.WHEN_OVER)
        self._files: list[Path] = []
        self._ready: list[CorrelationMatch] = []

    def add(self, path: Path, line: int, detected: Detected) -> None:
        """Count what fired on an event."""
        if not self._files or self._files[-1] != path:
            self._files.append(path)
        event = f"{len(self._files) - 1}:{line}"
        for record, matches in detected.parts:
            if matches:
                self._ready += self._correlator.add(record, matches, event=event)

    def told(self, tally: Tally) -> Iterator[Kept]:
        """All that came true, added to what is shown."""
        found, self._ready = [*self._ready, *self._correlator.finish()], []
        for one in sorted(found, key=_begin):
            yield from tally.tell(self._place(one), [Match(one.rule)])

    def left_out(self) -> Sequence[str]:
        """What could not be counted, a sentence each."""
        return tuple(_sentences(self._correlator.report))

    def _place(self, found: CorrelationMatch) -> Place:
        """Where it began. The group tells whom it is about, under the names that events have for it."""
        number, _, line = found.sample[0].event.partition(":")
        more = "more than " if found.is_capped else ""
        fields = dict(found.group) | {"count": f"{more}{found.count}", "until": f"{found.last:%Y-%m-%d %H:%M:%S}"}
        return Place(self._files[int(number)], int(line), (Record(LogSource(), fields, found.first),))


def _begin(found: CorrelationMatch) -> datetime:
    return found.first


def _sentences(report: Report) -> Iterator[str]:
    if report.without_time:
        yield f"{report.without_time:,} matches have no time, so no correlation counts them."
    if report.without_field:
        yield f"{report.without_field:,} matches lack a field that a correlation goes by, so it does not count them."
    if report.late or report.hurried:
        yield f"{report.late + report.hurried:,} matches were too many to wait for their turn in a correlation."
    if report.evicted:
        yield f"{sum(count for _, count in report.evicted):,} groups of correlations were forgotten for others."
