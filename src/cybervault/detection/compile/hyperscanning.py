"""The proposer with Hyperscan: every literal, wildcard and regular expression of a field in one database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as version_of
from typing import Any, Final

import re2  # type: ignore[import-untyped] # it brings no types

from cybervault.detection.compile.scanners import Numbered, Proposer, expression, literals
from cybervault.detection.tree import Kind, Predicate

FORMAT: Final = 1
"""Changes where patterns are written otherwise than before, so that databases that were kept are made anew."""

# Large bounded repeats make a database of gigabytes: such patterns are tried by RE2 alone.
_REPEAT: Final = re.compile(r"\{(\d*),?(\d*)\}")
_REPEATS_MAX: Final = 64
_LETTERED: Final = frozenset({Kind.WILDCARD, Kind.REGEX})
_SEPARATOR: Final = b"\n"
_ASCII: Final = 128


@dataclass(frozen=True, slots=True)
class Scanning:
    """A database; the patterns that it does not take; and those among its own in which one letter stands for many.

    To the database a letter beyond ASCII is several bytes, so for a text that has one the last are all proposed.
    """

    database: Any
    numbers: tuple[int, ...]
    always: tuple[int, ...]
    lettered: tuple[int, ...]

    def __call__(self, text: str) -> Iterable[int]:
        found: list[int] = []
        if self.numbers:
            self.database.scan(text.encode(), match_event_handler=_note, context=found)
        if not (found or self.always):
            return () if text.isascii() else self.lettered
        proposed = (*(self.numbers[place] for place in found), *self.always)
        return proposed if text.isascii() else (*proposed, *self.lettered)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A proposer that can be kept; `left_out` are the places of predicates that the database does not take."""

    proposer: Scanning
    left_out: tuple[int, ...]

    def dump(self) -> bytes:
        """What `loaded` reads."""
        places = ",".join(map(str, self.left_out)).encode()
        database = _library().dumpb(self.proposer.database) if self.proposer.numbers else b""
        return places + _SEPARATOR + database


def hyperscanning(predicates: Numbered) -> Proposer:
    """Build the database; where the library or the processor has none of it, `literals` does the same."""
    return literals(predicates) if _library() is None else compiled(predicates).proposer


def caseless(texts: Sequence[bytes]) -> Callable[[bytes], Sequence[int]]:
    """What tells the places of those texts that bytes hold, in any case of the letters of ASCII; there must be some."""
    patterns = [_escaped(text) for text in texts]
    hyperscan = _library()
    if hyperscan is None:
        return _searching(patterns)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags, count = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS, len(patterns)
    database.compile(expressions=patterns, ids=list(range(count)), elements=count, flags=[flags] * count)
    scan = database.scan

    def places(raw: bytes) -> Sequence[int]:
        found: list[int] = []
        scan(raw, match_event_handler=_note, context=found)
        return found

    return places


def _searching(patterns: Sequence[bytes]) -> Callable[[bytes], Sequence[int]]:
    options = re2.Options()
    options.encoding, options.case_sensitive = re2.Options.Encoding.LATIN1, False
    each = [re2.compile(pattern, options) for pattern in patterns]
    any_of_them = re2.compile(b"|".join(patterns), options)

    def places(raw: bytes) -> Sequence[int]:
        if any_of_them.search(raw) is None:
            return ()
        return [place for place, pattern in enumerate(each) if pattern.search(raw) is not None]

    return places


def _escaped(text: bytes) -> bytes:
    return b"".join(bytes([byte]) if chr(byte).isalnum() and byte < _ASCII else b"\\x%02x" % byte for byte in text)


def version() -> str | None:
    """What a database is good for; None without the library. It is bound to the processor too, which it says itself."""
    return None if _library() is None else f"{FORMAT} {version_of('hyperscan')}"


def compiled(predicates: Numbered) -> Compiled:
    """Build the database; RuntimeError without the library."""
    hyperscan = _library()
    if hyperscan is None:
        raise RuntimeError("there is no Hyperscan here")
    taken = {number: _pattern(one) for number, one in predicates.items() if _is_small(one)}
    try:
        database = _database(taken)
    except hyperscan.error:
        taken = {number: pattern for number, pattern in taken.items() if _is_taken(pattern)}
        database = _database(taken)
    return _put_together(predicates, database, frozenset(taken))


def loaded(predicates: Numbered, raw: bytes) -> Compiled | None:
    """What was kept of the same predicates; None where it is of another processor, or broken."""
    hyperscan = _library()
    places, _, dumped = raw.partition(_SEPARATOR)
    try:
        left_out = {int(place) for place in places.split(b",") if place}
        taken = frozenset(number for place, number in enumerate(predicates) if place not in left_out)
        database = hyperscan.loadb(dumped, mode=hyperscan.HS_MODE_BLOCK) if taken else None
        if database is not None:
            database.scratch = hyperscan.Scratch(database)  # to load one makes none, and without it nothing is found
    except (hyperscan.error, ValueError):
        return None
    return _put_together(predicates, database, taken)


def _put_together(predicates: Numbered, database: Any, taken: frozenset[int]) -> Compiled:  # noqa: ANN401 - a library's
    numbers = tuple(number for number in predicates if number in taken)
    scanning = Scanning(
        database,
        numbers,
        always=tuple(number for number in predicates if number not in taken),
        lettered=tuple(number for number in numbers if predicates[number].kind in _LETTERED),
    )
    return Compiled(scanning, tuple(place for place, number in enumerate(predicates) if number not in taken))


def _database(taken: Mapping[int, bytes]) -> Any:  # noqa: ANN401 - the library's class
    hyperscan = _library()
    if not taken:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_ALLOWEMPTY
    count = len(taken)
    database.compile(expressions=list(taken.values()), ids=list(range(count)), elements=count, flags=[flags] * count)
    return database


def _is_taken(pattern: bytes) -> bool:
    try:
        _database({0: pattern})
    except _library().error:
        return False
    return True


@cache
def _library() -> Any:  # noqa: ANN401 - a module, or None
    try:
        import hyperscan  # noqa: PLC0415 - heavy, and not on every processor
    except ImportError:
        return None
    return hyperscan


def _is_small(predicate: Predicate) -> bool:
    if predicate.kind is not Kind.REGEX:
        return True
    repeats = (int(number) for found in _REPEAT.finditer(predicate.pattern) for number in found.groups() if number)
    return all(number <= _REPEATS_MAX for number in repeats)


def _pattern(predicate: Predicate) -> bytes:
    match predicate.kind:
        case Kind.CONTAINS:
            text = re.escape(predicate.pattern)
        case Kind.STARTS:
            text = "\\A" + re.escape(predicate.pattern)
        case Kind.ENDS:
            text = re.escape(predicate.pattern) + "\\z"
        case _:
            text = expression(predicate)
    return text.encode(errors="replace")


def _note(place: int, _from: int, _to: int, _flags: int, found: Any) -> None:  # noqa: ANN401 - the library's own
    found.append(place)
