"""How a service tells all nodes that a right may have changed."""

from collections.abc import Callable

from cybervault.access.store.epoch import EpochStore
from cybervault.access.subjects import Subject
from cybervault.domain.clock import Clock


def _nobody(_number: int) -> None:
    """Where no node listens: at the command line."""


class StoredEpoch:
    """An `Epoch` in the database; `noted` is told each number before its transaction commits."""

    def __init__(self, store: EpochStore, clock: Clock, noted: Callable[[int], None] = _nobody) -> None:
        self._store = store
        self._clock = clock
        self._noted = noted

    async def note(self, subject: Subject) -> None:
        """Tell all nodes; the caller holds the transaction of the change."""
        self._noted(await self._store.note(subject, self._clock.now().timestamp()))
