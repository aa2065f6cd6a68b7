"""The audit of a tenant over HTTP: who did what, in pages and by filters, and the checkpoint to keep elsewhere."""

from typing import Any

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.proofs.notes import PublicKey, checkpoints_in
from cybervault.domain.principals import Role, Scope
from tests.faces.v3.management.managed import Headers, Managed, told

PATH = "/v3/audit-log"


async def actions(managed: Managed, headers: Headers, query: str = "") -> list[str]:
    return [row["action"] for row in (await managed.get(f"{PATH}{query}", headers))["data"]]


async def key_made(managed: Managed, headers: Headers, name: str = "ci") -> dict[str, Any]:
    found: dict[str, Any] = (await managed.ask("POST", "/v3/keys", headers, json={"name": name})).json()
    return found


class TestList:
    async def test_answers(self, managed: Managed) -> None:
        member, headers = await managed.signed_in()
        browser = headers | {"User-Agent": "a browser", "X-Request-ID": "req_mine"}
        key = await key_made(managed, browser)
        row = (await managed.get(PATH, headers))["data"][0]
        assert row == {
            "number": row["number"], "occurred_at": "2026-11-01T00:00:00Z", "action": "key.created",
            "actor": f"member:{member.id}", "targets": [key["id"]], "ip": "192.0.2.1", "agent": "a browser",
            "request_id": "req_mine", "details": row["details"], "is_erased": False,
        }  # fmt: skip
        assert (row["details"]["name"], row["details"]["hint"]) == ("ci", key["hint"])
        assert key["secret"] not in str(row)

    async def test_pages_hold_while_rows_are_added(self, managed: Managed) -> None:
        headers = await managed.owner()
        for number in range(4):
            await key_made(managed, headers, f"key {number}")
        total = len(await actions(managed, headers))
        seen, cursor = [], ""
        while True:
            page = await managed.get(f"{PATH}?limit=2{cursor}", headers)
            seen += [row["number"] for row in page["data"]]
            await key_made(managed, headers, f"newer {len(seen)}")
            if not page["pagination"]["has_more"]:
                break
            cursor = f"&cursor={page['pagination']['next_cursor']}"
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == total

    async def test_filters(self, managed: Managed) -> None:
        member, headers = await managed.signed_in()
        key = await key_made(managed, headers)
        managed.framed.clock.advance(60)
        await managed.ask("POST", f"/v3/keys/{key['id']}/revoke", await managed.owner(), json={"reason": "left"})
        assert await actions(managed, headers, "?action=key.revoked") == ["key.revoked"]
        assert await actions(managed, headers, f"?actor={member.id}") == ["key.created"]
        assert await actions(managed, headers, "?actor=operator") == ["tenant.created"]
        assert await actions(managed, headers, "?since=2026-11-01T00:01:00Z") == ["key.revoked"]
        assert "key.revoked" not in await actions(managed, headers, "?until=2026-11-01T00:01:00Z")
        assert await actions(managed, headers, "?since=2026-11-01&until=2026-11-01T00:00:00Z") == []

    async def test_other_tenant_sees_nothing(self, managed: Managed) -> None:
        key = await key_made(managed, await managed.owner())
        _, stranger = await managed.stranger()
        assert await actions(managed, stranger) == ["tenant.created"]
        assert key["id"] not in (await managed.ask("GET", f"{PATH}?action=key.created", stranger)).text

    async def test_an_erased_row_says_that_it_is_one(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await key_made(managed, headers)
        await managed.world.audit.erase(key["id"], actor=OPERATOR)
        rows = (await managed.get(f"{PATH}?action=key.created", headers))["data"]
        assert [(row["is_erased"], row["targets"], row["actor"]) for row in rows] == [(True, [], "")]

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("action=key.stolen", "invalid_parameter"),
            ("since=yesterday", "invalid_parameter"),
            ("until=2026-13-01", "invalid_parameter"),
            ("limit=many", "invalid_parameter"),
            ("cursor=AAAA", "invalid_cursor"),
        ],
    )
    async def test_malformed(self, managed: Managed, query: str, code: str) -> None:
        assert told(await managed.ask("GET", f"{PATH}?{query}", await managed.owner())) == (400, code)

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.BILLING_ADMIN])
    async def test_it_is_for_those_who_answer_for_the_tenant(self, managed: Managed, role: Role) -> None:
        _, headers = await managed.signed_in(role)
        assert told(await managed.ask("GET", PATH, headers)) == (403, "invalid_scope")
        assert await actions(managed, await managed.manager(Scope.AUDIT_READ))


class TestCheckpoint:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        found = await managed.get(f"{PATH}/checkpoint", headers)
        assert set(found) == {"origin", "size", "note", "public_key"}
        (checkpoint,) = checkpoints_in(found["note"], [PublicKey.of(found["public_key"])])
        assert (checkpoint.size, found["origin"]) == (found["size"], "cybervault/audit")
        await key_made(managed, headers)
        assert (await managed.get(f"{PATH}/checkpoint", headers))["size"] == found["size"] + 1
