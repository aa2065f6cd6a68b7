"""Remembered answers read beside whoever keeps them."""

import asyncio
from pathlib import Path

import pytest

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment.connectors.abuseipdb import SOURCE as OTHER
from cybervault.enrichment.connectors.virustotal import SOURCE
from cybervault.enrichment.store import glimpse
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.glimpse import is_any_remembered, remembered_at
from cybervault.enrichment.store.kept import AnswerKey, Remembered
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

UNKNOWN = Answer("virustotal", Outcome.UNKNOWN)


def key(text: str, fingerprint: str = "k1", source: str = "virustotal") -> AnswerKey:
    return AnswerKey(SOURCE if source == "virustotal" else OTHER, parse_observable(text), fingerprint)


async def test_what_is_kept_is_read_for_as_long_as_it_is_young(
    database: Database, database_place: Path | Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glimpse, "_AT_ONCE", 2)
    clock = HandClock()
    store = AnswerStore(database, clock)
    assert not await asyncio.to_thread(is_any_remembered, database_place, clock.now())
    kept = [key(f"198.51.100.{number}") for number in range(5)] + [
        key("evil.example"),
        key("198.51.100.9", "", "other"),
    ]
    for one in kept:
        store.keep(one, UNKNOWN)
    await store.settle()
    clock.advance(60)
    others = [key("198.51.100.77"), key("evil.example", "k2"), key("198.51.100.9")]
    assert await asyncio.to_thread(is_any_remembered, database_place, clock.now())
    found = await asyncio.to_thread(remembered_at, database_place, [*kept, *others], clock.now())
    assert found == dict.fromkeys(kept, Remembered(UNKNOWN, 60))
    clock.advance(10**8)
    assert not await asyncio.to_thread(is_any_remembered, database_place, clock.now())
    assert await asyncio.to_thread(remembered_at, database_place, kept, clock.now()) == {}


def test_nothing_is_asked_about_nothing(sqlite_file: Path) -> None:
    assert remembered_at(sqlite_file, [], HandClock().now()) == {}
