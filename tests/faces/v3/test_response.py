"""Actions over HTTP: asked for, checked only, listed, shown; test keys change and see nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from cybervault.domain.actions import CATALOGUE
from cybervault.domain.principals import KeyKind, Role, Scope
from tests.faces.v3.management.managed import alike, told
from tests.faces.v3.responding import Responding, responding_on

PATH: Final = "/v3/response/actions"
CATALOGUE_PATH: Final = "/v3/response/catalogue"
BLOCK: Final = {"type": "block_ip", "target": "198[.]51.100.42", "reason": "Beacons go there."}
READ, WRITE = Scope.RESPONSE_READ, Scope.RESPONSE_WRITE


@pytest.fixture
async def site(sqlite_file: Path, plain_logs: None) -> AsyncIterator[Responding]:  # noqa: ARG001 - logs go first
    async with responding_on(sqlite_file) as site:
        yield site


async def asked(site: Responding, headers: dict[str, str], **wish: object) -> dict[str, Any]:
    reply = await site.ask("POST", PATH, headers, json=BLOCK | wish)
    assert reply.status_code == 202, reply.text
    found: dict[str, Any] = reply.json()
    assert reply.headers["location"] == f"{PATH}/{found['id']}"
    return found


async def got(site: Responding, path: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    reply = await site.ask("GET", path, headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


class TestRequest:
    async def test_answers(self, site: Responding) -> None:
        action = await asked(site, await site.key(WRITE), finding_id="thr_1m4p7s0v3y")
        assert action == {
            "id": action["id"], "type": "block_ip", "target": "198.51.100.42", "reason": "Beacons go there.",
            "dry_run": False, "state": "recorded", "executor": "recorder", "finding_id": "thr_1m4p7s0v3y",
            "is_reversible": True, "undo": "Take the address off the block list.",
            "details": {
                "message": "No executor is configured for this action: it was recorded, nothing was changed."
            },
            "created_at": "2026-11-01T00:00:00Z", "created_by": action["created_by"],
        }  # fmt: skip
        assert action["created_by"].startswith("key:key_")
        assert site.told.subjects == [action["id"]]
        audited = (await site.audited())[0]
        assert (audited["id"], audited["by"], audited["target"]) == (
            action["id"],
            action["created_by"],
            "198.51.100.42",
        )

    async def test_a_dry_run_is_audited_and_nobody_is_told(self, site: Responding) -> None:
        action = await asked(site, await site.key(WRITE), dry_run=True)
        assert (action["state"], action["dry_run"]) == ("checked", True)
        assert site.told.subjects == []
        assert [(row["id"], row["dry_run"]) for row in await site.audited()] == [(action["id"], "yes")]

    async def test_a_repeat_with_its_key_is_done_once(self, site: Responding) -> None:
        headers = await site.key(WRITE) | {"Idempotency-Key": "one"}
        assert await asked(site, headers) == await asked(site, headers)
        assert len(site.told.subjects) == 1

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [
            ({"type": "format_disk"}, (400, "invalid_parameter")),
            ({"target": "nonsense"}, (400, "invalid_target")),
            ({"target": "x" * 5_000}, (400, "invalid_parameter")),
            ({"reason": " "}, (400, "reason_required")),
            ({"reason": "x" * 501}, (400, "invalid_parameter")),
            ({"finding_id": "thr_1"}, (400, "invalid_parameter")),
            ({"dry_run": "no"}, (400, "invalid_parameter")),
            ({"more": 1}, (400, "invalid_parameter")),
            ({"target": "192.168.0.1"}, (403, "action_refused")),
            ({"type": "kill_process", "target": "LSASS.exe", "dry_run": True}, (403, "action_refused")),
        ],
    )
    async def test_malformed(self, site: Responding, wish: dict[str, object], expected: tuple[int, str]) -> None:
        assert told(await site.ask("POST", PATH, await site.key(WRITE), json=BLOCK | wish)) == expected
        assert await site.audited() == []
        assert site.told.subjects == []

    async def test_without_key(self, site: Responding) -> None:
        for method, path in (("POST", PATH), ("GET", PATH), ("GET", f"{PATH}/act_0000000000"), ("GET", CATALOGUE_PATH)):
            assert told(await site.ask(method, path, {})) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, site: Responding) -> None:
        """To write does not include to read, nor the reverse."""
        reader, writer = await site.key(READ), await site.key(WRITE)
        assert told(await site.ask("POST", PATH, reader, json=BLOCK)) == (403, "invalid_scope")
        for path in (PATH, f"{PATH}/act_0000000000", CATALOGUE_PATH):
            assert told(await site.ask("GET", path, writer)) == (403, "invalid_scope")

    async def test_people_who_run_the_tenant_may_and_members_look(self, site: Responding) -> None:
        admin, member = [
            await site.framed.cookie(await site.framed.world.member(role)) for role in (Role.ADMIN, Role.MEMBER)
        ]
        action = await asked(site, admin)
        assert (await got(site, f"{PATH}/{action['id']}", member)) == action
        assert told(await site.ask("POST", PATH, member, json=BLOCK)) == (403, "invalid_scope")

    async def test_a_test_key_starts_nothing(self, site: Responding) -> None:
        """What would be real has no made-up form, whatever the scopes of the key."""
        for headers in (await site.key(WRITE, kind=KeyKind.SERVICE_TEST), await site.key(kind=KeyKind.SERVICE_TEST)):
            assert told(await site.ask("POST", PATH, headers, json=BLOCK)) == (403, "sandbox_restricted")
        assert await site.audited() == []


class TestList:
    async def test_answers(self, site: Responding) -> None:
        headers = await site.key(READ, WRITE)
        made = []
        for _ in range(3):
            made.append(await asked(site, headers))
            site.framed.clock.advance(1)
        first = await got(site, f"{PATH}?limit=2", headers)
        assert first["data"] == [made[2], made[1]]
        assert first["pagination"] == {
            "next_cursor": first["pagination"]["next_cursor"],
            "has_more": True,
            "limit": 2,
        }
        await asked(site, headers)
        rest = await got(site, f"{PATH}?limit=2&cursor={first['pagination']['next_cursor']}", headers)
        assert rest == {"data": [made[0]], "pagination": {"next_cursor": None, "has_more": False, "limit": 2}}

    async def test_a_page_has_50_rows_unless_asked_and_200_at_most(self, site: Responding) -> None:
        headers = await site.key(READ)
        for query, limit in (("", 50), ("?limit=9999", 200)):
            assert (await got(site, PATH + query, headers))["pagination"]["limit"] == limit

    async def test_malformed(self, site: Responding) -> None:
        headers = await site.key(READ)
        assert told(await site.ask("GET", f"{PATH}?limit=0", headers)) == (400, "invalid_parameter")
        assert told(await site.ask("GET", f"{PATH}?cursor=abc", headers)) == (400, "invalid_cursor")

    async def test_other_tenant_sees_nothing(self, site: Responding) -> None:
        await asked(site, await site.key(WRITE))
        assert (await got(site, PATH, await site.stranger()))["data"] == []

    async def test_a_test_key_sees_an_empty_page(self, site: Responding) -> None:
        """Its call would be cut off before it reached a row of production."""
        await asked(site, await site.key(WRITE))
        sandbox = await site.key(READ, kind=KeyKind.SERVICE_TEST)
        expected = {"data": [], "pagination": {"next_cursor": None, "has_more": False, "limit": 50}}
        assert await got(site, PATH, sandbox) == expected


class TestShow:
    async def test_answers(self, site: Responding) -> None:
        headers = await site.key(READ, WRITE)
        action = await asked(site, headers)
        assert await got(site, f"{PATH}/{action['id']}", headers) == action

    async def test_other_tenant_sees_nothing(self, site: Responding) -> None:
        """Whether an id of another tenant exists is told to nobody: both answers are the same to the byte."""
        action, stranger = await asked(site, await site.key(WRITE)), await site.stranger()
        foreign, unknown, odd = [
            await site.ask("GET", f"{PATH}/{wanted}", stranger) for wanted in (action["id"], "act_0000000000", "x")
        ]
        assert told(foreign) == (404, "not_found")
        assert alike(foreign, unknown)
        assert alike(foreign, odd)

    async def test_a_test_key_finds_none(self, site: Responding) -> None:
        action = await asked(site, await site.key(WRITE))
        sandbox = await site.key(READ, kind=KeyKind.SERVICE_TEST)
        assert told(await site.ask("GET", f"{PATH}/{action['id']}", sandbox)) == (404, "not_found")


class TestCatalogue:
    async def test_answers(self, site: Responding) -> None:
        offers = (await got(site, CATALOGUE_PATH, await site.key(READ)))["data"]
        assert [offer["type"] for offer in offers] == [action.value for action in CATALOGUE]
        assert offers[1] == {
            "type": "block_ip", "summary": "Block traffic to and from an address of the public internet.",
            "target_kind": "ip", "is_reversible": True, "undo": "Take the address off the block list.",
            "blast_radius": "Every site behind the address becomes unreachable for the whole network.",
            "d3fend_id": "D3-OTF", "react_id": "RA3101", "executor": "recorder",
        }  # fmt: skip

    async def test_a_test_key_sees_it_too(self, site: Responding) -> None:
        sandbox = await site.key(READ, kind=KeyKind.SERVICE_TEST)
        assert len((await got(site, CATALOGUE_PATH, sandbox))["data"]) == len(CATALOGUE)
