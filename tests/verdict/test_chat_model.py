"""The language model's stream, against a server on loopback that says every odd thing known of such servers."""

import asyncio
import base64
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.verdict.chat_model import (
    ChatModel,
    ChatModelSetup,
    Ending,
    ModelFailure,
    ModelFailureReason,
    Part,
    Routed,
    Writing,
    Written,
)
from tests.egress.servers import Asked, RawServer, reply, says
from tests.verdict.cases import case_files, case_of

OWN = Secret("sk-own-0011223344556677")
OPERATORS = Secret("sk-operator-8899aabbccdd")
HELLO = b'data: {"model":"m/one","choices":[{"delta":{"content":"hola"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def stream_head(content_type: str = "text/event-stream", *, announced_bytes: int | None = None) -> bytes:
    """The beginning of a reply that ends with its connection, or is cut before the bytes it announced."""
    length = "" if announced_bytes is None else f"Content-Length: {announced_bytes}\r\n"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{length}Connection: close\r\n\r\n".encode()


def model_at(server: RawServer, egress: Egress, **setup: Any) -> ChatModel:  # noqa: ANN401 - any field
    return ChatModel(egress, ChatModelSetup(url=server.url("/api/v1"), default_key=OPERATORS, **setup))


async def taken(writing: Writing) -> tuple[list[Part], ModelFailure | None]:
    """All parts, and the failure that ended them."""
    parts: list[Part] = []
    async with aclosing(writing):
        while True:
            try:
                parts.append(await anext(writing))
            except StopAsyncIteration:
                return parts, None
            except ModelFailure as failure:
                return parts, failure


async def told(*pieces: bytes, **setup: Any) -> tuple[list[Part], ModelFailure | None, Ending | None]:  # noqa: ANN401 - any field
    """What comes of one reply."""
    async with RawServer(says(*pieces)) as server, Egress(Guard([server.origin])) as egress:
        writing = model_at(server, egress, **setup).write("¿?", model="m", key=None)
        parts, failure = await taken(writing)
        return parts, failure, writing.ending


def body_of(case: dict[str, Any]) -> bytes:
    if "base64" in case:
        return base64.b64decode(case["base64"])
    return str(case.get("line_end", "\n")).join(case["lines"]).encode()


@pytest.mark.parametrize("path", case_files("chat_model"), ids=lambda path: path.stem)
async def test_reads_the_stream(path: Path) -> None:
    case = case_of(path)
    body = body_of(case)
    if case.get("status", 200) == 200:
        cut = len(body) + 10 if case.get("is_cut") else None
        head = stream_head(case.get("content_type", "text/event-stream"), announced_bytes=cut)
        middle = len(body) // 2
        pieces = [head, body[:middle], body[middle:]]
    else:
        pieces = [reply(case["status"], body)]
    parts, failure, ending = await told(*pieces)
    texts = [{"routed": part.model} if isinstance(part, Routed) else {"written": part.text} for part in parts]
    assert texts == case.get("parts", []), case["proves"]
    if "failure" in case:
        assert failure is not None, case["proves"]
        assert failure.stage_known == (failure.reason is not None)
        assert {
            "reason": failure.reason,
            "message": failure.message,
            "has_begun": failure.has_begun,
        } == case["failure"], case["proves"]
    else:
        assert failure is None, case["proves"]
        assert ending is not None
        assert {
            "has_end_mark": ending.has_end_mark,
            "finish_reason": ending.finish_reason,
            "truncated": ending.truncated,
        } == case["ending"], case["proves"]


class TestRequest:
    async def asked(self, key: Secret | None, **setup: Any) -> Asked:  # noqa: ANN401 - any field
        async with RawServer(says(stream_head(), HELLO, DONE)) as server, Egress(Guard([server.origin])) as egress:
            await taken(model_at(server, egress, **setup).write("¿Qué es 203.0.113.7?", model="m/free", key=key))
            (asked,) = server.asked
            return asked

    async def test_check_040_is_one_user_message_with_the_documented_parameters(self) -> None:
        asked = await self.asked(None)
        assert (asked.method, asked.target) == ("POST", "/api/v1/chat/completions")
        assert json.loads(asked.body) == {
            "model": "m/free",
            "messages": [{"role": "user", "content": "¿Qué es 203.0.113.7?"}],
            "stream": True,
            "temperature": 0.2,
            "max_tokens": 700,
        }
        assert asked.headers["content-type"] == "application/json"

    async def test_names_the_site(self) -> None:
        asked = await self.asked(None, site_url="https://cv.example", site_name="Our desk")
        assert (asked.headers["http-referer"], asked.headers["x-title"]) == ("https://cv.example", "Our desk")

    async def test_check_018_the_callers_key_wins_over_the_operators(self) -> None:
        assert (await self.asked(OWN)).headers["authorization"] == f"Bearer {OWN.reveal()}"
        assert (await self.asked(None)).headers["authorization"] == f"Bearer {OPERATORS.reveal()}"

    async def test_a_model_that_wants_no_key_gets_none(self) -> None:
        async with RawServer(says(stream_head(), HELLO, DONE)) as server, Egress(Guard([server.origin])) as egress:
            chat = ChatModel(egress, ChatModelSetup(url=server.url("/v1/"), needs_key=False))
            parts, failure = await taken(chat.write("?", model="m", key=None))
            assert (parts, failure) == ([Routed("m/one"), Written("hola")], None)
            assert "authorization" not in server.asked[0].headers
            assert server.asked[0].target == "/v1/chat/completions"

    async def test_without_any_key_nothing_is_sent(self) -> None:
        async with RawServer(says(stream_head())) as server, Egress(Guard([server.origin])) as egress:
            chat = ChatModel(egress, ChatModelSetup(url=server.url()))
            _, failure = await taken(chat.write("?", model="m", key=None))
            assert failure is not None
            assert (failure.reason, failure.has_begun) == (ModelFailureReason.INVALID_API_KEY, False)
            assert not server.asked

    async def test_a_refused_key_of_the_caller_never_falls_back_to_the_operators(self) -> None:
        async with RawServer(says(reply(401, b"{}"))) as server, Egress(Guard([server.origin])) as egress:
            _, failure = await taken(model_at(server, egress).write("?", model="m", key=OWN))
            assert failure is not None
            assert failure.reason is ModelFailureReason.INVALID_API_KEY
            assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("default_key", "own_key", "needs_key", "has_key"),
    [(None, None, True, False), (OPERATORS, None, True, True), (None, OWN, True, True), (None, None, False, True)],
)
async def test_says_whether_it_can_be_asked(
    default_key: Secret | None, own_key: Secret | None, *, needs_key: bool, has_key: bool
) -> None:
    async with Egress(Guard()) as egress:
        setup = ChatModelSetup(url="https://openrouter.ai/api/v1", default_key=default_key, needs_key=needs_key)
        assert ChatModel(egress, setup).has_key(own_key) is has_key


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "model_error"), (404, "model_error"), (413, "model_error"), (422, "model_error"),
        (401, "invalid_api_key"), (403, "invalid_api_key"), (402, "unknown"), (409, "unknown"),
        (408, "api_unavailable"), (429, "api_unavailable"), (500, "api_unavailable"), (502, "api_unavailable"),
        (503, "api_unavailable"), (524, "api_unavailable"),
        (304, "unknown"),
    ],
)  # fmt: skip
async def test_check_033_a_status_has_its_reason(status: int, reason: str) -> None:
    body = b"" if status == 304 else b'{"error":{"message":"no","code":1}}'
    parts, failure, _ = await told(reply(status, body))
    assert failure is not None
    assert (parts, failure.reason, failure.has_begun) == ([], reason, False)
    assert failure.message == ("" if status == 304 else "no")


class TestNetwork:
    async def test_nobody_there_is_unavailable(self) -> None:
        async with RawServer(says()) as server:
            pass
        async with Egress(Guard([server.origin])) as egress:
            _, failure = await taken(model_at(server, egress).write("?", model="m", key=None))
        assert failure is not None
        assert (failure.reason, failure.has_begun) == (ModelFailureReason.API_UNAVAILABLE, False)

    async def test_silence_before_the_first_byte_is_unavailable(self) -> None:
        async def silent(_asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(stream_head())
            await writer.drain()
            await asyncio.Event().wait()

        async with RawServer(silent) as server, Egress(Guard([server.origin])) as egress:
            chat = model_at(server, egress, first_byte_seconds=0.05)
            _, failure = await taken(chat.write("?", model="m", key=None))
        assert failure is not None
        assert (failure.reason, failure.has_begun) == (ModelFailureReason.API_UNAVAILABLE, False)

    async def test_an_answer_without_end_is_unavailable_after_its_time(self) -> None:
        async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(stream_head() + HELLO)
            await writer.drain()
            await asyncio.Event().wait()

        async with RawServer(endless) as server, Egress(Guard([server.origin])) as egress:
            parts, failure = await taken(model_at(server, egress, whole_seconds=0.2).write("?", model="m", key=None))
        assert parts == [Routed("m/one"), Written("hola")]
        assert failure is not None
        assert (failure.reason, failure.has_begun) == (ModelFailureReason.API_UNAVAILABLE, True)

    async def test_a_refusal_whose_words_are_lost_keeps_its_reason(self) -> None:
        head = b"HTTP/1.1 401 No\r\nContent-Length: 500\r\n\r\n{"
        _, failure, _ = await told(head)
        assert failure is not None
        assert (failure.reason, failure.message) == (ModelFailureReason.INVALID_API_KEY, "")

    async def test_parts_come_as_they_are_written(self) -> None:
        more = asyncio.Event()

        async def slow(_asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(stream_head() + HELLO)
            await writer.drain()
            await more.wait()
            writer.write(DONE)
            await writer.drain()

        async with RawServer(slow) as server, Egress(Guard([server.origin])) as egress:
            writing = model_at(server, egress).write("?", model="m", key=None)
            assert [await anext(writing), await anext(writing)] == [Routed("m/one"), Written("hola")]
            assert writing.ending is None
            more.set()
            assert await taken(writing) == ([], None)
            assert writing.ending == Ending(has_end_mark=True, finish_reason=None)

    async def test_check_050_who_stops_reading_closes_the_connection(self) -> None:
        async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(stream_head() + HELLO)
            await writer.drain()
            await asyncio.Event().wait()

        async with RawServer(endless) as server, Egress(Guard([server.origin])) as egress:
            async with aclosing(model_at(server, egress).write("?", model="m", key=None)) as writing:
                async for part in writing:
                    assert part == Routed("m/one")
                    break
            async with asyncio.timeout(2):
                await server.gone.wait()

    async def test_the_end_mark_closes_the_connection_though_the_server_keeps_it_open(self) -> None:
        async def lingering(_asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(stream_head() + HELLO + DONE + HELLO)
            await writer.drain()
            await asyncio.Event().wait()

        async with RawServer(lingering) as server, Egress(Guard([server.origin])) as egress:
            parts, failure = await taken(model_at(server, egress).write("?", model="m", key=None))
            assert (parts, failure) == ([Routed("m/one"), Written("hola")], None)
            async with asyncio.timeout(2):
                await server.gone.wait()


class TestFailure:
    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            (
                "Incorrect API key provided: sk-proj-abc123. See the site.",
                "Incorrect API key provided: •••. See the site.",
            ),
            ("bad token: hunter2hunter2 used", "bad token: ••• used"),
            ("Authorization: Bearer abc.def-ghi failed", "Authorization: ••• failed"),
            ("key=abcdef for user", "key=••• for user"),
            ("id 0123456789abcdef0123456789abcdef is wrong", "id ••• is wrong"),
            ("cv_live_abcdefgh leaked", "••• leaked"),
            ("Model stepfun/step-3.5-flash:free is not available in your region", None),
            ("The context-length-of-the-model is exceeded: 8192", None),
            ("two\r\nlines\u2028and\x00 more", "two lines and more"),
            ("x y" * 200, ("x y" * 200)[:299] + "…"),
        ],
    )
    async def test_check_051_nothing_like_a_key_and_nothing_long_is_in_a_message(
        self, said: str, shown: str | None
    ) -> None:
        body = json.dumps({"error": {"message": said}}).encode()
        _, failure, _ = await told(reply(400, body))
        assert failure is not None
        assert failure.message == (said if shown is None else shown)
        assert len(failure.message) <= 300

    async def test_the_very_key_is_masked_when_the_service_echoes_it(self) -> None:
        body = f'{{"error":{{"message":"no such key {OPERATORS.reveal()}"}}}}'.encode()
        _, failure, _ = await told(reply(401, body))
        assert failure is not None
        assert OPERATORS.reveal() not in str(failure)

    @pytest.mark.parametrize("end", [b"\n\n", b""])
    async def test_the_very_key_is_masked_in_the_middle_of_a_stream(self, end: bytes) -> None:
        """Check 51: a key of no known make, quoted in an event that ends or is cut."""
        key = Secret("a/key+of/no=make")
        said = f'data: {{"error":{{"message":"no such key {key.reveal()}"}}}}'.encode() + end
        async with RawServer(says(stream_head(), HELLO, said)) as server, Egress(Guard([server.origin])) as egress:
            _, failure = await taken(model_at(server, egress).write("p", model="m", key=key))
        assert failure is not None
        assert failure.message == "no such key •••"

    def test_a_failure_can_be_printed(self) -> None:
        assert str(ModelFailure(None, has_begun=True)) == "the stream broke"
        assert str(ModelFailure(ModelFailureReason.UNKNOWN, has_begun=False)) == "unknown"
