"""What correlations need of a match: short enough to be kept until all events of a whole are known."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec

from cybervault.detection.correlate.plan import Plan
from cybervault.detection.engine import Match
from cybervault.detection.record import Record, Value

_CHARACTERS_MAX: Final = 256
_CHARACTERS_KEPT: Final = 180
_OVERHEAD: Final = 100


class Signal(msgspec.Struct, frozen=True):
    """A certain match of a rule on what the caller will call `event`, with the fields that are counted by.

    Of long values a beginning and a digest are kept, and none tells capitals from small letters.
    """

    rule: str
    event: str
    at: datetime | None
    fields: Mapping[str, Value]

    @property
    def letters(self) -> int:
        """About how much memory it takes, in bytes."""
        return _OVERHEAD + sum(len(name) + sum(map(len, texts_of(value))) for name, value in self.fields.items())


def signals_of(plan: Plan, record: Record, matches: Iterable[Match]) -> Iterator[Signal]:
    """Those of the matches on a record that count for something."""
    for match in matches:
        feeds = plan.by_source.get(match.rule.id) if match.is_certain else None
        if feeds:
            names = dict.fromkeys(name for feed in feeds for name in (*feed.group_by, *feed.fields))
            yield Signal(match.rule.id, "", record.at, dict(_told(record, names)))


def _told(record: Record, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in names:
        texts = texts_of(record.fields.get(name))
        if texts:
            # Half a character, which some files hold, could not be kept.
            yield name, tuple(one if one.isascii() else one.encode(errors="replace").decode() for one in texts)


def texts_of(value: Value) -> list[str]:
    """The texts of a value as they are compared."""
    if value is None:
        return []
    return [short(one.casefold()) for one in ([value] if isinstance(value, str) else value)]


def short(text: str) -> str:
    """Of long texts the beginning and a digest, so that a stranger's values take no room."""
    if len(text) <= _CHARACTERS_MAX:
        return text
    return f"{text[:_CHARACTERS_KEPT]}#{sha256(text.encode(errors='replace')).hexdigest()}"
