"""Addresses, domains and hashes that the events of files name, collected for one look at what is known of them."""

from collections.abc import Iterable, Mapping
from typing import Final

from cybervault.app.memory import Memory
from cybervault.cli.detections.tally import Tally
from cybervault.detection.mentions import Glossary, Mention, Mentions, on_mentions
from cybervault.detection.record import Record
from cybervault.domain.problems import Problem
from cybervault.settings import Settings

NAMES_MAX: Final = 50_000
_EVENTS_AT_ONCE: Final = 10_000
_NOT_LOOKED_UP: Final = "Addresses, domains and hashes were not looked up:"


class Names:
    """What is noted is looked up at the end; without a memory nothing is noted."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory
        self._found = Mentions(NAMES_MAX)
        self._glossary = Glossary()
        self._noted = 0

    @property
    def are_wanted(self) -> bool:
        """Whether there is anything to look them up in."""
        return self._memory is not None

    def note(self, event: Mapping[str, object]) -> None:
        """An event that was judged at a glance."""
        if self._memory is not None:
            self._glossary.note(event)
            self._count()

    def read(self, records: tuple[Record, ...]) -> None:
        """One that was read whole."""
        if self._memory is not None:
            self._glossary.read(records)
            self._count()

    def add(self, mentions: Iterable[Mention]) -> None:
        """What others noted."""
        for one in mentions:
            self._found.add(one)

    def look_up(self, tally: Tally) -> tuple[str, ...]:
        """Tell the tally which are known to be bad; a sentence where something was not looked up."""
        if self._memory is None:
            return ()
        self.add(self._glossary.mentions())
        try:
            tally.indicators = self._memory.bad_among([*self._found])
        except Problem as problem:
            return (f"{_NOT_LOOKED_UP} {problem.message}",)
        tally.looked_up = len(self._found)
        return on_mentions(self._found)

    def _count(self) -> None:
        self._noted += 1
        if self._noted % _EVENTS_AT_ONCE == 0:
            self.add(self._glossary.mentions())
            self._glossary = Glossary()


def names_in(settings: Settings, memory: Memory) -> tuple[Names, tuple[str, ...]]:
    """What notes names where that is of use; where it is not, it does not, and a sentence says why."""
    try:
        if not memory.is_there:
            return Names(), (f"{_NOT_LOOKED_UP} {settings.folder} has no database.",)
        if memory.is_empty():
            return Names(), (f"{_NOT_LOOKED_UP} no answer about any is remembered. `cybervault analyze` asks.",)
    except Problem as problem:
        return Names(), (f"{_NOT_LOOKED_UP} {problem.message}",)
    return Names(memory), ()
