"""Correlations over all events of the files: they are told at the end, each as one match where it began."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from cybervault.cli.detections.tally import Kept, Place, Tally
from cybervault.detection.correlate.bursts import Bursts
from cybervault.detection.correlate.correlation import CorrelationMatch
from cybervault.detection.correlate.plan import Plan
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.engine import Match
from cybervault.detection.record import LogSource, Record


class FileBursts:
    """Files are read one after the other, so that the order of their events is known at the end only."""

    def __init__(self, plan: Plan) -> None:
        self._bursts = Bursts(plan)
        self._files: list[Path] = []

    def add(self, path: Path, line: int, signals: Iterable[Signal]) -> None:
        """Count what fired on an event."""
        if not self._files or self._files[-1] != path:
            self._files.append(path)
        event = f"{len(self._files) - 1}:{line}"
        for signal in signals:
            self._bursts.add(msgspec.structs.replace(signal, event=event))

    def told(self, tally: Tally) -> Iterator[Kept]:
        """All that came true, added to what is shown."""
        for one in self._bursts.told():
            yield from tally.tell(self._place(one), [Match(one.rule)])

    def left_out(self) -> Sequence[str]:
        """What could not be counted, a sentence each."""
        return self._bursts.left_out()

    def _place(self, found: CorrelationMatch) -> Place:
        """Where it began. The group tells whom it is about, under the names that events have for it."""
        number, _, line = found.sample[0].event.partition(":")
        more = "more than " if found.is_capped else ""
        fields = dict(found.group) | {"count": f"{more}{found.count}", "until": f"{found.last:%Y-%m-%d %H:%M:%S}"}
        return Place(self._files[int(number)], int(line), (Record(LogSource(), fields, found.first),))
