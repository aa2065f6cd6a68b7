"""Keys over HTTP: made, shown, changed, rotated, revoked; their calls, and which of them need a look."""

import re
from typing import Any

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import KeyKind, Plan, Role, Scope
from tests.faces.v3.management.managed import UPGRADE, Headers, Managed, told
from tests.fakes.keys import bearer

NEVER_SHOWN = {"digest", "pepper_id", "tenant_id"}


async def made(managed: Managed, headers: Headers, name: str = "ci", **wish: object) -> dict[str, Any]:
    """A new key as its answer shows it."""
    reply = await managed.ask("POST", "/v3/keys", headers, json={"name": name, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def step(managed: Managed, headers: Headers, key: dict[str, Any], what: str, **body: object) -> Any:  # noqa: ANN401 - JSON
    reply = await managed.ask("POST", f"/v3/keys/{key['id']}/{what}", headers, json=body)
    assert reply.status_code in {200, 201}, reply.text
    return reply.json()


async def names(managed: Managed, headers: Headers, query: str = "") -> list[str]:
    return [row["name"] for row in (await managed.get(f"/v3/keys{query}", headers))["data"]]


class TestCreate:
    async def test_answers(self, managed: Managed) -> None:
        member, headers = await managed.signed_in(Role.MEMBER)
        reply = await managed.ask("POST", "/v3/keys", headers, json={"name": "github-actions-prod"})
        told_key = reply.json()
        assert reply.status_code == 201
        assert reply.headers["location"] == f"/v3/keys/{told_key['id']}"
        assert reply.headers["cache-control"] == "no-store"
        secret = told_key.pop("secret")
        assert re.fullmatch("cbr_live_[0-9A-Za-z]{38}", secret)
        hint = f"cbr_live_…{secret[-4:]}"
        assert told_key == {
            "id": told_key["id"], "name": "github-actions-prod", "kind": "personal", "environment": "production",
            "hint": hint, "state": "active", "scopes": [], "ip_allow_list": [],
            "owner": {"id": member.id, "name": "M"}, "service_account_id": None,
            "created_at": "2026-11-01T00:00:00Z", "created_by": f"member:{member.id}", "expires_at": None,
            "revoked_at": None, "last_used_at": None, "last_used_ip": None, "last_ip": None,
            "exposed_at": None, "exposed_where": None,
            "secrets": [
                {"hint": hint, "created_at": "2026-11-01T00:00:00Z", "ends_at": None, "last_used_at": None,
                 "last_used_ip": None, "is_old": False},
            ],
        }  # fmt: skip
        assert await managed.get(f"/v3/keys/{told_key['id']}", headers) == told_key
        assert secret not in (await managed.ask("GET", "/v3/keys", headers)).text

    async def test_all_that_may_be_wished(self, managed: Managed) -> None:
        headers = await managed.owner()
        account = await managed.ask(
            "POST", "/v3/service-accounts", headers, json={"name": "ci", "scopes": ["threat:read", "scan:read"]}
        )
        key = await made(
            managed, headers, kind="service_read", scopes=["threat:read"], expires_at="2027-01-31T12:00:00+02:00",
            ip_allow_list=["203.0.113.0/24", "2001:db8::7", "203.0.113.0/24"], service_account_id=account.json()["id"],
        )  # fmt: skip
        assert key["secret"].startswith("cv_read_sk_")
        assert key["ip_allow_list"] == ["203.0.113.0/24", "2001:db8::7/128"]
        assert (key["expires_at"], key["scopes"], key["owner"]) == ("2027-01-31T10:00:00Z", ["threat:read"], None)
        assert key["service_account_id"] == account.json()["id"]

    async def test_a_key_that_manages_makes_keys_of_service_accounts_unless_told_otherwise(
        self, managed: Managed
    ) -> None:
        headers = await managed.manager()
        assert (await made(managed, headers))["kind"] == "service_live"
        reply = await managed.ask("POST", "/v3/keys", headers, json={"name": "mine", "kind": "personal"})
        assert told(reply) == (403, "insufficient_role")

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({}, "missing_parameter"),
            ({"name": ""}, "invalid_name"),
            ({"name": "x" * 65}, "invalid_name"),
            ({"name": "a", "expires_at": "2026-10-31T23:59:59Z"}, "invalid_expiry"),
            ({"name": "a", "expires_at": "2026-11-01"}, "invalid_expiry"),
            ({"name": "a", "expires_at": "2027-01-31T12:00:00"}, "invalid_expiry"),
            ({"name": "a", "expires_at": "soon"}, "invalid_expiry"),
            ({"name": "a", "ip_allow_list": ["203.0.113.7/24"]}, "invalid_network"),
            ({"name": "a", "ip_allow_list": ["here"]}, "invalid_network"),
            ({"name": "a", "kind": "cbr_live_"}, "invalid_parameter"),
            ({"name": "a", "scopes": ["everything"]}, "invalid_parameter"),
            ({"name": "a", "service_account_id": "ci"}, "invalid_parameter"),
            ({"name": "a", "service_account_id": "sva_aaaaaaaaaaaa"}, "invalid_owner"),
        ],
    )
    async def test_malformed(self, managed: Managed, wish: dict[str, object], code: str) -> None:
        reply = await managed.ask("POST", "/v3/keys", await managed.owner(), json=wish)
        assert told(reply) == (400, code)

    async def test_the_gate_of_the_plan_tells_where_to_upgrade(self, managed: Managed) -> None:
        headers = await managed.owner()
        await managed.world.plan(Plan.STARTER)
        reply = await managed.ask("POST", "/v3/keys", headers, json={"name": "ci"})
        assert told(reply) == (403, "plan_upgrade_required")
        assert "Upgrade: " in reply.json()["error"]["message"]
        assert (await made(managed, headers, kind="service_live"))["kind"] == "service_live"
        assert (await managed.get("/v3/tenant", headers))["api_access"]["upgrade_url"] == UPGRADE

    async def test_nobody_gives_what_they_do_not_have(self, managed: Managed) -> None:
        wish = {"name": "ci", "scopes": ["audit:read"]}
        reply = await managed.ask("POST", "/v3/keys", await managed.manager(), json=wish)
        assert told(reply) == (403, "scope_not_held")
        _, member = await managed.signed_in(Role.MEMBER)
        reply = await managed.ask("POST", "/v3/keys", member, json={"name": "ci", "kind": "service_live"})
        assert told(reply) == (403, "insufficient_role")


class TestList:
    async def test_answers(self, managed: Managed) -> None:
        owner = await managed.owner()
        _, member = await managed.signed_in(Role.MEMBER)
        for number, headers in enumerate((owner, member, owner)):
            await made(managed, headers, f"key {number}")
            managed.framed.clock.advance(1)
        told_keys = await managed.get("/v3/keys", owner)
        assert [row["name"] for row in told_keys["data"]] == ["key 2", "key 1", "key 0"]
        assert told_keys["pagination"] == {"next_cursor": None, "has_more": False, "limit": 50}
        assert not NEVER_SHOWN & set(told_keys["data"][0])
        assert await names(managed, member) == ["key 1"]
        assert await names(managed, owner, "?owner=me") == ["key 2", "key 0"]

    async def test_pages_hold_while_keys_are_made(self, managed: Managed) -> None:
        headers = await managed.owner()
        for number in range(5):
            await made(managed, headers, f"key {number}")
        seen, cursor = [], ""
        while True:
            page = await managed.get(f"/v3/keys?limit=2{cursor}", headers)
            seen += [row["name"] for row in page["data"]]
            managed.framed.clock.advance(1)
            await made(managed, headers, f"newer {len(seen)}")
            if not page["pagination"]["has_more"]:
                break
            cursor = f"&cursor={page['pagination']['next_cursor']}"
        assert sorted(seen) == [f"key {number}" for number in range(5)]

    async def test_filters(self, managed: Managed) -> None:
        member, headers = await managed.signed_in()
        revoked = await made(managed, headers, "gone")
        await step(managed, headers, revoked, "revoke")
        await made(managed, headers, "program", kind="service_live")
        assert await names(managed, headers, "?state=revoked") == ["gone"]
        assert await names(managed, headers, f"?owner={member.id}&state=active") == []
        assert await names(managed, headers, f"?owner={member.id}") == ["gone"]
        assert await names(managed, await managed.manager(), "?owner=me") == []

    async def test_malformed(self, managed: Managed) -> None:
        headers = await managed.owner()
        for name in ("one", "two"):
            await made(managed, headers, name)
        cursor = (await managed.get("/v3/keys?limit=1", headers))["pagination"]["next_cursor"]
        for query, code in [
            ("limit=0", "invalid_parameter"),
            ("state=odd", "invalid_parameter"),
            ("cursor=odd", "invalid_cursor"),
            (f"cursor={cursor}&owner=me", "invalid_cursor"),
        ]:
            assert told(await managed.ask("GET", f"/v3/keys?{query}", headers)) == (400, code)
        _, stranger = await managed.stranger()
        assert told(await managed.ask("GET", f"/v3/keys?cursor={cursor}", stranger)) == (400, "invalid_cursor")

    async def test_other_tenant_sees_nothing(self, managed: Managed) -> None:
        await made(managed, await managed.owner())
        assert await names(managed, (await managed.stranger())[1]) == []

    async def test_the_owner_of_a_key_who_is_gone_has_no_name(self, managed: Managed) -> None:
        member, headers = await managed.signed_in(Role.MEMBER)
        key = await made(managed, headers)
        owner = await managed.owner()
        await managed.ask("DELETE", f"/v3/users/{member.id}", owner)
        row = await managed.get(f"/v3/keys/{key['id']}", owner)
        assert (row["owner"], row["state"]) == ({"id": member.id, "name": None}, "revoked")


class TestShow:
    async def test_another_members_key_is_unknown_to_a_member(self, managed: Managed) -> None:
        key = await made(managed, await managed.owner())
        _, member = await managed.signed_in(Role.MEMBER)
        for path in (f"/v3/keys/{key['id']}", f"/v3/keys/{key['id']}/usage"):
            assert told(await managed.ask("GET", path, member)) == (404, "key_not_found")


class TestEdit:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers, scopes=["threat:read"], expires_at="2027-01-01")
        path = f"/v3/keys/{key['id']}"
        wish = {"name": "new", "scopes": ["scan:read"], "ip_allow_list": ["192.0.2.0/24"], "expires_at": None}
        changed = (await managed.ask("PATCH", path, headers, json=wish)).json()
        assert {name: changed[name] for name in wish} == wish
        same = (await managed.ask("PATCH", path, headers, json={})).json()
        assert same == changed
        shorter = (await managed.ask("PATCH", path, headers, json={"expires_at": "2026-12-31T00:00:00Z"})).json()
        assert (shorter["expires_at"], shorter["name"]) == ("2026-12-31T00:00:00Z", "new")

    async def test_locking_oneself_out_wants_a_word(self, managed: Managed) -> None:
        headers = await managed.owner()
        path, away = f"/v3/keys/{(await made(managed, headers))['id']}", {"ip_allow_list": ["203.0.113.0/24"]}
        assert told(await managed.ask("PATCH", path, headers, json=away)) == (409, "would_lock_out")
        assert (await managed.ask("PATCH", path, headers, json=away | {"confirm": True})).status_code == 200

    async def test_malformed(self, managed: Managed) -> None:
        headers = await managed.owner()
        path = f"/v3/keys/{(await made(managed, headers))['id']}"
        for wish, code in [
            ({"name": " "}, "invalid_name"),
            ({"expires_at": "2020-01-01"}, "invalid_expiry"),
            ({"expires_at": "9999-12-31T23:59:59-14:00"}, "invalid_expiry"),
            ({"ip_allow_list": [""]}, "invalid_network"),
            ({"ip_allow_list": ["10.0.0.0/8"] * 101}, "invalid_parameter"),
        ]:
            assert told(await managed.ask("PATCH", path, headers, json=wish)) == (400, code)

    async def test_a_key_does_not_widen_itself(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers, kind="service_live", scopes=["keys:manage"], ip_allow_list=["192.0.2.0/24"])
        reply = await managed.ask(
            "PATCH", f"/v3/keys/{key['id']}", bearer(key["secret"]), json={"ip_allow_list": ["192.0.0.0/8"]}
        )
        assert told(reply)[0] in {400, 403}
        reply = await managed.ask("PATCH", f"/v3/keys/{key['id']}", bearer(key["secret"]), json={"ip_allow_list": []})
        assert told(reply) == (403, "own_key")


class TestRotate:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        managed.framed.clock.advance(60)
        new = await step(managed, headers, key, "rotate")
        assert (new["state"], new["id"]) == ("rotating", key["id"])
        assert new["secret"] != key["secret"]
        assert [(one["is_old"], one["ends_at"]) for one in new["secrets"]] == [
            (True, "2026-11-02T00:01:00Z"), (False, None),
        ]  # fmt: skip
        again = await managed.ask("POST", f"/v3/keys/{key['id']}/rotate", headers)
        assert told(again) == (409, "rotation_in_progress")

    async def test_the_expiry_stays_unless_another_is_wished(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers, expires_at="2026-12-01")
        assert (await step(managed, headers, key, "rotate"))["expires_at"] == "2026-12-01T00:00:00Z"
        await step(managed, headers, key, "cancel-rotation")
        renewed = await step(managed, headers, key, "rotate", expires_at="2027-12-01")
        assert renewed["expires_at"] == "2027-12-01T00:00:00Z"
        await step(managed, headers, key, "finish-rotation")
        assert (await step(managed, headers, key, "rotate", expires_at=None))["expires_at"] is None

    async def test_finishing_tells_how_the_old_secret_was_used_last(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        await managed.ask("GET", "/v3/tenant", bearer(key["secret"]))
        managed.framed.clock.advance(180)
        await step(managed, headers, key, "rotate")
        done = await step(managed, headers, key, "finish-rotation")
        assert done["old_secret"]["last_use"] == "old secret last used 3 min ago from 192.0.2.1"
        assert (done["old_secret"]["is_old"], done["old_secret"]["hint"]) == (True, key["hint"])
        assert (done["state"], len(done["secrets"])) == ("active", 1)
        assert told(await managed.ask("GET", "/v3/tenant", bearer(key["secret"]))) == (401, "revoked_api_key")

    async def test_cancelling_ends_the_new_secret(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        new = await step(managed, headers, key, "rotate")
        cancelled = await step(managed, headers, key, "cancel-rotation")
        assert (cancelled["state"], cancelled["hint"]) == ("active", key["hint"])
        assert told(await managed.ask("GET", "/v3/tenant", bearer(new["secret"]))) == (401, "revoked_api_key")
        for what in ("cancel-rotation", "finish-rotation"):
            assert told(await managed.ask("POST", f"/v3/keys/{key['id']}/{what}", headers)) == (409, "no_rotation")


class TestRevoke:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        gone = await step(managed, headers, key, "revoke", reason="left")
        assert (gone["state"], gone["revoked_at"]) == ("revoked", "2026-11-01T00:00:00Z")
        again = await managed.ask("POST", f"/v3/keys/{key['id']}/revoke", headers)
        assert told(again) == (409, "key_revoked")
        assert '"reason":"left"' in await managed.world.last_payload()

    async def test_somebody_elses_personal_key_needs_a_reason(self, managed: Managed) -> None:
        _, member = await managed.signed_in(Role.MEMBER)
        path, headers = f"/v3/keys/{(await made(managed, member))['id']}/revoke", await managed.owner()
        assert told(await managed.ask("POST", path, headers)) == (400, "reason_required")
        assert (await managed.ask("POST", path, headers, json={"reason": "left"})).status_code == 200


class TestUsage:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers, scopes=["threat:read"])
        for path, agent in (("/v3/tenant", "curl"), ("/v3/users", "curl"), ("/v3/nope/secret?x=1", None)):
            await managed.ask("GET", path, bearer(key["secret"]) | ({"User-Agent": agent} if agent else {}))
            managed.framed.clock.advance(1)
        rows = (await managed.get(f"/v3/keys/{key['id']}/usage", headers))["data"]
        assert [(row["path"], row["status"]) for row in rows] == [
            ("(no such path)", 404), ("/v3/users", 403), ("/v3/tenant", 200),
        ]  # fmt: skip
        assert set(rows[2]) == {
            "at", "method", "path", "status", "outcome", "milliseconds", "ip", "agent", "secret", "is_old_secret",
            "request_id",
        }  # fmt: skip
        assert {name: rows[2][name] for name in ("at", "method", "ip", "agent", "secret", "is_old_secret")} == {
            "at": "2026-11-01T00:00:00Z", "method": "GET", "ip": "192.0.2.1", "agent": "curl",
            "secret": key["hint"], "is_old_secret": False,
        }  # fmt: skip

    async def test_it_tells_the_old_secret_from_the_new_and_comes_in_pages(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        new = await step(managed, headers, key, "rotate")
        for secret in (key["secret"], new["secret"], key["secret"]):
            await managed.ask("GET", "/v3/tenant", bearer(secret))
            managed.framed.clock.advance(1)
        path, seen, cursor = f"/v3/keys/{key['id']}/usage?limit=2", [], ""
        while True:
            page = await managed.get(path + cursor, headers)
            seen += [row["is_old_secret"] for row in page["data"]]
            if not page["pagination"]["has_more"]:
                break
            cursor = f"&cursor={page['pagination']['next_cursor']}"
        assert seen == [True, False, True]
        told = await managed.get(f"/v3/keys/{key['id']}/usage/summary?step=hour", headers)
        assert (len(told["data"]), told["calls"]) == (48, 3)
        assert told["data"][-1] == {
            "at": "2026-11-01T00:00:00Z",
            "counts": [
                {"outcome": "succeeded", "is_old_secret": False, "calls": 1},
                {"outcome": "succeeded", "is_old_secret": True, "calls": 2},
            ],
        }
        reply = await managed.ask("GET", f"/v3/keys/{key['id']}/usage/summary?step=minute", headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_parameter")


class TestReport:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers, expires_at="2026-11-05")
        await managed.world.exposure.seen(key["secret"], "a file")
        report = await managed.get("/v3/keys/report", headers)
        assert [(row["key_id"], row["matter"]) for row in report["data"]] == [
            (key["id"], "exposed"), (key["id"], "expires_soon"),
        ]  # fmt: skip
        row = await managed.get(f"/v3/keys/{key['id']}", headers)
        assert (row["exposed_at"], row["exposed_where"]) == ("2026-11-01T00:00:00Z", "a file")
        assert key["secret"] not in str(report)

    async def test_a_member_asks_for_the_keys_of_its_own_one_by_one(self, managed: Managed) -> None:
        _, member = await managed.signed_in(Role.MEMBER)
        assert told(await managed.ask("GET", "/v3/keys/report", member)) == (403, "invalid_scope")


class TestLimits:
    async def test_answers(self, managed: Managed) -> None:
        headers = await managed.owner()
        key = await made(managed, headers)
        for _ in range(3):
            await managed.ask("GET", "/v3/tenant", bearer(key["secret"]))
        window = {"name": "minute", "seconds": 60, "limit": 300, "ceiling": 360, "used": 3, "remaining": 297}
        read = {
            "key_id": key["id"], "name": key["name"], "face": "v3", "call_class": "read", "windows": [window],
        }  # fmt: skip
        assert await managed.get("/v3/keys/limits", headers) == {"at": "2026-11-01T00:00:00Z", "data": [read]}
        assert (await managed.get("/v3/keys/limits", (await managed.stranger())[1]))["data"] == []


async def test_every_word_of_a_kind_is_made_and_shown(managed: Managed) -> None:
    headers = await managed.owner()
    for word, kind in {
        "personal": KeyKind.PERSONAL_LIVE, "personal_test": KeyKind.PERSONAL_TEST, "service_live": KeyKind.SERVICE_LIVE,
        "service_test": KeyKind.SERVICE_TEST, "service_read": KeyKind.SERVICE_READ,
        "classic_live": KeyKind.CLASSIC_LIVE, "classic_test": KeyKind.CLASSIC_TEST,
    }.items():  # fmt: skip
        key = await made(managed, headers, word, kind=word)
        assert (key["kind"], key["environment"]) == (word, kind.environment.value)
        assert key["secret"].startswith(kind.value)


async def test_a_decoy_looks_like_any_other_key(managed: Managed) -> None:
    """Whoever has stolen a key that lists keys does not learn which of them raise an alarm."""
    await managed.world.mint("decoy", is_decoy=True)
    await managed.world.mint("plain", scopes=frozenset({Scope.THREAT_READ}))
    rows = (await managed.get("/v3/keys", await managed.owner()))["data"]
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert "decoy" not in " ".join(rows[0])


async def test_a_suspended_member_manages_nothing(managed: Managed) -> None:
    member, headers = await managed.signed_in()
    await managed.signed_in()
    await managed.office.members.suspend(member.id, by=None, actor=OPERATOR)
    assert told(await managed.ask("GET", "/v3/keys", headers)) == (401, "session_ended")
