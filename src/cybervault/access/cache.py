"""What secrets opened a moment ago, by digest: bounded, and dropped by whom a security change is about."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from cybervault.access.lease import LEASE_SECONDS
from cybervault.access.subjects import Subject

ENTRIES_MAX: Final = 100_000
# Apart from the others: who guesses secrets must not push out those that work.
UNKNOWN_MAX: Final = 10_000


class Entry(Protocol):
    """What a secret opens; opaque but for whose changes it depends on."""

    @property
    def subjects(self) -> tuple[Subject, ...]: ...


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Found(Generic[E]):
    """What is remembered of a digest; no entry: it was unknown."""

    entry: E | None


class Cache(Generic[E]):
    """Entries by the digest of their secret, the longest unused dropped first; used under a lease only.

    A read that began before a change may end after it. So each reader notes `stamp` before it reads, and what it read
    is kept only if no change was applied since.
    """

    def __init__(self, entries_max: int = ENTRIES_MAX, unknown_max: int = UNKNOWN_MAX) -> None:
        self._entries_max = entries_max
        self._unknown_max = unknown_max
        self._found: OrderedDict[bytes, Found[E]] = OrderedDict()
        self._digests: dict[Subject, set[bytes]] = {}
        # When its read began, by the boot clock.
        self._unknown: OrderedDict[bytes, float] = OrderedDict()
        self.stamp = 0

    def __len__(self) -> int:
        return len(self._found) + len(self._unknown)

    def find(self, digest: bytes, boot: float) -> Found[E] | None:
        """What is remembered; None where it has to be read. `boot`: now, by the boot clock."""
        found = self._found.get(digest)
        if found is not None:
            self._found.move_to_end(digest)
            return found
        read_at = self._unknown.get(digest)
        if read_at is None or not 0 <= boot - read_at < LEASE_SECONDS:
            return None
        return Found(None)

    def keep(self, digest: bytes, entry: E | None, *, stamp: int, boot: float) -> None:
        """Remember what a read gave that began at `boot`, when the stamp was `stamp`."""
        if stamp != self.stamp:
            return
        self._forget(digest)
        if entry is None:
            self._unknown[digest] = boot
            if len(self._unknown) > self._unknown_max:
                self._unknown.popitem(last=False)
            return
        self._found[digest] = Found(entry)
        for subject in entry.subjects:
            self._digests.setdefault(subject, set()).add(digest)
        if len(self._found) > self._entries_max:
            self._forget(next(iter(self._found)))

    def drop(self, subjects: Iterable[Subject]) -> None:
        """Forget what depends on these; and all that was unknown, for a change can make it known."""
        self.stamp += 1
        self._unknown.clear()
        for subject in subjects:
            for digest in tuple(self._digests.get(subject, ())):
                self._forget(digest)

    def drop_all(self) -> None:
        """Forget everything."""
        self.stamp += 1
        self._found.clear()
        self._digests.clear()
        self._unknown.clear()

    def _forget(self, digest: bytes) -> None:
        self._unknown.pop(digest, None)
        found = self._found.pop(digest, None)
        if found is None or found.entry is None:
            return
        for subject in found.entry.subjects:
            digests = self._digests[subject]
            digests.discard(digest)
            if not digests:
                del self._digests[subject]
