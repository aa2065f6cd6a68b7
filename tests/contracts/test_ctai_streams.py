"""CyberThreat AI, checks 19 to 43: the stream, the decision table, and what the model is asked."""

from typing import Any

import pytest

from tests.contracts.saying import ADDRESS, MD5, counts, reasons
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running
from tests.fakes.upstream import Behaviour, UpstreamFarm

NO_CHAT_KEY = "La API Key de OpenRouter no es válida o no tiene permisos suficientes."


class TestStream:
    def test_check_019_the_order_of_events(self, server: Running) -> None:
        names = server.ctai(ADDRESS).names
        assert names[:2] == ["meta", "model"]
        assert names[-1] == "done"
        assert set(names[2:-1]) == {"chunk"}

    @pytest.mark.parametrize("behaviour", [Behaviour.OK, Behaviour.CRLF, Behaviour.SPLIT_UTF8])
    def test_check_020_the_words_arrive_as_they_were_sent(
        self, server: Running, farm: UpstreamFarm, behaviour: Behaviour
    ) -> None:
        expected = server.ctai(ADDRESS).words
        farm.set("chat", behaviour)
        assert server.ctai(ADDRESS).words == expected
        assert "í" in expected or "ó" in expected

    def test_check_021_comments_of_the_model_are_no_words(self, server: Running) -> None:
        reply = server.ctai(ADDRESS)
        assert "OPENROUTER" not in reply.text
        assert reply.words
        assert reply.names[-1] == "done"

    def test_check_022_no_warnings_without_a_failure(self, server: Running) -> None:
        assert "warnings" not in server.ctai(ADDRESS).meta

    def test_check_023_a_refused_key_is_one_warning(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
        reply = server.ctai(ADDRESS)
        assert reasons(reply.meta["warnings"]) == {"AbuseIPDB": "invalid_api_key"}
        assert reply.words
        assert reply.names[-1] == "done"

    @pytest.mark.parametrize(
        ("behaviour", "reason"),
        [
            (Behaviour.NOT_FOUND, "not_found"),
            (Behaviour.THROTTLED, "api_unavailable"),
            (Behaviour.FORBIDDEN, "invalid_api_key"),
            (Behaviour.HTML, "unknown"),
            (Behaviour.UNPROCESSABLE, "api_unavailable"),
            (Behaviour.SERVER_ERROR, "api_unavailable"),
        ],
    )
    def test_check_024_each_failure_has_its_reason(
        self, server: Running, farm: UpstreamFarm, behaviour: Behaviour, reason: str
    ) -> None:
        farm.set("virustotal", behaviour)
        assert reasons(server.ctai(ADDRESS).meta["warnings"]) == {"VirusTotal": reason}

    def test_check_024_a_refused_connection_is_unavailable(self, serve: Serve, farm: UpstreamFarm) -> None:
        server = serve(sources={"virustotal": {"url": farm.dead_url()}})
        assert reasons(server.ctai(ADDRESS).meta["warnings"]) == {"VirusTotal": "api_unavailable"}

    def test_check_025_no_content_means_not_known(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("polyswarm", Behaviour.NO_CONTENT)
        assert reasons(server.ctai(MD5).meta["warnings"]) == {"PolySwarm": "not_found"}

    def test_check_026_one_resource_of_robtex_is_enough(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("robtex", Behaviour.SERVER_ERROR, resource="domain_ranking")
        assert "warnings" not in server.ctai("evil.example").meta
        farm.set("robtex", Behaviour.SERVER_ERROR)
        assert reasons(server.ctai("google.com").meta["warnings"]) == {"Robtex": "not_found"}


class TestDecisionTable:
    def test_check_027_nothing_known_ends_without_the_model(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.NOT_FOUND)
        farm.set("abuseipdb", Behaviour.NOT_FOUND)
        reply = server.ctai(ADDRESS)
        assert reply.names == ["meta", "done"]
        assert len(reply.meta["warnings"]) == 2
        assert farm.calls("chat") == []

    @pytest.mark.parametrize("sse", [True, False])
    def test_check_028_refused_everywhere_is_an_error(self, server: Running, farm: UpstreamFarm, sse: bool) -> None:  # noqa: FBT001
        farm.set("virustotal", Behaviour.UNAUTHORIZED)
        farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
        reply = server.ctai(ADDRESS, {"X-VT-Key": "k1", "X-AbuseIPDB-Key": "k2"}, sse=sse)
        assert reply.status == 500
        assert (reply.json["stage"], reply.json["errorType"]) == ("ioc", "invalid_api_key")
        assert farm.calls("chat") == []

    def test_check_029_a_404_is_a_response_a_refused_connection_is_none(self, serve: Serve, farm: UpstreamFarm) -> None:
        dead = {"url": farm.dead_url()}
        farm.set("virustotal", Behaviour.NOT_FOUND)
        one_dead = serve(sources={"abuseipdb": dead}).ctai(ADDRESS)
        assert one_dead.names == ["meta", "done"]
        assert reasons(one_dead.meta["warnings"]) == {"VirusTotal": "not_found", "AbuseIPDB": "api_unavailable"}
        both_dead = serve(sources={"abuseipdb": dead, "virustotal": dead}).ctai(ADDRESS)
        assert both_dead.status == 500
        assert (both_dead.json["stage"], both_dead.json["errorType"]) == ("ioc", "api_unavailable")

    def test_check_030_without_a_model_key_json_gets_an_error(self, serve: Serve) -> None:
        for headers in ({}, {"Accept": "application/json"}, {"Accept": "*/*"}):
            reply = serve(chat_key=None).ctai(ADDRESS, headers, sse=False)
            assert reply.status == 500
            assert reply.json == {"error": NO_CHAT_KEY, "stage": "ai", "errorType": "invalid_api_key"}

    def test_check_031_without_a_model_key_a_stream_gets_an_event(self, serve: Serve) -> None:
        reply = serve(chat_key=None).ctai(ADDRESS)
        assert reply.names == ["meta", "error"]
        assert reply.events[1].data == {"error": NO_CHAT_KEY, "stage": "ai", "errorType": "invalid_api_key"}

    def test_check_032_without_any_source_key_nothing_is_asked(self, serve: Serve, farm: UpstreamFarm) -> None:
        keyless: dict[str, Any] = {"keys": {"virustotal": None, "abuseipdb": None, "polyswarm": None}}
        reply = serve(**keyless).ctai("1.2.3.4")
        assert reply.names == ["meta", "done"]
        assert reasons(reply.meta["warnings"]) == {"VirusTotal": "invalid_api_key", "AbuseIPDB": "invalid_api_key"}
        reply = serve(chat_key=None, **keyless).ctai("1.2.3.4", sse=False)
        assert (reply.status, reply.json["stage"], reply.json["errorType"]) == (500, "ai", "invalid_api_key")
        assert not any(counts(farm).values())
        assert farm.calls("chat") == []

    @pytest.mark.parametrize(
        ("behaviour", "reason"),
        [
            (Behaviour.UNAUTHORIZED, "invalid_api_key"),
            (Behaviour.FORBIDDEN, "invalid_api_key"),
            (Behaviour.SERVER_ERROR, "api_unavailable"),
            (Behaviour.THROTTLED, "api_unavailable"),
            (Behaviour.BAD_REQUEST, "model_error"),
            (Behaviour.PAYMENT, "unknown"),
        ],
    )
    def test_check_033_each_refusal_of_the_model_has_its_type(
        self, server: Running, farm: UpstreamFarm, behaviour: Behaviour, reason: str
    ) -> None:
        farm.set("chat", behaviour)
        as_json = server.ctai(ADDRESS, sse=False)
        assert (as_json.status, as_json.json["stage"], as_json.json["errorType"]) == (500, "ai", reason)
        as_stream = server.ctai(ADDRESS)
        assert as_stream.names == ["meta", "error"]
        assert (as_stream.events[1].data["stage"], as_stream.events[1].data["errorType"]) == ("ai", reason)

    @pytest.mark.parametrize("sse", [True, False])
    def test_check_034_an_error_inside_the_words_ends_them(
        self,
        server: Running,
        farm: UpstreamFarm,
        sse: bool,  # noqa: FBT001
    ) -> None:
        farm.set("chat", Behaviour.ERROR_MID_STREAM)
        reply = server.ctai(ADDRESS, sse=sse)
        assert [name for name in reply.names if name != "model"] == ["meta", "chunk", "chunk", "error"]
        assert (reply.events[-1].data["stage"], reply.events[-1].data["errorType"]) == ("ai", "model_error")

    def test_check_035_an_end_without_a_mark_is_an_end(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.NO_END_MARK)
        assert server.ctai(ADDRESS).names[-1] == "done"

    @pytest.mark.parametrize("behaviour", [Behaviour.BROKEN_JSON, Behaviour.DROP_MID_STREAM])
    def test_check_036_broken_words_are_an_unknown_error(
        self, server: Running, farm: UpstreamFarm, behaviour: Behaviour
    ) -> None:
        farm.set("chat", behaviour)
        error = server.ctai(ADDRESS).events[-1]
        assert (error.name, error.data["stage"]) == ("error", "unknown")
        assert "errorType" not in error.data


class TestModel:
    def test_check_037_a_listed_model_is_asked(self, server: Running, farm: UpstreamFarm) -> None:
        reply = server.ctai(ADDRESS, rest="&model=openrouter/auto")
        assert reply.meta["model"] == "openrouter/auto"
        assert farm.calls("chat")[0].json()["model"] == "openrouter/auto"

    @pytest.mark.parametrize("rest", ["&model=evil/model", "", "&model="])
    def test_check_038_any_other_model_is_the_default(self, server: Running, farm: UpstreamFarm, rest: str) -> None:
        reply = server.ctai(ADDRESS, rest=rest)
        assert (reply.status, reply.meta["model"]) == (200, "openrouter/free")
        assert farm.calls("chat")[0].json()["model"] == "openrouter/free"

    def test_check_039_the_routed_model_is_named_once(self, server: Running) -> None:
        reply = server.ctai(ADDRESS)
        routed = [event.data["model"] for event in reply.events if event.name == "model"]
        assert len(routed) == 1
        assert routed[0] != reply.meta["model"]

    def test_check_040_what_the_model_is_asked(self, server: Running, farm: UpstreamFarm) -> None:
        server.ctai(ADDRESS)
        body = farm.calls("chat")[0].json()
        assert (body["stream"], body["temperature"], body["max_tokens"]) == (True, 0.2, 700)
        (message,) = _messages(body)
        assert message["role"] == "user"
        for expected in (
            ADDRESS, " ip", "Veredicto", "Confianza", "Resumen", "Motivos", "Acciones recomendadas",
            "Malicioso", "Sospechoso", "Benigno", "Baja", "Media", "Alta",
        ):  # fmt: skip
            assert expected in message["content"]

    def test_check_041_the_model_is_told_of_warnings(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("abuseipdb", Behaviour.THROTTLED)
        warning = server.ctai(ADDRESS).meta["warnings"][0]["message"]
        assert warning in _prompt(farm)

    def test_check_042_what_a_stranger_wrote_stays_inside_the_fence(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("abuseipdb", Behaviour.INJECTION)
        farm.set("virustotal", Behaviour.INJECTION)
        server.ctai(ADDRESS)
        lines = _prompt(farm).splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("-----")]
        assert len(fences) == 2
        outside = "\n".join(lines[: fences[0]] + lines[fences[1] + 1 :])
        inside = "\n".join(lines[fences[0] : fences[1]])
        assert farm.injected_text in inside
        assert farm.injected_text not in outside

    def test_check_043_the_prompt_stays_small(self, server: Running, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.HUGE)
        server.ctai(ADDRESS)
        assert len(_prompt(farm).encode()) <= 24_000


def _messages(body: dict[str, Any]) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = body["messages"]
    return messages


def _prompt(farm: UpstreamFarm) -> str:
    return _messages(farm.calls("chat")[-1].json())[0]["content"]
