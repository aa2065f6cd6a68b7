"""What is remembered of values: which predicates of a field each of them makes true, as one small number."""

from dataclasses import dataclass
from typing import Final

from cybervault.detection.compile.partition import FieldPart
from cybervault.detection.normal.values import WHOLE_FLOAT_MAX, text_of
from cybervault.detection.reading import of_bare, texts
from cybervault.detection.record import Record, Value

REMEMBERED_MAX: Final = 20_000
"""Values of one field, or combinations of one partition."""
REMEMBERED_CHARACTERS_MAX: Final = 8 * 1024 * 1024
"""Of the values of one field together."""
VALUE_CHARACTERS_MAX: Final = 64 * 1_024
"""A longer one is looked at each time. Scripts of some thousand letters come again and again, and take longest."""

# A field that had a new value in so many of its events does not repeat: to remember more of it is of no use.
_NEW_MAX: Final = 0.95

_NUMBER_CHARACTERS: Final = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be remembered; without `remembers` it is nothing, which changes no answer."""

    values: int = REMEMBERED_MAX
    characters: int = REMEMBERED_CHARACTERS_MAX
    remembers: bool = True


USUAL: Final = Limits()


@dataclass(frozen=True, slots=True)
class Signature:
    """What one field says: the predicates that hold, and those of which nobody can know.

    `is_bare`: it is a name without its folder, which alone is no evidence where the folder decides.
    """

    true: frozenset[int]
    maybe: frozenset[int]
    is_bare: bool = False


class Signatures:
    """The different things that fields of one partition say, numbered; `events` counts those that were asked about."""

    def __init__(self) -> None:
        self.events = 0
        self._numbers: dict[object, int] = {}
        self._all: list[Signature] = []

    def __len__(self) -> int:
        return len(self._all)

    def number(self, true: frozenset[int], maybe: frozenset[int] = frozenset(), *, is_bare: bool = False) -> int:
        """The number of what is said."""
        # Nearly always it is all known, and a set by itself is compared in a quarter of the time.
        key = (true, maybe, is_bare) if maybe or is_bare else true
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._all)
            self._all.append(Signature(true, maybe, is_bare))
        return found

    def of(self, number: int) -> Signature:
        """What a number stands for."""
        return self._all[number]

    def clear(self) -> None:
        """Begin anew; who remembers numbers must forget them."""
        self._numbers.clear()
        self._all.clear()


class FieldMemo:
    """One field of a partition. `known` are the numbers of values that are remembered, and `look` finds others."""

    def __init__(self, part: FieldPart, signatures: Signatures, limits: Limits) -> None:
        self.name = part.name
        self.known: dict[object, int] = {}
        self._part = part
        self._signatures = signatures
        self._limits = limits
        self.is_on = limits.remembers
        self.forget()

    def forget(self) -> None:
        """Remember nothing but what absence says."""
        self.known.clear()
        self.known[None] = self._signatures.number(self._part.absent)
        self._characters = self._new = 0
        self._begun_at = self._signatures.events

    def look(self, value: Value) -> int:
        """What a value says that is not remembered."""
        if value is None or value == ():
            return self.known[None]
        scan = self._part.scanner.true
        true = scan(value) if isinstance(value, str) else frozenset().union(*map(scan, value))
        number = self._signatures.number(true)
        if self.is_on and isinstance(value, str) and len(value) <= VALUE_CHARACTERS_MAX:
            self._remember(value, number)
        return number

    def look_plain(self, value: object) -> int:
        """As `look`, for a value as it stands in JSON; TypeError for a list or an object."""
        text = plain(value)
        number = self.known.get(text)
        if number is None:
            number = self.look(text)
        # True is equal to 1 and False to 0, so these are looked at as texts each time.
        if self.is_on and type(value) is int and 1 < abs(value) < WHOLE_FLOAT_MAX:
            self._remember(value, number)
        return number

    def careful(self, record: Record) -> int:
        """As `look`, for a record that leaves fields out or names no folders."""
        value = record.fields.get(self.name)
        if value == ():
            value = None
        if value is None and record.is_excerpt:
            return self._signatures.number(frozenset(), self._part.all)
        if value is not None and self.name in record.bare:
            return self._bare(value)
        found = self.known.get(value)
        return self.look(value) if found is None else found

    def _remember(self, value: str | int, number: int) -> None:
        if len(self.known) > self._limits.values or self._characters > self._limits.characters:
            self.is_on = self._new < _NEW_MAX * (self._signatures.events - self._begun_at)
            self.forget()
        self._new += 1
        self._characters += len(value) if isinstance(value, str) else _NUMBER_CHARACTERS
        self.known[value] = number

    def _bare(self, value: str | tuple[str, ...]) -> int:
        true: set[int] = set()
        maybe: set[int] = set()
        for name in texts(value):
            alone = self._part.scanner.true(name)
            for number, predicate in self._part.scanner.predicates.items():
                verdict = of_bare(predicate, name, holds_alone=number in alone)
                if verdict is None:
                    maybe.add(number)
                elif verdict:
                    true.add(number)
        return self._signatures.number(frozenset(true), frozenset(maybe - true), is_bare=True)


def plain(value: object) -> str | None:
    """The text of a value as it stands in JSON; TypeError for a list or an object, which a glance cannot take in."""
    if isinstance(value, dict | list):
        raise TypeError("a value with parts")
    return text_of(value)
