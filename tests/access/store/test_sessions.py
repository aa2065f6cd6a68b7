"""Rows of sessions: found by digest with member and tenant, ended one by one and all at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cybervault.access.session_life import Session, SessionEntry
from cybervault.access.store.members import MemberStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Member, MemberId, Plan, Role, SessionId, Tenant, TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import LIMIT_OVERRIDES, TENANTS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA = Member(MemberId("usr_ana"), TenantId("tv_a"), "ana@acme.example", "Ana", Role.OWNER, NOW)
FIRST = Session(SessionId("ses_1"), ANA.id, NOW, NOW, NOW, None, "192.0.2.7", "a browser")
SECOND = Session(SessionId("ses_2"), ANA.id, NOW + MINUTE, NOW + MINUTE, NOW + MINUTE)


@pytest.fixture
async def store(database: Database) -> SessionStore:
    await TenantStore(database).add(Tenant(ANA.tenant_id, "acme", Plan.ENTERPRISE, NOW))
    await MemberStore(database).add(ANA, None)
    store = SessionStore(database)
    await store.add(FIRST, b"one")
    await store.add(SECOND, b"two")
    return store


async def test_a_cookie_opens_its_session_with_member_and_tenant(store: SessionStore) -> None:
    assert await store.entry(b"one") == SessionEntry(FIRST, ANA, Plan.ENTERPRISE)
    assert await store.entry(b"two") == SessionEntry(SECOND, ANA, Plan.ENTERPRISE)
    assert await store.entry(b"three") is None


async def test_what_changed_since_is_read_with_it(store: SessionStore, database: Database) -> None:
    await MemberStore(database).keep(replace(ANA, role=Role.VIEWER, suspended_at=NOW))
    suspend = sql(sa.update(TENANTS).values(plan="starter", suspended_at=sa.bindparam("at")))
    await database.run(suspend, {"at": NOW.timestamp()})
    member = replace(ANA, role=Role.VIEWER, suspended_at=NOW)
    assert await store.entry(b"one") == SessionEntry(FIRST, member, Plan.STARTER, NOW)
    await MemberStore(database).keep(replace(member, removed_at=NOW))
    entry = await store.entry(b"one")
    assert entry is not None
    assert entry.member.removed_at == NOW


async def test_the_tenants_own_limits_are_read_with_it(store: SessionStore, database: Database) -> None:
    add = sql(sa.insert(LIMIT_OVERRIDES))
    for face, minute in (("v2", 5), ("v3", 7)):
        values = {"tenant_id": ANA.tenant_id, "face": face, "call_class": "any", "minute": minute, "hour": None}
        await database.run(add, values | {"burst_percent": 10})
    entry = await store.entry(b"one")
    assert entry is not None
    assert set(entry.overrides) == {
        LimitOverride("v2", CallClass.ANY, minute=5, burst_percent=10),
        LimitOverride("v3", CallClass.ANY, minute=7, burst_percent=10),
    }


async def test_sessions_are_listed_newest_first_until_they_are_ended(store: SessionStore) -> None:
    assert await store.of_member(ANA.id) == (SECOND, FIRST)
    await store.end(SECOND.id, NOW)
    await store.end(SECOND.id, NOW + MINUTE)
    assert await store.of_member(ANA.id) == (FIRST,)
    assert await store.find(SECOND.id) == replace(SECOND, ended_at=NOW)
    assert await store.find(SessionId("ses_3")) is None


async def test_all_are_ended_but_the_one_that_is_kept(store: SessionStore) -> None:
    assert await store.end_all(ANA.id, NOW, but=FIRST.id) == 1
    assert await store.of_member(ANA.id) == (FIRST,)
    assert await store.end_all(ANA.id, NOW) == 1
    assert await store.of_member(ANA.id) == ()
    assert await store.end_all(MemberId("usr_bo"), NOW) == 0


async def test_the_last_use_moves_forward_only(store: SessionStore) -> None:
    await store.seen(FIRST.id, NOW + 2 * MINUTE)
    await store.seen(FIRST.id, NOW + MINUTE)
    assert await store.find(FIRST.id) == replace(FIRST, seen_at=NOW + 2 * MINUTE)


async def test_a_proof_puts_another_cookie_in_the_place_of_the_old_one(store: SessionStore) -> None:
    await store.proved(FIRST.id, b"new", NOW + MINUTE)
    assert await store.entry(b"one") is None
    assert await store.entry(b"new") == SessionEntry(replace(FIRST, proved_at=NOW + MINUTE), ANA, Plan.ENTERPRISE)


async def test_an_ended_session_gets_no_other_cookie(store: SessionStore) -> None:
    await store.end(FIRST.id, NOW)
    await store.proved(FIRST.id, b"new", NOW + MINUTE)
    assert await store.entry(b"new") is None


async def test_it_is_known_where_a_member_has_been(store: SessionStore) -> None:
    await store.end(FIRST.id, NOW)
    assert await store.has_been_at(ANA.email, "192.0.2.7")
    assert not await store.has_been_at(ANA.email, "192.0.2.8")
    assert not await store.has_been_at("bo@acme.example", "192.0.2.7")


async def test_statements_can_hold_together(store: SessionStore) -> None:
    async with store.transaction():
        await store.end(FIRST.id, NOW)
        await store.end(SECOND.id, NOW)
    assert await store.of_member(ANA.id) == ()
