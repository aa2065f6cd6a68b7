"""A remembered answer as a row, and which one is meant: what every way to the rows has in common."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from cybervault.domain.evidence import Answer
from cybervault.domain.observables import Observable
from cybervault.enrichment.connector import Source

_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Which answer: of which source, about what, bought with which key ("" = none)."""

    source: Source
    observable: Observable
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer and its age in whole seconds."""

    answer: Answer
    age_seconds: int


class Place(NamedTuple):
    """The columns by which an answer is found."""

    source: str
    kind: str
    value: str
    key_fingerprint: str


class Row(NamedTuple):
    """The other columns of an answer; moments are seconds since 1970."""

    answer: bytes
    answered_at: int
    forget_at: int


def place_of(key: AnswerKey) -> Place:
    """Where it is kept."""
    return Place(key.source.name, key.observable.kind.value, key.observable.value, key.fingerprint)


def remembered(found: Row, now: int) -> Remembered | None:
    """The answer while it is young enough, and readable: an older version of the product may have written it."""
    if found.forget_at <= now:
        return None
    try:
        answer = _ANSWERS.decode(found.answer)
    except (msgspec.MsgspecError, ValueError):
        return None
    return Remembered(answer, max(0, now - found.answered_at))
