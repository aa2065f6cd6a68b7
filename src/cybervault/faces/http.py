"""The frame around every face: request id, caller, lean routes, each face's own errors, the crash net."""

import inspect
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast, get_args, get_type_hints

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Connection

from cybervault.domain.ids import RequestId, new_request_id
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Callers, key_in_url, refuse_beyond, without_keys

_LOG: Final = structlog.get_logger("cybervault.http")
_REQUEST_ID: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,128}\Z")
Networks: TypeAlias = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
Endpoint: TypeAlias = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Face:
    """One HTTP contract: its path prefix, and how it spells a failure (None = a bug of ours)."""

    prefix: str
    problem_response: Callable[[Problem | None, RequestId], Response]


class Call(Request):
    """One request as the faces see it."""

    @property
    def request_id(self) -> RequestId:
        """The caller's X-Request-ID where it is well formed, else a fresh one."""
        return RequestId(self.scope["state"]["request_id"])

    @property
    def address(self) -> Address | None:
        """The client's address; a forwarded one only where the peer is a trusted proxy."""
        return cast("Address | None", self.scope["state"]["address"])

    async def principal(self, scope: Scope | None = None) -> Principal:
        """The caller, who presents a key that works and holds the scope, where one is named.

        Raises `Problem` UNAUTHENTICATED (`missing_api_key`, `invalid_api_key`, `expired_api_key`, `revoked_api_key`)
        or FORBIDDEN (`ip_not_allowed`, `invalid_scope`).
        """
        callers: Callers = self.scope["state"]["callers"]
        principal = callers.caller_of(self.headers.getlist("authorization"), self.address)
        self.scope["state"]["principal"] = principal
        refuse_beyond(principal, self.method, scope)
        return principal


class LeanRoute(APIRoute):
    """A route whose signature FastAPI reads for the document, and which then runs without its machinery.

    The endpoint takes a `Call` and, if it has parameters, one pydantic model of them; the first value of a
    repeated parameter wins.
    """

    def __init__(self, path: str, endpoint: Endpoint, **given: Any) -> None:  # noqa: ANN401 - FastAPI's own arguments
        super().__init__(path, endpoint, **given)
        model = _query_model(endpoint)

        async def app(scope: Connection, receive: Receive, send: Send) -> None:
            call = Call(scope, receive, send)
            response = await (endpoint(call) if model is None else endpoint(call, model(**_first_values(call))))
            await response(scope, receive, send)

        self.app = app


def _query_model(endpoint: Endpoint) -> type[BaseModel] | None:
    hints = get_type_hints(endpoint, include_extras=True)
    for name in inspect.signature(endpoint).parameters:
        annotated = get_args(hints.get(name))
        if annotated and inspect.isclass(annotated[0]) and issubclass(annotated[0], BaseModel):
            return annotated[0]
    return None


def _first_values(call: Call) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in call.query_params.multi_items():
        values.setdefault(name, value)
    return values


def json_response(status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that keeps its letters."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, headers, media_type="application/json")


STATUS_OF: Final = {
    ProblemKind.INVALID: 400,
    ProblemKind.UNAUTHENTICATED: 401,
    ProblemKind.FORBIDDEN: 403,
    ProblemKind.NOT_FOUND: 404,
    ProblemKind.CONFLICT: 409,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.OVER_LIMIT: 429,
    ProblemKind.UPSTREAM: 502,
    ProblemKind.UNAVAILABLE: 503,
}


class Frame:
    """Wraps the application's router directly, so that nothing the framework says by itself reaches a caller.

    `outside` spells the failures of paths that belong to no face.
    """

    def __init__(
        self, app: FastAPI, faces: Sequence[Face], *, outside: Face, callers: Callers, trusted_proxies: Networks = ()
    ) -> None:
        self._app = app
        self._faces = tuple(faces)
        self._outside = outside
        self._callers = callers
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        if scope["type"] != "http":
            await self._app.router(scope, receive, send)
            return
        state = self._state_of(scope)
        request_id, has_started = state["request_id"], False

        async def send_framed(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                self._complete(message, state)
            await send(message)

        face = self._face_of(scope["path"])
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                _refuse_key_in_url(scope)
                await self._app.router(scope, receive, send_framed)
            except HTTPException as error:
                await _problem_of(error, face, request_id)(scope, receive, send_framed)
            except Problem as problem:
                _LOG.info("problem", code=problem.code, detail=problem.detail, path=without_keys(scope["path"]))
                await _told(problem, face, request_id)(scope, receive, send_framed)
            except Exception:
                _LOG.exception("crash", path=scope["path"])
                if has_started:
                    raise
                await face.problem_response(None, request_id)(scope, receive, send_framed)

    def _state_of(self, scope: Connection) -> dict[str, Any]:
        """What a `Call` reads of the request's surroundings."""
        headers = Headers(scope=scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = _request_id(headers)
        state["address"] = client_address(scope, headers, self._trusted_proxies)
        state["callers"] = self._callers
        return state

    def _complete(self, start: Message, state: Mapping[str, Any]) -> None:
        """Add to the head of an answer what holds for all of them, and note whose call succeeded."""
        headers = MutableHeaders(scope=start)
        headers.update({"x-request-id": state["request_id"], "x-content-type-options": "nosniff"})
        if start["status"] == STATUS_OF[ProblemKind.UNAUTHENTICATED]:
            headers["www-authenticate"] = 'Bearer realm="CyberVault"'
        principal = state.get("principal")
        if principal is None:
            return
        headers.setdefault("cache-control", "no-store")
        if start["status"] < STATUS_OF[ProblemKind.INVALID]:
            self._note(principal, state["address"])

    def _note(self, principal: Principal, address: Address | None) -> None:
        try:
            self._callers.keys.succeeded(principal, address)
        except Problem as problem:  # the answer stands already; only the note of it is lost
            _LOG.warning("use of a key not noted", code=problem.code, detail=problem.detail)

    def _face_of(self, path: str) -> Face:
        return next((face for face in self._faces if path.startswith(face.prefix)), self._outside)


def _refuse_key_in_url(scope: Connection) -> None:
    """Such a key is never routed, and the log names it by its hint, so that somebody can rotate it."""
    token = key_in_url(scope["path"], scope.get("query_string", b""))
    if token is None:
        return
    _LOG.warning("key in url", hint=token.hint)
    raise Problem(
        ProblemKind.INVALID,
        code="key_in_url",
        message="A key must not stand in an address. Send it in the header Authorization, and rotate this one.",
    )


def _request_id(headers: Headers) -> RequestId:
    given = headers.get("x-request-id", "")
    return RequestId(given) if _REQUEST_ID.match(given) else new_request_id()


def client_address(scope: Connection, headers: Headers, trusted_proxies: Networks) -> Address | None:
    """The peer's address, or what a trusted proxy says: cf-connecting-ip, else x-forwarded-for, else x-real-ip."""
    peer = _address(scope["client"][0]) if scope.get("client") else None
    if peer is None or not any(peer.version == network.version and peer in network for network in trusted_proxies):
        return peer
    first_forwarded = headers.get("x-forwarded-for", "").partition(",")[0]
    for text in (headers.get("cf-connecting-ip", ""), first_forwarded, headers.get("x-real-ip", "")):
        forwarded = _address(text.strip())
        if forwarded is not None:
            return forwarded
    return peer


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _told(problem: Problem, face: Face, request_id: RequestId) -> Response:
    response = face.problem_response(problem, request_id)
    if problem.retry_after_seconds is not None:
        response.headers["retry-after"] = str(problem.retry_after_seconds)
    return response


def _problem_of(error: HTTPException, face: Face, request_id: RequestId) -> Response:
    """The framework's own "no such path" and "not with this method", in the face's form."""
    kind, code, message = {
        404: (ProblemKind.NOT_FOUND, "not_found", "There is nothing at this path."),
        405: (ProblemKind.INVALID, "method_not_allowed", "This path does not take this method."),
        413: (ProblemKind.TOO_LARGE, "payload_too_large", "The body of the request is too large."),
        415: (ProblemKind.INVALID, "unsupported_media_type", "This path takes application/json."),
    }.get(error.status_code, (ProblemKind.INVALID, "invalid_request", "The request cannot be read."))
    response = face.problem_response(Problem(kind, code=code, message=message), request_id)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response
