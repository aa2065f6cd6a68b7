"""Several processes look at lines of telemetry at a glance, so that one has to read only those that rules may fire on.

Whoever asks gets these in their order and judges them alone: what several events say together, and the order of all
answers, are the same as without help.
"""

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import active_children, get_context
from typing import Final, TypeAlias

from cybervault.detection.detector import Detector
from cybervault.detection.lines import Event, Found, Line, found_in
from cybervault.detection.mentions import Glossary, Mention

LINES: Final = 500
"""So many go to a process at once: what they cost on their way is little then, and the first answers come soon."""
_AHEAD: Final = 2
WORKERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Sifted:
    """Some lines on: how many events of them no rule fires on, and what is left to be judged, in its order.

    `mentions` are what the silent ones name, where that was asked for.
    """

    silent: int
    left: Sequence[Line | Found]
    mentions: Sequence[Mention] = ()


_Some: TypeAlias = list[Line | Found]
# A process is forked with the detector that it uses, because rules cannot be sent to it.
_DETECTORS: Final[list[Detector]] = []


class Sifter:
    """Processes that know the rules; see `sifting`."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self._pool = pool
        self._most = workers * _AHEAD

    @property
    def process_ids(self) -> Sequence[int]:
        """Those of the processes."""
        return [one.pid for one in active_children() if one.pid is not None]

    def sifted(self, lines: Iterable[Line | Found], *, names: bool = False) -> Iterator[Sifted]:
        """What becomes of lines, and what they name if wanted; a portion whose process was killed is left as it is."""
        waiting: deque[tuple[_Some, Future[Sifted] | None]] = deque()
        rest = iter(lines)
        while some := list(islice(rest, LINES)):
            waiting.append((some, self._sent(some, names=names)))
            if len(waiting) >= self._most:
                yield _answer(*waiting.popleft())
        while waiting:
            yield _answer(*waiting.popleft())

    def _sent(self, some: _Some, *, names: bool) -> Future[Sifted] | None:
        try:
            return self._pool.submit(sift, some, names=names)
        except BrokenProcessPool:
            return None


@contextmanager
def sifting(detector: Detector, workers: int) -> Iterator[Sifter]:
    """So many processes with the rules in force in this detector, until the end of the block."""
    _DETECTORS.append(detector)
    gc.freeze()  # what is shared with them is not written to, and so not copied
    try:
        with ProcessPoolExecutor(workers, get_context("fork")) as pool:
            pool.submit(len, ()).result()  # all of them are there before anything else begins
            yield Sifter(pool, workers)
    finally:
        gc.unfreeze()
        _DETECTORS.remove(detector)


def sift(lines: _Some, *, names: bool = False) -> Sifted:
    """What a process does with some lines."""
    detector, glossary, left = _DETECTORS[-1], Glossary(), list[Line | Found]()
    for one in lines:
        silent = _silent(detector, one) if isinstance(one, Line) else None
        if silent is None:
            left.append(one)
        elif names:
            glossary.note(silent.content)
    return Sifted(len(lines) - len(left), left, (*glossary.mentions(),))


def _silent(detector: Detector, line: Line) -> Event | None:
    """Its event where it is one on which no rule fires; a list of events is left to whoever counts them."""
    found = [*found_in(line)]
    one = found[0] if len(found) == 1 else None
    return one if isinstance(one, Event) and detector.is_silent(one) else None


def _answer(some: _Some, sent: Future[Sifted] | None) -> Sifted:
    try:
        return Sifted(0, some) if sent is None else sent.result()
    except BrokenProcessPool:
        return Sifted(0, some)
