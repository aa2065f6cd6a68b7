"""Detection rules over HTTP: listed, shown, disabled and enabled by a tenant for itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from cybervault.domain.principals import KeyKind, Role, Scope
from tests.detection.chosen import SERVICE_HOST
from tests.detection.sigma import rule, selecting
from tests.faces.v3.management.managed import told
from tests.faces.v3.responding import Responding, responding_on

RULES: Final = "/v3/detection/rules"
PROFILE: Final = "/v3/detection/profile"
ONE: Final = f"{RULES}/{SERVICE_HOST.id}"
OFF: Final = {"enabled": False, "reason": "Our own."}
READ, WRITE = Scope.THREAT_READ, Scope.RESPONSE_WRITE
MORE: Final = [
    rule(selecting(Image="a"), id=f"4b89abaa-99fe-4232-afdd-{number:012}", title=f"Rule {number:02}", level="low")
    for number in range(7)
]


@pytest.fixture
async def site(sqlite_file: Path, plain_logs: None) -> AsyncIterator[Responding]:  # noqa: ARG001 - logs go first
    async with responding_on(sqlite_file, rules=(SERVICE_HOST, *MORE)) as site:
        yield site


async def got(site: Responding, path: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    reply = await site.ask("GET", path, headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def changed(site: Responding, path: str, body: object, headers: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    reply = await site.ask("PATCH", path, headers, json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


class TestList:
    async def test_answers(self, site: Responding) -> None:
        found = await got(site, RULES, await site.key(READ))
        assert [one["title"] for one in found["data"]] == [*(one.title for one in MORE), SERVICE_HOST.title]
        assert [one["standing"] for one in found["data"]] == [*(["below_level"] * 7), "in_force"]
        assert found["pagination"] == {"next_cursor": None, "has_more": False, "limit": 50}

    async def test_pages_go_on_behind_one_another(self, site: Responding) -> None:
        headers, titles, cursor = await site.key(READ), list[str](), ""
        while cursor is not None:
            found = await got(site, f"{RULES}?limit=3{cursor and f'&cursor={cursor}'}", headers)
            titles += [one["title"] for one in found["data"]]
            cursor = found["pagination"]["next_cursor"]
        assert titles == [*(one.title for one in MORE), SERVICE_HOST.title]

    async def test_it_is_narrowed_and_a_cursor_holds_for_the_same_question(self, site: Responding) -> None:
        headers = await site.key(READ)
        found = await got(site, f"{RULES}?search=rule&limit=2&level=low", headers)
        assert [one["title"] for one in found["data"]] == ["Rule 00", "Rule 01"]
        cursor = found["pagination"]["next_cursor"]
        reply = await site.ask("GET", f"{RULES}?search=host&limit=2&cursor={cursor}", headers)
        assert told(reply) == (400, "invalid_cursor")
        assert (await got(site, f"{RULES}?standing=in_force", headers))["data"][0]["id"] == SERVICE_HOST.id

    async def test_malformed(self, site: Responding) -> None:
        headers = await site.key(READ)
        for query in ("level=loud", "standing=odd", "limit=0", "search=" + "x" * 201):
            assert told(await site.ask("GET", f"{RULES}?{query}", headers)) == (400, "invalid_parameter"), query

    async def test_without_key(self, site: Responding) -> None:
        for method, path in (("GET", RULES), ("GET", ONE), ("PATCH", ONE), ("GET", PROFILE), ("PATCH", PROFILE)):
            assert told(await site.ask(method, path, {})) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, site: Responding) -> None:
        for path in (RULES, ONE, PROFILE):
            assert told(await site.ask("GET", path, await site.key(WRITE))) == (403, "invalid_scope")

    async def test_a_test_key_sees_the_rules_and_nothing_that_somebody_chose(self, site: Responding) -> None:
        await changed(site, ONE, OFF, await site.key(WRITE))
        sandbox = await site.key(READ, kind=KeyKind.SERVICE_TEST)
        assert (await got(site, RULES, sandbox))["data"][-1]["enabled"] is True
        assert (await got(site, ONE, sandbox))["enabled"] is True
        assert (await got(site, PROFILE, sandbox))["disabled_rules"] == 0


class TestRule:
    async def test_answers(self, site: Responding) -> None:
        found = await got(site, ONE, await site.key(READ))
        assert (found["id"], found["enabled"], found["standing"]) == (SERVICE_HOST.id, True, "in_force")

    async def test_unknown(self, site: Responding) -> None:
        reader, writer = await site.key(READ), await site.key(WRITE)
        unknown = f"{RULES}/nobody"
        assert told(await site.ask("GET", unknown, reader)) == (404, "not_found")
        for body in (OFF, {"enabled": True}):
            assert told(await site.ask("PATCH", unknown, writer, json=body)) == (404, "not_found")


class TestChange:
    async def test_answers(self, site: Responding) -> None:
        writer, reader = await site.key(WRITE), await site.key(READ)
        off = await changed(site, ONE, OFF, writer)
        assert (off["enabled"], off["in_force"], off["standing"], off["disabled_reason"]) == (
            False, False, "disabled", "Our own.",
        )  # fmt: skip
        assert off["disabled_at"] == "2026-11-01T00:00:00Z"
        assert off["disabled_by"].startswith("key:key_")
        assert await got(site, ONE, reader) == off
        (row,) = await site.audited("rule.switched_off")
        assert (row["id"], row["by"], row["reason"]) == (SERVICE_HOST.id, off["disabled_by"], "Our own.")
        assert (await changed(site, ONE, {"enabled": True}, writer))["standing"] == "in_force"
        assert [row["id"] for row in await site.audited("rule.switched_on")] == [SERVICE_HOST.id]

    async def test_other_tenant_sees_nothing(self, site: Responding) -> None:
        await changed(site, ONE, OFF, await site.key(WRITE))
        await changed(site, PROFILE, {"from_level": "critical"}, await site.key(WRITE))
        stranger = await site.stranger()
        assert (await got(site, ONE, stranger))["standing"] == "in_force"
        assert (await got(site, PROFILE, stranger))["own_level"] is None

    async def test_what_the_installation_leaves_out_stays_out_and_says_so(self, site: Responding) -> None:
        found = await changed(site, f"{RULES}/{MORE[0].id}", {"enabled": True}, await site.key(WRITE))
        assert (found["enabled"], found["in_force"], found["standing"]) == (True, False, "below_level")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "invalid_parameter"),
            ({"enabled": "no"}, "invalid_parameter"),
            ({"enabled": False}, "reason_required"),
            ({"enabled": False, "reason": "x" * 501}, "invalid_parameter"),
            ({"enabled": True, "more": 1}, "invalid_parameter"),
        ],
    )
    async def test_malformed(self, site: Responding, body: object, code: str) -> None:
        reply = await site.ask("PATCH", ONE, await site.key(WRITE), json=body)
        status, said = told(reply)
        assert (status, said) == (400, code) or (not body and status == 400)
        assert await site.audited("rule.switched_off") == []

    async def test_who_may_only_send_telemetry_cannot_make_us_blind(self, site: Responding) -> None:
        sender = await site.key(READ, Scope.THREAT_WRITE)
        member = await site.framed.cookie(await site.framed.world.member(Role.MEMBER))
        for headers in (sender, member):
            for path, body in ((ONE, OFF), (PROFILE, {"from_level": "critical"})):
                assert told(await site.ask("PATCH", path, headers, json=body)) == (403, "invalid_scope")
        admin = await site.framed.cookie(await site.framed.world.member(Role.ADMIN))
        assert (await changed(site, ONE, OFF, admin))["enabled"] is False

    async def test_a_test_key_changes_nothing(self, site: Responding) -> None:
        sandbox = await site.key(WRITE, kind=KeyKind.SERVICE_TEST)
        assert told(await site.ask("PATCH", ONE, sandbox, json=OFF)) == (403, "sandbox_restricted")


class TestProfile:
    async def test_answers(self, site: Responding) -> None:
        writer, reader = await site.key(WRITE), await site.key(READ)
        assert await got(site, PROFILE, reader) == {
            "from_level": "medium", "own_level": None, "installation_level": "medium", "hunting_rules": False,
            "disabled_rules": 0, "packs": [{"name": SERVICE_HOST.pack, "rules": 8, "in_force": 1}],
        }  # fmt: skip
        found = await changed(site, PROFILE, {"from_level": "critical"}, writer)
        assert (found["from_level"], found["own_level"]) == ("critical", "critical")
        assert (await got(site, ONE, reader))["standing"] == "below_own_level"
        back = await changed(site, PROFILE, {"from_level": None}, writer)
        assert (back["from_level"], back["own_level"]) == ("medium", None)
        assert await got(site, PROFILE, reader) == back

    async def test_malformed(self, site: Responding) -> None:
        for level in ("low", "loud", 3):
            reply = await site.ask("PATCH", PROFILE, await site.key(WRITE), json={"from_level": level})
            assert told(reply) == (400, "invalid_parameter")


FILTERS: Final = "/v3/detection/filters"
TEXT: Final = """\
title: Our deployment
id: 7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10
logsource: {product: windows}
filter: {rules: any, s: {User: deploy}, condition: not s}
"""


class TestFilters:
    async def test_answers(self, site: Responding) -> None:
        writer, reader = await site.key(WRITE), await site.key(READ)
        reply = await site.ask("POST", FILTERS, writer, json={"text": TEXT})
        assert reply.status_code == 201, reply.text
        made = reply.json()
        assert (made["title"], made["text"], made["created_at"]) == ("Our deployment", TEXT, "2026-11-01T00:00:00Z")
        assert await got(site, FILTERS, reader) == {"data": [made]}
        assert [row["title"] for row in await site.audited("rule_filter.added")] == ["Our deployment"]
        assert (await site.ask("DELETE", f"{FILTERS}/{made['id']}", writer)).status_code == 204
        assert await got(site, FILTERS, reader) == {"data": []}
        assert told(await site.ask("DELETE", f"{FILTERS}/{made['id']}", writer)) == (404, "not_found")

    async def test_malformed(self, site: Responding) -> None:
        writer = await site.key(WRITE)
        for body, code in (
            ({"text": "title: ["}, "bad_rule_filter"),
            ({"text": "x" * 70_000}, "invalid_parameter"),
            ({"text": TEXT, "more": 1}, "invalid_parameter"),
        ):
            assert told(await site.ask("POST", FILTERS, writer, json=body)) == (400, code)

    async def test_other_tenant_sees_nothing(self, site: Responding) -> None:
        made = (await site.ask("POST", FILTERS, await site.key(WRITE), json={"text": TEXT})).json()
        stranger = await site.stranger()
        assert await got(site, FILTERS, stranger) == {"data": []}
        assert told(await site.ask("DELETE", f"{FILTERS}/{made['id']}", stranger)) == (404, "not_found")

    async def test_a_test_key_sees_none_and_adds_none(self, site: Responding) -> None:
        await site.ask("POST", FILTERS, await site.key(WRITE), json={"text": TEXT})
        assert await got(site, FILTERS, await site.key(READ, kind=KeyKind.SERVICE_TEST)) == {"data": []}
        sandbox = await site.key(WRITE, kind=KeyKind.SERVICE_TEST)
        assert told(await site.ask("POST", FILTERS, sandbox, json={"text": TEXT})) == (403, "sandbox_restricted")

    async def test_without_key(self, site: Responding) -> None:
        for method, path in (("GET", FILTERS), ("POST", FILTERS), ("DELETE", f"{FILTERS}/x")):
            assert told(await site.ask(method, path, {})) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, site: Responding) -> None:
        reader = await site.key(READ)
        assert told(await site.ask("POST", FILTERS, reader, json={"text": TEXT})) == (403, "invalid_scope")
        assert told(await site.ask("DELETE", f"{FILTERS}/x", reader)) == (403, "invalid_scope")
        assert told(await site.ask("GET", FILTERS, await site.key(WRITE))) == (403, "invalid_scope")
