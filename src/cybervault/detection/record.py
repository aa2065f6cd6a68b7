"""One event as rules see it: where it was logged, and its fields under the names of the Sigma taxonomy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from cybervault.detection.entities import Entities, entities_of

Value: TypeAlias = str | tuple[str, ...] | None
"""Text as it was logged, numbers in decimals, booleans as true and false; several texts mean any of them.

None, an empty list and a name that is not there are all "absent"; an empty text is a value (Sigma specification 2,
special values).
"""

EVENT_ID: Final = "EventID"
ENTITY_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where an event was logged: product (windows), categories (process_creation), service (sysmon).

    An empty text says nothing. An event may be of several categories, such as registry_event and registry_set.
    """

    product: str = ""
    categories: frozenset[str] = frozenset()
    service: str = ""


class Record(msgspec.Struct, frozen=True):
    """An event, or one part of it.

    `bare` names fields of which only the last part of a path is known, such as a process name without its folder.
    `is_excerpt`: the sender names some fields only, so that one which is absent may have had any value.
    `named` are the entities where the names of the fields do not tell them.
    """

    source: LogSource
    fields: Mapping[str, Value]
    at: datetime | None = None
    bare: frozenset[str] = frozenset()
    is_excerpt: bool = False
    named: Entities | None = None

    @property
    def entities(self) -> Entities:
        """Kind and value: host, user, process, ip, domain, hash, file. Read when asked for, which few events are."""
        return entities_of(self.fields) if self.named is None else self.named


def at_of(records: Sequence[Record]) -> datetime | None:
    """When an event in one or more records was, where one of them tells it."""
    return next((record.at for record in records if record.at is not None), None)


def entity_in(records: Sequence[Record], kind: str) -> str:
    """The first entity of a kind, at most `ENTITY_CHARACTERS_MAX` of it; empty where none is told."""
    found = (value for record in records for key, value in record.entities if key == kind)
    return next(found, "")[:ENTITY_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """What no normaliser knows; `reason` is a sentence for whoever sent it and holds nothing of what was sent."""

    reason: str


Normalised: TypeAlias = tuple[Record, ...] | Unrecognised
