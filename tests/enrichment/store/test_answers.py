"""Remembered answers: kept apart by key, forgotten in time, never failures."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.enrichment.connectors.virustotal import SOURCE
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.kept import AnswerKey
from cybervault.storage.database import Database, Row, Sql, sql
from cybervault.storage.engines import database_at
from cybervault.storage.tables import ANSWERS
from tests.fakes.clock import HandClock

HIT = Answer(
    "virustotal",
    Outcome.HIT,
    (Evidence("virustotal", "detections", "10+", "f", 12, EvidenceGroup.ANTIVIRUS, HandClock().now()),),
    document=b'{"a":1}',
    labels=(("country", "NL"),),
    pivots=("evil.example",),
)
UNKNOWN = Answer("virustotal", Outcome.UNKNOWN)
ALL = sql(sa.select(ANSWERS))
PLACE = AnswerKey(SOURCE, parse_observable("1.2.3.4"), "k1")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(database: Database, clock: HandClock) -> AsyncIterator[AnswerStore]:
    kept = AnswerStore(database, clock)
    yield kept
    await kept.settle()


async def test_an_answer_comes_back_whole_with_its_age(
    store: AnswerStore, database: Database, clock: HandClock
) -> None:
    store.keep(PLACE, HIT)
    clock.advance(90.9)
    await store.settle()
    for one in (store, AnswerStore(database, clock)):
        found = await one.find(PLACE)
        assert found is not None
        assert (found.answer, found.age_seconds) == (HIT, 90)


async def test_nobody_waits_for_an_answer_to_be_written(store: AnswerStore, database: Database) -> None:
    store.keep(PLACE, HIT)
    found = await store.find(PLACE)
    assert found is not None
    assert found.answer == HIT
    assert await database.rows(ALL, {}) == []
    store.keep(replace(PLACE, fingerprint="k2"), HIT)
    await store.settle()
    assert len(await database.rows(ALL, {})) == 2


async def test_what_is_kept_while_others_are_written_is_written_too(store: AnswerStore, database: Database) -> None:
    store.keep(PLACE, HIT)
    async with database.transaction():  # on SQLite the writing waits for it
        await asyncio.sleep(0.05)
        store.keep(PLACE, UNKNOWN)
    await store.settle()
    found = await AnswerStore(database, HandClock()).find(PLACE)
    assert found is not None
    assert found.answer == UNKNOWN


async def test_answers_that_cannot_be_written_are_forgotten(sqlite_file: Path, clock: HandClock) -> None:
    database = database_at(sqlite_file, clock)
    await database.open()
    store = AnswerStore(database, clock)
    await database.run(sql(sa.text("PRAGMA query_only = 1")), {})
    store.keep(PLACE, HIT)
    await store.settle()
    assert await store.find(PLACE) is None
    await database.close()


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, fingerprint="k2"),
        replace(PLACE, fingerprint=""),
        replace(PLACE, observable=parse_observable("1.2.3.5")),
        replace(PLACE, source=replace(SOURCE, name="other")),
    ],
)
async def test_another_key_source_or_observable_finds_nothing(store: AnswerStore, other: AnswerKey) -> None:
    store.keep(PLACE, HIT)
    assert await store.find(other) is None


async def test_a_known_answer_is_forgotten_after_its_time(store: AnswerStore, clock: HandClock) -> None:
    store.keep(PLACE, HIT)
    clock.advance(SOURCE.known_seconds - 1)
    assert await store.find(PLACE) is not None
    clock.advance(1)
    assert await store.find(PLACE) is None


async def test_not_knowing_is_remembered_for_a_shorter_time(store: AnswerStore, clock: HandClock) -> None:
    store.keep(PLACE, Answer("virustotal", Outcome.UNKNOWN))
    clock.advance(SOURCE.unknown_seconds)
    assert await store.find(PLACE) is None


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.is_evidence])
async def test_a_failure_is_never_remembered(store: AnswerStore, outcome: Outcome) -> None:
    store.keep(PLACE, Answer("virustotal", outcome))
    assert await store.find(PLACE) is None


async def test_a_newer_answer_takes_the_place_of_the_older(store: AnswerStore) -> None:
    store.keep(PLACE, Answer("virustotal", Outcome.UNKNOWN))
    store.keep(PLACE, HIT)
    found = await store.find(PLACE)
    assert found is not None
    assert found.answer == HIT


async def test_an_answer_of_another_version_counts_as_none(store: AnswerStore, database: Database) -> None:
    store.keep(PLACE, HIT)
    await store.settle()
    await database.run(sql(sa.update(ANSWERS).values(answer=sa.bindparam("broken"))), {"broken": b"\x81\xa1x\x01"})
    assert await store.find(PLACE) is None


async def test_old_answers_leave_the_disk(store: AnswerStore, database: Database, clock: HandClock) -> None:
    store.keep(PLACE, HIT)
    await store.settle()
    clock.advance(SOURCE.known_seconds + 1)
    for number in range(255):
        store.keep(replace(PLACE, fingerprint=str(number)), HIT)
    await store.settle()
    assert await database.rows(sql(sa.select(ANSWERS).where(ANSWERS.c.key_fingerprint == "k1")), {}) == []
    assert await store.forget() == 0


async def test_answers_on_many_are_found_by_a_few_statements(
    store: AnswerStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [replace(PLACE, observable=parse_observable(f"1.2.{number // 200}.{number % 200}")) for number in range(450)]
    for place in (many[0], many[449]):
        store.keep(place, HIT)
    store.keep(replace(many[1], fingerprint="another"), HIT)
    await store.settle()
    store.keep(many[2], UNKNOWN)  # and is not written yet
    asked = list[object]()
    rows = store._database.rows

    async def counted(statement: Sql, values: Mapping[str, object]) -> list[Row]:
        asked.append(statement)
        return await rows(statement, values)

    monkeypatch.setattr(store._database, "rows", counted)
    name = replace(PLACE, observable=parse_observable("evil.example"))
    found = await store.find_many([*many, name])
    assert {place: one.answer for place, one in found.items()} == {many[0]: HIT, many[449]: HIT, many[2]: UNKNOWN}
    assert len(asked) == 4
    clock.advance(365 * 86_400)
    assert await store.find_many(many) == await store.find_many([]) == {}
