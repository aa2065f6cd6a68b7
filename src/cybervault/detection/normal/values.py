"""Careful reading of untrusted events: JSON values to texts under dotted names, within bounds, never raising.

A value that cannot be read is an absent value, so an odd event loses a field and never breaks a batch.
"""

import json
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from cybervault.detection.record import Value

FIELDS_MAX: Final = 10_000
DEPTH_MAX: Final = 16

Fields: TypeAlias = Mapping[str, Value]

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_NUMBER_BITS_MAX: Final = 4096  # Python refuses to print longer ones in decimals, and no log holds them
_LONG: Final = 2**63
WHOLE_FLOAT_MAX: Final = 2.0**53
"""Beyond it a float stands for several whole numbers."""
_MOMENT_CHARACTERS_MAX: Final = 40
_MILLISECONDS_FROM: Final = 1e11  # in seconds this is the year 5138, in milliseconds 1973
_MICROSECONDS_FROM: Final = 1e14
_NANOSECONDS_FROM: Final = 1e17


def is_within_bounds(event: Mapping[str, object]) -> bool:
    """Whether an event has at most `FIELDS_MAX` values (items of lists count) in at most `DEPTH_MAX` levels."""
    left = FIELDS_MAX
    level: list[Any] = [event.values()]
    for _ in range(DEPTH_MAX):
        left -= sum(map(len, level))
        if left < 0:
            return False
        # JSON has no other kinds of text and container, and isinstance takes twice as long.
        level = [one for some in level for one in _of(some) if type(one) is not str and type(one) in _NESTED_TYPES]
        if not level:
            return True
    return False


_NESTED: Final = (dict, list)
_NESTED_TYPES: Final = frozenset(_NESTED)


def _of(container: Collection[object]) -> Collection[object]:
    return container.values() if isinstance(container, dict) else container


def clean(text: str) -> str:
    """The text without halves of characters, which no encoder takes; two halves that fit become one character."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_of(value: object) -> str | None:
    """A text, number or boolean as text; None for everything else, and for numbers that are none (NaN)."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _NUMBER_BITS_MAX else None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < WHOLE_FLOAT_MAX else repr(value)
    return None


def value_of(value: object) -> Value:
    """As `text_of`, and the texts of a list; what is nested in it is left out, and without any text it is absent."""
    if not isinstance(value, list):
        return text_of(value)
    return joined(*(text_of(item) for item in value[:FIELDS_MAX]))


def joined(*values: Value) -> Value:
    """All texts of these values, each once in their order: None without any, a plain text if there is one only."""
    texts: dict[str, None] = {}
    for value in values:
        if isinstance(value, str):
            texts[value] = None
        elif value is not None:
            texts.update(dict.fromkeys(value))
    if len(texts) > 1:
        return tuple(texts)
    return next(iter(texts), None)


def gathered(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """A field for each name, with all texts that it comes with."""
    found: dict[str, list[Value]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else joined(*values) for name, values in found.items()}


def flatten(event: Mapping[str, object], *, written_out: frozenset[str] = frozenset()) -> dict[str, Value]:
    """All values under dotted names; objects in a list share one name, so that its values are any of theirs.

    An object or list of objects named in `written_out` stands under its own name too, as compact JSON, because some
    rules look for a piece of that.
    """
    if len(event) > FIELDS_MAX:
        event = dict(islice(event.items(), FIELDS_MAX))
    # To copy all and change the few that are no texts takes a third of the time of filling an empty one.
    fields: dict[str, Any] = dict(event)
    nested = []
    for name in [name for name, value in event.items() if type(value) is not str]:
        value = fields[name]
        if type(value) is int and -_LONG < value < _LONG:
            fields[name] = str(value)
        elif type(value) not in _NESTED_TYPES:
            fields[name] = text_of(value)
        elif type(value) is list and name not in written_out and _NESTED_TYPES.isdisjoint(map(type, value)):
            fields[name] = value_of(value)
        else:
            nested.append((clean(name), fields.pop(name)))
    found = _with_clean_texts(fields)
    if nested:
        _Nested(found, written_out).add_all(nested)
    return found


def _with_clean_texts(fields: dict[str, Value]) -> dict[str, Value]:
    """As `clean` of each, but most events hold whole characters only, and of all texts together that is asked fast."""
    try:
        whole = "".join(fields.values())  # type: ignore[arg-type] # lists are rare, and told by the error
    except TypeError:
        whole = "".join([value for value in fields.values() if isinstance(value, str)])
    if whole.isascii() and "".join(fields).isascii():
        return fields
    if clean(whole) is whole and clean(names := "".join(fields)) is names:
        return fields
    return {clean(name): value if isinstance(value, tuple) else text_of(value) for name, value in fields.items()}


class _Nested:
    """What stands below the first level, collected in lists, because tuples that grow one by one cost the square."""

    def __init__(self, fields: dict[str, Value], written_out: frozenset[str]) -> None:
        self._fields = fields
        self._written_out = written_out
        self._texts: dict[str, list[Value]] = {}
        self._left = FIELDS_MAX - len(fields)

    def add_all(self, nested: Iterable[tuple[str, object]]) -> None:
        for name, value in nested:
            self._add(name, value, depth=1)
        for name, texts in self._texts.items():
            self._fields[name] = joined(self._fields.get(name), *texts)

    def _add(self, name: str, value: object, depth: int) -> None:
        if self._left <= 0 or depth > DEPTH_MAX:
            return
        if name in self._written_out and isinstance(value, _NESTED):
            self._put(name, json_text(value))
        if isinstance(value, dict):
            for key, inner in value.items():
                self._add(f"{name}.{clean(key)}", inner, depth + 1)
        elif isinstance(value, list):
            self._add_list(name, value, depth)
        else:
            self._put(name, text_of(value))

    def _add_list(self, name: str, items: list[object], depth: int) -> None:
        if not items:
            self._put(name, None)
        for item in items:
            if isinstance(item, dict):
                for key, inner in item.items():
                    self._add(f"{name}.{clean(key)}", inner, depth + 1)
            elif not isinstance(item, list):
                self._put(name, text_of(item))

    def _put(self, name: str, value: Value) -> None:
        if self._left > 0:
            self._left -= 1
            self._texts.setdefault(name, []).append(value)


def json_text(value: object) -> str | None:
    """Compact JSON; None for what is too large to be written."""
    if not is_within_bounds({"": value}):
        return None
    try:
        return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of))
    except ValueError:  # a number of more digits than Python prints
        return None


def first(fields: Fields, *names: str) -> str:
    """The text of the first of these fields that has one (of a list its first); empty when none has."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, tuple):
            value = value[0] if value else None
        if value:
            return value
    return ""


def renamed(fields: Fields, names: Mapping[str, tuple[str, ...]]) -> dict[str, Value]:
    """A field for each new name whose first known old name has a value."""
    found: dict[str, Value] = {}
    for new, old_names in names.items():
        for old in old_names:
            if (value := fields.get(old)) is not None:
                found[new] = value
                break
    return found


def mapping_at(event: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """The object below these names, an empty one where there is none."""
    for name in path:
        inner = event.get(name)
        if not isinstance(inner, dict):
            return _NOTHING
        event = inner
    return event


def mappings_of(value: object) -> tuple[Mapping[str, object], ...]:
    """The objects of a list, or the one object that stands there."""
    if isinstance(value, dict):
        return (value,)
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def whole_number(text: str) -> int | None:
    """A whole number in decimals or, behind 0x, in hexadecimal digits; None for what is none of at most 64 bits."""
    text = text.strip()
    try:
        number = int(text, 16 if text[:2] in {"0x", "0X"} else 10) if len(text) <= len(str(2**64)) else -1
    except ValueError:
        return None
    return number if 0 <= number < 2**64 else None


def moment(*values: object, is_utc: bool = False) -> datetime | None:
    """The first of these that says when: ISO 8601 with a zone, or seconds, milliseconds... since 1970.

    A text without a zone is somebody's local time and says nothing, unless `is_utc` knows better.
    """
    for value in values:
        found = _moment_of_text(value, is_utc=is_utc) if isinstance(value, str) else _moment_of_number(value)
        if found is not None:
            return found
    return None


def _moment_of_text(text: str, *, is_utc: bool) -> datetime | None:
    if len(text) > _MOMENT_CHARACTERS_MAX:
        return None
    try:
        found = datetime.fromisoformat(text[:-4] + "Z" if text.endswith(" UTC") else text)
        if found.tzinfo is None:
            return found.replace(tzinfo=UTC) if is_utc else None
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return _moment_of_number(_number(text))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment_of_number(value: object) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < _NANOSECONDS_FROM * 1000:
        return None
    seconds = float(value)
    for least, unit in ((_NANOSECONDS_FROM, 1e9), (_MICROSECONDS_FROM, 1e6), (_MILLISECONDS_FROM, 1e3)):
        if seconds >= least:
            seconds /= unit
            break
    return datetime.fromtimestamp(seconds, UTC)
