"""Three real server processes on one PostgreSQL, with and without a Redis-protocol server (checks 123, 128 and 133).

What one node, or the operator beside them, takes away is dead on all of them within five seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.limits.shared import PROBE_SECONDS, SETTLE_SECONDS
from cybervault.access.members import NewMember
from cybervault.access.minting import NewKey
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import KeyKind, Plan, Role
from cybervault.domain.secrets import Secret
from tests.fakes.cluster import HEALTH, PLACES, WHOAMI, Cluster, Told, World, cluster, now, world_of
from tests.fakes.engines import Postgres, Valkey

NODES = 3
PROMISED_SECONDS = 5.0
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 30.0
# Longer than anything may be remembered without a look at the database.
QUIET_SECONDS = 1.2
MINUTE = 20
TRIES = 4
GONE = "the server of limits is gone"
ASKED = 16
PASSWORD = "a long password of nobody else"


@pytest.fixture(scope="module", params=["with Valkey", "with PostgreSQL alone"])
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prepared_state: Path, _cluster: Postgres
) -> Iterator[Cluster]:
    """Three nodes, for all tests of this file."""
    with ExitStack() as stack:
        valkey: Valkey | None = None
        if request.param == "with Valkey":
            valkey = request.getfixturevalue("_valkey")
            valkey.empty()
        folder = tmp_path_factory.mktemp("nodes")
        url = _cluster.fresh_database()
        found = cluster(folder, prepared_state, count=NODES, url=url, redis=valkey.url if valkey else None)
        yield stack.enter_context(found)


@pytest.fixture
async def world(nodes: Cluster) -> AsyncIterator[World]:
    async with world_of(nodes) as world:
        yield world


async def everywhere(world: World, secrets: Sequence[str], places: Sequence[str] = PLACES) -> list[Told]:
    """Each secret at each place of each node, all at once."""
    calls = [answered(world, node, path, text) for node in range(NODES) for path in places for text in secrets]
    return await asyncio.gather(*calls)


async def answered(world: World, node: int, path: str, secret: str) -> Told:
    """A call that is made again while the node says that it cannot check the key, as a starved one does for a while."""
    begun = now()
    told = await world.ask(node, path, secret)
    while (told.status, told.code) == (503, "auth_unavailable"):
        assert now() - begun < PATIENCE_SECONDS, told
        await asyncio.sleep(PAUSE_SECONDS)
        told = await world.ask(node, path, secret)
    return told


async def dies(world: World, secrets: Sequence[str], take_away: Callable[[], Awaitable[object]]) -> None:
    """From the moment at which a right is taken, no node lets any of the secrets in after what is promised."""
    for _ in range(2):  # the second time from memory
        assert all(told.is_accepted for told in await everywhere(world, secrets))
    begun = now()
    await take_away()
    told = await everywhere(world, secrets)
    while any(one.is_accepted for one in told):
        assert now() - begun < PROMISED_SECONDS, told
        await asyncio.sleep(PAUSE_SECONDS)
        told = await everywhere(world, secrets)
    assert {(one.status, one.code) for one in told} == {(401, "revoked_api_key")}
    await asyncio.sleep(QUIET_SECONDS)
    assert not any(one.is_accepted for one in await everywhere(world, secrets))


class TestRevoke:
    async def test_check_128_what_the_operator_revokes_is_dead_on_every_node_and_face(self, world: World) -> None:
        key = await world.mint("revoked by the operator")
        revoke = world.access.key_changes.revoke
        await dies(world, [key.secret.reveal()], lambda: revoke(key.key.id, by=None, actor=OPERATOR))

    async def test_check_128_what_one_node_revokes_during_a_rotation_is_dead_with_both_secrets(
        self, world: World
    ) -> None:
        manager, key = await world.manager(), await world.mint("revoked by a node")
        new = await world.access.minting.rotate(key.key.id, by=None, actor=OPERATOR)

        async def revoke() -> None:
            told = await world.ask(0, f"/v3/keys/{key.key.id}/revoke", manager, method="POST", json={"reason": "lost"})
            assert told.status == 200, told.text

        await dies(world, [key.secret.reveal(), new.secret.reveal()], revoke)

    async def test_check_128_a_suspended_tenant_is_shut_out_everywhere_and_let_in_again(self, world: World) -> None:
        key = await world.mint("of a suspended tenant")
        tenant, text = await world.access.tenants.find("acme"), key.secret.reveal()
        assert all(told.status == 200 for told in await everywhere(world, [text], [HEALTH]))
        await world.access.tenants.suspend(tenant.id, actor=OPERATOR)
        await within(lambda: all_say(world, text, 403, "tenant_suspended"))
        await world.access.tenants.resume(tenant.id, actor=OPERATOR)
        await within(lambda: all_say(world, text, 200, ""))


async def all_say(world: World, text: str, status: int, code: str) -> bool:
    return {(told.status, told.code) for told in await everywhere(world, [text], [HEALTH])} == {(status, code)}


async def within(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds, no longer than is promised."""
    begun = now()
    while not await holds():
        assert now() - begun < PROMISED_SECONDS
        await asyncio.sleep(PAUSE_SECONDS)


class TestRights:
    async def test_a_new_key_works_on_all_nodes_at_once(self, world: World) -> None:
        manager = await world.manager()
        await everywhere(world, [manager], [HEALTH])
        told = await world.ask(0, "/v3/keys", manager, method="POST", json={"name": "new"})
        assert told.status == 201, told.text
        text = str(told.text.partition('"secret":"')[2].partition('"')[0])
        assert {one.status for one in await everywhere(world, [text], [HEALTH])} == {200}

    async def test_check_123_and_133_role_plan_and_removal_reach_every_node(self, world: World) -> None:
        access = world.access
        tenant = await access.tenants.find("acme")
        wish = NewMember("m@example.org", "M", Role.MEMBER)
        member, _ = await access.people.members.invite(tenant, wish, by=None, actor=OPERATOR)
        await access.people.credentials.reset(member, Secret(PASSWORD), actor=OPERATOR)
        personal = (await world.mint("own", KeyKind.PERSONAL_LIVE, owner_id=member.id)).secret.reveal()
        service = (await world.mint("of the plan")).secret.reveal()

        async def may_write() -> bool:
            told = await everywhere(world, [personal], [WHOAMI])
            assert {one.status for one in told} == {200}
            return all("scan:write" in one.text for one in told)

        async def may_not_write() -> bool:
            return not any("scan:write" in one.text for one in await everywhere(world, [personal], [WHOAMI]))

        assert await may_write()
        await access.people.members.change_role(member.id, Role.VIEWER, by=None, actor=OPERATOR)
        await within(may_not_write)
        await access.people.members.change_role(member.id, Role.MEMBER, by=None, actor=OPERATOR)
        await within(may_write)
        await access.tenants.set_plan(tenant.id, Plan.STARTER, actor=OPERATOR)
        await within(lambda: all_say(world, personal, 403, "plan_upgrade_required"))
        assert await all_say(world, service, 200, "")
        await access.tenants.set_plan(tenant.id, Plan.ENTERPRISE, actor=OPERATOR)
        await within(lambda: all_say(world, personal, 200, ""))
        await access.people.members.remove(member.id, by=None, actor=OPERATOR)
        await within(lambda: all_say(world, personal, 401, "revoked_api_key"))

    async def test_who_signs_out_on_one_node_is_out_on_all(self, world: World) -> None:
        access = world.access
        wish = NewMember("s@example.org", "S", Role.VIEWER)
        member, _ = await access.people.members.invite(await access.tenants.find("acme"), wish, by=None, actor=OPERATOR)
        await access.people.credentials.reset(member, Secret(PASSWORD), actor=OPERATOR)
        first = world.cluster.nodes[0].url
        given = {"email": "s@example.org", "password": PASSWORD}
        signed = await world.client.post(f"{first}/api/console/sign-in", json=given)
        assert signed.status_code == 200, signed.text
        headers = {"Cookie": signed.headers["set-cookie"].partition(";")[0], "Sec-Fetch-Site": "same-origin"}
        world.client.cookies.clear()

        async def statuses() -> set[int]:
            urls = [f"{node.url}/api/console/me" for node in world.cluster.nodes.values()]
            replies = [await world.client.get(url, headers=headers) for url in urls]
            return {one.status_code for one in replies}

        async def is_out() -> bool:
            return await statuses() == {401}

        assert await statuses() == {200}
        left = await world.client.post(f"{first}/api/console/sign-out", headers=headers)
        assert left.status_code == 204
        await within(is_out)


class TestLimits:
    async def test_a_limit_holds_for_all_nodes_together(self, world: World) -> None:
        """Without the server that counts for all it is a limit for each node.

        A node that has lost the server goes by its share beside the others, so a try in which one did says nothing.
        """
        is_shared = "CYBERVAULT_REDIS_URL" in world.cluster.settings
        for number in range(TRIES):
            if lost := world.cluster.output().count(GONE):
                await asyncio.sleep(SETTLE_SECONDS + 2 * PROBE_SECONDS)
            told = await calls_of_new_tenant(world, f"small {number}")
            assert {(one.status, one.code) for one in told} <= {(200, ""), (429, "rate_limit_exceeded")}
            assert all(one.retry_after for one in told if one.status == 429)
            if world.cluster.output().count(GONE) == lost:
                admitted = sum(one.status == 200 for one in told)
                assert admitted == (MINUTE if is_shared else ASKED * NODES)
                return
        pytest.fail("this machine is too busy: nodes kept losing the server")


async def calls_of_new_tenant(world: World, name: str) -> list[Told]:
    """Many calls over all nodes by a tenant with a small limit of its own."""
    tenant = await world.access.tenants.create(name, Plan.PROFESSIONAL, actor=OPERATOR)
    limit = LimitOverride("v3", CallClass.ANY, minute=MINUTE, burst_percent=0)
    await world.access.tenants.set_limit(tenant.id, limit, actor=OPERATOR)
    wish = NewKey(KeyKind.SERVICE_LIVE, "ci")
    text = (await world.access.minting.mint(tenant, wish, by=None, actor=OPERATOR)).secret.reveal()
    told = []
    for _ in range(ASKED):
        told += await asyncio.gather(*(answered(world, node, HEALTH, text) for node in range(NODES)))
    return told


class TestTogether:
    async def test_no_node_had_a_crash(self, world: World) -> None:
        """In whatever the others have done by now."""
        assert "crash" not in world.cluster.output()
        assert "Traceback" not in world.cluster.output()
