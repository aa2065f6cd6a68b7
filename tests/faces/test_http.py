"""The frame: request id, client address, each face's own errors, and no framework answer that leaks."""

import ipaddress
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from cybervault.app import Access
from cybervault.domain.ids import RequestId
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyKind, Principal, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Callers, Keyring
from cybervault.faces.http import STATUS_OF, Call, Endpoint, Face, Frame, LeanRoute, json_response
from tests.fakes.keys import bearer, minted, secret_of


class Words(BaseModel):
    word: str = "none"


async def echo(call: Call, words: Annotated[Words, Query()]) -> Response:
    return json_response(200, {"word": words.word, "id": call.request_id, "address": str(call.address)})


async def crash(_call: Call) -> Response:
    raise RuntimeError("inner detail")


async def fail(call: Call) -> Response:
    kind, wait = ProblemKind(call.query_params["kind"]), call.query_params.get("wait")
    raise Problem(
        kind,
        code="odd",
        message="For the caller.",
        detail="for the log",
        retry_after_seconds=int(wait) if wait else None,
    )


async def half(_call: Call) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield b"first"
        raise RuntimeError("inner detail")

    return StreamingResponse(body())


async def refused(call: Call) -> Response:
    raise HTTPException(int(call.query_params["status"]))


async def keyed(call: Call) -> Response:
    scope = call.query_params.get("scope")
    principal = await call.principal(Scope(scope) if scope else None)
    return json_response(int(call.query_params.get("status", 200)), {"tenant": principal.tenant_id})


class NoKeys:
    """A ring without keys."""

    def resolve(self, text: str, address: Address | None) -> Principal:
        raise Problem(ProblemKind.UNAUTHENTICATED, code="missing_api_key", message=f"No key {text!r} at {address}.")

    def succeeded(self, principal: Principal, address: Address | None) -> None:
        raise AssertionError(principal, address)


def plain_form(problem: Problem | None, request_id: RequestId) -> Response:
    problem = problem or Problem(ProblemKind.UNAVAILABLE, code="internal_error", message="A bug.")
    status = 500 if problem.code == "internal_error" else STATUS_OF[problem.kind]
    error = {"code": problem.code, "message": problem.message, "request_id": request_id}
    return json_response(status, {"error": error})


ENDPOINTS: dict[str, Endpoint] = {
    "/echo": echo, "/own/crash": crash, "/crash": crash, "/fail": fail, "/half": half, "/refused": refused,
    "/keyed": keyed,
}  # fmt: skip


def own_form(problem: Problem | None, request_id: RequestId) -> Response:
    return json_response(418 if problem is None else STATUS_OF[problem.kind], {"own": request_id})


def client(trusted: str = "10.9.9.9/32", peer: str = "127.0.0.1", keys: Keyring | None = None) -> httpx2.AsyncClient:
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=LeanRoute)
    for path, endpoint in ENDPOINTS.items():
        router.add_api_route(path, endpoint, methods=["GET", "POST"], response_model=None)
    app.router.routes.extend(router.routes)
    frame = Frame(
        app,
        (Face("/own", own_form),),
        outside=Face("", plain_form),
        callers=Callers(keys or NoKeys()),
        trusted_proxies=(ipaddress.ip_network(trusted),),
    )
    transport = httpx2.ASGITransport(app=frame, client=(peer, 1), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://here")


async def get(
    path: str, headers: Mapping[str, str] | None = None, keys: Keyring | None = None, **given: str
) -> httpx2.Response:
    async with client(keys=keys, **given) as asking:
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
        reply = await asking.put("/echo")
    assert (reply.status_code, set(reply.headers["allow"].split(", "))) == (405, {"GET", "POST"})
    assert reply.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("status", "code"), [(413, "payload_too_large"), (415, "unsupported_media_type"), (400, "invalid_request")]
)
async def test_what_the_framework_refuses_is_told_with_a_code(status: int, code: str) -> None:
    reply = await get(f"/refused?status={status}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


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


async def test_a_problem_that_passes_says_when_to_try_again() -> None:
    waiting, final = await get("/fail?kind=unavailable&wait=7"), await get("/fail?kind=unavailable")
    assert waiting.headers["retry-after"] == "7"
    assert "retry-after" not in final.headers


class TestCaller:
    async def test_who_presents_a_key_is_known(self, access: Access) -> None:
        new = minted(access)
        reply = await get("/keyed", bearer(new.secret.reveal()), access.keys)
        assert (reply.status_code, reply.json()) == (200, {"tenant": new.key.tenant_id})

    async def test_who_presents_none_is_told_how(self, access: Access) -> None:
        reply = await get("/keyed", keys=access.keys)
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "missing_api_key")
        assert reply.headers["www-authenticate"].startswith("Bearer ")

    async def test_only_a_401_asks_for_a_key(self) -> None:
        for path in ("/echo", "/nope", "/fail?kind=forbidden"):
            assert "www-authenticate" not in (await get(path)).headers

    async def test_two_keys_are_one_too_many(self, access: Access) -> None:
        secret = secret_of(access)
        async with client(keys=access.keys) as asking:
            reply = await asking.get("/keyed", headers=[("Authorization", f"Bearer {secret}")] * 2)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")

    async def test_a_scope_that_is_missing_is_403(self, access: Access) -> None:
        headers = bearer(secret_of(access, scopes=frozenset({Scope.THREAT_READ})))
        allowed = await get("/keyed?scope=threat:read", headers, access.keys)
        refused = await get("/keyed?scope=threat:write", headers, access.keys)
        assert allowed.status_code == 200
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "invalid_scope")

    async def test_a_read_key_does_not_post(self, access: Access) -> None:
        secret = secret_of(access, KeyKind.SERVICE_READ, scopes=frozenset({Scope.THREAT_WRITE}))
        async with client(keys=access.keys) as asking:
            reply = await asking.post("/keyed", headers=bearer(secret))
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "invalid_scope")

    async def test_what_a_key_opened_is_kept_by_no_cache(self, access: Access) -> None:
        headers = bearer(secret_of(access))
        assert (await get("/keyed", headers, access.keys)).headers["cache-control"] == "no-store"
        assert "cache-control" not in (await get("/echo", headers, access.keys)).headers

    async def test_only_success_notes_where_it_came_from(self, access: Access) -> None:
        new = minted(access)
        headers = bearer(new.secret.reveal())
        for status, peer in ((200, "192.0.2.1"), (400, "192.0.2.2"), (503, "192.0.2.3")):
            await get(f"/keyed?status={status}", headers, access.keys, peer=peer)
        (key,) = access.keys.list(new.key.tenant_id)
        assert key.last_ip == "192.0.2.1"

    async def test_an_answer_stands_even_where_its_note_is_lost(
        self, access: Access, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Forgetful(NoKeys):
            def resolve(self, text: str, address: Address | None) -> Principal:
                return access.keys.resolve(text, address)

            def succeeded(self, principal: Principal, address: Address | None) -> None:
                raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message=f"{principal}{address}")

        reply = await get("/keyed", bearer(secret_of(access)), Forgetful())
        assert reply.status_code == 200
        assert "not noted" in capsys.readouterr().out

    async def test_a_key_in_an_address_is_refused_on_every_face_and_reported(
        self, access: Access, capsys: pytest.CaptureFixture[str]
    ) -> None:
        new = minted(access)
        secret = new.secret.reveal()
        for path in (f"/echo?key={secret}", f"/echo/{secret}", f"/own/{secret}", f"/own/crash?k={secret}"):
            reply = await get(path, keys=access.keys)
            assert reply.status_code == 400
            assert secret not in reply.text
        assert (await get(f"/echo?key={secret}")).json()["error"]["code"] == "key_in_url"
        logged = capsys.readouterr().out
        assert secret not in logged
        assert new.key.secrets[0].hint in logged
