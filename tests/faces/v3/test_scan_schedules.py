"""The paths of v3 by which scans are asked for again and again."""

from typing import Any

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.scans.grants import NewGrant
from tests.fakes.scanning import ended, personal_key
from tests.fakes.threats import ThreatWorld

PATH = "/v3/scans/schedules"
CLOUD = "arn:aws:s3:::bucket"
UNKNOWN = f"{PATH}/sch_0000000000"
BODY = {"name": "Bucket", "targets": [CLOUD], "cron": "0 * * * *", "timezone": "Europe/Madrid"}
ALL = (("GET", PATH), ("POST", PATH), ("GET", UNKNOWN), ("PATCH", UNKNOWN), ("DELETE", UNKNOWN))


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


async def granted(threats: ThreatWorld) -> dict[str, str]:
    """A key of a tenant that may scan a bucket."""
    owner, key = await threats.tenant(), await threats.key()
    await threats.product.scanning.grants.give(owner.id, NewGrant(CLOUD, "tests"), actor=OPERATOR)
    return key


async def made(threats: ThreatWorld, key: dict[str, str], **more: object) -> str:
    """The path of a new schedule."""
    reply = await threats.ask("POST", PATH, key, json=BODY | more)
    assert reply.status_code == 201, reply.text
    where: str = reply.headers["location"]
    return where


async def test_one_is_made_begins_scans_and_is_removed(threats: ThreatWorld) -> None:
    key = await granted(threats)
    where = await made(threats, key)
    body = (await threats.ask("GET", where, key)).json()
    assert (body["cron"], body["timezone"], body["enabled"], body["error"]) == (
        "0 * * * *",
        "Europe/Madrid",
        True,
        None,
    )
    threats.clock.advance(3_600)
    assert await threats.product.scanning.scheduler.begin_due() == 1
    body = (await threats.ask("GET", where, key)).json()
    scan = await ended(threats, f"/v3/scans/{body['last_scan_id']}", key)
    assert (scan["status"], scan["targets"], scan["created_by"]) == ("completed", [CLOUD], f"schedule:{body['id']}")
    paused = await threats.ask("PATCH", where, key, json={"enabled": False})
    assert (paused.status_code, paused.json()["next_at"]) == (200, None)
    assert (await threats.ask("DELETE", where, key)).status_code == 204
    assert (await threats.ask("GET", PATH, key)).json()["data"] == []
    assert (await threats.ask("GET", f"/v3/scans/{scan['id']}", key)).status_code == 200


async def test_lists_come_in_pages(threats: ThreatWorld) -> None:
    key = await granted(threats)
    for number in range(3):
        await made(threats, key, name=f"{number}")
        threats.clock.advance(1)
    first = (await threats.ask("GET", f"{PATH}?limit=2", key)).json()
    second = (await threats.ask("GET", f"{PATH}?limit=2&cursor={first['pagination']['next_cursor']}", key)).json()
    assert [one["name"] for one in (*first["data"], *second["data"])] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"targets": ["10.1.0.7"]}, (403, "target_not_authorized")),
        ({"targets": []}, (400, "invalid_target")),
        ({"cron": "* * * * *"}, (400, "invalid_schedule")),
        ({"timezone": "Mars/Base"}, (400, "invalid_schedule")),
        ({"name": ""}, (400, "invalid_parameter")),
        ({"more": 1}, (400, "invalid_parameter")),
        ({"max_duration": 0}, (400, "invalid_parameter")),
    ],
)
async def test_malformed(threats: ThreatWorld, change: dict[str, object], expected: tuple[int, str]) -> None:
    key = await granted(threats)
    assert code_of(await threats.ask("POST", PATH, key, json=BODY | change)) == expected
    assert code_of(await threats.ask("PATCH", await made(threats, key), key, json=change)) == expected
    without = {name: value for name, value in BODY.items() if name != "timezone"}
    assert code_of(await threats.ask("POST", PATH, key, json=without)) == (400, "missing_parameter")


async def test_without_key(threats: ThreatWorld) -> None:
    for method, path in ALL:
        assert code_of(await threats.ask(method, path)) == (401, "missing_api_key")


async def test_key_lacks_scope(threats: ThreatWorld) -> None:
    reader, writer = await threats.key(Scope.SCAN_READ), await threats.key(Scope.SCAN_WRITE)
    for method, path in ALL:
        key = writer if method == "GET" else reader
        assert code_of(await threats.ask(method, path, key)) == (403, "invalid_scope")


async def test_a_test_key_schedules_nothing(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_TEST)
    for method, path in ALL:
        assert code_of(await threats.ask(method, path, key)) == (403, "sandbox_restricted")


async def test_members_schedule_and_viewers_look(threats: ThreatWorld) -> None:
    await granted(threats)
    member, viewer = [await personal_key(threats, role) for role in (Role.MEMBER, Role.VIEWER)]
    where = await made(threats, member)
    assert (await threats.ask("GET", where, viewer)).status_code == 200
    assert (await threats.ask("DELETE", where, viewer)).status_code == 403


async def test_other_tenant_sees_nothing(threats: ThreatWorld) -> None:
    where, other = await made(threats, await granted(threats)), await threats.key(tenant="other")
    assert (await threats.ask("GET", PATH, other)).json()["data"] == []
    given = other | {"X-Request-ID": "req_same"}
    for method in ("GET", "PATCH", "DELETE"):
        foreign, unknown, odd = [
            await threats.ask(method, path, given, json={} if method == "PATCH" else None)
            for path in (where, UNKNOWN, f"{PATH}/nonsense")
        ]
        assert foreign.status_code == 404
        assert foreign.content == unknown.content == odd.content
