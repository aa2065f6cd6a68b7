"""Passwords: which may be chosen, and how they are kept: by argon2id, with equal work for members who are none."""

import asyncio
import hashlib
import unicodedata
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

if TYPE_CHECKING:
    from argon2 import PasswordHasher

CHARACTERS_MIN: Final = 8
CHARACTERS_MAX: Final = 128

# Each hash takes 19 MiB and most of a core for a while: more at once would make all of them slow.
_AT_ONCE: Final = 2
_WAITING_MAX: Final = 16
_RETRY_SECONDS: Final = 2
_COMMON_FILE: Final = "common_passwords.txt"
_SHA1_DIGITS: Final = 40


@dataclass(frozen=True, slots=True)
class Cost:
    """What one argon2id hash costs."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a password was right; `newer` is its hash at the present cost where it was kept at another."""

    is_right: bool
    newer: str | None = None


class Passwords:
    """Hashes and compares in threads, two at once; with sixteen waiting the next is told to come back.

    `breached` is a file of SHA-1 digests in hex, one a line, in ascending order and all of one length (a digest may
    be cut), with anything behind a colon: as lists of breached passwords are published.
    """

    def __init__(self, *, breached: Path | None = None, cost: Cost | None = None) -> None:
        self._breached = breached
        self._cost = cost or Cost()
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: Secret, *, about: Sequence[str] = ()) -> str:
        """What is kept of a new password; `about` are texts that it must not be, as its member's address.

        Raises `Problem` INVALID `weak_password`, or UNAVAILABLE `service_unavailable` when too many wait.
        """
        text = _normal(password)
        async with self._turn():
            return await asyncio.to_thread(self._hash, text, tuple(about))

    async def verify(self, password: Secret, kept: str | None) -> Match:
        """Compare with what is kept; None costs as much time and is never right. Fails as `hash` when too many wait."""
        text = _normal(password)
        async with self._turn():
            return await asyncio.to_thread(self._verify, text, kept)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        if self._waiting >= _AT_ONCE + _WAITING_MAX:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="service_unavailable",
                message="Too many people are signing in at this moment. Try again in a few seconds.",
                retry_after_seconds=_RETRY_SECONDS,
            )
        self._waiting += 1
        try:
            async with self._free:
                yield
        finally:
            self._waiting -= 1

    def _hash(self, text: str, about: tuple[str, ...]) -> str:
        _refuse_length(text)
        if text.casefold() in _common() or any(text.casefold() == word.casefold() for word in about):
            raise _weak("This is among the passwords that are tried first. Choose another.")
        if self._breached is not None and _is_listed(self._breached, text):
            raise _weak("This password is on a list of breached ones. Choose another.")
        return _hasher(self._cost).hash(text)

    def _verify(self, text: str, kept: str | None) -> Match:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - loaded at the first sign-in

        hasher, stand_in = _hasher(self._cost), _nobodys(self._cost)
        try:
            hasher.verify(kept or stand_in, text[:CHARACTERS_MAX])
        except (InvalidHashError, VerificationError):
            return Match(is_right=False)
        if not kept or len(text) > CHARACTERS_MAX:
            return Match(is_right=False)
        return Match(is_right=True, newer=hasher.hash(text) if hasher.check_needs_rehash(kept) else None)


def _normal(password: Secret) -> str:
    """One spelling for letters that keyboards compose in two ways."""
    return unicodedata.normalize("NFC", password.reveal())


def _refuse_length(text: str) -> None:
    if not CHARACTERS_MIN <= len(text) <= CHARACTERS_MAX:
        raise _weak(f"A password has {CHARACTERS_MIN} to {CHARACTERS_MAX} characters, of any kind.")


def _weak(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="weak_password", message=message)


@cache
def _hasher(cost: Cost) -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 - loaded at the first sign-in, not at every start

    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)


@cache
def _nobodys(cost: Cost) -> str:
    """The hash that stands in where there is none, made once."""
    return _hasher(cost).hash("no member has this password")


@cache
def _common() -> frozenset[str]:
    text = resources.files("cybervault.access").joinpath(_COMMON_FILE).read_text(encoding="utf-8")
    return frozenset(line.casefold() for line in text.splitlines() if not line.startswith("#"))


def _is_listed(file: Path, text: str) -> bool:
    """Whether the digest of the text, or its beginning, is a line of the file; found by halving, since it is huge.

    Raises `Problem` UNAVAILABLE `service_unavailable` where the file cannot be read: an unchecked password would be
    taken for a checked one.
    """
    wanted = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        with file.open("rb") as lines:
            low, high = 0, lines.seek(0, 2)
            while low < high:
                middle = (low + high) // 2
                start, line = _line_from(lines.seek, lines.readline, middle)
                found = line.partition(b":")[0].strip().decode("ascii", "replace").upper()
                if found and wanted.startswith(found[:_SHA1_DIGITS]):
                    return True
                if not found or found > wanted:
                    high = middle
                else:
                    low = start + len(line)
    except OSError as error:
        raise Problem(
            ProblemKind.UNAVAILABLE,
            code="service_unavailable",
            message="The list of breached passwords cannot be read at the moment.",
            detail=str(error),
            retry_after_seconds=_RETRY_SECONDS,
        ) from error
    return False


def _line_from(seek: Callable[[int], int], readline: Callable[[], bytes], place: int) -> tuple[int, bytes]:
    """The first whole line that begins at the place or after it, and where it begins."""
    if place == 0:
        seek(0)
        return 0, readline()
    seek(place - 1)
    start = place - 1 + len(readline())
    return start, readline()
