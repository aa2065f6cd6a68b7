"""The paths of CyberThreat AI, as a client sees them; the numbered checks of the document stand in tests/contracts."""

import pytest

from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running
from tests.fakes.upstream import UpstreamFarm


class TestAnalyze:
    def test_answers(self, server: Running) -> None:
        reply = server.ctai("203.0.113.42")
        assert (reply.status, reply.names[0], reply.names[-1]) == (200, "meta", "done")

    @pytest.mark.parametrize(("query", "status"), [("", 400), ("ioc=nothing", 400), ("ioc=1.2.3.4&ioc=nothing", 200)])
    def test_malformed(self, server: Running, query: str, status: int) -> None:
        reply = server.get(f"/api/ctai?{query}", {"Accept": "text/event-stream"})
        assert reply.status == status
        if status == 400:
            assert set(reply.json) == {"error"}

    def test_over_limit(self, serve: Serve) -> None:
        server = serve(points=1)
        assert [server.ctai("203.0.113.42").status for _ in range(2)] == [200, 429]

    def test_the_language_is_a_setting_and_a_parameter(self, serve: Serve) -> None:
        english = serve(given={"language": "en"})
        assert english.get("/api/ctai").json == {"error": "The ioc parameter is missing"}
        assert english.get("/api/ctai?lang=es").json == {"error": "Falta el parámetro de IoC"}
        assert english.get("/api/ctai?lang=xx").json == {"error": "The ioc parameter is missing"}


class TestStream:
    def test_answers(self, server: Running) -> None:
        reply = server.get("/api/ctai/stream?ioc=evil[.]example")
        assert (reply.status, reply.names[0], reply.names[-1]) == (200, "meta", "done")

    @pytest.mark.parametrize(
        ("query", "code"),
        [("", "missing_ioc"), ("ioc=nothing", "unknown_observable"), ("ioc=%00", "unknown_observable")],
    )
    def test_malformed(self, server: Running, query: str, code: str) -> None:
        reply = server.get(f"/api/ctai/stream?{query}")
        assert (reply.status, reply.json["code"]) == (400, code)

    def test_a_text_without_end_is_refused_in_the_same_form(self, server: Running) -> None:
        reply = server.get(f"/api/ctai/stream?ioc={'a' * 3000}")
        assert (reply.status, reply.json["code"]) == (400, "observable_too_long")

    def test_over_limit(self, serve: Serve) -> None:
        server = serve(points=1)
        statuses = [server.get("/api/ctai/stream?ioc=8.8.8.8").status, server.ctai("8.8.8.8").status]
        assert statuses == [200, 429]

    def test_a_callers_key_reaches_its_source(self, server: Running, farm: UpstreamFarm) -> None:
        server.get("/api/ctai/stream?ioc=203.0.113.42", {"X-VT-Key": "mine"})
        assert farm.calls("virustotal")[0].headers["x-apikey"] == "mine"


class TestModels:
    def test_answers(self, server: Running) -> None:
        reply = server.get("/api/ctai/models")
        assert reply.json["default"] == "openrouter/free"
        assert [model["id"] for model in reply.json["models"]] == ["openrouter/free", "openrouter/auto"]
        assert reply.json["ai"] == "configured"

    def test_says_when_words_need_the_callers_key(self, serve: Serve) -> None:
        assert serve(chat_key=None).get("/api/ctai/models").json["ai"] == "key_required"


class TestHealth:
    def test_answers(self, server: Running) -> None:
        assert server.get("/api/health").json == {"status": "ok"}


class TestCrash:
    def test_a_crash_names_its_stage_and_nothing_else(self, serve: Serve, farm: UpstreamFarm) -> None:
        server = serve()
        server.clock.now = None  # type: ignore[assignment] # a planted bug
        reply = server.ctai("203.0.113.42", sse=False)
        assert (reply.status, set(reply.json), reply.json["stage"]) == (500, {"error", "stage"}, "unknown")
        assert "NoneType" not in reply.text
        assert farm.calls("chat") == []
