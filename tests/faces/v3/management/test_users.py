"""Users over HTTP: invited, listed, changed, removed; who may is decided by role."""

from typing import Any

import pytest

from cybervault.domain.principals import KeyKind, Role
from tests.faces.framed import BASE
from tests.faces.v3.management.managed import Headers, Managed, alike, told
from tests.fakes.keys import bearer

PATH = "/v3/users"
BEA = {"email": "Bea@Acme.example", "name": "Bea", "role": "viewer"}


async def invited(managed: Managed, headers: Headers, **wish: object) -> dict[str, Any]:
    reply = await managed.ask("POST", PATH, headers, json=BEA | wish)
    assert reply.status_code == 201, reply.text
    assert reply.headers["cache-control"] == "no-store"
    found: dict[str, Any] = reply.json()
    assert reply.headers["location"] == f"{PATH}/{found['id']}"
    return found


class TestInvite:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        user = await invited(managed, headers)
        token = user.pop("invitation_token")
        assert len(token) == 43
        assert user.pop("invitation_url") == f"{BASE}/invitation#{token}"
        assert user.pop("invitation_expires_at") == "2026-11-08T00:00:00Z"
        assert user == {
            "id": user["id"], "email": "bea@acme.example", "name": "Bea", "role": "viewer", "state": "active",
            "created_at": "2026-11-01T00:00:00Z",
        }  # fmt: skip
        assert await managed.get(f"{PATH}/{user['id']}", headers) == user

    async def test_a_lost_answer_is_cured_by_another_invitation(self, managed: Managed) -> None:
        headers = await managed.owner()
        first = await managed.ask("POST", PATH, headers | {"Idempotency-Key": "i"}, json=BEA)
        again = await managed.ask("POST", PATH, headers | {"Idempotency-Key": "i"}, json=BEA)
        user_id = first.json()["id"]
        assert told(again) == (409, "secret_already_shown")
        assert user_id in again.json()["error"]["message"]
        renewed = await managed.ask("POST", f"{PATH}/{user_id}/invitation", headers)
        assert (renewed.status_code, renewed.json()["id"]) == (201, user_id)
        assert renewed.json()["invitation_token"] != first.json()["invitation_token"]

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [
            ({}, (409, "email_taken")),
            ({"email": "nobody"}, (400, "invalid_email")),
            ({"email": "other@acme.example", "name": "\n"}, (400, "invalid_name")),
            ({"role": "god"}, (400, "invalid_parameter")),
        ],
    )
    async def test_malformed(self, managed: Managed, wish: dict[str, object], expected: tuple[int, str]) -> None:
        headers = await managed.owner()
        await invited(managed, headers)
        assert told(await managed.ask("POST", PATH, headers, json=BEA | wish)) == expected

    async def test_an_admin_makes_no_owner(self, managed: Managed) -> None:
        _, admin = await managed.signed_in(Role.ADMIN)
        assert told(await managed.ask("POST", PATH, admin, json=BEA | {"role": "owner"})) == (403, "insufficient_role")
        assert (await invited(managed, admin, role="admin"))["role"] == "admin"

    async def test_a_key_without_a_member_invites_nobody(self, managed: Managed) -> None:
        reply = await managed.ask("POST", PATH, await managed.manager(), json=BEA)
        assert told(reply) == (403, "insufficient_role")


class TestList:
    async def test_answers(self, managed: Managed) -> None:
        member, headers = await managed.signed_in()
        managed.framed.clock.advance(1)
        await invited(managed, headers)
        page = await managed.get(f"{PATH}?limit=1", headers)
        assert [row["id"] for row in page["data"]] == [member.id]
        rest = await managed.get(f"{PATH}?limit=1&cursor={page['pagination']['next_cursor']}", headers)
        assert [row["name"] for row in rest["data"]] == ["Bea"]
        assert rest["pagination"]["has_more"] is False

    async def test_other_tenant_sees_nothing(self, managed: Managed) -> None:
        await managed.owner()
        stranger, headers = await managed.stranger()
        assert [row["id"] for row in (await managed.get(PATH, headers))["data"]] == [stranger.id]

    async def test_a_key_that_manages_reads_the_list(self, managed: Managed) -> None:
        member, _ = await managed.signed_in()
        headers = await managed.manager()
        assert [row["id"] for row in (await managed.get(PATH, headers))["data"]] == [member.id]
        assert (await managed.get(f"{PATH}/{member.id}", headers))["role"] == "owner"


class TestShow:
    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.BILLING_ADMIN])
    async def test_who_manages_nobody_sees_itself_alone(self, managed: Managed, role: Role) -> None:
        owner, _ = await managed.signed_in()
        member, headers = await managed.signed_in(role)
        assert (await managed.get(f"{PATH}/{member.id}", headers))["role"] == role.value
        colleague = await managed.ask("GET", f"{PATH}/{owner.id}", headers)
        unknown = await managed.ask("GET", f"{PATH}/usr_aaaaaaaaaaaa", headers)
        assert told(unknown) == (404, "member_not_found")
        assert alike(colleague, unknown)


class TestEdit:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        path = f"{PATH}/{(await invited(managed, headers))['id']}"
        for wish, expected in [
            ({"name": "Beatriz"}, {"name": "Beatriz"}),
            ({"role": "member"}, {"role": "member"}),
            ({"suspended": True}, {"state": "suspended"}),
            ({"suspended": False}, {"state": "active"}),
        ]:
            changed = await managed.ask("PATCH", path, headers, json=wish)
            assert changed.status_code == 200
            assert expected.items() <= changed.json().items()

    @pytest.mark.parametrize("wish", [{}, {"name": None}, {"name": "x", "role": "member"}, {"role": "god"}])
    async def test_malformed(self, managed: Managed, wish: dict[str, object]) -> None:
        member, headers = await managed.signed_in()
        reply = await managed.ask("PATCH", f"{PATH}/{member.id}", headers, json=wish)
        assert told(reply) == (400, "invalid_parameter")

    async def test_a_member_chooses_its_own_name_and_no_role(self, managed: Managed) -> None:
        member, headers = await managed.signed_in(Role.MEMBER)
        path = f"{PATH}/{member.id}"
        assert (await managed.ask("PATCH", path, headers, json={"name": "Me"})).json()["name"] == "Me"
        for wish in ({"role": "owner"}, {"suspended": True}):
            assert told(await managed.ask("PATCH", path, headers, json=wish)) == (403, "insufficient_role")

    async def test_a_tenant_keeps_an_owner(self, managed: Managed) -> None:
        member, headers = await managed.signed_in()
        path = f"{PATH}/{member.id}"
        for wish in ({"role": "admin"}, {"suspended": True}):
            assert told(await managed.ask("PATCH", path, headers, json=wish)) == (409, "last_owner")
        assert told(await managed.ask("DELETE", path, headers)) == (409, "last_owner")

    async def test_a_lower_role_holds_at_the_next_call_of_a_personal_key(self, managed: Managed) -> None:
        headers = await managed.owner()
        admin = await managed.world.member(Role.ADMIN)
        key = await managed.framed.key(KeyKind.PERSONAL_LIVE, owner=admin)
        assert (await managed.ask("GET", PATH, key)).status_code == 200
        await managed.ask("PATCH", f"{PATH}/{admin.id}", headers, json={"role": "viewer"})
        assert told(await managed.ask("GET", PATH, key)) == (403, "invalid_scope")


class TestRemove:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        member, session = await managed.signed_in(Role.MEMBER)
        secret = (await managed.ask("POST", "/v3/keys", session, json={"name": "k"})).json()["secret"]
        removed = await managed.ask("DELETE", f"{PATH}/{member.id}", headers)
        assert (removed.status_code, removed.json()["state"]) == (200, "removed")
        assert told(await managed.ask("GET", "/v3/tenant", bearer(secret))) == (401, "revoked_api_key")
        assert told(await managed.ask("GET", "/v3/tenant", session))[0] == 401
        assert told(await managed.ask("GET", f"{PATH}/{member.id}", headers)) == (404, "member_not_found")

    async def test_an_admin_removes_no_owner(self, managed: Managed) -> None:
        owner, _ = await managed.signed_in()
        _, admin = await managed.signed_in(Role.ADMIN)
        for method, path in (("DELETE", f"{PATH}/{owner.id}"), ("POST", f"{PATH}/{owner.id}/invitation")):
            assert told(await managed.ask(method, path, admin)) == (403, "insufficient_role")
