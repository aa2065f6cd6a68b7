"""The path of v3 by which many observables are looked up by one call."""

import pytest

from cybervault.domain.principals import KeyKind, Plan, Scope
from tests.fakes.threats import BAD, ThreatWorld

LOOKUP, KEPT = "/v3/observables/lookup", "/v3/threats/assessments"
STARTER_WRITES = 23
"""20 a minute and 15 % above, as the contract has it."""


class TestLookUp:
    async def test_each_has_an_answer_or_a_failure_of_its_own(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_READ)
        sent = ["203[.]0[.]113[.]42", "nothing at all", "hxxp://evil[.]example/a", BAD]
        reply = await threats.ask("POST", LOOKUP, key, {"observables": sent, "depth": "deep"})
        assert reply.status_code == 200
        bad, unreadable, url, again = reply.json()["data"]
        assert [one["observable"] for one in (bad, unreadable, url, again)] == sent
        assert (bad["assessment"]["verdict"], bad["assessment"]["target"], bad["error"]) == ("malicious", BAD, None)
        (indicator,) = bad["assessment"]["indicators"]
        assert {one["source"] for one in indicator["evidence"]} >= {"virustotal", "abuseipdb"}
        assert (unreadable["assessment"], unreadable["error"]["code"]) == (None, "unknown_observable")
        assert url["assessment"]["target"] == "http://evil.example/a"
        assert again["assessment"] == bad["assessment"]  # one observable, one assessment

    async def test_what_came_is_kept_and_found_by_its_target(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        for depth in ("deep", "quick"):
            await threats.ask("POST", LOOKUP, key, {"observables": [BAD, "example.com"], "depth": depth})
            threats.clock.advance(1)
        kept = [(await threats.ask("GET", f"{KEPT}?target={one}", key)).json()["data"] for one in (BAD, "x.example")]
        assert [[one["depth"] for one in each] for each in kept] == [["quick", "deep"], []]
        assert len((await threats.ask("GET", KEPT, key)).json()["data"]) == 4

    async def test_quick_asks_nobody(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", LOOKUP, await threats.key(), {"observables": [BAD]})
        assert (reply.json()["data"][0]["assessment"]["depth"], threats.calls()) == ("quick", 0)

    async def test_each_that_is_new_counts_as_a_call(self, threats: ThreatWorld) -> None:
        key = await threats.key(plan=Plan.STARTER)
        many = [f"198.51.100.{number}" for number in range(20)]
        first = await threats.ask("POST", LOOKUP, key, {"observables": [*many[:19], many[0]]})
        assert all(one["error"] is None for one in first.json()["data"])
        assert first.headers["x-ratelimit-remaining"] == "1"
        second = await threats.ask("POST", LOOKUP, key, {"observables": [f"192.0.2.{number}" for number in range(9)]})
        errors = [one["error"] for one in second.json()["data"]]
        assert [error is None for error in errors] == [True] * (STARTER_WRITES - 19) + [False] * 5
        assert {error["code"] for error in errors if error} == {"rate_limit_exceeded"}
        assert all(1 <= error["retry_after_seconds"] <= 61 for error in errors if error)
        assert (await threats.ask("POST", LOOKUP, key, {"observables": [BAD]})).status_code == 429

    async def test_a_test_key_is_told_what_is_made_up(self, threats: ThreatWorld) -> None:
        key = await threats.key(kind=KeyKind.SERVICE_TEST)
        (one,) = (await threats.ask("POST", LOOKUP, key, {"observables": [BAD]})).json()["data"]
        assert "Made-up data" in one["assessment"]["warnings"][0]
        assert (await threats.ask("GET", KEPT, await threats.key())).json()["data"] == []

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("POST", LOOKUP, json={"observables": [BAD]})).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.SCAN_READ)
        assert (await threats.ask("POST", LOOKUP, key, {"observables": [BAD]})).status_code == 403

    @pytest.mark.parametrize("sent", [[], ["x"] * 21, [7], ["\x00"], ["x" * 5000], None])
    async def test_malformed(self, threats: ThreatWorld, sent: object) -> None:
        reply = await threats.ask("POST", LOOKUP, await threats.key(), {"observables": sent})
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_parameter")

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await threats.ask("POST", LOOKUP, await threats.key(), {"observables": [BAD]})
        other = await threats.key(tenant="other")
        assert (await threats.ask("GET", f"{KEPT}?target={BAD}", other)).json()["data"] == []
