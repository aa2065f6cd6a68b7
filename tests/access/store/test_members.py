"""Rows of members: who was removed is in no answer, and an address is free again then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.members import MemberStore
from cybervault.domain.principals import Member, MemberId, Role, TenantId
from cybervault.storage.database import Database, Duplicate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TENANT, OTHER = TenantId("tv_a"), TenantId("tv_b")
ANA = Member(MemberId("usr_ana"), TENANT, "ana@acme.example", "Ana", Role.OWNER, NOW)
BO = Member(MemberId("usr_bo"), TENANT, "bo@acme.example", "Bo", Role.VIEWER, NOW + timedelta(seconds=1), NOW)


@pytest.fixture
def store(database: Database) -> MemberStore:
    return MemberStore(database)


async def test_a_member_is_found_as_it_was_kept(store: MemberStore) -> None:
    assert not await store.is_any()
    await store.add(ANA, "a hash")
    await store.add(BO, None)
    assert await store.is_any()
    assert await store.find(BO.id, None) == await store.find(BO.id, TENANT) == BO
    assert await store.find_by_email(ANA.email) == (ANA, "a hash")
    assert await store.find_by_email(BO.email) == (BO, None)
    assert await store.find_by_email("cy@acme.example") is None


async def test_another_tenants_member_is_not_found(store: MemberStore) -> None:
    await store.add(ANA, None)
    assert await store.find(ANA.id, OTHER) is None
    assert await store.all(OTHER) == ()


async def test_members_are_listed_oldest_first(store: MemberStore) -> None:
    await store.add(BO, None)
    await store.add(ANA, None)
    assert await store.all(TENANT) == (ANA, BO)


async def test_name_role_and_suspension_change(store: MemberStore) -> None:
    await store.add(ANA, "a hash")
    changed = replace(ANA, name="Ana L.", role=Role.ADMIN, suspended_at=NOW)
    await store.keep(changed)
    assert await store.find_by_email(ANA.email) == (changed, "a hash")
    await store.keep(replace(changed, suspended_at=None))
    assert (await store.all(TENANT))[0].is_active


async def test_who_was_removed_is_in_no_answer_and_comes_back_only_as_another(store: MemberStore) -> None:
    await store.add(ANA, "a hash")
    await store.keep(replace(ANA, removed_at=NOW))
    assert await store.find(ANA.id, None) is None
    assert await store.find_by_email(ANA.email) is None
    assert await store.all(TENANT) == ()
    assert not await store.is_any()
    assert await store.password(ANA.id) is None
    await store.keep(ANA)
    assert await store.find(ANA.id, None) is None
    again = replace(ANA, id=MemberId("usr_ana2"))
    await store.add(again, None)
    assert await store.all(TENANT) == (again,)


async def test_two_living_members_cannot_share_an_address(store: MemberStore) -> None:
    await store.add(ANA, None)
    with pytest.raises(Duplicate):
        await store.add(replace(BO, email=ANA.email), None)


async def test_a_password_is_replaced(store: MemberStore) -> None:
    await store.add(ANA, None)
    assert await store.password(ANA.id) is None
    await store.set_password(ANA.id, "another hash")
    assert await store.password(ANA.id) == "another hash"
    assert await store.password(MemberId("usr_nobody")) is None


async def test_changes_can_be_made_one_at_a_time(store: MemberStore) -> None:
    async with store.transaction():
        await store.lock()
        await store.add(ANA, None)
    assert await store.is_any()
