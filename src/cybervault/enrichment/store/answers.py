"""Remembered answers, by source, observable and the fingerprint of the key that bought them."""

from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from cybervault.domain.clock import Clock
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Observable
from cybervault.enrichment.connector import Source
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import ANSWERS

_FORGET_EVERY_WRITES: Final = 256

_FIND: Final = sql(
    sa.select(ANSWERS.c.answer, ANSWERS.c.answered_at).where(
        ANSWERS.c.source == sa.bindparam("source"),
        ANSWERS.c.kind == sa.bindparam("kind"),
        ANSWERS.c.value == sa.bindparam("value"),
        ANSWERS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
        ANSWERS.c.forget_at > sa.bindparam("now"),
    )
)
_insert = insert(ANSWERS)
_KEEP: Final = sql(
    _insert.on_conflict_do_update(
        index_elements=["source", "kind", "value", "key_fingerprint"],
        set_={name: _insert.excluded[name] for name in ("answer", "answered_at", "forget_at")},
    )
)
_FORGET: Final = sql(sa.delete(ANSWERS).where(ANSWERS.c.forget_at <= sa.bindparam("now")))


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


class AnswerStore:
    """Answers of sources until they are too old; failures are never kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._writes = 0
        self._decoder = msgspec.msgpack.Decoder(Answer)

    def find(self, wanted: AnswerKey) -> Remembered | None:
        """The answer that this very key got before, while it is young enough."""
        now = self._now()
        rows = self._database.rows(_FIND, _columns(wanted) | {"now": now})
        if not rows:
            return None
        packed, answered_at = rows[0]
        try:
            answer = self._decoder.decode(packed)  # type: ignore[arg-type] # the column holds bytes
        except (msgspec.MsgspecError, ValueError):
            return None  # an older version of the product wrote it
        return Remembered(answer, max(0, now - int(str(answered_at))))

    def keep(self, place: AnswerKey, answer: Answer) -> None:
        """Remember an answer for as long as its source says; what is no evidence is not kept."""
        if not answer.outcome.is_evidence:
            return
        now = self._now()
        is_unknown = answer.outcome is Outcome.UNKNOWN
        seconds = place.source.unknown_seconds if is_unknown else place.source.known_seconds
        row = {"answer": msgspec.msgpack.encode(answer), "answered_at": now, "forget_at": now + seconds}
        self._database.run(_KEEP, _columns(place) | row)
        self._writes += 1
        if self._writes % _FORGET_EVERY_WRITES == 0:
            self.forget()

    def forget(self) -> int:
        """Drop what is too old; the number of answers dropped."""
        return self._database.run(_FORGET, {"now": self._now()})

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _columns(place: AnswerKey) -> dict[str, object]:
    return {
        "source": place.source.name,
        "kind": place.observable.kind.value,
        "value": place.observable.value,
        "key_fingerprint": place.fingerprint,
    }
