"""The keys as their changes see them: found within the tenant, kept with their row in the audit."""

from dataclasses import replace

import pytest

from cybervault.access.audit import OPERATOR, Actor, Change
from cybervault.access.keybook import KeyBook, details_of
from cybervault.domain.principals import KeyId, KeyKind, Role, TenantId
from cybervault.domain.problems import Problem
from tests.access.conftest import World, actor, session_of


def book_of(world: World) -> KeyBook:
    return KeyBook(world.store, world.journal)


async def test_a_key_is_found_within_the_tenant_of_who_asks(world: World) -> None:
    key = (await world.mint()).key
    book, by = book_of(world), session_of(await world.member(Role.OWNER))
    assert await book.found(key.id, by=None, actor=OPERATOR) == key
    assert await book.found(key.id, by=by, actor=actor(by)) == key
    stranger = replace(by, tenant_id=TenantId("tv_2"))
    for wanted, caller, who in (
        (key.id, stranger, actor(stranger)),
        (key.id, stranger, OPERATOR),
        (key.id, None, Actor("a program", TenantId("tv_2"))),
        (KeyId("key_nobody"), None, OPERATOR),
    ):
        with pytest.raises(Problem) as caught:
            await book.found(wanted, by=caller, actor=who)
        assert caught.value.code == "key_not_found"


async def test_a_key_of_no_tenant_belongs_to_nobody(world: World) -> None:
    key = replace((await world.mint()).key, tenant_id=TenantId("tv_2"))
    with pytest.raises(Problem) as caught:
        await book_of(world).holder(key)
    assert caught.value.code == "tenant_not_found"
    assert (await book_of(world).holder(replace(key, tenant_id=world.tenant.id))).role is None


async def test_a_taken_name_is_refused(world: World) -> None:
    key = (await world.mint("ci")).key
    await book_of(world).refuse_taken_name(key, world.clock.now())
    with pytest.raises(Problem, match="ci") as caught:
        await book_of(world).refuse_taken_name(replace(key, id=KeyId("key_x")), book_of(world).now())
    assert caught.value.code == "name_taken"


async def test_a_change_is_kept_audited_and_told_in_one(world: World) -> None:
    key = (await world.mint()).key
    async with world.store.transaction():
        kept = await book_of(world).enter(replace(key, name="other"), Change.KEY_CHANGED, OPERATOR, reason="a test")
    assert kept == replace(key, name="other", version=2) == await world.store.find(key.id, None)
    assert '"reason":"a test"' in await world.last_payload()
    assert (await world.events())[-1] == f"key:{key.id}"
    with pytest.raises(Problem, match="same moment"):
        async with world.store.transaction():
            await book_of(world).enter(key, Change.KEY_CHANGED, OPERATOR)
    assert len(await world.events()) == 2


async def test_the_audit_tells_of_a_key_what_may_be_shown(world: World) -> None:
    service = (await world.mint(is_decoy=True)).key
    assert details_of(service) == {
        "name": "ci",
        "hint": service.secrets[0].hint,
        "scopes": "threat:read",
        "networks": "",
        "expires_at": "",
        "is_decoy": "yes",
    }
    personal = (await world.mint(kind=KeyKind.PERSONAL_LIVE, expires_at=world.clock.now().replace(year=2027))).key
    assert details_of(personal)["owner_id"] == personal.owner_id
    assert details_of(personal)["expires_at"] == "2027-11-01T00:00:00+00:00"
