"""What a presented secret opens: remembered while the lease holds, else read from the database, never guessed."""

import asyncio
import contextvars
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from cybervault.access.cache import Cache, Entry
from cybervault.access.lease import Lease
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind

READ_SECONDS: Final = 0.3
_RETRY_SECONDS: Final = 1

E = TypeVar("E", bound=Entry)
E_co = TypeVar("E_co", bound=Entry, covariant=True)


class EntrySource(Protocol[E_co]):
    """The store that knows what each digest opens."""

    async def entry(self, digest: bytes) -> E_co | None:
        """What it opens, in one read; None for an unknown one."""


class Verifying(Protocol[E_co]):
    """What services ask: a `Verifier`."""

    async def entry(self, digest: bytes, *, is_fresh: bool = False) -> E_co | None: ...


class Verifier(Generic[E]):
    """Reads through a memory that the lease bounds, or, without one, straight from the store.

    Only a database that other nodes write to is worth the memory: an embedded one answers in microseconds.
    Raises `Problem` UNAVAILABLE `auth_unavailable` when a shared database gives no answer in time: a caller that was
    told 401 would throw a good secret away, and one that was let through might be revoked.
    """

    def __init__(
        self, source: EntrySource[E], clock: Clock, *, lease: Lease | None = None, cache: Cache[E] | None = None
    ) -> None:
        self._source = source
        self._clock = clock
        self._lease = lease
        self._cache = cache
        self._reads: dict[bytes, _Read[E]] = {}

    async def entry(self, digest: bytes, *, is_fresh: bool = False) -> E | None:
        """What the secret opens; `is_fresh`: as the database has it now, for whatever changes keys or members."""
        if self._cache is None or self._lease is None:
            return await self._source.entry(digest)
        if is_fresh:
            return await self._answer(self._begin(digest, self._cache))
        found = self._cache.find(digest, self._clock.boot_seconds())
        # Asked last: a machine that sleeps between the two lines must not use what it found before.
        if found is not None and self._lease.is_held():
            return found.entry
        return await self._answer(self._shared(digest, self._cache))

    def _shared(self, digest: bytes, cache: Cache[E]) -> "_Read[E]":
        """The read of this digest that is on its way, or a new one: a slow database is not asked twice."""
        read = self._reads.get(digest)
        if read is None:
            read = self._reads[digest] = self._begin(digest, cache)
            read.task.add_done_callback(lambda _: self._reads.pop(digest))
        elif self._age_of(read) >= READ_SECONDS:
            raise _unavailable("the read before is still not answered")
        return read

    def _begin(self, digest: bytes, cache: Cache[E]) -> "_Read[E]":
        # It must outlive the request: cancelled with it, a read waits for a database that hangs, and the request too.
        # Its context is empty, so that it never joins a transaction of the request.
        boot = self._clock.boot_seconds()
        reading = self._kept(digest, cache, boot)
        task = asyncio.get_running_loop().create_task(reading, context=contextvars.Context())
        task.add_done_callback(_look_at)
        return _Read(task, boot)

    async def _kept(self, digest: bytes, cache: Cache[E], boot: float) -> E | None:
        stamp = cache.stamp
        entry = await self._source.entry(digest)
        cache.keep(digest, entry, stamp=stamp, boot=boot)
        return entry

    async def _answer(self, read: "_Read[E]") -> E | None:
        done, _ = await asyncio.wait({read.task}, timeout=READ_SECONDS)
        if not done:
            raise _unavailable(f"no answer within {READ_SECONDS} seconds")
        try:
            entry = read.task.result()
        except Problem as problem:
            if problem.kind is not ProblemKind.UNAVAILABLE:
                raise
            raise _unavailable(problem.detail or problem.message) from problem
        # Who was frozen while the answer lay there must not act on it.
        if self._age_of(read) >= 2 * READ_SECONDS:
            raise _unavailable("the answer is too old")
        return entry

    def _age_of(self, read: "_Read[E]") -> float:
        return self._clock.boot_seconds() - read.boot


@dataclass(frozen=True, slots=True)
class _Read(Generic[E]):
    """A read of the database that is on its way; `boot`: when it began, by the boot clock."""

    task: asyncio.Task[E | None]
    boot: float


def _look_at(task: asyncio.Task[E | None]) -> None:
    """Take note of a failure that nobody waits for any more, or the loop complains of it."""
    if not task.cancelled():
        task.exception()


def _unavailable(detail: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="auth_unavailable",
        message="Who is calling cannot be checked at the moment. Keep the key and try again.",
        detail=detail,
        retry_after_seconds=_RETRY_SECONDS,
    )
