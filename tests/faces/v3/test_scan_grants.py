"""The paths of v3 by which it is said what a tenant may scan."""

from typing import Any

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.scans.grants import NewGrant
from tests.fakes.scanning import personal_key
from tests.fakes.threats import ThreatWorld

PATH = "/v3/scans/grants"
UNKNOWN = f"{PATH}/sgr_0000000000"


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


async def test_a_domain_is_asked_for_looked_at_and_withdrawn(threats: ThreatWorld) -> None:
    admin = await personal_key(threats, Role.ADMIN)
    asked = await threats.ask("POST", PATH, admin, json={"target": "example.com"})
    assert asked.status_code == 201
    grant = asked.json()
    assert (grant["target"], grant["kind"], grant["granted"]) == ("example.com", "domain", False)
    assert asked.headers["location"] == f"{PATH}/{grant['id']}"
    listed = await threats.ask("GET", PATH, await threats.key(Scope.SCAN_READ))
    assert listed.json()["data"] == [grant]
    assert (await threats.ask("DELETE", f"{PATH}/{grant['id']}", admin)).status_code == 204
    assert (await threats.ask("GET", PATH, admin)).json()["data"] == []


async def test_where_no_proof_was_asked_for_none_is_found(threats: ThreatWorld) -> None:
    tenant, admin = await threats.tenant(), await personal_key(threats, Role.ADMIN)
    grant = await threats.product.scanning.grants.give(tenant.id, NewGrant("10.1.0.0/24", "signed"), actor=OPERATOR)
    assert code_of(await threats.ask("POST", f"{PATH}/{grant.id}/verify", admin)) == (409, "proof_missing")


async def test_lists_come_in_pages(threats: ThreatWorld) -> None:
    tenant, admin = await threats.tenant(), await personal_key(threats, Role.OWNER)
    for number in range(3):
        await threats.product.scanning.grants.give(tenant.id, NewGrant(f"10.{number}.0.0/24", "signed"), actor=OPERATOR)
        threats.clock.advance(1)
    first = (await threats.ask("GET", f"{PATH}?limit=2", admin)).json()
    cursor = first["pagination"]["next_cursor"]
    second = (await threats.ask("GET", f"{PATH}?limit=2&cursor={cursor}", admin)).json()
    targets = [one["target"] for one in (*first["data"], *second["data"])]
    assert targets == ["10.0.0.0/24", "10.1.0.0/24", "10.2.0.0/24"]
    assert second["pagination"]["has_more"] is False


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"target": "10.1.0.0/24", "note": "mine"}, (403, "operator_only")),
        ({"target": "169.254.169.254"}, (403, "target_not_authorized")),
        ({"target": "10.0.0.5/8"}, (400, "invalid_target")),
        ({"target": "-oN"}, (400, "invalid_target")),
        ({"target": "example.com", "days": 0}, (400, "invalid_parameter")),
        ({"target": "example.com", "more": 1}, (400, "invalid_parameter")),
        ({}, (400, "missing_parameter")),
    ],
)
async def test_malformed(threats: ThreatWorld, body: dict[str, object], expected: tuple[int, str]) -> None:
    admin = await personal_key(threats, Role.ADMIN)
    assert code_of(await threats.ask("POST", PATH, admin, json=body)) == expected
    assert (await threats.ask("GET", PATH, admin)).json()["data"] == []


async def test_without_key(threats: ThreatWorld) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", UNKNOWN), ("POST", f"{UNKNOWN}/verify")):
        assert code_of(await threats.ask(method, path)) == (401, "missing_api_key")


async def test_key_lacks_scope(threats: ThreatWorld) -> None:
    key = await threats.key(Scope.THREAT_READ)
    assert code_of(await threats.ask("GET", PATH, key)) == (403, "invalid_scope")


async def test_only_who_runs_the_tenant_may_ask_for_a_scope(threats: ThreatWorld) -> None:
    body = {"target": "example.com"}
    for role in (Role.MEMBER, Role.VIEWER):
        reply = await threats.ask("POST", PATH, await personal_key(threats, role), json=body)
        assert reply.status_code == 403
    assert code_of(await threats.ask("POST", PATH, await threats.key(), json=body)) == (403, "insufficient_role")


async def test_a_test_key_is_told_that_it_sees_made_up_data_only(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_TEST)
    assert code_of(await threats.ask("GET", PATH, key)) == (403, "sandbox_restricted")


async def test_other_tenant_sees_nothing(threats: ThreatWorld) -> None:
    admin = await personal_key(threats, Role.ADMIN)
    grant = (await threats.ask("POST", PATH, admin, json={"target": "example.com"})).json()
    other = await personal_key(threats, Role.ADMIN, tenant="other")
    assert (await threats.ask("GET", PATH, other)).json()["data"] == []
    given = other | {"X-Request-ID": "req_same"}
    for method, rest in (("DELETE", ""), ("POST", "/verify")):
        foreign = await threats.ask(method, f"{PATH}/{grant['id']}{rest}", given)
        unknown = await threats.ask(method, f"{UNKNOWN}{rest}", given)
        odd = await threats.ask(method, f"{PATH}/nonsense{rest}", given)
        assert foreign.status_code == 404
        assert foreign.content == unknown.content == odd.content
