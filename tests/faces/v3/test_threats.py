"""The paths of v3 by which telemetry is assessed and threats are handled."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from cybervault.domain.principals import KeyKind, Scope
from tests.fakes.threats import BAD, SEED, ThreatWorld

ANALYZE, LIST, KEPT = "/v3/threats/analyze", "/v3/threats", "/v3/threats/assessments"
COMPARED = f"{KEPT}/compare"
TRAFFIC = {"type": "network_traffic", "payload": {"dst_ip": BAD, "port": 443}, "depth": "deep"}


async def threat(threats: ThreatWorld, key: dict[str, str]) -> dict[str, Any]:
    """The one threat, after bad traffic was analyzed."""
    await threats.ask("POST", ANALYZE, key, TRAFFIC)
    item: dict[str, Any] = (await threats.ask("GET", LIST, key)).json()["data"][0]
    return item


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


class TestAnalyze:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        reply = await threats.ask("POST", ANALYZE, key, SEED)
        assert reply.status_code == 201
        assert (await threats.ask("GET", reply.headers["location"], key)).json() == reply.json()

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert code_of(await threats.ask("POST", ANALYZE, json=SEED)) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(Scope.THREAT_READ), SEED)
        assert code_of(reply) == (403, "invalid_scope")

    async def test_malformed(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(), {"type": "file_hash", "payload": {}})
        assert code_of(reply) == (400, "invalid_parameter")


class TestAssessments:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        ids = []
        for port in range(5):
            body = TRAFFIC | {"payload": {"dst_ip": BAD, "port": port}}
            ids.append((await threats.ask("POST", ANALYZE, key, body)).json()["assessment_id"])
            threats.clock.advance(1)
        first = (await threats.ask("GET", f"{KEPT}?limit=3", key)).json()
        cursor = first["pagination"]["next_cursor"]
        second = (await threats.ask("GET", f"{KEPT}?limit=3&cursor={cursor}", key)).json()
        assert [one["assessment_id"] for one in (*first["data"], *second["data"])] == ids[::-1]
        assert second["pagination"] == {"next_cursor": None, "has_more": False, "limit": 3}

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", KEPT)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", KEPT, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await threats.ask("POST", ANALYZE, await threats.key(), SEED)
        assert (await threats.ask("GET", KEPT, await threats.key(tenant="other"))).json()["data"] == []

    async def test_malformed(self, threats: ThreatWorld) -> None:
        assert code_of(await threats.ask("GET", f"{KEPT}?cursor=x", await threats.key())) == (400, "invalid_cursor")


class TestAssessment:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        where = (await threats.ask("POST", ANALYZE, key, SEED)).headers["location"]
        reply = await threats.ask("GET", where, key)
        again = await threats.ask("GET", where, key | {"If-None-Match": reply.headers["etag"]})
        assert (reply.status_code, again.status_code, again.content) == (200, 304, b"")
        wish = key | {"If-None-Match": reply.headers["etag"], "Accept-Language": "es-ES, en;q=0.5"}
        spanish = await threats.ask("GET", where, wish)
        assert (spanish.status_code, spanish.headers["vary"]) == (200, "Accept-Language")
        assert "Nada debería comunicarse" in spanish.json()["containment"][-1]["reason"]

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        made = await threats.ask("POST", ANALYZE, await threats.key(), SEED)
        other = await threats.key(tenant="other")
        ids = (made.json()["assessment_id"], "asm_nothing000", "%00", "x" * 500)
        replies = [await threats.ask("GET", f"{KEPT}/{one}", other) for one in ids]
        assert [reply.status_code for reply in replies] == [404] * 4
        assert len({reply.text.replace(reply.headers["x-request-id"], "") for reply in replies}) == 1


class TestComparison:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        bodies = (TRAFFIC | {"depth": "quick"}, TRAFFIC)
        ids = [(await threats.ask("POST", ANALYZE, key, body)).json()["assessment_id"] for body in bodies]
        reply = (await threats.ask("GET", f"{COMPARED}?before={ids[0]}&after={ids[1]}", key)).json()
        assert [reply[side]["assessment_id"] for side in ("before", "after")] == ids
        assert {(line["source"], line["change"]) for line in reply["evidence"]} >= {("abuseipdb", "new")}
        back = (await threats.ask("GET", f"{COMPARED}?before={ids[1]}&after={ids[0]}", key)).json()
        assert {(line["source"], line["change"]) for line in back["evidence"]} >= {("abuseipdb", "gone")}

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", f"{COMPARED}?before=a&after=b")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_WRITE)
        assert (await threats.ask("GET", f"{COMPARED}?before=a&after=b", key)).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        """Neither side of a comparison shows what another tenant assessed."""
        other = await threats.key(tenant="other")
        theirs, ours = [
            (await threats.ask("POST", ANALYZE, key, SEED)).json()["assessment_id"]
            for key in (await threats.key(), other)
        ]
        for query in (f"before={theirs}&after={ours}", f"before={ours}&after={theirs}", f"before={ours}&after=%20"):
            assert code_of(await threats.ask("GET", f"{COMPARED}?{query}", other)) == (404, "not_found")

    @pytest.mark.parametrize(
        ("query", "code"), [("before=asm_1", "missing_parameter"), ("before=%00&after=b", "invalid_parameter")]
    )
    async def test_malformed(self, threats: ThreatWorld, query: str, code: str) -> None:
        assert code_of(await threats.ask("GET", f"{COMPARED}?{query}", await threats.key())) == (400, code)


class TestListed:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        item = await threat(threats, key)
        wanted = quote(json.dumps({"severity": item["severity"], "indicators": {"contains": f"ip:{BAD}"}}))
        reply = await threats.ask("GET", f"{LIST}?filter={wanted}&sort=score:asc", key)
        assert reply.json() == {
            "data": [item],
            "pagination": {"next_cursor": None, "has_more": False, "limit": 50},
        }
        nothing = quote(json.dumps({"status": "closed"}))
        assert (await threats.ask("GET", f"{LIST}?filter={nothing}", key)).json()["data"] == []

    async def test_a_cursor_belongs_to_its_sort_and_filter(self, threats: ThreatWorld) -> None:
        key = await threats.key(kind=KeyKind.SERVICE_TEST)
        first = (await threats.ask("GET", f"{LIST}?limit=2", key)).json()
        cursor = first["pagination"]["next_cursor"]
        assert (await threats.ask("GET", f"{LIST}?limit=2&cursor={cursor}", key)).status_code == 200
        for changed in ("sort=score:asc", f"filter={quote(json.dumps({'status': 'new'}))}"):
            reply = await threats.ask("GET", f"{LIST}?limit=2&cursor={cursor}&{changed}", key)
            assert code_of(reply) == (400, "invalid_cursor")

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", LIST)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", LIST, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await threat(threats, await threats.key())
        assert (await threats.ask("GET", LIST, await threats.key(tenant="other"))).json()["data"] == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("filter={", "invalid_filter"),
            ("sort=foo:asc", "invalid_sort"),
            ("limit=-1", "invalid_parameter"),
        ],
    )
    async def test_malformed(self, threats: ThreatWorld, query: str, code: str) -> None:
        assert code_of(await threats.ask("GET", f"{LIST}?{query}", await threats.key())) == (400, code)


class TestThreat:
    async def test_answers_and_tells_its_history(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        item = await threat(threats, key)
        path = f"{LIST}/{item['id']}"
        changed = await threats.ask("PATCH", path, key, {"status": "closed", "comment": "Blocked."})
        comment = await threats.ask("POST", f"{path}/comments", key, {"comment": " Seen in the proxy. "})
        assert (changed.status_code, changed.json()["status"]) == (200, "closed")
        assert (comment.status_code, comment.json()["comment"]) == (201, "Seen in the proxy.")
        assert (await threats.ask("GET", path, key)).json()["status"] == "closed"
        history = (await threats.ask("GET", f"{path}/history", key)).json()["data"]
        told = [(one["act"], one["old_status"], one["new_status"], one["comment"]) for one in history]
        assert told == [
            ("opened", None, "new", None),
            ("status", "new", "closed", "Blocked."),
            ("comment", None, None, "Seen in the proxy."),
        ]

    async def test_without_key(self, threats: ThreatWorld) -> None:
        for method, path in (("GET", ""), ("PATCH", ""), ("GET", "/history"), ("POST", "/comments")):
            assert (await threats.ask(method, f"{LIST}/thr_0123456789{path}", json={})).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        reading = await threats.key(Scope.THREAT_READ)
        for method, path in (("PATCH", ""), ("POST", "/comments")):
            reply = await threats.ask(
                method, f"{LIST}/thr_0123456789{path}", reading, {"status": "new", "comment": "x"}
            )
            assert code_of(reply) == (403, "invalid_scope")

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        item, other = await threat(threats, await threats.key()), await threats.key(tenant="other")
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"status": "closed"}),
            ("GET", "/history", None),
            ("POST", "/comments", {"comment": "x"}),
        ):
            foreign, unknown = [
                await threats.ask(method, f"{LIST}/{name}{path}", other, body)
                for name in (item["id"], "thr_nothing000")
            ]
            assert foreign.status_code == unknown.status_code == 404
            assert foreign.text.replace(foreign.headers["x-request-id"], "") == unknown.text.replace(
                unknown.headers["x-request-id"], ""
            )

    @pytest.mark.parametrize(
        ("path", "body"),
        [("", {}), ("", {"status": "gone"}), ("", {"status": "new", "x": 1}), ("/comments", {"comment": " "})],
    )
    async def test_malformed(self, threats: ThreatWorld, path: str, body: object) -> None:
        key = await threats.key()
        item = await threat(threats, key)
        reply = await threats.ask("POST" if path else "PATCH", f"{LIST}/{item['id']}{path}", key, body)
        assert reply.status_code == 400
