"""New keys and new secrets: shown once, kept as digests, given to nobody who may less."""

import ipaddress
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.entries import Gate
from cybervault.access.life import NewExpiry
from cybervault.access.minting import KEYS_OF_MEMBER_MAX, NewKey
from cybervault.access.service_accounts import NewServiceAccount
from cybervault.access.tokens import digest
from cybervault.domain.principals import (
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    ServiceAccountId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.conftest import PEPPER, World, actor, raw, session_of, world_on

READ = frozenset({Scope.THREAT_READ})


async def refusal(world: World, wish: NewKey, by: Principal | None = None) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await world.minting.mint(world.tenant, wish, by=by, actor=actor(by) if by else OPERATOR)
    return caught.value.kind, caught.value.code


@pytest.mark.parametrize("kind", KeyKind)
async def test_a_new_key_of_every_kind_is_kept_as_it_was_asked_for(world: World, kind: KeyKind) -> None:
    networks = (ipaddress.ip_network("10.0.0.0/8"),)
    expires_at = world.clock.now() + timedelta(days=90)
    minted = await world.mint(" ci ", kind, scopes=READ, networks=networks, expires_at=expires_at)
    key = minted.key
    assert re.fullmatch("key_[0-9a-z]{12}", key.id)
    assert minted.secret.reveal().startswith(kind.value)
    assert (key.name, key.scopes, key.networks, key.expires_at) == ("ci", READ, networks, expires_at)
    assert (key.owner_id is not None) is kind.is_personal
    assert (key.created_by, key.created_at, key.is_decoy) == ("operator", world.clock.now(), False)
    assert await world.store.find(key.id, world.tenant.id) == key
    assert (await world.happened())[-1] == "key.created"
    assert await world.events() == [f"key:{key.id}"]


async def test_the_database_holds_no_readable_secret(world: World, database_place: Path) -> None:
    """Only a keyed digest, the prefix and the last four characters are kept (contract 1.5.3)."""
    minted = await world.mint()
    new = await world.minting.rotate(minted.key.id, by=None, actor=OPERATOR)
    if isinstance(database_place, Path):
        kept = b"".join(path.read_bytes() for path in database_place.parent.iterdir())
    else:
        tables = ("keys", "key_secrets", "audit", "security_events")
        rows = [await world.database.rows(raw(f"SELECT * FROM {table}"), {}) for table in tables]  # noqa: S608 - our own
        kept = repr(rows).encode()
    for secret in (minted.secret, new.secret):
        body = secret.reveal().removeprefix("cv_live_sk_")
        assert not any(body[start : start + 8].encode() in kept for start in range(len(body) - 7))
    assert minted.key.secrets[0].digest == digest(minted.secret, PEPPER)
    assert minted.secret.reveal() not in repr((minted, await world.keys.list(world.tenant.id)))


async def test_a_personal_key_without_scopes_is_not_narrowed(world: World) -> None:
    minted = await world.mint(kind=KeyKind.PERSONAL_LIVE)
    assert minted.key.scopes == frozenset()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (NewKey(KeyKind.SERVICE_LIVE, "  "), "invalid_name"),
        (NewKey(KeyKind.SERVICE_LIVE, "x" * 65), "invalid_name"),
        (NewKey(KeyKind.PERSONAL_LIVE, "x"), "invalid_owner"),
        (NewKey(KeyKind.SERVICE_LIVE, "x", owner_id=MemberId("usr_1")), "invalid_owner"),
        (NewKey(KeyKind.CLASSIC_LIVE, "x", service_account_id=ServiceAccountId("sva_1")), "invalid_owner"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(world: World, wish: NewKey, code: str) -> None:
    assert await refusal(world, wish) == (ProblemKind.INVALID, code)


async def test_an_expiry_must_lie_in_the_future(world: World) -> None:
    wish = NewKey(KeyKind.SERVICE_LIVE, "ci", expires_at=world.clock.now())
    assert await refusal(world, wish) == (ProblemKind.INVALID, "invalid_expiry")


async def test_two_living_keys_of_one_owner_never_share_a_name(world: World) -> None:
    first = await world.mint("ci")
    assert await refusal(world, NewKey(KeyKind.CLASSIC_LIVE, "ci")) == (ProblemKind.CONFLICT, "name_taken")
    await world.changes.revoke(first.key.id, by=None, actor=OPERATOR)
    await world.mint("ci", expires_at=world.clock.now() + timedelta(hours=1))
    world.clock.advance(3_600)
    await world.mint("ci")


async def test_each_owner_account_and_tenant_has_names_of_its_own(world: World) -> None:
    mine, theirs = await world.member(), await world.member()
    account = await world.accounts.create(world.tenant.id, NewServiceAccount("robot", READ), by=None, actor=OPERATOR)
    beta = await world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    await world.mint("ci")
    await world.mint("ci", service_account_id=account.id)
    await world.mint("ci", KeyKind.PERSONAL_LIVE, owner=mine)
    await world.mint("ci", KeyKind.PERSONAL_LIVE, owner=theirs)
    await world.minting.mint(beta, NewKey(KeyKind.SERVICE_LIVE, "ci"), by=None, actor=OPERATOR)
    wish = NewKey(KeyKind.PERSONAL_TEST, "ci", owner_id=mine.id)
    assert await refusal(world, wish) == (ProblemKind.CONFLICT, "name_taken")


async def test_a_member_has_at_most_25_living_keys(world: World) -> None:
    owner = await world.member()
    keys = [
        (await world.mint(f"key {number}", KeyKind.PERSONAL_LIVE, owner=owner)).key
        for number in range(KEYS_OF_MEMBER_MAX)
    ]
    wish = NewKey(KeyKind.PERSONAL_LIVE, "one more", owner_id=owner.id)
    assert await refusal(world, wish) == (ProblemKind.CONFLICT, "too_many_keys")
    await world.changes.revoke(keys[0].id, by=None, actor=OPERATOR, reason="too many")
    await world.minting.mint(world.tenant, wish, by=None, actor=OPERATOR)


@pytest.mark.parametrize("change", ["suspended_at", "removed_at"])
async def test_only_an_active_member_of_the_tenant_gets_a_personal_key(world: World, change: str) -> None:
    gone = await world.member(Role.MEMBER, **{change: world.clock.now()})
    beta = await world.tenants.create("beta", Plan.ENTERPRISE, actor=OPERATOR)
    stranger = await world.member(tenant_id=beta.id)
    for owner_id in (gone.id, stranger.id, MemberId("usr_nobody")):
        wish = NewKey(KeyKind.PERSONAL_LIVE, "ci", owner_id=owner_id)
        assert await refusal(world, wish) == (ProblemKind.NOT_FOUND, "owner_not_found")


async def test_a_key_has_no_scope_that_its_service_account_lacks(world: World) -> None:
    account = await world.accounts.create(world.tenant.id, NewServiceAccount("robot", READ), by=None, actor=OPERATOR)
    wish = NewKey(KeyKind.SERVICE_LIVE, "ci", READ, service_account_id=account.id)
    wider = replace(wish, scopes=frozenset({Scope.SCAN_READ}))
    assert await refusal(world, wider) == (ProblemKind.INVALID, "invalid_scopes")
    minted = await world.minting.mint(world.tenant, wish, by=None, actor=OPERATOR)
    assert minted.key.service_account_id == account.id
    await world.accounts.remove(account, by=None, actor=OPERATOR)
    assert await refusal(world, replace(wish, name="x")) == (ProblemKind.NOT_FOUND, "service_account_not_found")
    nobody = replace(wish, service_account_id=ServiceAccountId("sva_nobody"))
    assert await refusal(world, nobody) == (ProblemKind.NOT_FOUND, "service_account_not_found")


async def test_a_personal_key_needs_a_larger_plan_than_starter_and_other_keys_do_not(world: World) -> None:
    owner = await world.member()
    await world.plan(Plan.STARTER)
    wish = NewKey(KeyKind.PERSONAL_LIVE, "ci", owner_id=owner.id)
    assert await refusal(world, wish, session_of(owner)) == (ProblemKind.FORBIDDEN, "plan_upgrade_required")
    await world.mint("ci")


async def test_an_operator_may_close_starter_altogether(database: Database) -> None:
    world = await world_on(database, gate=Gate(is_starter_open=False))
    await world.plan(Plan.STARTER)
    wish = NewKey(KeyKind.SERVICE_LIVE, "ci")
    assert await refusal(world, wish) == (ProblemKind.FORBIDDEN, "plan_upgrade_required")


async def test_a_caller_gives_no_scope_that_it_lacks(world: World) -> None:
    member, admin = await world.member(), await world.member(Role.ADMIN)
    wish = NewKey(KeyKind.PERSONAL_LIVE, "ci", frozenset({Scope.KEYS_MANAGE}), owner_id=member.id)
    assert await refusal(world, wish, session_of(member)) == (ProblemKind.FORBIDDEN, "scope_not_held")
    narrow = replace(session_of(admin), key_id=KeyId("key_x"), scopes=frozenset({Scope.KEYS_MANAGE}))
    # Without scopes of its own it would have all of the role.
    all_of_role = NewKey(KeyKind.PERSONAL_LIVE, "ci", owner_id=admin.id)
    assert await refusal(world, all_of_role, narrow) == (ProblemKind.FORBIDDEN, "scope_not_held")
    made = await world.minting.mint(world.tenant, all_of_role, by=session_of(admin), actor=actor(session_of(admin)))
    assert made.key.created_by == f"member:{admin.id}"


async def test_a_member_without_rights_over_keys_makes_none_for_programs(world: World) -> None:
    by = session_of(await world.member())
    assert await refusal(world, NewKey(KeyKind.SERVICE_LIVE, "ci"), by) == (ProblemKind.FORBIDDEN, "insufficient_role")


async def test_no_key_is_made_in_another_tenant(world: World) -> None:
    by = replace(session_of(await world.member(Role.OWNER)), tenant_id=TenantId("tv_other"))
    assert await refusal(world, NewKey(KeyKind.SERVICE_LIVE, "ci"), by) == (ProblemKind.NOT_FOUND, "tenant_not_found")


async def test_a_tenant_that_is_not_there_gets_no_key(world: World) -> None:
    nobody = replace(world.tenant, id=TenantId("tv_nobody"))
    with pytest.raises(Problem) as caught:
        await world.minting.mint(nobody, NewKey(KeyKind.SERVICE_LIVE, "ci"), by=None, actor=OPERATOR)
    assert caught.value.code == "tenant_not_found"


async def test_a_key_whose_audit_row_cannot_be_written_is_not_made(world: World) -> None:
    await world.database.run(raw("DROP TABLE audit"), {})
    with pytest.raises(Exception, match=r"audit|at the moment"):  # as each engine says it
        await world.mint()
    assert await world.keys.list(world.tenant.id) == ()


class TestRotate:
    async def test_a_rotation_gives_a_new_secret_and_keeps_everything_else(self, world: World) -> None:
        old = await world.mint()
        new = await world.minting.rotate(old.key.id, by=None, actor=OPERATOR)
        assert new.secret != old.secret
        assert [one.hint for one in new.key.secrets] == [old.key.secrets[0].hint, new.key.secrets[1].hint]
        assert replace(new.key, secrets=old.key.secrets, version=1) == old.key
        assert new.key == await world.store.find(old.key.id, None)
        assert (await world.happened())[-1] == "key.rotated"
        assert await world.events() == [f"key:{old.key.id}"] * 2

    async def test_a_rotation_may_be_asked_for_another_expiry(self, world: World) -> None:
        key_id = (await world.mint()).key.id
        end = world.clock.now() + timedelta(days=90)
        new = await world.minting.rotate(key_id, by=None, actor=OPERATOR, expiry=NewExpiry(end))
        assert new.key.expires_at == end

    async def test_a_key_of_another_tenant_is_as_unknown_as_any(self, world: World) -> None:
        key_id = (await world.mint()).key.id
        stranger = replace(session_of(await world.member(Role.OWNER)), tenant_id=TenantId("tv_other"))
        for wanted in (key_id, KeyId("key_nobody")):
            with pytest.raises(Problem) as caught:
                await world.minting.rotate(wanted, by=stranger, actor=actor(stranger))
            assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "key_not_found")

    async def test_who_may_less_than_a_key_gets_no_secret_of_it(self, world: World) -> None:
        """Otherwise a key that manages keys were a key to everything."""
        strong = await world.mint("strong", scopes=frozenset({Scope.RESPONSE_WRITE}))
        weak = await world.mint("weak", scopes=frozenset({Scope.KEYS_MANAGE}))
        by = await world.keys.resolve(weak.secret.reveal(), None)
        with pytest.raises(Problem) as caught:
            await world.minting.rotate(strong.key.id, by=by, actor=actor(by))
        assert caught.value.code == "scope_not_held"
        await world.minting.rotate(weak.key.id, by=by, actor=actor(by))

    async def test_an_admin_rotates_the_key_of_a_member_and_not_that_of_an_owner(self, world: World) -> None:
        by = session_of(await world.member(Role.ADMIN))
        members = await world.mint("a", KeyKind.PERSONAL_LIVE)
        owners = await world.mint("b", KeyKind.PERSONAL_LIVE, owner=await world.member(Role.OWNER))
        await world.minting.rotate(members.key.id, by=by, actor=actor(by))
        with pytest.raises(Problem) as caught:
            await world.minting.rotate(owners.key.id, by=by, actor=actor(by))
        assert caught.value.code == "insufficient_role"

    async def test_a_key_does_not_lengthen_its_own_life(self, world: World) -> None:
        minted = await world.mint(
            scopes=frozenset({Scope.KEYS_MANAGE}), expires_at=world.clock.now() + timedelta(days=1)
        )
        by = await world.keys.resolve(minted.secret.reveal(), None)
        with pytest.raises(Problem) as caught:
            await world.minting.rotate(minted.key.id, by=by, actor=actor(by), expiry=NewExpiry(None))
        assert caught.value.code == "own_key"
