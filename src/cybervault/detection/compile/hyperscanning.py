"""The finder with Hyperscan: every literal, wildcard and regular expression of a field in one database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as version_of
from typing import Any, Final

import msgspec
import re2  # type: ignore[import-untyped] # it brings no types

from cybervault.detection.compile.scanners import PATTERNS, Finder, Numbered, expression, fits, literals
from cybervault.detection.tree import ANYWHERE, Kind, Predicate

FORMAT: Final = 3
"""Changes where patterns are written otherwise than before, so that databases that were kept are made anew."""
PATTERNS_MIN: Final = 8

# Large bounded repeats make a database of gigabytes, so it is asked for more of them than wanted, without a bound: what
# it finds is tried anew. Escaped signs and classes of letters are left as they are.
_REPEAT: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\\\]])*\]|\{(?P<least>\d+)(?P<more>,(?P<most>\d*))?\}", re.DOTALL)
_REPEATS_MAX: Final = 64
# But for this one, which rules ask of scripts, it has a way of its own, and RE2 takes milliseconds.
_LONG_LINE: Final = re.compile(r"\.\{\d{1,5},\}")
# To the database the sign behind a letter of several bytes is for the last of these; and two letters beyond ASCII are
# letters of ASCII where their case does not count.
_NOT_OF_BYTES: Final = re.compile("[^\\x00-\\x7f][?*+{]|[\u212a\u017f]")
# Plain letters, escaped signs, classes of letters, groups, and repeats: what both were made to read as Perl does.
_READ_ALIKE: Final = re.compile(
    r"(?:[^\\\[({]|\\(?:[^a-zA-Z0-9]|[wWdDsSbBtnrfAz])|\[\^?(?:[^\\\[\]]|\\(?:[^a-zA-Z0-9]|[wWdDsStnrf]))+\]"
    r"|\((?!\?)|\(\?(?:[ims]+\)|[ims]*:)|\{[0-9]+(?:,[0-9]*)?\})*"
)
_NONE: Final = frozenset[int]()
_ASCII: Final = 128


@dataclass(frozen=True, slots=True)
class Scanning:
    """A database; the patterns that it does not take; and those among its own in which one letter stands for many.

    To the database a letter beyond ASCII is several bytes, so for a text that has one the last are all tried. What it
    finds of `patterns` is tried too, but for those `alike` whose meaning is the same to both: RE2 takes far longer.
    """

    database: Any
    always: tuple[int, ...]
    lettered: tuple[int, ...]
    patterns: Numbered
    alike: frozenset[int]

    def __call__(self, text: str) -> Iterable[int]:
        found: list[int] = [*self.always]
        if self.database is not None:
            self.database.scan(text.encode(), match_event_handler=_note, context=found)
        is_plain = text.isascii() and "\v" not in text  # which is a blank to the database, and none to RE2
        if not is_plain:
            found += self.lettered
        if self.patterns.keys().isdisjoint(found):
            return found
        sure = self.alike if is_plain and not text.endswith("\n") else _NONE  # before which $ is at the end for one
        return [
            number
            for number in found
            if number in sure or number not in self.patterns or fits(self.patterns[number], text)
        ]


class KeptScanning(msgspec.Struct, frozen=True, array_like=True):
    """The same as it is kept; the bytes are empty where there is no database."""

    always: tuple[int, ...]
    lettered: tuple[int, ...]
    database: bytes


def hyperscanning(predicates: Numbered) -> Finder:
    """Build the database; where the library or the processor has none of it, `literals` does the same."""
    return literals(predicates) if _library() is None else compiled(predicates)


def fastest(predicates: Numbered) -> Finder:
    """As `hyperscanning`, but few literals are found about as fast by an automaton, which is built in a moment."""
    is_large = len(predicates) >= PATTERNS_MIN or any(map(_takes_long, predicates.values()))
    return hyperscanning(predicates) if is_large else literals(predicates)


def _takes_long(predicate: Predicate) -> bool:
    """Words in whole events, and regular expressions, which an automaton leaves to RE2, one after the other."""
    return predicate.field == ANYWHERE or predicate.kind is Kind.REGEX


def caseless(texts: Sequence[bytes], cased: Sequence[bytes] = ()) -> Callable[[bytes], Sequence[int]]:
    """What tells the places of those texts that bytes hold, in any case of the letters of ASCII; there must be some.

    Behind the places of these are those of the texts that are found in their own case only.
    """
    patterns = [*map(_escaped, texts), *(b"(?-i:%b)" % _escaped(text) for text in cased)]
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


def compiled(predicates: Numbered) -> Scanning:
    """Build the database; RuntimeError without the library."""
    hyperscan = _library()
    if hyperscan is None:
        raise RuntimeError("there is no Hyperscan here")
    taken = {number: _pattern(one) for number, one in predicates.items() if not _is_of_letters(one)}
    try:
        database = _database(taken)
    except hyperscan.error:
        taken = {number: pattern for number, pattern in taken.items() if _is_taken(pattern)}
        database = _database(taken)
    always = tuple(number for number in predicates if number not in taken)
    lettered = tuple(number for number in taken if predicates[number].kind in PATTERNS)
    return _scanning(database, always, lettered, predicates=predicates)


def dumped(scanning: Scanning) -> KeptScanning:
    """What `loaded` takes."""
    database = b"" if scanning.database is None else _library().dumpb(scanning.database)
    return KeptScanning(scanning.always, scanning.lettered, database)


def loaded(kept: KeptScanning, predicates: Numbered) -> Scanning | None:
    """What was kept of these, of which literals may be left out.

    None where it is of another processor, or broken, or the library is gone.
    """
    hyperscan = _library()
    if hyperscan is None:
        return None
    try:
        database = hyperscan.loadb(kept.database, mode=hyperscan.HS_MODE_BLOCK) if kept.database else None
        if database is not None:
            database.scratch = hyperscan.Scratch(database)  # to load one makes none, and without it nothing is found
    except hyperscan.error:
        return None
    return _scanning(database, kept.always, kept.lettered, predicates=predicates)


def _scanning(
    database: Any,  # noqa: ANN401 - the library's class
    always: tuple[int, ...],
    lettered: tuple[int, ...],
    *,
    predicates: Numbered,
) -> Scanning:
    patterns = {number: predicates[number] for number in (*always, *lettered)}
    alike = frozenset(number for number in lettered if _means_the_same(patterns[number]))
    return Scanning(database, always, lettered, patterns, alike)


def _means_the_same(predicate: Predicate) -> bool:
    """Whether Hyperscan and RE2 agree on every text of ASCII that ends with no line feed and has no vertical tab."""
    pattern = predicate.pattern
    return predicate.kind is Kind.WILDCARD or (
        _relaxed(pattern) == pattern and _READ_ALIKE.fullmatch(pattern) is not None
    )


def _database(taken: Mapping[int, bytes]) -> Any:  # noqa: ANN401 - the library's class
    hyperscan = _library()
    if not taken:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
    count = len(taken)
    database.compile(expressions=list(taken.values()), ids=list(taken), elements=count, flags=[flags] * count)
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


def _is_of_letters(predicate: Predicate) -> bool:
    return predicate.kind is Kind.REGEX and _NOT_OF_BYTES.search(predicate.pattern) is not None


def _relaxed(pattern: str) -> str:
    """The same with no large bound: it holds wherever the pattern does."""

    def repeat(found: re.Match[str]) -> str:
        least, most = found["least"], found["most"]
        if least is None or max(int(least), int(most or 0)) <= _REPEATS_MAX:
            return found[0]
        return f"{{{min(int(least), _REPEATS_MAX)},}}"

    return pattern if _LONG_LINE.fullmatch(pattern) else _REPEAT.sub(repeat, pattern)


def _pattern(predicate: Predicate) -> bytes:
    match predicate.kind:
        case Kind.CONTAINS:
            text = re.escape(predicate.pattern)
        case Kind.STARTS:
            text = "\\A" + re.escape(predicate.pattern)
        case Kind.ENDS:
            text = re.escape(predicate.pattern) + "\\z"
        case _:
            text = _relaxed(expression(predicate)) if predicate.kind is Kind.REGEX else expression(predicate)
    return text.encode(errors="replace")


def _note(number: int, _from: int, _to: int, _flags: int, found: Any) -> None:  # noqa: ANN401 - the library's own
    found.append(number)
