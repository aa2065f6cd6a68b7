"""The made-up language model judges by the numbers in the prompt, and streams with every quirk of its kind."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.fakes.asking import client
from tests.fakes.chat import COMMENT, Facts, read_facts, verdict_text
from tests.fakes.upstream import Behaviour, UpstreamFarm

SPANISH = 'Responde en español: **Veredicto:** ... Datos: {"last_analysis_stats": {"malicious": 14}}'
ENGLISH = 'Answer: **Verdict:** ... Data: {"last_analysis_stats": {"malicious": 0}} note: **Veredicto:** Malicioso'


@pytest.fixture(scope="module")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm() as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


def body(prompt: str = SPANISH, **rest: object) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    return json.dumps({"model": "openrouter/free", "stream": True, "messages": messages} | rest).encode()


def post(farm: UpstreamFarm, content: bytes = b"", key: str = "k") -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with client() as asking:
        return asking.post(farm.url("chat") + "/chat/completions", content=content or body(), headers=headers)


def connect(farm: UpstreamFarm) -> HTTPConnection:
    connection = HTTPConnection(urlsplit(farm.url("chat")).netloc, timeout=2)
    connection.request("POST", "/chat/chat/completions", body(), {"Authorization": "Bearer k"})
    return connection


def chunks(reply: httpx2.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def words(reply: httpx2.Response) -> str:
    deltas = [choice["delta"] for chunk in chunks(reply) for choice in chunk["choices"]]
    return "".join(delta.get("content", "") for delta in deltas)


class TestJudgement:
    @pytest.mark.parametrize(
        ("prompt", "facts"),
        [
            ("nothing", Facts(None, None, None)),
            ('{"malicious": 14, "suspicious": 1}', Facts(14, None, None)),
            (r'"{\"malicious\":3,\"abuseConfidenceScore\": 97}"', Facts(3, 97, None)),
            ('{"detections":{"malicious": 11},"polyscore":0.998}', Facts(11, None, 0.998)),
            ("malicious: 2, polyscore = 0.1", Facts(2, None, 0.1)),
        ],
    )
    def test_it_finds_the_numbers(self, prompt: str, facts: Facts) -> None:
        assert read_facts(prompt) == facts

    @pytest.mark.parametrize(
        ("facts", "level"),
        [
            (Facts(None, None, None), 0),
            (Facts(0, 12, 0.1), 0),
            (Facts(2, 34, None), 1),
            (Facts(0, 30, None), 1),
            (Facts(14, None, None), 2),
            (Facts(0, None, 0.95), 2),
        ],
    )
    def test_the_worst_number_decides(self, facts: Facts, level: int) -> None:
        assert facts.level == level

    def test_the_template_is_filled_in_spanish(self) -> None:
        lines = verdict_text(SPANISH).splitlines()
        assert lines[:2] == ["**Veredicto:** Malicioso", "**Confianza:** Media"]
        assert lines[2].startswith("**Resumen:** (demo) ")
        assert lines[3] == "**Motivos:**"
        assert lines[4].endswith(": 14.")
        assert lines[5] == "**Acciones recomendadas:**"
        assert len(lines) == 8

    def test_and_in_english_by_the_label_that_comes_first(self) -> None:
        assert verdict_text(ENGLISH).splitlines()[:2] == ["**Verdict:** Benign", "**Confidence:** Medium"]
        assert "(demo)" in verdict_text(ENGLISH)

    def test_without_a_number_it_says_so(self) -> None:
        assert "No source gave a number" in verdict_text("hello")


class TestStream:
    def test_it_streams_word_by_word_as_the_router_does(self, farm: UpstreamFarm) -> None:
        reply = post(farm)
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.text.startswith(f"{COMMENT}\n\n")
        assert reply.text.count(COMMENT) > 1
        assert reply.text.endswith("data: [DONE]\n\n")
        assert words(reply) == verdict_text(SPANISH)
        assert {chunk["model"] for chunk in chunks(reply)} == {"demo/analyst-mini:free"}
        assert len(chunks(reply)) > 20
        assert chunks(reply)[-2]["choices"][0]["finish_reason"] == "stop"
        assert (chunks(reply)[-1]["choices"], chunks(reply)[-1]["usage"]["total_tokens"]) == ([], 1060)
        assert farm.prompts() == [SPANISH]

    def test_another_model_is_routed_to_itself(self, farm: UpstreamFarm) -> None:
        assert chunks(post(farm, body(model="own/model")))[0]["model"] == "own/model"

    def test_without_stream_it_answers_at_once(self, farm: UpstreamFarm) -> None:
        answer = post(farm, body(stream=False)).json()
        assert answer["choices"][0]["message"]["content"] == verdict_text(SPANISH)

    def test_it_says_what_it_is_told(self, farm: UpstreamFarm) -> None:
        farm.set_speech("<script>alert(1)</script> ¡hola!\n\nadiós ")
        assert words(post(farm)) == "<script>alert(1)</script> ¡hola!\n\nadiós "

    def test_a_pace_makes_it_slower(self, farm: UpstreamFarm) -> None:
        farm.set_speech("one two three", pace_seconds=0.05)
        begun = time.perf_counter()
        post(farm)
        assert time.perf_counter() - begun > 0.25


class TestRefusals:
    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [
            (Behaviour.BAD_REQUEST, 400),
            (Behaviour.UNAUTHORIZED, 401),
            (Behaviour.PAYMENT, 402),
            (Behaviour.FORBIDDEN, 403),
            (Behaviour.NOT_FOUND, 404),
            (Behaviour.UNPROCESSABLE, 422),
            (Behaviour.THROTTLED, 429),
            (Behaviour.SERVER_ERROR, 503),
        ],
    )
    def test_the_status_equals_the_code(self, farm: UpstreamFarm, behaviour: Behaviour, status: int) -> None:
        farm.set("chat", behaviour)
        reply = post(farm)
        assert (reply.status_code, reply.json()["error"]["code"]) == (status, status)
        assert reply.json()["error"]["metadata"]["error_type"]

    def test_a_failure_may_come_with_200(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.ERROR_IN_200)
        reply = post(farm)
        assert (reply.status_code, set(reply.json())) == (200, {"error"})
        farm.set("chat", Behaviour.HTML)
        assert post(farm).headers["content-type"] == "text/html"

    @pytest.mark.parametrize("key", ["", "bad"])
    def test_a_key_is_wanted(self, farm: UpstreamFarm, key: str) -> None:
        assert post(farm, key=key).status_code == 401
        farm.chat_needs_key = False
        assert post(farm, key="").status_code == 200

    @pytest.mark.parametrize("content", [b"x", b"[]", b'{"messages": 1}', b'{"messages": [{"content": 1}, 2]}'])
    def test_what_is_no_request_is_400(self, farm: UpstreamFarm, content: bytes) -> None:
        assert post(farm, content).status_code == 400

    def test_elsewhere_there_is_nothing(self, farm: UpstreamFarm) -> None:
        with client() as asking:
            assert asking.get(farm.url("chat") + "/models").status_code == 404


class TestTrouble:
    def test_an_error_comes_after_two_chunks(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.ERROR_MID_STREAM)
        reply = post(farm)
        *good, last = chunks(reply)
        assert (reply.status_code, len(good)) == (200, 2)
        assert (last["error"]["code"], last["choices"][0]["finish_reason"]) == (502, "error")
        assert "[DONE]" not in reply.text

    def test_the_end_mark_may_be_missing(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.NO_END_MARK)
        reply = post(farm)
        assert words(reply) == verdict_text(SPANISH)
        assert "[DONE]" not in reply.text

    def test_a_chunk_may_be_no_json(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.BROKEN_JSON)
        with pytest.raises(json.JSONDecodeError):
            chunks(post(farm))

    def test_the_connection_may_be_lost_after_two_chunks(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.DROP_MID_STREAM)
        with closing(connect(farm)) as connection, pytest.raises(IncompleteRead) as caught:
            connection.getresponse().read()
        assert caught.value.partial.count(b"data: ") == 2

    def test_there_may_be_thoughts_only(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.REASONING_ONLY)
        reply = post(farm)
        assert words(reply) == ""
        assert '"reasoning": "**Veredicto:** "' in reply.text

    def test_lines_may_end_with_crlf(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.CRLF)
        reply = post(farm)
        assert reply.content.count(b"\n") == reply.content.count(b"\r\n")
        assert words(reply) == verdict_text(SPANISH)

    def test_characters_may_arrive_in_pieces(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.SPLIT_UTF8)
        whole, cuts = b"", 0
        with (
            client() as asking,
            asking.stream(
                "POST", farm.url("chat") + "/chat/completions", content=body(), headers={"Authorization": "Bearer k"}
            ) as reply,
        ):
            for piece in reply.iter_raw():
                whole += piece
                cuts += 0x80 <= piece[0] < 0xC0
        assert cuts > 0
        assert "¡" not in whole.decode()

    def test_nothing_may_come_at_all(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.HANG)
        with closing(connect(farm)) as connection, pytest.raises(TimeoutError):
            assert connection.sock is not None
            connection.sock.settimeout(0.2)
            connection.getresponse()
        assert farm.chat_closed_after(2)

    def test_the_connection_may_be_closed_at_once(self, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.DROP)
        with closing(connect(farm)) as connection, pytest.raises(RemoteDisconnected):
            connection.getresponse()

    @pytest.mark.parametrize("behaviour", [Behaviour.SLOW, Behaviour.ONLY_COMMENTS])
    def test_a_slow_stream_notices_that_its_reader_went(self, farm: UpstreamFarm, behaviour: Behaviour) -> None:
        farm.set("chat", behaviour)
        with closing(connect(farm)) as connection:
            reply = connection.getresponse()
            assert reply.readline().startswith(COMMENT.encode())
            assert farm.open_streams == 1
            assert not farm.chat_closed_after(0.3)
        reply.close()
        assert farm.chat_closed_after(2)
        assert farm.open_streams == 0
