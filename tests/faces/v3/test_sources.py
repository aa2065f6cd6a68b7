"""The path of v3 that tells how sources stand and how old the local knowledge is."""

from datetime import UTC, datetime
from typing import Any

from cybervault.domain.principals import KeyKind, Scope
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.standing import QuotaLeft, SourceState, Standing
from cybervault.faces.moments import spelled
from cybervault.faces.v3.sources import SourceReply
from tests.fakes.threats import ThreatWorld

PATH = "/v3/system/sources"


async def told(threats: ThreatWorld) -> dict[str, Any]:
    reply = await threats.ask("GET", PATH, await threats.key(Scope.THREAT_READ))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


class TestSources:
    async def test_answers(self, threats: ThreatWorld) -> None:
        found = await told(threats)
        assert found["at"] == spelled(threats.clock.now())
        assert [one["name"] for one in found["sources"]] == [one.source.name for one in CONNECTORS]
        states = {one["name"]: (one["state"], one["key"], one["has_key"]) for one in found["sources"]}
        assert states["abuseipdb"] == ("ready", "required", True)
        assert states["dns"] == ("off", "none", False)
        state = threats.product.shelf.current()
        assert state is not None
        assert found["knowledge"] == {
            "built_at": spelled(state.describe().built_at),
            "packages": [{"name": name, "version": version} for name, version in state.describe().packages],
            "counts": dict(state.describe().counts),
        }

    def test_what_is_left_of_a_quota_is_told(self) -> None:
        (source,) = [one.source for one in CONNECTORS if one.source.name == "abuseipdb"]
        left = QuotaLeft(1000, 86_400, 7, datetime(2026, 11, 2, tzinfo=UTC))
        told = SourceReply.of(Standing(source, SourceState.READY, has_key=True, left=(left,))).model_dump()
        assert told["quotas"] == [
            {"limit": 1000, "seconds": 86_400, "remaining": 7, "resets_at": "2026-11-02T00:00:00Z"}
        ]

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", PATH)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", PATH, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_a_test_key_is_told_that_it_is_one(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", PATH, await threats.key(kind=KeyKind.SERVICE_TEST))).status_code == 403
