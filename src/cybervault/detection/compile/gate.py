"""Whether a line of JSON may hold a word that rules look for anywhere: asked of its bytes, before its values are.

Nearly no event holds one, and to put all texts of each event together to look for them took more than all other rules.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from cybervault.detection.compile.hyperscanning import caseless
from cybervault.detection.tree import MANY, ONE, Kind, Predicate

Content: TypeAlias = Mapping[str, object]
Gate: TypeAlias = Callable[[Content, bytes], bool]
"""Whether one of the words may be in an event or the line where it stands; it is sure only when it says no."""

FOLDED: Final = ("\u0130".encode(), "\u212a".encode())
"""The letters beyond ASCII that become letters of ASCII where their case is lowered."""
# What JSON may write otherwise: quotes, backslashes, slashes and control characters; and letters that have a case.
_WRITTEN_OTHERWISE: Final = re.compile(r"[^ !#-.0-\[\]-~]+")
_BY_NUMBER: Final = b"\\u"
_ENCODE: Final = msgspec.json.Encoder().encode
_SIGN: Final = re.compile(f"{re.escape(MANY)}|{re.escape(ONE)}")
# A number has many spellings, of which we compare one.
_OF_NUMBERS: Final = re.compile(r"[-+.0-9e]*")


class Gates:
    """Gates of one engine, which share what is compiled where they are for the same words."""

    def __init__(self) -> None:
        self._by_words: dict[frozenset[str], Gate] = {}

    def of(self, predicates: Iterable[Predicate]) -> Gate | None:
        """None where a line cannot tell: of a regular expression, and of words that it may hold in another spelling."""
        words = frozenset(map(_word, predicates))
        if "" in words:
            return None
        found = self._by_words.get(words)
        if found is None:
            found = self._by_words[words] = _gate(words)
        return found


def _gate(words: frozenset[str]) -> Gate:
    sought = [*(word.encode() for word in words), *FOLDED]
    found_in = caseless(sought, cased=[_BY_NUMBER])
    by_number = len(sought)

    def gate(event: Content, line: bytes) -> bool:
        found = found_in(line)
        if found and all(place == by_number for place in found):
            # Written anew, by numbers are control characters only, of which no word has any.
            found = [place for place in found_in(_ENCODE(event)) if place != by_number]
        return bool(found)

    return gate


def _word(predicate: Predicate) -> str:
    """The longest piece of a pattern that stands in JSON as it is; empty without any."""
    if predicate.kind not in {Kind.CONTAINS, Kind.WILDCARD}:
        return ""
    pieces = [piece for part in _SIGN.split(predicate.pattern) for piece in _WRITTEN_OTHERWISE.split(part)]
    found = max(pieces, key=len).lower()
    return "" if _OF_NUMBERS.fullmatch(found) else found
