"""Who stands behind the ids in histories, over HTTP."""

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.service_accounts import NewServiceAccount
from cybervault.domain.principals import KeyKind, Role
from cybervault.faces.v3.management.actors import IDS_MAX
from tests.faces.v3.management.managed import Managed, told

PATH = "/v3/tenant/actors"


@pytest.mark.parametrize("role", list(Role))
async def test_members_keys_and_service_accounts_have_names(managed: Managed, role: Role) -> None:
    """Whoever sees a history may know who made it, but nobody's address."""
    member, headers = await managed.signed_in(role)
    world = managed.world
    key = (await world.mint("nightly", KeyKind.SERVICE_LIVE)).key
    account = await world.accounts.create(
        world.tenant.id, NewServiceAccount("ci", frozenset()), by=None, actor=OPERATOR
    )
    wanted = [("key", key.id, "nightly"), ("service_account", account.id, "ci"), ("member", member.id, member.name)]
    found = await managed.get(f"{PATH}?ids={','.join(one[1] for one in wanted)}", headers)
    assert found == {"data": [{"id": id_, "kind": kind, "name": name} for kind, id_, name in wanted]}


async def test_who_is_gone_of_another_tenant_or_nobody_has_no_name(managed: Managed) -> None:
    gone, other = await managed.world.member(Role.ADMIN), (await managed.stranger())[0]
    headers = await managed.owner()
    await managed.ask("DELETE", f"/v3/users/{gone.id}", headers)
    ids = f"{gone.id},{other.id},usr_aaaaaaaaaaaa,key_aaaaaaaaaaaa,sva_aaaaaaaaaaaa,operator,%F0%9F%92%A9, ,"
    assert await managed.get(f"{PATH}?ids={ids}", headers) == {"data": []}


async def test_each_is_told_once_and_by_its_name_of_now(managed: Managed) -> None:
    member, headers = await managed.signed_in()
    await managed.ask("PATCH", f"/v3/users/{member.id}", headers, json={"name": "Ana Ruiz"})
    found = await managed.get(f"{PATH}?ids={member.id},{member.id}", headers)
    assert found["data"] == [{"id": member.id, "kind": "member", "name": "Ana Ruiz"}]


@pytest.mark.parametrize(
    "query", ["", "?ids=", "?ids=,%20,", f"?ids={','.join(f'usr_{n}' for n in range(IDS_MAX + 1))}"]
)
async def test_none_and_too_many_are_refused(managed: Managed, query: str) -> None:
    reply = await managed.ask("GET", PATH + query, await managed.owner())
    assert told(reply) == (400, "invalid_parameter" if query else "missing_parameter")


async def test_as_many_as_there_may_be(managed: Managed) -> None:
    ids = ",".join(f"usr_{number}" for number in range(IDS_MAX))
    assert await managed.get(f"{PATH}?ids={ids}", await managed.owner()) == {"data": []}
