"""Service accounts: made by who manages keys, the upper bound of their keys, gone with them."""

from dataclasses import replace

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.service_accounts import AccountEdit, NewServiceAccount
from cybervault.access.store.service_accounts import ServiceAccount
from cybervault.domain.principals import Plan, Principal, Role, Scope, TenantId
from cybervault.domain.problems import Problem
from tests.access.conftest import World, actor, session_of

READ, SCAN = Scope.THREAT_READ, Scope.SCAN_READ


async def robot(world: World, *scopes: Scope, name: str = "robot") -> ServiceAccount:
    wish = NewServiceAccount(name, frozenset(scopes), "does things")
    return await world.accounts.create(world.tenant.id, wish, by=None, actor=OPERATOR)


async def code_of(world: World, wish: NewServiceAccount, by: Principal | None = None) -> str:
    with pytest.raises(Problem) as caught:
        await world.accounts.create(world.tenant.id, wish, by=by, actor=actor(by) if by else OPERATOR)
    return caught.value.code


async def test_an_account_is_found_by_its_id_and_by_its_name(world: World) -> None:
    account = await robot(world, READ, name=" robot ")
    assert account.id.startswith("sva_")
    assert (account.name, account.description, account.created_by) == ("robot", "does things", "operator")
    for wanted in (account.id, "robot"):
        assert await world.accounts.find(wanted, world.tenant.id) == account
    assert await world.accounts.list(world.tenant.id) == (account,)
    assert (await world.happened())[-1] == "service_account.created"


async def test_another_tenant_does_not_find_it(world: World) -> None:
    account = await robot(world)
    beta = await world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    with pytest.raises(Problem) as caught:
        await world.accounts.find(account.id, beta.id)
    assert caught.value.code == "service_account_not_found"
    await world.accounts.create(beta.id, NewServiceAccount("robot", frozenset()), by=None, actor=OPERATOR)


async def test_a_wish_that_makes_no_sense_is_refused(world: World) -> None:
    await robot(world)
    assert await code_of(world, NewServiceAccount("robot", frozenset())) == "name_taken"
    assert await code_of(world, NewServiceAccount(" ", frozenset())) == "invalid_name"
    assert await code_of(world, NewServiceAccount("x", frozenset(), "x" * 501)) == "invalid_description"


async def test_only_who_manages_keys_makes_one_and_with_no_scope_they_lack(world: World) -> None:
    wish = NewServiceAccount("x", frozenset({READ}))
    member, admin = session_of(await world.member()), session_of(await world.member(Role.ADMIN))
    assert await code_of(world, wish, member) == "insufficient_role"
    narrow = replace(admin, scopes=frozenset({Scope.KEYS_MANAGE}))
    assert await code_of(world, wish, narrow) == "scope_not_held"
    assert await code_of(world, wish, replace(admin, tenant_id=TenantId("tv_2"))) == "tenant_not_found"
    made = await world.accounts.create(world.tenant.id, wish, by=admin, actor=actor(admin))
    assert made.created_by == f"member:{admin.member_id}"
    for call in (
        world.accounts.edit(made, AccountEdit(name="y"), by=member, actor=actor(member)),
        world.accounts.remove(made, by=member, actor=actor(member)),
        world.accounts.edit(made, AccountEdit(scopes=frozenset({READ, SCAN})), by=narrow, actor=actor(narrow)),
    ):
        with pytest.raises(Problem) as caught:
            await call
        assert caught.value.code in {"insufficient_role", "scope_not_held"}


async def test_fewer_scopes_cap_all_its_keys_at_once_and_more_give_them_nothing(world: World) -> None:
    account = await robot(world, READ, SCAN)
    minted = await world.mint(scopes=frozenset({READ, SCAN}), service_account_id=account.id)

    async def scopes() -> frozenset[Scope]:
        return (await world.keys.resolve(minted.secret.reveal(), None)).scopes

    assert await scopes() == {READ, SCAN}
    for given, expected in (
        ({READ}, {READ}),
        (set(), set()),
        ({READ, SCAN, Scope.ASSET_READ}, {READ, SCAN}),
    ):
        edit = AccountEdit(scopes=frozenset(given))
        await world.accounts.edit(account, edit, by=None, actor=OPERATOR)
        assert await scopes() == expected
    assert (await world.events())[-1] == f"service_account:{account.id}"


async def test_an_edit_changes_what_it_names(world: World) -> None:
    account = await robot(world, READ)
    await robot(world, name="other")
    changed = await world.accounts.edit(account, AccountEdit(" new ", None, " why "), by=None, actor=OPERATOR)
    assert changed == replace(account, name="new", description="why")
    assert await world.accounts.find("new", world.tenant.id) == changed
    assert (await world.happened())[-1] == "service_account.changed"
    with pytest.raises(Problem) as caught:
        await world.accounts.edit(account, AccountEdit("other"), by=None, actor=OPERATOR)
    assert caught.value.code == "name_taken"


async def test_its_keys_are_revoked_with_it(world: World) -> None:
    account = await robot(world, READ)
    mine = await world.mint("mine", service_account_id=account.id)
    other = await world.mint("other")
    removed = await world.accounts.remove(account, by=None, actor=OPERATOR)
    assert removed.revoked == (mine.key.id,)
    assert removed.account.removed_at == world.clock.now()
    with pytest.raises(Problem) as caught:
        await world.keys.resolve(mine.secret.reveal(), None)
    assert caught.value.code == "revoked_api_key"
    await world.keys.resolve(other.secret.reveal(), None)
    assert mine.key.id in await world.last_payload()
    assert (await world.events())[-1] == f"service_account:{account.id}"
    for call in (
        world.accounts.remove(account, by=None, actor=OPERATOR),
        world.accounts.edit(account, AccountEdit(name="x"), by=None, actor=OPERATOR),
    ):
        with pytest.raises(Problem) as caught:
            await call
        assert caught.value.code == "service_account_not_found"
