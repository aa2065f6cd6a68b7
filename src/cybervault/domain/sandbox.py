"""Calls of test keys: within them nothing real may be read or written, and nobody outside be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_IS_ON: Final[ContextVar[bool]] = ContextVar("sandbox", default=False)


class SandboxBreachError(RuntimeError):
    """A bug: on behalf of a test key something real was about to be touched. It was not."""

    def __init__(self, what: str) -> None:
        super().__init__(f"a test key was about to reach {what}")


@contextmanager
def sandboxed() -> Iterator[None]:
    """The time in which a test key is answered; tasks that are started within it are in it too."""
    before = _IS_ON.set(True)
    try:
        yield
    finally:
        _IS_ON.reset(before)


def refuse_in_sandbox(what: str) -> None:
    """Raise `SandboxBreachError` while a test key is answered."""
    if _IS_ON.get():
        raise SandboxBreachError(what)
