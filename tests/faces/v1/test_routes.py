"""The paths of v1: analyze, read back, feed."""

import pytest

from cybervault.domain.principals import KeyKind, Scope
from tests.fakes.threats import BAD, ThreatWorld

ANALYZE, FEED = "/v1/threats/analyze", "/v1/threats/feed"
DEEP = {"target": BAD, "mode": "deep"}


class TestAnalyze:
    async def test_answers(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(), DEEP)
        assert reply.status_code == 200
        assert (reply.json()["classification"], reply.json()["action"]) == ("malicious", "block_and_alert")
        assert reply.json()["request_id"] == reply.headers["x-request-id"]

    async def test_without_key(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, json=DEEP)
        assert (reply.status_code, reply.json()["error_code"]) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(Scope.AUDIT_READ), DEEP)
        assert (reply.status_code, reply.json()["error_code"]) == (403, "insufficient_permissions")

    async def test_malformed(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(), {"target": BAD, "mode": "turbo"})
        assert (reply.status_code, reply.json()["error_code"]) == (400, "invalid_parameter")
        assert reply.json()["details"][0]["field"] == "mode"


class TestAnalysis:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        made = await threats.ask("POST", ANALYZE, key, DEEP | {"metadata": {"case": "42"}})
        reply = await threats.ask("GET", f"/v1/threats/analyses/{made.json()['request_id']}", key)
        assert reply.status_code == 200
        assert (reply.json()["result"], reply.json()["metadata"]) == (made.json(), {"case": "42"})

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", "/v1/threats/analyses/req_1")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.AUDIT_READ)
        assert (await threats.ask("GET", "/v1/threats/analyses/req_1", key)).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        made = await threats.ask("POST", ANALYZE, await threats.key(), DEEP)
        other = await threats.key(tenant="other")
        foreign = await threats.ask("GET", f"/v1/threats/analyses/{made.json()['request_id']}", other)
        unknown = await threats.ask("GET", "/v1/threats/analyses/req_nothing", other)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json() | {"trace_id": ""} == unknown.json() | {"trace_id": ""}

    @pytest.mark.parametrize("text", ["a%00b", "x" * 129, "%20"])
    async def test_malformed(self, threats: ThreatWorld, text: str) -> None:
        reply = await threats.ask("GET", f"/v1/threats/analyses/{text}", await threats.key())
        assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found")


class TestFeed:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        await threats.ask("POST", ANALYZE, key, DEEP)
        reply = await threats.ask("GET", f"{FEED}?severity=critical,high&since=2020-01-01", key)
        assert [one["target"] for one in reply.json()["data"]] == [BAD]
        assert reply.json()["pagination"] == {"next_cursor": None, "has_more": False}
        assert (await threats.ask("GET", f"{FEED}?since=2099-01-01", key)).json()["data"] == []

    async def test_pages_go_on_behind_their_cursor(self, threats: ThreatWorld) -> None:
        """The made-up findings of a test key are two dozen."""
        key, seen, cursor = await threats.key(kind=KeyKind.SERVICE_TEST), [], ""
        for _ in range(3):
            page = (await threats.ask("GET", f"{FEED}?limit=10{cursor}", key)).json()
            seen += [one["id"] for one in page["data"]]
            cursor = f"&cursor={page['pagination']['next_cursor']}"
        assert len(seen) == len(set(seen)) == 24
        assert not page["pagination"]["has_more"]

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", FEED)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", FEED, await threats.key(Scope.AUDIT_READ))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await threats.ask("POST", ANALYZE, await threats.key(), DEEP)
        assert (await threats.ask("GET", FEED, await threats.key(tenant="other"))).json()["data"] == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("limit=0", "invalid_parameter"),
            ("limit=x", "invalid_parameter"),
            ("severity=urgent", "invalid_parameter"),
            ("since=soon", "invalid_parameter"),
            ("cursor=abc", "invalid_cursor"),
        ],
    )
    async def test_malformed(self, threats: ThreatWorld, query: str, code: str) -> None:
        reply = await threats.ask("GET", f"{FEED}?{query}", await threats.key())
        assert (reply.status_code, reply.json()["error_code"]) == (400, code)
