"""Open streams: each is checked again and again, and cut when its caller may no longer have it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Final, Self, TypeAlias

from cybervault.access.subjects import Subject, subjects_of
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem, ProblemKind

Verify: TypeAlias = Callable[[], Awaitable[Principal]]

# A lease may end just after a check: four seconds, this pause and the time of one check stay below five.
PERIOD_SECONDS: Final = 0.5
_CHECK_SECONDS: Final = 0.4


class Stream:
    """The body of a stream, as an async context manager: cut from outside it raises the `Problem` that cut it."""

    def __init__(self, streams: "Streams", opened: Principal, verify: Verify) -> None:
        self._streams = streams
        self._opened = opened
        self._verify = verify
        self.subjects = subjects_of(opened)
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._problem: Problem | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        self._streams.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._streams.remove(self)
        if self._problem is None or self._task is None:
            return
        # Somebody else may have cancelled the task as well: then it stays cancelled.
        if self._task.uncancel() <= self._cancelling and kind in {None, asyncio.CancelledError}:
            raise self._problem from error

    async def check(self) -> None:
        """Ask who the caller is now, and cut the stream when that fails or when it may do less than at the start."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                principal = await self._verify()
        except Problem as problem:
            self._cut(problem)
        except TimeoutError:
            self._cut(_unavailable())
        else:
            if not self._opened.scopes <= principal.scopes or self._opened.role is not principal.role:
                self._cut(_changed())

    def _cut(self, problem: Problem) -> None:
        if self._problem is None and self._task is not None and self in self._streams:
            self._problem = problem
            self._task.cancel()


class Streams:
    """All open streams of this node; a `Follower` of security changes."""

    def __init__(self) -> None:
        self._open: dict[Subject, set[Stream]] = {}
        self._all: set[Stream] = set()
        self._due: set[Stream] = set()
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, stream: Stream) -> bool:
        return stream in self._all

    def guard(self, principal: Principal, verify: Verify) -> Stream:
        """Around the body of a stream of this caller; `verify` resolves the same secret from the same place again.

        The body is cancelled, and the block raises: what `verify` raised; UNAVAILABLE `auth_unavailable` when it takes
        too long; FORBIDDEN `rights_changed` when the caller may do less than at the start.
        """
        return Stream(self, principal, verify)

    def add(self, stream: Stream) -> None:
        """It begins."""
        self._all.add(stream)
        for subject in stream.subjects:
            self._open.setdefault(subject, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """It ends."""
        self._all.discard(stream)
        self._due.discard(stream)
        for subject in stream.subjects:
            streams = self._open.get(subject, set())
            streams.discard(stream)
            if not streams:
                self._open.pop(subject, None)

    def drop(self, subjects: Iterable[Subject]) -> None:
        """Check the streams of these at once."""
        for subject in subjects:
            self._due |= self._open.get(subject, set())
        self._wake.set()

    def drop_all(self) -> None:
        """Check all at once."""
        self._due |= self._all
        self._wake.set()

    async def run(self) -> None:
        """Check all twice a second, and some at once, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._check_due())
            while True:
                await _check(self._all)
                await asyncio.sleep(PERIOD_SECONDS)

    async def _check_due(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            due, self._due = self._due, set()
            await _check(due)


async def _check(streams: Iterable[Stream]) -> None:
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(stream.check())


def _unavailable() -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="auth_unavailable",
        message="Who is calling cannot be checked at the moment. Keep the key and try again.",
        detail="a stream could not be checked in time",
        retry_after_seconds=1,
    )


def _changed() -> Problem:
    return Problem(
        ProblemKind.FORBIDDEN,
        code="rights_changed",
        message="The rights of the caller became less while this was sent.",
    )
