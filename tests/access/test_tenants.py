"""Tenants: created, found by id or name, changed, audited; every change is told to all nodes."""

import re

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from tests.access.conftest import World, raw


async def test_a_tenant_is_found_by_its_id_and_by_its_name(world: World) -> None:
    tenant = await world.tenants.create(" beta ", Plan.ENTERPRISE, actor=OPERATOR)
    assert re.fullmatch("tv_[0-9a-z]{12}", tenant.id)
    assert await world.tenants.find(tenant.id) == await world.tenants.find("beta") == tenant
    assert (tenant.plan, tenant.created_at) == (Plan.ENTERPRISE, world.clock.now())


async def test_all_are_listed_oldest_first(world: World) -> None:
    world.clock.advance(1)
    await world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    assert [tenant.name for tenant in await world.tenants.list()] == ["acme", "beta"]


async def test_a_name_is_given_once(world: World) -> None:
    with pytest.raises(Problem) as caught:
        await world.tenants.create("acme", Plan.STARTER, actor=OPERATOR)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "name_taken")
    assert len(await world.tenants.list()) == 1


async def test_the_id_of_a_tenant_is_no_name_for_another(world: World) -> None:
    """Otherwise a later look-up by id could find the wrong one."""
    with pytest.raises(Problem, match="already"):
        await world.tenants.create(world.tenant.id, Plan.STARTER, actor=OPERATOR)


async def test_an_unknown_tenant_is_not_found(world: World) -> None:
    with pytest.raises(Problem) as caught:
        await world.tenants.find("tv_nobody")
    assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "tenant_not_found")


async def test_an_unknown_tenant_cannot_be_changed(world: World) -> None:
    nobody = TenantId("tv_nobody")
    for call in (
        world.tenants.set_plan(nobody, Plan.STARTER, actor=OPERATOR),
        world.tenants.suspend(nobody, actor=OPERATOR),
        world.tenants.resume(nobody, actor=OPERATOR),
        world.tenants.set_limit(nobody, LimitOverride("v3", CallClass.READ, minute=5), actor=OPERATOR),
        world.tenants.clear_limit(nobody, "v3", CallClass.READ, actor=OPERATOR),
    ):
        with pytest.raises(Problem) as caught:
            await call
        assert caught.value.code == "tenant_not_found"


async def test_another_plan_is_audited_and_told_to_all_nodes(world: World) -> None:
    tenant = await world.tenants.set_plan(world.tenant.id, Plan.STARTER, actor=OPERATOR)
    assert (await world.tenants.find("acme")).plan is tenant.plan is Plan.STARTER
    assert (await world.happened())[-1] == "tenant.plan_changed"
    assert '"before":"professional"' in await world.last_payload()
    assert await world.events() == [f"tenant:{tenant.id}"]


async def test_a_tenant_is_suspended_and_resumed(world: World) -> None:
    suspended = await world.tenants.suspend(world.tenant.id, actor=OPERATOR)
    assert suspended.suspended_at == world.clock.now() == (await world.tenants.find("acme")).suspended_at
    resumed = await world.tenants.resume(world.tenant.id, actor=OPERATOR)
    assert resumed.suspended_at is None
    assert (await world.happened())[-2:] == ["tenant.suspended", "tenant.resumed"]
    assert await world.events() == [f"tenant:{world.tenant.id}"] * 2


async def test_what_changes_nothing_leaves_no_row(world: World) -> None:
    await world.tenants.suspend(world.tenant.id, actor=OPERATOR)
    world.clock.advance(60)
    again = await world.tenants.suspend(world.tenant.id, actor=OPERATOR)
    assert again.suspended_at != world.clock.now()
    await world.tenants.set_plan(world.tenant.id, Plan.PROFESSIONAL, actor=OPERATOR)
    await world.tenants.clear_limit(world.tenant.id, "v1", CallClass.ANY, actor=OPERATOR)
    assert await world.happened() == ["tenant.created", "tenant.suspended"]


async def test_limits_of_its_own_replace_those_of_the_plan_until_they_are_cleared(world: World) -> None:
    first = LimitOverride("v3", CallClass.READ, minute=5)
    second = LimitOverride("v3", CallClass.READ, minute=7, burst_percent=0)
    other = LimitOverride("v2", CallClass.ANY, hour=100)
    for limit in (first, second, other):
        await world.tenants.set_limit(world.tenant.id, limit, actor=OPERATOR)
    assert await world.tenants.limits(world.tenant.id) == (other, second)
    assert '"hour":"100"' in await world.last_payload()
    await world.tenants.clear_limit(world.tenant.id, "v3", CallClass.READ, actor=OPERATOR)
    assert await world.tenants.limits(world.tenant.id) == (other,)
    assert await world.happened() == ["tenant.created", *["tenant.limits_changed"] * 4]
    assert await world.events() == [f"tenant:{world.tenant.id}"] * 4


@pytest.mark.parametrize(("face", "call_class"), [("v1", CallClass.READ), ("v4", CallClass.ANY)])
async def test_a_limit_where_nothing_is_counted_is_refused(world: World, face: str, call_class: CallClass) -> None:
    for call in (
        world.tenants.set_limit(world.tenant.id, LimitOverride(face, call_class, minute=5), actor=OPERATOR),
        world.tenants.clear_limit(world.tenant.id, face, call_class, actor=OPERATOR),
    ):
        with pytest.raises(Problem) as caught:
            await call
        assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_limits")


async def test_a_tenant_whose_audit_row_cannot_be_written_is_not_created(world: World) -> None:
    await world.database.run(raw("DROP TABLE audit"), {})
    with pytest.raises(Exception, match=r"audit|at the moment"):  # as each engine says it
        await world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    assert len(await world.tenants.list()) == 1
