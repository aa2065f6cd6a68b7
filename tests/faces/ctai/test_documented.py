"""The documented five events: which answer a set of outcomes gets, and in which form a failing model is told."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from starlette.responses import Response, StreamingResponse

from cybervault.app.product import Product, put_together
from cybervault.assessments.assess import Heard, Inquiry, Weighed
from cybervault.domain.observables import parse_observable
from cybervault.faces.ctai.documented import Analysis, word_event
from cybervault.faces.ctai.shapes import SOURCES
from cybervault.verdict.chat_model import Routed, Written
from tests.fakes.clock import HandClock
from tests.fakes.serving import Reply, Setup
from tests.fakes.upstream import Behaviour, UpstreamFarm

INQUIRY = Inquiry(parse_observable("203.0.113.42"), model="openrouter/free", names=SOURCES, uses_local_knowledge=False)
STREAM = "text/event-stream, */*"


@pytest.fixture
async def product(setup: Setup) -> AsyncGenerator[Product]:
    async with put_together(setup.settings(), HandClock()) as product:
        yield product


async def analysis(product: Product, inquiry: Inquiry = INQUIRY) -> Analysis:
    heard: list[Heard] = []
    weighed: list[Weighed] = []
    async with aclosing(product.assess.gather(inquiry)) as parts:
        async for part in parts:
            if isinstance(part, Heard):
                heard.append(part)
            else:
                weighed.append(part)
    order = [source.name for source in product.assess.sources(inquiry)]
    heard.sort(key=lambda one: order.index(one.answer.source))
    return Analysis(product.assess, inquiry, heard, weighed[-1].weighing, "203.0.113.42")


async def read(response: Response) -> Reply:
    if not isinstance(response, StreamingResponse):
        return Reply(response.status_code, response.headers, bytes(response.body).decode())
    pieces = [bytes(piece) if not isinstance(piece, str) else piece.encode() async for piece in response.body_iterator]
    return Reply(response.status_code, response.headers, b"".join(pieces).decode())


@pytest.mark.parametrize("accept", [STREAM, "application/json", ""])
async def test_a_verdict_is_a_stream_for_everybody(product: Product, accept: str) -> None:
    reply = await read(await (await analysis(product)).response(accept))
    assert reply.names[:3] == ["meta", "model", "chunk"]
    assert reply.names[-1] == "done"
    assert reply.meta == {"ioc": "203.0.113.42", "type": "IPv4", "model": "openrouter/free"}


async def test_nothing_known_is_meta_and_done(product: Product, farm: UpstreamFarm) -> None:
    farm.set_default(Behaviour.NOT_FOUND)
    reply = await read(await (await analysis(product)).response(STREAM))
    assert reply.names == ["meta", "done"]
    assert len(reply.meta["warnings"]) == 2


async def test_sources_that_all_fail_are_an_error(product: Product, farm: UpstreamFarm) -> None:
    farm.set_default(Behaviour.SERVER_ERROR)
    reply = await read(await (await analysis(product)).response(STREAM))
    assert (reply.status, reply.json["stage"], reply.json["errorType"]) == (500, "ioc", "api_unavailable")


@pytest.mark.parametrize(
    ("behaviour", "names"),
    [
        (Behaviour.UNAUTHORIZED, ["meta", "error"]),
        (Behaviour.BROKEN_JSON, ["meta", "model", "chunk", "chunk", "error"]),
    ],
)
async def test_a_failing_model_is_an_event_for_who_names_streams(
    product: Product, farm: UpstreamFarm, behaviour: Behaviour, names: list[str]
) -> None:
    farm.set("chat", behaviour)
    assert (await read(await (await analysis(product)).response(STREAM))).names == names


async def test_a_model_that_does_not_start_is_a_json_error_for_everybody_else(
    product: Product, farm: UpstreamFarm
) -> None:
    farm.set("chat", Behaviour.UNAUTHORIZED)
    reply = await read(await (await analysis(product)).response("*/*"))
    assert (reply.status, reply.json["stage"], reply.json["errorType"]) == (500, "ai", "invalid_api_key")
    farm.set("chat", Behaviour.ERROR_MID_STREAM)
    assert (await read(await (await analysis(product)).response("*/*"))).names[-1] == "error"


async def test_without_a_key_for_the_model_it_does_not_start(setup: Setup) -> None:
    async with put_together(replace(setup, chat_key=None).settings(), HandClock()) as product:
        made = await analysis(product)
        assert (await read(await made.response(STREAM))).names == ["meta", "error"]
        assert (await read(await made.response("*/*"))).status == 500


def test_parts_become_events() -> None:
    assert word_event(Routed("a/b")).data == {"model": "a/b"}
    assert word_event(Written("x")).data == {"content": "x"}
