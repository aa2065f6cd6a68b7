"""All predicates of one field at once: which of them hold for a value.

Literal patterns run in one Hyperscan database, or without that library in one Aho-Corasick automaton; what these only
propose is confirmed by RE2. So both give the same.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Protocol, TypeAlias

import ahocorasick_rs
import re2  # type: ignore[import-untyped] # it brings no types

from cybervault.detection.tree import MANY, ONE, Kind, Predicate

REGEX_MEMORY_BYTES: Final = 1 << 20
"""What RE2 may spend on one pattern; one that needs more is refused with its rule."""

Numbered: TypeAlias = Mapping[int, Predicate]
"""Predicates of one field by their numbers in a partition."""

# An exact number such as 4688 is compared by value, so that 0x10 and 16.0 are no surprise: they are texts.
_COMPARISON: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_LITERALS: Final = frozenset({Kind.CONTAINS, Kind.STARTS, Kind.ENDS})
_SIGN: Final = re.compile("(\0[*?])")
_REGEX_OF_SIGN: Final = {MANY: ".*", ONE: "."}
PATTERNS: Final = frozenset({Kind.WILDCARD, Kind.REGEX})
"""What is written in the syntax of RE2."""


class Finder(Protocol):
    """Names the patterns that hold for a text."""

    def __call__(self, text: str) -> Iterable[int]:
        """Numbers of predicates, in any order."""


Finding: TypeAlias = Callable[[Numbered], Finder]


class Scanner:
    """The predicates of one field that look at its text; those on absence and other fields are the partition's.

    `literal` gives those that `lower` and `cased` find without any help; `others` are all the rest.
    """

    def __init__(
        self, others: Numbered, literal: Callable[[], Numbered], *, lower: Finder | None, cased: Finder | None
    ) -> None:  # fmt: skip
        self.others = others
        self.lower = lower
        self.cased = cased
        self._literal = literal
        self._exact: dict[str, list[int]] = {}
        self._exact_cased: dict[str, list[int]] = {}
        self._networks: list[tuple[int, int, int, int]] = []
        self._bounds: list[tuple[int, Callable[[float, float], bool], float]] = []
        self._present = [number for number, one in others.items() if one.kind is Kind.EXISTS]
        for number, predicate in others.items():
            self._sort(number, predicate)

    @cached_property
    def literal(self) -> Numbered:
        """The predicates that are literals."""
        return self._literal()

    @property
    def predicates(self) -> Numbered:
        """All of them."""
        return {**self.others, **self.literal}

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers of all of them."""
        return frozenset(self.predicates)

    def true(self, text: str) -> frozenset[int]:
        """The numbers of the predicates that hold for a value that is there."""
        if not text.isascii():
            text = text.encode(errors="replace").decode()  # half letters are none to a scanner
        low, found = text.lower(), set(self._present)
        if self._exact:
            found.update(self._exact.get(low, ()))
        if self._exact_cased:
            found.update(self._exact_cased.get(text, ()))
        if self.lower is not None:
            found.update(self.lower(low))
        if self.cased is not None:
            found.update(self.cased(text))
        if self._networks:
            found.update(self._within(text))
        if self._bounds:
            found.update(self._bounded(text))
        return frozenset(found)

    def _sort(self, number: int, predicate: Predicate) -> None:
        match predicate.kind:
            case Kind.EQUALS:
                kept = self._exact_cased if predicate.is_cased else self._exact
                kept.setdefault(predicate.pattern, []).append(number)
            case Kind.CIDR:
                network = ipaddress.ip_network(predicate.pattern)
                first, mask = int(network.network_address), int(network.netmask)
                self._networks.append((number, network.version, first, mask))
            case Kind.COMPARE:
                sign, bound = predicate.pattern.split(" ")
                self._bounds.append((number, _COMPARISON[sign], float(bound)))

    def _within(self, text: str) -> Iterable[int]:
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            return
        version, value = address.version, int(address)
        yield from (number for number, of, first, mask in self._networks if of == version and value & mask == first)

    def _bounded(self, text: str) -> Iterable[int]:
        try:
            value = float(text)
        except ValueError:
            return
        yield from (number for number, holds, bound in self._bounds if holds(value, bound))


def scanner_of(predicates: Numbered, finding: Finding) -> Scanner:
    """The scanner for these predicates of one field."""
    literal = {number: one for number, one in predicates.items() if one.kind in _LITERALS}
    others = {number: one for number, one in predicates.items() if number not in literal}
    lower, cased = (searched(predicates, is_cased=is_cased) for is_cased in (False, True))
    return Scanner(
        others, lambda: literal, lower=finding(lower) if lower else None, cased=finding(cased) if cased else None
    )


def searched(predicates: Numbered, *, is_cased: bool) -> Numbered:
    """Those of them that a finder looks for."""
    return {
        number: one
        for number, one in predicates.items()
        if one.is_cased is is_cased and one.kind in _LITERALS | PATTERNS
    }


def expression(predicate: Predicate) -> str:
    """A wildcard or regular expression in the syntax of RE2."""
    if predicate.kind is Kind.REGEX:
        return predicate.pattern
    parts = (_REGEX_OF_SIGN.get(part) or re.escape(part) for part in _SIGN.split(predicate.pattern))
    return f"(?s)\\A{''.join(parts)}\\z"


def fits(predicate: Predicate, text: str) -> bool:
    """Whether one of `PATTERNS` holds for a text."""
    return regex(expression(predicate)).search(text) is not None


@cache
def regex(pattern: str) -> Any:  # noqa: ANN401 - the library brings no types
    """A pattern that was let in at load, compiled once for all fields."""
    options = re2.Options()
    options.max_mem, options.log_errors = REGEX_MEMORY_BYTES, False
    return re2.compile(pattern, options)


class Later:
    """A `Finder` that is made when a text is first looked at: many fields of a partition never have one."""

    def __init__(self, make: Callable[[], Finder]) -> None:
        self._make = make
        self._made: Finder | None = None

    def __call__(self, text: str) -> Iterable[int]:
        if self._made is None:
            self._made = self._make()
            del self._make  # with all that it was to be made of
        return self._made(text)


@dataclass(frozen=True, slots=True)
class Literals:
    """The `Finder` without Hyperscan: one automaton for all texts, and RE2 for each regular expression by itself."""

    automaton: Any
    numbers: Sequence[Sequence[int]]
    predicates: Numbered
    always: Sequence[int]

    def __call__(self, text: str) -> Iterable[int]:
        seen = {place for place, _, _ in self.automaton.find_matches_as_indexes(text, overlapping=True)}
        for place in seen:
            for number in self.numbers[place]:
                if self._fits(self.predicates[number], text):
                    yield number
        yield from (number for number in self.always if fits(self.predicates[number], text))

    def _fits(self, predicate: Predicate, text: str) -> bool:
        match predicate.kind:
            case Kind.STARTS:
                return text.startswith(predicate.pattern)
            case Kind.ENDS:
                return text.endswith(predicate.pattern)
            case Kind.CONTAINS:
                return True
        return fits(predicate, text)


def literals(predicates: Numbered) -> Finder:
    """Build the automaton; a pattern with * and ? is found by its longest piece, what has none is always tried."""
    numbers: dict[str, list[int]] = {}
    always = []
    for number, predicate in predicates.items():
        piece = _piece(predicate)
        if piece:
            numbers.setdefault(piece, []).append(number)
        else:
            always.append(number)
    automaton = ahocorasick_rs.AhoCorasick(list(numbers))
    return Literals(automaton, list(numbers.values()), predicates, always)


def _piece(predicate: Predicate) -> str:
    if predicate.kind in _LITERALS:
        return predicate.pattern
    if predicate.kind is not Kind.WILDCARD:
        return ""
    return max(_SIGN.split(predicate.pattern)[::2], key=len)
