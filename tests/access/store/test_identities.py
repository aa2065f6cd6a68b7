"""Who members are elsewhere: one subject, one member, linked once."""

from datetime import UTC, datetime

import pytest

from cybervault.access.store.identities import IdentityStore
from cybervault.access.store.members import MemberStore
from cybervault.domain.principals import Member, MemberId, Role, TenantId
from cybervault.storage.database import Database, Duplicate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ANA, BEN = MemberId("usr_ana"), MemberId("usr_ben")
ISSUER = "https://id.example"


def member(member_id: MemberId, removed_at: datetime | None = None) -> Member:
    return Member(member_id, TenantId("tv_1"), f"{member_id}@a.example", "A", Role.MEMBER, NOW, removed_at=removed_at)


@pytest.fixture
async def store(database: Database) -> IdentityStore:
    for member_id in (ANA, BEN):
        await MemberStore(database).add(member(member_id), None)
    return IdentityStore(database)


async def test_a_linked_member_is_found_by_issuer_and_subject(store: IdentityStore) -> None:
    assert await store.find(ISSUER, "42") is None
    async with store.transaction():
        assert await store.link(ANA, ISSUER, "42")
    assert await store.find(ISSUER, "42") == ANA
    assert await store.find("https://other.example", "42") is None
    assert await store.find(ISSUER, "4") is None


async def test_a_member_stays_who_it_is(store: IdentityStore) -> None:
    await store.link(ANA, ISSUER, "42")
    assert not await store.link(ANA, ISSUER, "43")
    assert await store.find(ISSUER, "43") is None


async def test_a_subject_is_one_member(store: IdentityStore) -> None:
    await store.link(ANA, ISSUER, "42")
    with pytest.raises(Duplicate):
        await store.link(BEN, ISSUER, "42")


async def test_a_removed_member_is_nobody(store: IdentityStore, database: Database) -> None:
    await store.link(ANA, ISSUER, "42")
    await MemberStore(database).keep(member(ANA, NOW))
    assert await store.find(ISSUER, "42") is None
    assert not await store.link(ANA, ISSUER, "42")
    assert await store.link(BEN, ISSUER, "42")
