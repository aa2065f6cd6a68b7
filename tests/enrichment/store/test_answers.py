"""Remembered answers: kept apart by key, forgotten in time, never failures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.enrichment.connectors.virustotal import SOURCE
from cybervault.enrichment.store.answers import AnswerKey, AnswerStore
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

HIT = Answer(
    "virustotal",
    Outcome.HIT,
    (Evidence("virustotal", "detections", "10+", "f", 12, EvidenceGroup.ANTIVIRUS, HandClock().now()),),
    document=b'{"a":1}',
    labels=(("country", "NL"),),
    pivots=("evil.example",),
)
PLACE = AnswerKey(SOURCE, parse_observable("1.2.3.4"), "k1")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "x.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database, clock: HandClock) -> AnswerStore:
    return AnswerStore(database, clock)


def test_an_answer_comes_back_whole_with_its_age(store: AnswerStore, clock: HandClock) -> None:
    store.keep(PLACE, HIT)
    clock.advance(90.9)
    found = store.find(PLACE)
    assert found is not None
    assert (found.answer, found.age_seconds) == (HIT, 90)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, fingerprint="k2"),
        replace(PLACE, fingerprint=""),
        replace(PLACE, observable=parse_observable("1.2.3.5")),
        replace(PLACE, source=replace(SOURCE, name="other")),
    ],
)
def test_another_key_source_or_observable_finds_nothing(store: AnswerStore, other: AnswerKey) -> None:
    store.keep(PLACE, HIT)
    assert store.find(other) is None


def test_a_known_answer_is_forgotten_after_its_time(store: AnswerStore, clock: HandClock) -> None:
    store.keep(PLACE, HIT)
    clock.advance(SOURCE.known_seconds - 1)
    assert store.find(PLACE) is not None
    clock.advance(1)
    assert store.find(PLACE) is None


def test_not_knowing_is_remembered_for_a_shorter_time(store: AnswerStore, clock: HandClock) -> None:
    store.keep(PLACE, Answer("virustotal", Outcome.UNKNOWN))
    clock.advance(SOURCE.unknown_seconds)
    assert store.find(PLACE) is None


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.is_evidence])
def test_a_failure_is_never_remembered(store: AnswerStore, outcome: Outcome) -> None:
    store.keep(PLACE, Answer("virustotal", outcome))
    assert store.find(PLACE) is None


def test_a_newer_answer_takes_the_place_of_the_older(store: AnswerStore) -> None:
    store.keep(PLACE, Answer("virustotal", Outcome.UNKNOWN))
    store.keep(PLACE, HIT)
    found = store.find(PLACE)
    assert found is not None
    assert found.answer == HIT


def test_an_answer_of_another_version_counts_as_none(store: AnswerStore, database: Database) -> None:
    store.keep(PLACE, HIT)
    database.run("UPDATE answers SET answer = :broken", {"broken": b"\x81\xa1x\x01"})
    assert store.find(PLACE) is None


def test_old_answers_leave_the_disk(store: AnswerStore, database: Database, clock: HandClock) -> None:
    store.keep(PLACE, HIT)
    clock.advance(SOURCE.known_seconds + 1)
    for number in range(255):
        store.keep(replace(PLACE, fingerprint=str(number)), HIT)
    assert database.rows("SELECT count(*) FROM answers WHERE key_fingerprint = 'k1'", {}) == [(0,)]
    assert store.forget() == 0
