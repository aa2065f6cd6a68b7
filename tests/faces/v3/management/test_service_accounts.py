"""Service accounts over HTTP: made, listed, changed, removed with their keys."""

from typing import Any

import pytest

from cybervault.domain.principals import Role, Scope
from tests.faces.v3.management.managed import Headers, Managed, told
from tests.fakes.keys import bearer

PATH = "/v3/service-accounts"


async def made(managed: Managed, headers: Headers, name: str = "ci", **wish: object) -> dict[str, Any]:
    reply = await managed.ask("POST", PATH, headers, json={"name": name, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    assert reply.headers["location"] == f"{PATH}/{found['id']}"
    return found


async def key_of(managed: Managed, headers: Headers, account: dict[str, Any], *scopes: str) -> dict[str, Any]:
    wish = {"name": "k", "kind": "service_live", "scopes": scopes, "service_account_id": account["id"]}
    reply = await managed.ask("POST", "/v3/keys", headers, json=wish)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


class TestCreate:
    async def test_answers(self, managed: Managed) -> None:
        member, headers = await managed.signed_in(Role.ADMIN)
        account = await made(managed, headers, scopes=["threat:write", "threat:read"], description=" for builds ")
        assert account == {
            "id": account["id"], "name": "ci", "description": "for builds", "scopes": ["threat:read", "threat:write"],
            "created_at": "2026-11-01T00:00:00Z", "created_by": f"member:{member.id}",
        }  # fmt: skip
        assert await managed.get(f"{PATH}/{account['id']}", headers) == account

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [
            ({"name": "ci"}, (409, "name_taken")),
            ({"name": ""}, (400, "invalid_name")),
            ({"name": "x", "description": "y" * 501}, (400, "invalid_description")),
            ({"name": "x", "description": "\x00"}, (400, "invalid_parameter")),
            ({"name": "x", "scopes": "threat:read"}, (400, "invalid_parameter")),
        ],
    )
    async def test_malformed(self, managed: Managed, wish: dict[str, object], expected: tuple[int, str]) -> None:
        headers = await managed.owner()
        await made(managed, headers)
        assert told(await managed.ask("POST", PATH, headers, json=wish)) == expected

    async def test_nobody_gives_what_they_do_not_have(self, managed: Managed) -> None:
        headers = await managed.manager()
        assert (await made(managed, headers, scopes=["threat:read"]))["created_by"].startswith("key:")
        reply = await managed.ask("POST", PATH, headers, json={"name": "more", "scopes": ["audit:read"]})
        assert told(reply) == (403, "scope_not_held")


class TestList:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        for name in ("one", "two", "three"):
            await made(managed, headers, name)
            managed.framed.clock.advance(1)
        first = await managed.get(f"{PATH}?limit=2", headers)
        assert [row["name"] for row in first["data"]] == ["one", "two"]
        rest = await managed.get(f"{PATH}?limit=2&cursor={first['pagination']['next_cursor']}", headers)
        assert [row["name"] for row in rest["data"]] == ["three"]
        assert rest["pagination"] == {"next_cursor": None, "has_more": False, "limit": 2}

    async def test_other_tenant_sees_nothing(self, managed: Managed) -> None:
        await made(managed, await managed.owner())
        assert (await managed.get(PATH, (await managed.stranger())[1]))["data"] == []


class TestEdit:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        account = await made(managed, headers, scopes=["threat:read"], description="old")
        path = f"{PATH}/{account['id']}"
        changed = await managed.ask("PATCH", path, headers, json={"name": "new", "description": ""})
        assert changed.json() == account | {"name": "new", "description": ""}
        narrowed = await managed.ask("PATCH", path, headers, json={"scopes": []})
        assert narrowed.json()["scopes"] == []

    async def test_fewer_scopes_hold_at_the_next_call_of_its_keys(self, managed: Managed) -> None:
        headers = await managed.owner()
        account = await made(managed, headers, scopes=[Scope.AUDIT_READ])
        key = bearer((await key_of(managed, headers, account, Scope.AUDIT_READ))["secret"])
        assert (await managed.ask("GET", "/v3/audit-log", key)).status_code == 200
        await managed.ask("PATCH", f"{PATH}/{account['id']}", headers, json={"scopes": []})
        assert told(await managed.ask("GET", "/v3/audit-log", key)) == (403, "invalid_scope")

    async def test_a_name_that_looks_like_an_id_opens_nothing(self, managed: Managed) -> None:
        headers = await managed.owner()
        await made(managed, headers, "sva_aaaaaaaaaaaa")
        reply = await managed.ask("PATCH", f"{PATH}/sva_aaaaaaaaaaaa", headers, json={"name": "x"})
        assert told(reply) == (404, "service_account_not_found")


class TestRemove:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        account = await made(managed, headers, scopes=["threat:read"])
        key = await key_of(managed, headers, account, "threat:read")
        path = f"{PATH}/{account['id']}"
        removed = await managed.ask("DELETE", path, headers)
        assert (removed.status_code, removed.json()) == (200, {"id": account["id"], "revoked_keys": [key["id"]]})
        assert told(await managed.ask("GET", "/v3/tenant", bearer(key["secret"]))) == (401, "revoked_api_key")
        assert told(await managed.ask("GET", path, headers)) == (404, "service_account_not_found")
        assert told(await managed.ask("DELETE", path, headers)) == (404, "service_account_not_found")
