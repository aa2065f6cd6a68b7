"""The frame: request id, client address, each face's own errors, and no framework answer that leaks."""

import ipaddress
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import STATUS_OF, Call, Face, Frame, LeanRoute, json_response


class Words(BaseModel):
    word: str = "none"


async def echo(call: Call, words: Annotated[Words, Query()]) -> Response:
    return json_response(200, {"word": words.word, "id": call.request_id, "address": str(call.address)})


async def crash(_call: Call) -> Response:
    raise RuntimeError("inner detail")


async def fail(call: Call) -> Response:
    kind = ProblemKind(call.query_params["kind"])
    raise Problem(kind, code="odd", message="For the caller.", detail="for the log")


async def half(_call: Call) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield b"first"
        raise RuntimeError("inner detail")

    return StreamingResponse(body())


def own_form(problem: Problem | None, request_id: RequestId) -> Response:
    return json_response(418 if problem is None else STATUS_OF[problem.kind], {"own": request_id})


def client(trusted: str = "10.9.9.9/32", peer: str = "127.0.0.1") -> httpx2.AsyncClient:
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=LeanRoute)
    for path, endpoint in (("/echo", echo), ("/own/crash", crash), ("/crash", crash), ("/fail", fail), ("/half", half)):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    app.router.routes.extend(router.routes)
    frame = Frame(app, (Face("/own", own_form),), trusted_proxies=(ipaddress.ip_network(trusted),))
    transport = httpx2.ASGITransport(app=frame, client=(peer, 1), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://here")


async def get(path: str, headers: Mapping[str, str] | None = None, **given: str) -> httpx2.Response:
    async with client(**given) as asking:
        return await asking.get(path, headers=headers or {})


async def test_the_first_of_repeated_parameters_wins() -> None:
    assert (await get("/echo?word=a&word=b")).json()["word"] == "a"
    assert (await get("/echo")).json()["word"] == "none"


async def test_a_well_formed_request_id_is_kept() -> None:
    reply = await get("/echo", {"X-Request-ID": "req_abc123def456"})
    assert reply.headers["x-request-id"] == reply.json()["id"] == "req_abc123def456"


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a/b"])
async def test_any_other_request_id_is_replaced(given: str) -> None:
    reply = await get("/echo", {"X-Request-ID": given})
    assert reply.headers["x-request-id"].startswith("req_")
    assert len(reply.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.2", "x-real-ip": "192.0.2.3"}, "192.0.2.1"),
        ({"x-forwarded-for": " 192.0.2.2 , 192.0.2.9", "x-real-ip": "192.0.2.3"}, "192.0.2.2"),
        ({"x-forwarded-for": "nonsense", "x-real-ip": "::ffff:192.0.2.3"}, "192.0.2.3"),
        ({}, "127.0.0.1"),
        ({"x-real-ip": "nonsense"}, "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_names_the_client(headers: dict[str, str], address: str) -> None:
    assert (await get("/echo", headers, trusted="127.0.0.0/8")).json()["address"] == address


async def test_anybody_else_who_names_a_client_is_not_believed() -> None:
    headers = {"cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.2", "x-real-ip": "192.0.2.3"}
    assert (await get("/echo", headers)).json()["address"] == "127.0.0.1"


async def test_a_peer_without_an_address_is_nobody() -> None:
    assert (await get("/echo", peer="unix socket")).json()["address"] == "None"


@pytest.mark.parametrize("kind", list(ProblemKind))
async def test_a_problem_outside_every_face_has_a_code_and_no_detail(kind: ProblemKind) -> None:
    reply = await get(f"/fail?kind={kind.value}")
    assert reply.status_code == STATUS_OF[kind]
    error = reply.json()["error"]
    assert error == {"code": "odd", "message": "For the caller.", "request_id": reply.headers["x-request-id"]}


async def test_an_unknown_path_is_told_in_the_form_of_its_face() -> None:
    inside, outside = await get("/own/nope"), await get("/nope")
    assert (inside.status_code, inside.json()) == (404, {"own": inside.headers["x-request-id"]})
    assert (outside.status_code, outside.json()["error"]["code"]) == (404, "not_found")


async def test_a_wrong_method_names_the_right_ones() -> None:
    async with client() as asking:
        reply = await asking.post("/echo")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
    assert reply.json()["error"]["code"] == "method_not_allowed"


async def test_a_crash_is_told_without_its_inside() -> None:
    inside, outside = await get("/own/crash"), await get("/crash")
    assert inside.status_code == 418
    assert outside.status_code == 500
    assert outside.json()["error"]["code"] == "internal_error"
    assert "inner detail" not in outside.text + inside.text


async def test_a_crash_is_in_the_log_with_its_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    await get("/crash", {"X-Request-ID": "find-me"})
    logged = capsys.readouterr().out
    assert "find-me" in logged
    assert "inner detail" in logged


async def test_a_crash_after_the_first_byte_ends_the_answer() -> None:
    with pytest.raises(BaseException):  # noqa: B017, PT011 - the connection breaks, in whichever way the client tells
        async with client() as asking, asking.stream("GET", "/half") as reply:
            await reply.aread()
            assert reply.content != b"first"


async def test_every_answer_forbids_guessing_its_type() -> None:
    for path in ("/echo", "/nope", "/crash", "/own/crash"):
        assert (await get(path)).headers["x-content-type-options"] == "nosniff"


def test_json_keeps_its_letters() -> None:
    assert json_response(200, {"a": "ñ"}).body == '{"a":"ñ"}'.encode()
    assert json.loads(bytes(json_response(200, {"a": [1]}).body)) == {"a": [1]}
