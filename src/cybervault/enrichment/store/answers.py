"""Remembered answers, by source, observable and the fingerprint of the key that bought them."""

import asyncio
import contextvars
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
import sqlalchemy as sa
import structlog

from cybervault.domain.clock import Clock
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.problems import Problem
from cybervault.enrichment.store.kept import AnswerKey, Place, Remembered, Row, place_of, remembered
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import ANSWERS

_TOGETHER_SECONDS: Final = 0.02
_LOG: Final = structlog.get_logger("cybervault.enrichment.answers")
_FORGET_EVERY_WRITES: Final = 256

_FIND: Final = sql(
    sa.select(ANSWERS.c.answer, ANSWERS.c.answered_at, ANSWERS.c.forget_at).where(
        ANSWERS.c.source == sa.bindparam("source"),
        ANSWERS.c.kind == sa.bindparam("kind"),
        ANSWERS.c.value == sa.bindparam("value"),
        ANSWERS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
    )
)
_AT_ONCE: Final = 200
_SOURCES_AT_ONCE: Final = 20
_FIND_MANY: Final = sql(
    sa.select(
        ANSWERS.c.source, ANSWERS.c.kind, ANSWERS.c.value, ANSWERS.c.key_fingerprint,
        ANSWERS.c.answer, ANSWERS.c.answered_at, ANSWERS.c.forget_at,
    ).where(
        ANSWERS.c.source.in_([sa.bindparam(f"source_{place}") for place in range(_SOURCES_AT_ONCE)]),
        ANSWERS.c.kind == sa.bindparam("kind"),
        ANSWERS.c.value.in_([sa.bindparam(f"value_{place}") for place in range(_AT_ONCE)]),
    )
)  # fmt: skip
_KEEP: Final = upsert(
    ANSWERS,
    at=["source", "kind", "value", "key_fingerprint"],
    change=["answer", "answered_at", "forget_at"],
)
_FORGET: Final = sql(sa.delete(ANSWERS).where(ANSWERS.c.forget_at <= sa.bindparam("now")))


class AnswerStore:
    """Answers of sources until they are too old; failures are never kept.

    Those that come within a moment are written together, and nobody waits for that. Until then they are remembered in
    this process; where it dies or the database cannot be used they are lost, and asked for again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._writes = 0
        self._unwritten: dict[Place, Row] = {}
        self._writing: asyncio.Task[None] | None = None

    async def find(self, wanted: AnswerKey) -> Remembered | None:
        """The answer that this very key got before, while it is young enough."""
        place = place_of(wanted)
        found = self._unwritten.get(place) or await self._written(place)
        return None if found is None else self._remembered(found)

    async def find_many(self, wanted: Sequence[AnswerKey]) -> dict[AnswerKey, Remembered]:
        """As `find`, of thousands by a few statements."""
        places = {place_of(one): one for one in wanted}
        sources = list(dict.fromkeys(place.source for place in places))
        values: dict[str, dict[str, None]] = {}
        for place in places:
            values.setdefault(place.kind, {})[place.value] = None
        rows: dict[Place, Row] = {}
        for kind, some in values.items():
            for begin in range(0, len(some), _AT_ONCE):
                rows |= await self._written_of(sources, kind, [*some][begin : begin + _AT_ONCE])
        rows |= {place: row for place, row in self._unwritten.items() if place in places}
        found = ((key, self._remembered(rows[place])) for place, key in places.items() if place in rows)
        return {key: one for key, one in found if one is not None}

    def _remembered(self, found: Row) -> Remembered | None:
        return remembered(found, self._now())

    def keep(self, key: AnswerKey, answer: Answer) -> None:
        """Remember an answer for as long as its source says; what is no evidence is not kept."""
        if not answer.outcome.is_evidence:
            return
        now = self._now()
        is_unknown = answer.outcome is Outcome.UNKNOWN
        seconds = key.source.unknown_seconds if is_unknown else key.source.known_seconds
        self._unwritten[place_of(key)] = Row(msgspec.msgpack.encode(answer), now, now + seconds)
        if self._writing is None or self._writing.done():
            # Its context is empty, so that it never joins a transaction of the one who happens to keep something.
            self._writing = asyncio.get_running_loop().create_task(self._write_all(), context=contextvars.Context())

    async def settle(self) -> None:
        """Wait until all that was kept is written; before the database is closed."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        while self._unwritten:
            await asyncio.sleep(_TOGETHER_SECONDS)
            await self._write(sorted(self._unwritten.items()))

    async def _write(self, rows: Sequence[tuple[Place, Row]]) -> None:
        try:
            await self._database.rows_of_each(_KEEP, [place._asdict() | row._asdict() for place, row in rows])
            self._writes += len(rows)
            if self._writes >= _FORGET_EVERY_WRITES:
                self._writes = 0
                await self.forget()
        except Problem as problem:
            _LOG.warning("answers not remembered", count=len(rows), reason=problem.detail or problem.message)
        finally:
            # Not before: who asks meanwhile finds it in one of the two places.
            for place, row in rows:
                if self._unwritten.get(place) is row:
                    del self._unwritten[place]

    async def forget(self) -> int:
        """Drop what is too old; the number of answers dropped."""
        return await self._database.run(_FORGET, {"now": self._now()})

    async def _written(self, place: Place) -> Row | None:
        rows = await self._database.rows(_FIND, place._asdict())
        return Row(*cast("Any", rows[0])) if rows else None

    async def _written_of(self, sources: Sequence[str], kind: str, values: Sequence[str]) -> dict[Place, Row]:
        """Of all keys; names that fill up the statement are asked for twice."""
        wanted: dict[str, object] = {"kind": kind}
        wanted |= {f"source_{place}": sources[min(place, len(sources) - 1)] for place in range(_SOURCES_AT_ONCE)}
        wanted |= {f"value_{place}": values[min(place, len(values) - 1)] for place in range(_AT_ONCE)}
        rows = cast("Any", await self._database.rows(_FIND_MANY, wanted))
        return {Place(*row[:4]): Row(*row[4:]) for row in rows}

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
