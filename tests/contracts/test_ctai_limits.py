"""CyberThreat AI, checks 44 to 54, 142 and 143: limits, faults, and what a second reading added."""

import time

import httpx2
import pytest

from tests.contracts.saying import ADDRESS, counts, reasons
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running
from tests.fakes.upstream import Behaviour, UpstreamFarm


class TestLimit:
    def test_check_044_the_sixth_request_waits(self, serve: Serve) -> None:
        server = serve(points=5)
        assert [server.ctai(ADDRESS).status for _ in range(5)] == [200] * 5
        reply = server.ctai(ADDRESS)
        assert reply.status == 429
        assert reply.json["error"] == "Too many requests"
        assert reply.json["retryAfterSeconds"] >= 1
        assert reply.headers["retry-after"] == str(reply.json["retryAfterSeconds"])
        assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-window"]) == ("5", "60")

    def test_check_045_wrong_requests_count(self, serve: Serve) -> None:
        server = serve(points=5)
        statuses = [server.get(f"/api/ctai?ioc={ioc}").status for ioc in ("", "x", "%20")]
        statuses += [server.ctai(ADDRESS).status for _ in range(3)]
        assert statuses == [400, 400, 400, 200, 200, 429]

    def test_check_046_after_the_window_it_goes_on(self, serve: Serve) -> None:
        server = serve(points=1, given={"trusted_proxies": ("127.0.0.0/8",)})
        assert [server.ctai(ADDRESS).status for _ in range(2)] == [200, 429]
        assert server.ctai(ADDRESS, {"X-Forwarded-For": "198.51.100.7"}).status == 200
        server.clock.advance(60)
        assert server.ctai(ADDRESS).status == 200

    def test_check_047_only_a_trusted_proxy_names_another_client(self, serve: Serve) -> None:
        stranger, proxy = serve(points=1), serve(points=1, given={"trusted_proxies": ("127.0.0.1",)})
        headers = [{"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "198.51.100.2"}]
        assert [stranger.ctai(ADDRESS, one).status for one in headers] == [200, 429]
        assert [proxy.ctai(ADDRESS, one).status for one in headers] == [200, 200]

    def test_check_048_the_limit_is_a_setting(self, serve: Serve) -> None:
        server = serve(points=2, window=10)
        reply = [server.ctai(ADDRESS) for _ in range(3)][-1]
        assert (reply.status, reply.headers["x-ratelimit-window"]) == (429, "10")


class TestFaults:
    def test_check_049_a_hanging_source_does_not_hold_the_answer(self, serve: Serve, farm: UpstreamFarm) -> None:
        server = serve(sources={"virustotal": {"timeout_seconds": 1.0}})
        farm.set("virustotal", Behaviour.HANG)
        begun = time.perf_counter()
        reply = server.ctai(ADDRESS)
        assert time.perf_counter() - begun < 3.0
        assert reasons(reply.meta["warnings"]) == {"VirusTotal": "api_unavailable"}

    def test_check_050_who_leaves_ends_the_models_work(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.SLOW)
        url = f"{server.url}/api/ctai?ioc={ADDRESS}"
        with (
            httpx2.Client(trust_env=False) as client,
            client.stream("GET", url, headers={"Accept": "text/event-stream"}) as reply,
        ):
            for line in reply.iter_lines():
                if line == "event: chunk":
                    break
        assert farm.chat_closed_after(2.0)

    def test_check_052_a_second_request_asks_nobody_unless_with_another_key(
        self, server: Running, farm: UpstreamFarm
    ) -> None:
        server.ctai(ADDRESS)
        server.ctai(ADDRESS)
        assert counts(farm)["virustotal"] == 1
        server.ctai(ADDRESS, {"X-VT-Key": "k9"})
        assert counts(farm)["virustotal"] == 2
        server.clock.advance(901)
        server.ctai(ADDRESS)
        assert counts(farm)["virustotal"] == 3

    @pytest.mark.parametrize("path", ["/api/ctai?ioc=1.2.3.4", "/api/health", "/api/ctai/stream"])
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_check_053_another_method_is_refused(self, server: Running, path: str, method: str) -> None:
        reply = server.get(path, method=method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET")
        assert set(reply.json) == {"error"}

    def test_check_054_an_inside_address_is_never_asked_about(self, server: Running, farm: UpstreamFarm) -> None:
        reply = server.ctai("10.0.0.1")
        assert set(reasons(reply.meta["warnings"]).values()) == {"not_found"}
        assert not any(counts(farm).values())
        server.ctai("203.0.113.42")
        assert counts(farm)["virustotal"] == 1


class TestSecondReading:
    def test_check_142_nothing_known_and_no_model_key(self, serve: Serve, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.NOT_FOUND)
        farm.set("abuseipdb", Behaviour.NOT_FOUND)
        reply = serve(chat_key=None).ctai(ADDRESS, sse=False)
        assert (reply.status, reply.json["stage"], reply.json["errorType"]) == (500, "ai", "invalid_api_key")

    def test_check_143_a_missing_key_is_one_warning_and_no_call(self, serve: Serve, farm: UpstreamFarm) -> None:
        reply = serve(keys={"abuseipdb": None}).ctai(ADDRESS)
        assert reasons(reply.meta["warnings"]) == {"AbuseIPDB": "invalid_api_key"}
        assert reply.words
        assert farm.calls("abuseipdb") == []
        asking = serve(keys={"abuseipdb": None}, sources={"abuseipdb": {"anonymous": True}})
        asking.ctai(ADDRESS)
        (call,) = farm.calls("abuseipdb")
        assert "key" not in call.headers


class TestWords:
    def test_english_on_request(self, server: Running) -> None:
        assert server.get("/api/ctai?ioc=x&lang=en").json == {"error": "Unknown IoC type"}
        assert "Verdict" in server.ctai(ADDRESS, rest="&lang=en").words

    def test_a_path_that_is_not_there(self, server: Running) -> None:
        reply = server.get("/api/ctai/nope")
        assert (reply.status, set(reply.json)) == (404, {"error"})
