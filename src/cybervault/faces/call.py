"""One request as the faces see it, and the lean route that brings it to them."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_type_hints

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from cybervault.access.audit import Actor, actor_of
from cybervault.access.idempotency import Repeatable
from cybervault.domain.ids import RequestId, WebhookId
from cybervault.domain.observables import Address
from cybervault.domain.principals import Environment, KeyId, Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.sandbox import sandboxed
from cybervault.faces.bodies import (
    BODY_BYTES_MAX,
    BODY_SECONDS,
    BULK_BYTES_MAX,
    BULK_SECONDS,
    read_body,
    read_bytes,
    read_query,
    refuse_media_type,
)
from cybervault.faces.language import Language, language_of
from cybervault.faces.repeats import answered_once, content_of, value_of
from cybervault.faces.rights import RouteRule, SignIn, refuse_beyond
from cybervault.faces.visit import VISIT, Visit

ModelT = TypeVar("ModelT", bound=BaseModel)
Endpoint: TypeAlias = Callable[..., Awaitable[Response]]


class Call(Request):
    """One request as the faces see it."""

    @property
    def visit(self) -> Visit:
        """What the frame knows of it."""
        return cast("Visit", self.scope["state"][VISIT])

    @property
    def request_id(self) -> RequestId:
        """The caller's X-Request-ID where it is well formed, else a fresh one."""
        return self.visit.request_id

    @property
    def address(self) -> Address | None:
        """The client's address; a forwarded one only where the peer is a trusted proxy."""
        return self.visit.client.address

    @property
    def agent(self) -> str | None:
        """The program that calls, as it names itself, at most 256 characters."""
        return self.visit.presented.agent

    @property
    def language(self) -> Language:
        """The one that sentences of ours are to have."""
        return language_of(self.headers.get("accept-language", ""))

    async def principal(self) -> Principal:
        """The caller, who may call this route by its row in `faces.rights`.

        Raises the `Problem` of its key or session, and FORBIDDEN as `refuse_beyond` says, or `reauth_required`.
        """
        visit = self.visit
        if visit.principal is None:
            rule = self.rule()
            if rule is not visit.rule or (visit.resolved is None and visit.refusal is None):
                visit.rule = rule
                await visit.resolve()
            if visit.resolved is None:
                raise cast("Problem", visit.refusal)
            refuse_beyond(rule, visit.resolved)
            if rule.needs_proof:
                await visit.desk.callers.prove(visit.resolved)
            visit.principal = visit.resolved
        return visit.principal

    async def actor(self) -> Actor:
        """The caller as the audit names it; fails as `principal`."""
        ip = None if self.address is None else str(self.address)
        return actor_of(await self.principal(), ip=ip, agent=self.agent, request_id=self.request_id)

    async def still_valid(self) -> Principal:
        """The caller as it stands now, read anew; fails as `principal` does, for whoever answers for a long time."""
        rule = self.rule()
        principal = await self.visit.desk.callers.caller_of(self.visit.presented, rule)
        refuse_beyond(rule, principal)
        return principal

    @asynccontextmanager
    async def guarded(self) -> AsyncGenerator[None]:
        """Around the body of a stream: it is cut with a `Problem` when its caller may no longer have it."""
        streams = self.visit.desk.streams
        if streams is None:
            yield
            return
        async with streams.guard(await self.principal(), self.still_valid):
            yield

    async def body(  # type: ignore[override] # faces never want the bytes, which `content` gives
        self, model: type[ModelT], *, may_be_empty: bool = False
    ) -> ModelT:
        """What the request carries, as strict JSON; where it `may_be_empty`, nothing counts as an empty object.

        Raises `Problem` TOO_LARGE `payload_too_large` or INVALID `unsupported_media_type`, `invalid_json`,
        `missing_parameter`, `invalid_parameter`.
        """
        raw = await self.content()
        if not raw and may_be_empty:
            return read_body(model, b"{}")
        refuse_media_type(self.headers)
        return read_body(model, raw)

    async def content(self) -> bytes:
        """The body as it came; `Problem` TOO_LARGE `payload_too_large`."""
        visit = self.visit
        if visit.content is None:
            is_bulk = visit.rule is not None and visit.rule.is_bulk
            most, seconds = (BULK_BYTES_MAX, BULK_SECONDS) if is_bulk else (BODY_BYTES_MAX, BODY_SECONDS)
            length = self.headers.get("content-length")
            try:
                visit.content = await read_bytes(self.stream(), length, most=most, seconds=seconds)
            except ClientDisconnect:
                raise Problem(
                    ProblemKind.INVALID, code="invalid_request", message="The body ended before it was whole."
                ) from None
        return visit.content

    def query(self, model: type[ModelT]) -> ModelT:
        """The parameters of the address; `Problem` INVALID `missing_parameter`, `invalid_parameter`."""
        return read_query(model, self.query_params.multi_items())

    def shows_secret_of(self, owner_id: KeyId | WebhookId) -> None:
        """Say that the answer holds the secret of this key or webhook: it is never kept, not even to be given again."""
        self.visit.shown_key_id = KeyId(owner_id)

    def rule(self) -> RouteRule:
        """The row of the route in `faces.rights`; a route of a guarded face without one is a bug, and stays shut."""
        route: LeanRoute = self.scope["route"]
        rule = self.visit.desk.rights.rule_of(self.method, route.path)
        if rule is None:
            raise LookupError(f"faces/rights.py has no row for {self.method} {route.path}")
        return rule


class LeanRoute(APIRoute):
    """A route that runs without FastAPI's machinery, and is described with it when the document is asked for.

    To describe all routes takes most of the time in which a server starts, and most servers are never asked.

    The endpoint takes a `Call` and, if it has parameters, one pydantic model of them; the first value of a
    repeated parameter wins. A route that has a row in `faces.rights` is not entered by anybody that the row refuses.
    """

    def __init__(self, path: str, endpoint: Endpoint, **given: Any) -> None:  # noqa: ANN401 - FastAPI's own arguments
        Route.__init__(self, path, endpoint, methods=given.get("methods"), name=given.get("name"))
        self.methods = set(given.get("methods") or ["GET"])  # without the HEAD that a plain route adds
        self._given = given
        model = _query_model(endpoint)

        async def app(scope: Connection, receive: Receive, send: Send) -> None:
            call = Call({**scope, "route": self}, receive, send)

            async def answer() -> Response:
                return await (endpoint(call) if model is None else endpoint(call, call.query(model)))

            response = await _entered(call, answer)
            await response(scope, receive, send)

        self.app = app

    def described(self) -> APIRoute:
        """The same route as FastAPI would have it, for the document."""
        return APIRoute(self.path, self.endpoint, **self._given)


def _query_model(endpoint: Endpoint) -> type[BaseModel] | None:
    hints = get_type_hints(endpoint, include_extras=True)
    for name in inspect.signature(endpoint).parameters:
        annotated = get_args(hints.get(name))
        if annotated and inspect.isclass(annotated[0]) and issubclass(annotated[0], BaseModel):
            return annotated[0]
    return None


async def _entered(call: Call, answer: Callable[[], Awaitable[Response]]) -> Response:
    """The answer of the endpoint, or the one that a repeated request was given before."""
    visit = call.visit
    visit.template = call.scope["route"].path
    rule = call.rule() if visit.face.is_guarded else None
    if rule is None or rule.sign_in is SignIn.NONE:
        return await answer()
    principal = await call.principal()
    with sandboxed() if principal.environment is Environment.SANDBOX else nullcontext():
        return await _once(call, principal, answer)


async def _once(call: Call, principal: Principal, answer: Callable[[], Awaitable[Response]]) -> Response:
    visit, rule = call.visit, call.rule()
    values, idempotency = call.headers.getlist("idempotency-key"), visit.desk.idempotency
    if not values or idempotency is None or not rule.heeds_idempotency_key:
        return await answer()
    content = content_of(call.url.path, call.url.query, await call.content())
    request = Repeatable(principal, rule.method, rule.template, value_of(values), content)
    return await answered_once(visit, idempotency, request, answer=answer)
