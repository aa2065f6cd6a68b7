"""The paths of v2: recent, analyze, status."""

from typing import Any

import pytest

from cybervault.domain.principals import Scope
from tests.fakes.threats import BAD, ThreatWorld

RECENT, ANALYZE = "/v2/threats/recent?severity=critical,high,medium,low", "/v2/threats/analyze"
DEEP = {"target": BAD, "target_type": "ip", "context": {"depth": "deep"}}


async def found(threats: ThreatWorld, key: dict[str, str]) -> dict[str, Any]:
    """The one threat, after a bad address was analyzed."""
    await threats.ask("POST", ANALYZE, key, DEEP)
    item: dict[str, Any] = (await threats.ask("GET", RECENT, key)).json()["data"][0]
    return item


class TestRecent:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        item = await found(threats, key)
        assert (item["source_ip"], item["status"]) == (BAD, "new")
        reply = await threats.ask(
            "GET", f"{RECENT}&type={item['type']}&since=2020-01-01&until=2099-01-01&offset=0", key
        )
        assert reply.json()["meta"] == {"total": 1, "limit": 25, "offset": 0}

    async def test_without_key(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("GET", RECENT)
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", RECENT, await threats.key(Scope.AUDIT_READ))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await found(threats, await threats.key())
        reply = await threats.ask("GET", RECENT, await threats.key(tenant="other"))
        assert (reply.json()["data"], reply.json()["meta"]["total"]) == ([], 0)

    @pytest.mark.parametrize(
        "query", ["", "severity=urgent", "severity=low&limit=0", "severity=low&offset=-1", "severity=low&offset=x",
                  "severity=low&since=soon", "severity=low&type=none"],
    )  # fmt: skip
    async def test_malformed(self, threats: ThreatWorld, query: str) -> None:
        reply = await threats.ask("GET", f"/v2/threats/recent?{query}", await threats.key())
        assert reply.status_code == 400
        assert set(reply.json()) == {"error"}


class TestAnalyze:
    async def test_answers(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(), DEEP)
        assert reply.status_code == 200
        assert reply.json()["analysis_id"].startswith("anl_")
        assert isinstance(reply.json()["threat_score"], int)

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("POST", ANALYZE, json=DEEP)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("POST", ANALYZE, await threats.key(Scope.AUDIT_READ), DEEP)).status_code == 403

    async def test_malformed(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", ANALYZE, await threats.key(), {"target": BAD, "target_type": "hash"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_parameter")


class TestChange:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_READ)
        item = await found(threats, key)
        reply = await threats.ask("PATCH", f"/v2/threats/{item['id']}/status", key, {"status": "acknowledged"})
        assert reply.status_code == 200
        assert reply.json()["status"] == "acknowledged"
        assert (await found(threats, key))["status"] == "acknowledged"

    async def test_without_key(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("PATCH", "/v2/threats/thr_1/status", json={"status": "closed"})
        assert reply.status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_READ)
        item = await found(threats, key)
        reply = await threats.ask("PATCH", f"/v2/threats/{item['id']}/status", key, {"status": "closed"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "invalid_scope")

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        item, other = await found(threats, await threats.key()), await threats.key(tenant="other")
        wish = {"status": "acknowledged"}
        foreign = await threats.ask("PATCH", f"/v2/threats/{item['id']}/status", other, wish)
        unknown = await threats.ask("PATCH", "/v2/threats/thr_0%00/status", other, wish)
        assert (foreign.status_code, foreign.text) == (404, unknown.text)

    async def test_malformed(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("PATCH", "/v2/threats/thr_1/status", await threats.key(), {"status": "gone"})
        assert reply.status_code == 400
