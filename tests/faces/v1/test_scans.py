"""The paths of v1 by which scans are asked for, followed, cancelled and read."""

from typing import Any

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.scans.grants import NewGrant
from tests.fakes.scanning import ended, personal_key
from tests.fakes.threats import ThreatWorld

PATH = "/v1/scans"
CLOUD = "arn:aws:s3:::bucket"
UNKNOWN = f"{PATH}/scan_0000000000"
ALL = (
    ("POST", f"{PATH}/initialize"), ("POST", f"{PATH}/preview"), ("GET", PATH), ("GET", UNKNOWN),
    ("GET", f"{UNKNOWN}/findings"), ("POST", f"{UNKNOWN}/cancel"),
)  # fmt: skip


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error_code"]


async def granted(threats: ThreatWorld, *targets: str, tenant: str = "acme") -> dict[str, str]:
    """A key of a tenant that may scan these."""
    owner, key = await threats.tenant(tenant), await threats.key(tenant=tenant)
    for target in targets:
        await threats.product.scanning.grants.give(owner.id, NewGrant(target, "tests"), actor=OPERATOR)
    return key


async def asked(threats: ThreatWorld, key: dict[str, str], *targets: str) -> str:
    """The path of a new scan."""
    reply = await threats.ask("POST", f"{PATH}/initialize", key, json={"targets": list(targets)})
    assert reply.status_code == 202, reply.text
    assert reply.headers["location"] == f"{PATH}/{reply.json()['scan_id']}"
    where: str = reply.headers["location"]
    return where


async def test_a_scan_is_asked_for_followed_and_read(threats: ThreatWorld) -> None:
    key = await granted(threats, CLOUD)
    where = await asked(threats, key, CLOUD)
    body = await ended(threats, where, key)
    assert (body["status"], body["progress"], body["error"], body["findings"]) == ("completed", 1.0, None, [])
    assert [(line["asset"], line["engine"], line["state"]) for line in body["coverage"]] == [
        (CLOUD, "prowler", "not_tested"),
        (CLOUD, "cloud", "not_tested"),
    ]
    assert body["coverage_counts"]["not_tested"] == 2
    found = (await threats.ask("GET", f"{where}/findings", key)).json()
    assert found == {"data": [], "pagination": {"next_cursor": None, "has_more": False}}
    assert code_of(await threats.ask("POST", f"{where}/cancel", key)) == (409, "scan_ended")


async def test_a_preview_asks_for_nothing(threats: ThreatWorld) -> None:
    key = await granted(threats, "10.1.0.0/24")
    reply = await threats.ask(
        "POST", f"{PATH}/preview", key, json={"targets": ["10.1.0.0/24"], "profile": "compliance"}
    )
    body = reply.json()
    assert (reply.status_code, body["profile"], body["connections_max"]) == (200, "compliance", 256 * body["ports"])
    assert body["not_counted"] == []
    image = "oci://r.example/app:1"
    key = await granted(threats, image)
    assert (await threats.ask("POST", f"{PATH}/preview", key, json={"targets": [image]})).json()["not_counted"] == [
        image
    ]
    assert (await threats.ask("GET", PATH, key)).json()["data"] == []


async def test_lists_come_in_pages_newest_first(threats: ThreatWorld) -> None:
    key, made = await granted(threats, CLOUD), []
    for _ in range(3):
        made.append((await asked(threats, key, CLOUD)).rpartition("/")[2])
        threats.clock.advance(1)
    first = (await threats.ask("GET", f"{PATH}?limit=2", key)).json()
    cursor = first["pagination"]["next_cursor"]
    second = (await threats.ask("GET", f"{PATH}?limit=2&cursor={cursor}", key)).json()
    assert [one["id"] for one in (*first["data"], *second["data"])] == made[::-1]
    assert second["pagination"] == {"next_cursor": None, "has_more": False}


async def test_findings_come_in_pages(threats: ThreatWorld) -> None:
    key, where = await granted(threats, CLOUD), ""
    where = await asked(threats, key, CLOUD)
    tampered = await threats.ask("GET", f"{where}/findings?cursor=abc", key)
    assert code_of(tampered) == (400, "invalid_cursor")


async def test_malformed(threats: ThreatWorld) -> None:
    key = await granted(threats, CLOUD)
    for body, expected in (
        ({"targets": []}, (400, "invalid_target")),
        ({"targets": "10.1.0.7"}, (400, "invalid_parameter")),
        ({"targets": [7]}, (400, "invalid_parameter")),
        ({}, (400, "missing_parameter")),
    ):
        for path in ("initialize", "preview"):
            assert code_of(await threats.ask("POST", f"{PATH}/{path}", key, json=body)) == expected
    refused = await threats.ask("POST", f"{PATH}/initialize", key, json={"targets": ["10.1.0.7"]})
    assert code_of(refused) == (403, "target_not_authorized")


async def test_without_key(threats: ThreatWorld) -> None:
    for method, path in ALL:
        assert code_of(await threats.ask(method, path)) == (401, "missing_api_key")


async def test_key_lacks_scope(threats: ThreatWorld) -> None:
    """To write does not include to read, nor the reverse."""
    reader, writer = await threats.key(Scope.SCAN_READ), await threats.key(Scope.SCAN_WRITE)
    for method, path in ALL:
        key = reader if method == "POST" else writer
        assert code_of(await threats.ask(method, path, key)) == (403, "insufficient_permissions")


async def test_a_test_key_scans_nothing_and_sees_nothing(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_TEST)
    for method, path in ALL:
        assert code_of(await threats.ask(method, path, key)) == (403, "sandbox_restricted")


async def test_who_looks_does_not_scan(threats: ThreatWorld) -> None:
    viewer = await personal_key(threats, Role.VIEWER)
    assert (await threats.ask("GET", PATH, viewer)).status_code == 200
    reply = await threats.ask("POST", f"{PATH}/initialize", viewer, json={"targets": [CLOUD]})
    assert reply.status_code == 403


async def test_a_repeat_with_its_key_is_one_scan(threats: ThreatWorld) -> None:
    key = await granted(threats, CLOUD) | {"Idempotency-Key": "one"}
    assert await asked(threats, key, CLOUD) == await asked(threats, key, CLOUD)


async def test_other_tenant_sees_nothing(threats: ThreatWorld) -> None:
    where = await asked(threats, await granted(threats, CLOUD), CLOUD)
    other = await threats.key(tenant="other")
    assert (await threats.ask("GET", PATH, other)).json()["data"] == []
    given = other | {"X-Request-ID": "req_same"}
    for method, rest in (("GET", ""), ("GET", "/findings"), ("POST", "/cancel")):
        foreign = await threats.ask(method, f"{where}{rest}", given)
        unknown = await threats.ask(method, f"{UNKNOWN}{rest}", given)
        odd = await threats.ask(method, f"{PATH}/nonsense{rest}", given)
        assert foreign.status_code == 404
        assert foreign.content == unknown.content == odd.content


@pytest.mark.parametrize("tail", ["", "/"])
async def test_the_list_answers_with_and_without_its_closing_slash(threats: ThreatWorld, tail: str) -> None:
    key = await granted(threats, CLOUD)
    await asked(threats, key, CLOUD)
    reply = await threats.ask("GET", f"{PATH}{tail}?limit=1", key)
    assert (reply.status_code, len(reply.json()["data"])) == (200, 1)
