"""Which transaction the running task stands in: its statements join it, those of other tasks do not."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

from cybervault.storage.database import SpoiledTransactionError

_Held = TypeVar("_Held")


@dataclass(slots=True)
class _Transaction(Generic[_Held]):
    task: "asyncio.Task[object] | None"
    held: _Held
    is_open: bool = True
    is_spoiled: bool = False


class Holding(Generic[_Held]):
    """What the transaction of the running task holds: the right to write, or a connection."""

    def __init__(self) -> None:
        self._now: ContextVar[_Transaction[_Held] | None] = ContextVar("transaction", default=None)

    def current(self) -> _Held | None:
        """What is held; None outside of a transaction.

        Raises RuntimeError in a task that the transaction's own task has started meanwhile: were it let in, it would
        write in a transaction that it does not know of; were it left outside, the two could wait for each other.
        `SpoiledTransactionError` after `spoil`.
        """
        transaction = self._now.get()
        if transaction is None or not transaction.is_open:
            return None
        if transaction.task is not asyncio.current_task():
            raise RuntimeError("a task that was started within a transaction must not use the database")
        if transaction.is_spoiled:
            raise SpoiledTransactionError
        return transaction.held

    def spoil(self) -> None:
        """Within a transaction: a statement has failed, and nothing may follow but the end."""
        transaction = self._now.get()
        if transaction is not None:
            transaction.is_spoiled = True

    def refuse_second(self) -> None:
        """Raise RuntimeError within a transaction."""
        if self.current() is not None:
            raise RuntimeError("a transaction within a transaction: the outer one would not hold together")

    def require(self) -> _Held:
        """What is held; RuntimeError outside of a transaction."""
        held = self.current()
        if held is None:
            raise RuntimeError("a lock is taken within a transaction, which gives it back")
        return held

    @contextmanager
    def holding(self, held: _Held) -> Iterator[None]:
        """The time of one transaction."""
        transaction = _Transaction(asyncio.current_task(), held)
        before = self._now.set(transaction)
        try:
            yield
        finally:
            transaction.is_open = False
            self._now.reset(before)
