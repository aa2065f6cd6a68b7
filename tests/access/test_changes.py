"""What happens to keys after they were made: rotations end, keys are edited and revoked, all of it audited."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR, Actor
from cybervault.access.life import Edit, KeyState, NewExpiry
from cybervault.access.minting import MintedKey
from cybervault.access.service_accounts import NewServiceAccount
from cybervault.domain.principals import KeyId, KeyKind, Role, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.engines import database_at
from tests.access.conftest import World, actor, session_of, world_on

HERE = ipaddress.ip_address("127.0.0.1")


async def code_of(call: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await call
    return caught.value.code


async def opens(world: World, secret: Secret) -> str:
    """`works`, or the code of the refusal."""
    try:
        await world.keys.resolve(secret.reveal(), HERE)
    except Problem as problem:
        return problem.code
    return "works"


async def rotated(world: World, kind: KeyKind = KeyKind.SERVICE_LIVE) -> tuple[MintedKey, MintedKey]:
    old = await world.mint(kind=kind)
    return old, await world.minting.rotate(old.key.id, by=None, actor=OPERATOR)


@pytest.mark.parametrize("kind", KeyKind)
async def test_finishing_ends_the_old_secret_at_once_and_tells_its_last_use(world: World, kind: KeyKind) -> None:
    old, new = await rotated(world, kind)
    finished = await world.changes.finish(old.key.id, by=None, actor=OPERATOR)
    assert finished.key.state(world.clock.now()) is KeyState.ACTIVE
    assert finished.old.hint == old.key.secrets[0].hint
    assert finished.old.last_used_at is None
    assert (await opens(world, old.secret), await opens(world, new.secret)) == ("revoked_api_key", "works")


@pytest.mark.parametrize("kind", KeyKind)
async def test_cancelling_ends_the_new_secret_and_keeps_the_old(world: World, kind: KeyKind) -> None:
    old, new = await rotated(world, kind)
    await world.changes.cancel(old.key.id, by=None, actor=OPERATOR)
    world.clock.advance(2 * 86_400)
    assert (await opens(world, old.secret), await opens(world, new.secret)) == ("works", "revoked_api_key")


@pytest.mark.parametrize("kind", KeyKind)
async def test_revoking_ends_both_secrets_for_good(world: World, kind: KeyKind) -> None:
    old, new = await rotated(world, kind)
    revoked = await world.changes.revoke(old.key.id, by=None, actor=OPERATOR, reason="left")
    assert revoked.state(world.clock.now()) is KeyState.REVOKED
    assert {await opens(world, old.secret), await opens(world, new.secret)} == {"revoked_api_key"}
    verbs: tuple[Callable[..., Awaitable[object]], ...] = (
        world.minting.rotate, world.changes.finish, world.changes.cancel,
    )  # fmt: skip
    for verb in verbs:
        assert await code_of(verb(old.key.id, by=None, actor=OPERATOR)) == "key_revoked"
    assert await code_of(world.changes.revoke(old.key.id, by=None, actor=OPERATOR, reason="again")) == "key_revoked"
    assert await code_of(world.changes.edit(old.key.id, Edit(name="x"), by=None, actor=OPERATOR)) == "key_revoked"
    assert [key.state(world.clock.now()) for key in await world.keys.list(world.tenant.id)] == [KeyState.REVOKED]


async def test_every_change_is_audited_and_told_to_all_nodes(world: World) -> None:
    minted, new = await rotated(world)
    key_id = minted.key.id
    await world.changes.finish(key_id, by=None, actor=OPERATOR)
    newest = await world.minting.rotate(key_id, by=None, actor=OPERATOR)
    await world.changes.cancel(key_id, by=None, actor=OPERATOR)
    await world.changes.edit(key_id, Edit(name="other"), by=None, actor=OPERATOR)
    await world.changes.revoke(key_id, by=None, actor=OPERATOR, reason=" no longer needed ")
    assert await world.happened() == [
        "tenant.created", "key.created", "key.rotated", "key.rotation_finished", "key.rotated",
        "key.rotation_cancelled", "key.changed", "key.revoked",
    ]  # fmt: skip
    assert await world.events() == [f"key:{key_id}"] * 7
    payload = await world.last_payload()
    assert '"reason":"no longer needed"' in payload
    for secret in (minted.secret, new.secret, newest.secret):
        assert secret.reveal() not in payload


class TestEdit:
    async def test_an_edit_changes_all_that_it_names(self, world: World) -> None:
        key = (await world.mint()).key
        end = world.clock.now() + timedelta(days=1)
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        edit = Edit(" other ", NewExpiry(end), frozenset({Scope.SCAN_READ}), networks)
        changed = await world.changes.edit(key.id, edit, by=None, actor=OPERATOR)
        assert changed == replace(
            key, name="other", expires_at=end, scopes=frozenset({Scope.SCAN_READ}), networks=networks, version=2
        )
        assert await world.store.find(key.id, None) == changed

    async def test_fewer_scopes_hold_for_the_next_call(self, world: World) -> None:
        minted = await world.mint()
        await world.changes.edit(minted.key.id, Edit(scopes=frozenset()), by=None, actor=OPERATOR)
        assert (await world.keys.resolve(minted.secret.reveal(), HERE)).scopes == frozenset()

    async def test_a_name_that_is_taken_or_empty_is_refused(self, world: World) -> None:
        await world.mint("ci")
        key_id = (await world.mint("other")).key.id
        assert await code_of(world.changes.edit(key_id, Edit(name="ci"), by=None, actor=OPERATOR)) == "name_taken"
        assert await code_of(world.changes.edit(key_id, Edit(name=" "), by=None, actor=OPERATOR)) == "invalid_name"
        await world.changes.edit(key_id, Edit(name="other"), by=None, actor=OPERATOR)

    async def test_a_key_gets_no_scope_that_its_account_or_the_caller_lacks(self, world: World) -> None:
        reading = frozenset({Scope.THREAT_READ})
        account = await world.accounts.create(
            world.tenant.id, NewServiceAccount("robot", reading), by=None, actor=OPERATOR
        )
        key_id = (await world.mint(service_account_id=account.id)).key.id
        wider = Edit(scopes=frozenset({Scope.SCAN_READ}))
        assert await code_of(world.changes.edit(key_id, wider, by=None, actor=OPERATOR)) == "invalid_scopes"
        free = (await world.mint("free")).key.id
        manager = await world.mint("manager", scopes=frozenset({Scope.KEYS_MANAGE}))
        by = await world.keys.resolve(manager.secret.reveal(), HERE)
        assert await code_of(world.changes.edit(free, wider, by=by, actor=actor(by))) == "scope_not_held"

    async def test_who_would_lock_out_themselves_is_asked_again(self, world: World) -> None:
        by = session_of(await world.member(Role.ADMIN))
        key_id = (await world.mint()).key.id
        away = Edit(networks=(ipaddress.ip_network("192.0.2.0/24"),))
        me = actor(by, ip="127.0.0.1")
        assert await code_of(world.changes.edit(key_id, away, by=by, actor=me)) == "would_lock_out"
        here = Edit(networks=(ipaddress.ip_network("127.0.0.0/8"),))
        for edit in (here, Edit(networks=())):
            await world.changes.edit(key_id, edit, by=by, actor=me)
        changed = await world.changes.edit(key_id, away, by=by, actor=me, may_lock_out=True)
        assert changed.networks == away.networks
        await world.changes.edit(key_id, away, by=None, actor=OPERATOR)


class TestWho:
    async def test_a_member_changes_their_own_key_and_nobody_elses(self, world: World) -> None:
        me = await world.member()
        by = session_of(me)
        mine = await world.mint("a", KeyKind.PERSONAL_LIVE, owner=me)
        theirs = await world.mint("b", KeyKind.PERSONAL_LIVE)
        await world.changes.revoke(mine.key.id, by=by, actor=actor(by))
        assert await code_of(world.changes.revoke(theirs.key.id, by=by, actor=actor(by))) == "insufficient_role"

    async def test_an_admin_gives_a_reason_for_revoking_the_key_of_another(self, world: World) -> None:
        by = session_of(await world.member(Role.ADMIN))
        theirs = (await world.mint("a", KeyKind.PERSONAL_LIVE)).key.id
        assert await code_of(world.changes.revoke(theirs, by=by, actor=actor(by))) == "reason_required"
        await world.changes.revoke(theirs, by=by, actor=actor(by), reason="left")
        await world.changes.revoke((await world.mint("b")).key.id, by=by, actor=actor(by))

    async def test_the_old_secret_of_a_rotating_key_changes_no_keys(self, world: World) -> None:
        old = await world.mint(scopes=frozenset({Scope.KEYS_MANAGE}))
        await world.minting.rotate(old.key.id, by=None, actor=OPERATOR)
        by = await world.keys.resolve(old.secret.reveal(), HERE)
        assert await code_of(world.changes.cancel(old.key.id, by=by, actor=actor(by))) == "outgoing_secret"

    async def test_keys_of_another_tenant_do_not_exist(self, world: World) -> None:
        """Foreign and unknown keys are answered alike."""
        key_id = (await world.mint()).key.id
        stranger = replace(session_of(await world.member(Role.OWNER)), tenant_id=TenantId("tv_other"))
        verbs: tuple[Callable[..., Awaitable[object]], ...] = (
            world.changes.finish, world.changes.cancel, world.changes.revoke,
        )  # fmt: skip
        found = [
            await code_of(verb(wanted, by=by, actor=who))
            for wanted in (key_id, KeyId("key_nobody"))
            for by, who in ((stranger, actor(stranger)), (None, Actor("a program", TenantId("tv_other"))))
            for verb in verbs
        ]
        assert set(found) == {"key_not_found"}


async def test_of_two_who_change_a_key_at_once_one_is_refused(world: World, database_place: Path) -> None:
    """Two nodes: whatever the order, never two new secrets from one state."""
    key_id = (await world.mint()).key.id
    other = database_at(database_place, world.clock)
    await other.open()
    second = await world_on(other, clock=world.clock)

    async def attempt(node: World) -> str:
        try:
            await node.minting.rotate(key_id, by=None, actor=OPERATOR)
        except Problem as problem:
            assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
            return problem.code
        return "rotated"

    outcomes = await asyncio.gather(attempt(world), attempt(second))
    await other.close()
    assert "rotated" in outcomes
    assert set(outcomes) - {"rotated"} <= {"conflict", "rotation_in_progress"}
    assert len(set(outcomes)) == 2
    key = await world.store.find(key_id, None)
    assert key is not None
    assert len(key.secrets) == 2


async def test_a_change_of_what_was_read_before_another_change_is_refused(world: World) -> None:
    key = (await world.mint()).key
    await world.changes.edit(key.id, Edit(name="other"), by=None, actor=OPERATOR)
    assert await code_of(world.store.keep(replace(key, name="third"))) == "conflict"
