"""Tenants: created, found by id or name, audited."""

import re

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import Plan
from cybervault.domain.problems import Problem, ProblemKind
from tests.access.conftest import World


def test_a_tenant_is_found_by_its_id_and_by_its_name(world: World) -> None:
    tenant = world.tenants.create(" beta ", Plan.ENTERPRISE, actor=OPERATOR)
    assert re.fullmatch("tv_[0-9a-z]{12}", tenant.id)
    assert world.tenants.find(tenant.id) == world.tenants.find("beta") == tenant
    assert (tenant.plan, tenant.created_at) == (Plan.ENTERPRISE, world.clock.now())


def test_all_are_listed_oldest_first(world: World) -> None:
    world.clock.advance(1)
    world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    assert [tenant.name for tenant in world.tenants.list()] == ["acme", "beta"]


def test_a_name_is_given_once(world: World) -> None:
    with pytest.raises(Problem) as caught:
        world.tenants.create("acme", Plan.STARTER, actor=OPERATOR)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "name_taken")
    assert len(world.tenants.list()) == 1


def test_the_id_of_a_tenant_is_no_name_for_another(world: World) -> None:
    """Otherwise a later look-up by id could find the wrong one."""
    with pytest.raises(Problem, match="already"):
        world.tenants.create(world.tenant.id, Plan.STARTER, actor=OPERATOR)


def test_an_unknown_tenant_is_not_found(world: World) -> None:
    with pytest.raises(Problem) as caught:
        world.tenants.find("tv_nobody")
    assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "tenant_not_found")


def test_creation_is_audited(world: World) -> None:
    assert world.audit.verify().rows == 1
    world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    assert world.audit.verify().rows == 2


def test_a_tenant_whose_audit_row_cannot_be_written_is_not_created(world: World) -> None:
    world.database.run("DROP TABLE audit", {})
    with pytest.raises(Problem) as caught:
        world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
    assert caught.value.code == "service_unavailable"
    assert len(world.tenants.list()) == 1
