"""Excerpts: documents of strangers as one line of JSON each, within a budget, that can neither end a line nor a fence.

What is left out is marked "…cut", and the line stays valid JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

CUT: Final = "…cut"

# Tables with one row an engine: the counts beside them say the same in a hundredth of the space.
_ENGINE_TABLES: Final = frozenset({"last_analysis_results", "assertions"})
# Free text of anybody, which often quotes an attacker.
_COMMENT: Final = "comment"
_COMMENT_CHARACTERS: Final = 200
_NAME_CHARACTERS: Final = 80
# Characters that could open markup; what is not printable is escaped besides, line separators and bidi marks included.
_MARKUP: Final = frozenset("<>`")
_PLANE_0_MAX: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much of a document is shown: characters of a text, items of a list, names of an object, levels."""

    characters: int
    items: int
    names: int
    depth: int


# From generous to bare; the first that fits is taken.
_LIMITS: Final = (
    _Limits(600, 10, 60, 8),
    _Limits(300, 6, 40, 7),
    _Limits(160, 4, 30, 6),
    _Limits(80, 3, 20, 5),
    _Limits(40, 2, 12, 4),
    _Limits(20, 1, 8, 3),
)


def excerpts(documents: Sequence[bytes], bytes_max: int) -> tuple[str, ...]:
    """One line for each document, all together at most `bytes_max` bytes of UTF-8; small ones leave room to others."""
    values = [_value(document) for document in documents]
    lines = [_line(value, _LIMITS[0]) for value in values]
    shares = _shares([len(line.encode()) for line in lines], bytes_max)
    return tuple(
        line if len(line.encode()) <= share else _fitted(value, share)
        for value, line, share in zip(values, lines, shares, strict=True)
    )


def safe_text(text: str) -> str:
    """Text without a character that could end its line or open markup: those become JSON escapes."""
    return "".join(
        character if character.isprintable() and character not in _MARKUP else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    if code <= _PLANE_0_MAX:
        return f"\\u{code:04x}"
    high, low = divmod(code - _PLANE_0_MAX - 1, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _value(document: bytes) -> object:
    """The JSON value, or what else the document is, as text."""
    try:
        value: object = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return document.decode(errors="replace")
    return value


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """Fair shares of a total: who needs less than an equal share leaves the rest to those who need more."""
    shares = [0] * len(sizes)
    left = total
    for done, place in enumerate(sorted(range(len(sizes)), key=lambda place: (sizes[place], place))):
        shares[place] = min(sizes[place], left // (len(sizes) - done))
        left -= shares[place]
    return shares


def _fitted(value: object, bytes_max: int) -> str:
    for limits in _LIMITS[1:]:
        line = _line(value, limits)
        if len(line.encode()) <= bytes_max:
            return line
    return _quoted(CUT) if len(_quoted(CUT).encode()) <= bytes_max else ""


def _line(value: object, limits: _Limits) -> str:
    return _quoted(_shrunk(value, limits, depth=limits.depth))


def _quoted(value: object) -> str:
    return safe_text(msgspec.json.encode(value).decode())


def _shrunk(value: object, limits: _Limits, *, depth: int) -> object:
    match value:
        case str():
            return _cut(value, limits.characters)
        case dict() | list() if depth == 0:
            return CUT
        case dict():
            return _shrunk_object(value, limits, depth)
        case list():
            kept = [_shrunk(item, limits, depth=depth - 1) for item in value[: limits.items]]
            return kept if len(kept) == len(value) else [*kept, CUT]
        case _:
            return value


def _shrunk_object(value: Mapping[str, object], limits: _Limits, depth: int) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, item in islice(value.items(), limits.names):
        if name in _ENGINE_TABLES:
            kept[name] = CUT
        elif name == _COMMENT and isinstance(item, str):
            kept[name] = _cut(item, min(_COMMENT_CHARACTERS, limits.characters))
        else:
            kept[_cut(name, _NAME_CHARACTERS)] = _shrunk(item, limits, depth=depth - 1)
    return kept if len(value) <= limits.names else kept | {CUT: len(value) - limits.names}


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}{CUT}"
