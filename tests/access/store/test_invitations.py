"""Rows of one-time tokens: one for each subject, used once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.invitations import Invitation, InvitationStore
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEPT = Invitation("usr_ana", b"one", NOW + timedelta(hours=1))


@pytest.fixture
async def store(database: Database) -> InvitationStore:
    store = InvitationStore(database)
    await store.keep(KEPT)
    return store


async def test_it_is_found_by_its_digest(store: InvitationStore) -> None:
    assert await store.find(b"one") == KEPT
    assert await store.find(b"two") is None


async def test_a_newer_one_replaces_the_older_of_its_subject(store: InvitationStore) -> None:
    await store.use(b"one", NOW)
    await store.keep(replace(KEPT, digest=b"two"))
    assert await store.find(b"one") is None
    assert await store.find(b"two") == replace(KEPT, digest=b"two")


async def test_it_is_used_once(store: InvitationStore) -> None:
    assert await store.use(b"one", NOW)
    assert not await store.use(b"one", NOW + timedelta(seconds=1))
    assert await store.find(b"one") == replace(KEPT, used_at=NOW)


async def test_a_forgotten_one_is_gone(store: InvitationStore) -> None:
    async with store.transaction():
        await store.forget("usr_ana")
    assert await store.find(b"one") is None


def test_it_works_until_it_is_used_or_expires() -> None:
    instant = timedelta(microseconds=1)
    assert KEPT.works_at(KEPT.expires_at - instant)
    assert not KEPT.works_at(KEPT.expires_at)
    assert not replace(KEPT, used_at=NOW).works_at(NOW)
