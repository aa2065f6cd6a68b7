"""The tenant over HTTP: what its plan gives, and what its own limits change of that."""

from dataclasses import replace

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.entries import Gate
from cybervault.access.limits.tables import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Role
from cybervault.faces.v3.management.tenant import TenantPaths
from tests.faces.v3.management.managed import UPGRADE, Managed

PATH = "/v3/tenant"


@pytest.mark.parametrize("role", list(Role))
async def test_answers(managed: Managed, role: Role) -> None:
    _, headers = await managed.signed_in(role)
    found = await managed.get(PATH, headers)
    limits, plans = found.pop("limits"), found.pop("plans")
    assert found == {
        "id": managed.world.tenant.id, "name": "acme", "plan": "professional", "created_at": "2026-11-01T00:00:00Z",
        "api_access": {"personal_keys": True, "other_keys": True, "upgrade_url": UPGRADE},
    }  # fmt: skip
    assert [(one["face"], one["call_class"]) for one in limits] == [
        ("v1", "any"), ("v2", "any"), ("v3", "read"), ("v3", "write"),
    ]  # fmt: skip
    assert limits[1]["windows"] == [
        {"name": "minute", "seconds": 60, "limit": 100, "ceiling": 115},
        {"name": "hour", "seconds": 3600, "limit": 5000, "ceiling": 5000},
    ]
    assert [(one["plan"], one["personal_keys"], one["other_keys"]) for one in plans] == [
        ("starter", False, True), ("professional", True, True), ("enterprise", True, True),
    ]  # fmt: skip
    assert plans[1]["limits"] == limits
    assert plans[0]["limits"] != limits != plans[2]["limits"]


async def test_a_limit_of_the_tenants_own_is_told(managed: Managed) -> None:
    own = LimitOverride("v3", CallClass.READ, minute=7, burst_percent=0)
    await managed.world.tenants.set_limit(managed.world.tenant.id, own, actor=OPERATOR)
    found = await managed.get(PATH, await managed.owner())
    assert [one["windows"][0]["limit"] for one in found["limits"] if one["face"] == "v3"] == [7, 100]
    assert [one["windows"][0]["limit"] for one in found["plans"][1]["limits"] if one["face"] == "v3"] == [300, 100]


@pytest.mark.parametrize(
    ("plan", "is_starter_open", "personal", "other"),
    [
        (Plan.STARTER, True, False, True),
        (Plan.STARTER, False, False, False),
        (Plan.PROFESSIONAL, False, True, True),
        (Plan.ENTERPRISE, True, True, True),
    ],
)
async def test_what_the_plan_opens_is_told_before_somebody_tries(
    managed: Managed,
    plan: Plan,
    is_starter_open: bool,  # noqa: FBT001 - a column
    personal: bool,  # noqa: FBT001 - a column
    other: bool,  # noqa: FBT001 - a column
) -> None:
    headers = await managed.owner()
    await managed.world.plan(plan)
    paths = TenantPaths(replace(managed.office, gate=Gate(is_starter_open, UPGRADE)))
    routes = managed.frame._app.router.routes
    routes[:] = paths.router().routes
    access = (await managed.get(PATH, headers))["api_access"]
    assert (access["personal_keys"], access["other_keys"]) == (personal, other)


async def test_a_stranger_is_told_of_its_own(managed: Managed) -> None:
    _, headers = await managed.stranger()
    assert (await managed.get(PATH, headers))["name"] == "other"
