"""The frame around every face: request id, caller, limits, each face's own errors, the crash net."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Protocol, cast

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Connection

from cybervault.access.exposure import find_keys, without_keys
from cybervault.access.usage import Use
from cybervault.domain.clock import Clock
from cybervault.domain.ids import RequestId, new_request_id
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.call import Call, Endpoint, LeanRoute
from cybervault.faces.caller import Presented, text_of_url
from cybervault.faces.face import STATUS_OF, Face, json_response, status_of
from cybervault.faces.failures import in_form, is_opened, problem_of
from cybervault.faces.limiting import Charge, Limits, Mailbox, refuse
from cybervault.faces.proxies import HttpsRule, Proxies
from cybervault.faces.request_ids import is_request_id
from cybervault.faces.visit import VISIT, Desk, Visit

__all__ = [
    "STATUS_OF", "Call", "Desk", "Endpoint", "Exposed", "Face", "Frame", "LeanRoute", "Surroundings", "UsageLog",
    "json_response", "routes_of", "status_of",
]  # fmt: skip

_LOG: Final = structlog.get_logger("cybervault.http")
NO_SUCH_PATH: Final = "(no such path)"
# What a load balancer asks from within the network, in the clear.
_ALWAYS_PLAIN: Final = frozenset({"/healthz"})


class UsageLog(Protocol):
    """Where answered calls are noted."""

    def note(self, use: Use) -> None:
        """Remember a call. Never waits and never fails."""


class Exposed(Protocol):
    """Where keys are reported that stood in the open."""

    async def seen(self, text: str, where: str, *, ip: str | None = None, agent: str | None = None) -> object:
        """Mark the keys in this text."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the frame itself works with; without `limits` no face is counted, without `usage` nothing is noted.

    `nowhere` makes what a browser is shown for a path that there is not; it may read files.
    """

    clock: Clock
    proxies: Proxies = field(default_factory=Proxies)
    https: HttpsRule = field(default_factory=HttpsRule)
    limits: Limits | None = None
    usage: UsageLog | None = None
    exposure: Exposed | None = None
    nowhere: Callable[[Request], Response] | None = None


class Frame:
    """Wraps the application's router directly, so that nothing the framework says by itself reaches a caller.

    `outside` spells the failures of paths that belong to no face, which nobody counts.
    """

    def __init__(
        self, app: FastAPI, faces: Sequence[Face], *, outside: Face, desk: Desk, surroundings: Surroundings
    ) -> None:
        self._app = app
        # The framework would answer in its own form, with a Location made of the caller's Host.
        app.router.redirect_slashes = False
        self._faces = tuple(faces)
        self._outside = replace(outside, prefix="", limits=None, has_rights=False, is_slash_optional=False)
        self._desk = desk
        self._around = surroundings

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        if scope["type"] != "http":
            await self._app.router(scope, receive, send)
            return
        face = self._face_of(scope["path"])
        if face.is_slash_optional:
            _drop_slash(scope, face)
        visit = self._visit(scope, face)
        scope.setdefault("state", {})[VISIT] = visit

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                self._complete(message, visit)
            await send(message)

        wire = Wire(scope, receive, send_framed)
        with structlog.contextvars.bound_contextvars(request_id=visit.request_id):
            crash = await self._caught(visit, wire, self._answer(visit, wire))
            self._note(visit)
        if crash is not None:
            raise crash

    def _visit(self, scope: Connection, face: Face) -> Visit:
        headers = Headers(scope=scope)
        client = self._around.proxies.client_of(scope, headers)
        rule = self._desk.rights.find(scope["method"], scope["path"]) if face.is_guarded else None
        return Visit(
            self._desk,
            face,
            _request_id(headers),
            Presented(scope["method"], headers, client),
            self._around.clock.seconds(),
            rule=rule,
            limits=self._around.limits,
        )

    async def _caught(self, visit: Visit, wire: "Wire", answering: Awaitable[None]) -> Exception | None:
        """Answer, and tell every failure in the form of the face; given back is a crash that came too late for that."""
        try:
            await answering
        except HTTPException as error:
            response = await self._page_of_nowhere(visit, wire, error) or in_form(visit, problem_of(error))
            response.headers.update(error.headers or {})
            await wire.give(response)
        except Problem as problem:
            path = without_keys(wire.scope["path"])
            _LOG.info("problem", code=problem.code, detail=problem.detail, path=path)
            await wire.give(in_form(visit, problem))
        except Exception as error:  # noqa: BLE001 - the crash net: nothing stands above the frame that could answer
            _LOG.exception("crash", path=without_keys(wire.scope["path"]))
            if visit.status is not None:
                return error
            await wire.give(in_form(visit, None))
        return None

    async def _page_of_nowhere(self, visit: Visit, wire: "Wire", error: HTTPException) -> Response | None:
        """A page where a person opened a path that there is not; None for everybody else, who gets the form."""
        nowhere, presented = self._around.nowhere, visit.presented
        is_missing = error.status_code == STATUS_OF[ProblemKind.NOT_FOUND] and visit.face is self._outside
        if nowhere is None or not is_missing or not is_opened(presented, wire.scope["path"]):
            return None
        return await asyncio.to_thread(nowhere, Request(wire.scope))

    async def _answer(self, visit: Visit, wire: "Wire") -> None:
        scope = wire.scope
        is_in_clear = scope["path"] not in _ALWAYS_PLAIN and self._around.https.applies_to(visit.client)
        # What comes in the clear is counted by its address: its key is not even looked at.
        await self._charge(visit, may_resolve=not is_in_clear)
        await self._refuse_keys_in_url(visit, scope)
        if visit.wrong_key is not None:
            raise visit.wrong_key
        if is_in_clear:
            await wire.give(self._around.https.answer(scope, visit.presented.headers))
        elif visit.charge is not None and visit.charge.decision.wait_seconds:
            await self._answer_in_turn(visit, wire, visit.charge)
        else:
            await self._route(visit, wire)

    async def _route(self, visit: Visit, wire: "Wire") -> None:
        """Let the application answer within the time that its face promises; `Problem` UNAVAILABLE `timeout`."""
        try:
            async with asyncio.timeout(visit.face.answer_seconds):
                await self._app.router(wire.scope, wire.receive, wire.send)
        except TimeoutError as error:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="timeout",
                message=f"This took more than {visit.face.answer_seconds:g} seconds. Try again, or ask for less.",
            ) from error

    async def _charge(self, visit: Visit, *, may_resolve: bool) -> None:
        """Count a call of a face with limits, by its caller, or by its address where it has not shown who it is."""
        limits, face = self._around.limits, visit.face
        if face.limits is None or limits is None:
            return
        caller = await visit.resolve() if may_resolve else None
        visit.charge = await limits.charge(face.limits, visit.presented.method, caller or visit.client.address)
        refuse(visit.charge)

    async def _answer_in_turn(self, visit: Visit, wire: "Wire", charge: Charge) -> None:
        """Wait, find out anew who calls, for a key may die while its call waits, and answer."""
        crash = None
        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(wire.receive, group)
            if await cast("Limits", self._around.limits).wait(charge, mailbox):
                await visit.resolve(is_fresh=True)
                answering = self._route(visit, replace(wire, receive=mailbox.receive))
                crash = await self._caught(visit, wire, answering)
            mailbox.close()
        if crash is not None:
            raise crash

    async def _refuse_keys_in_url(self, visit: Visit, scope: Connection) -> None:
        """Such a key is never routed; the log names it by its hint and its owner is told, so that it gets rotated."""
        text = text_of_url(scope["path"], scope.get("query_string", b""))
        found = find_keys(text)
        if not found:
            return
        _LOG.warning("key in url", hints=[key.token.hint for key in found])
        try:
            if self._around.exposure is not None:
                where, agent = "the address of a request", visit.presented.agent
                await self._around.exposure.seen(text, where, ip=_ip(visit), agent=agent)
        except Problem as problem:  # it is refused all the same, and the log names it
            _LOG.warning("exposed key not marked", code=problem.code, detail=problem.detail)
        raise Problem(
            ProblemKind.INVALID,
            code="key_in_url",
            message="A key must not stand in an address. Send it in the header Authorization, and rotate this one.",
        )

    def _complete(self, start: Message, visit: Visit) -> None:
        """Add to the head of an answer what holds for all of them."""
        headers = MutableHeaders(scope=start)
        headers.update({"x-request-id": visit.request_id, "x-content-type-options": "nosniff"})
        if start["status"] == STATUS_OF[ProblemKind.UNAUTHENTICATED]:
            headers["www-authenticate"] = 'Bearer realm="CyberVault"'
        if visit.charge is not None and self._around.limits is not None:
            headers.update(self._around.limits.fields(visit.charge))
        if visit.face.is_guarded:
            headers.setdefault("cache-control", "no-store")

    def _note(self, visit: Visit) -> None:
        """Note an answered call of a known caller."""
        usage, principal = self._around.usage, visit.known
        if usage is None or principal is None or visit.status is None:
            return
        clock = self._around.clock
        took = clock.seconds() - visit.started
        usage.note(
            Use(
                principal,
                visit.presented.method,
                visit.template or NO_SUCH_PATH,
                visit.status,
                round(took * 1000),
                _ip(visit),
                visit.presented.agent,
                visit.request_id,
                clock.now() - timedelta(seconds=took),
            )
        )

    def _face_of(self, path: str) -> Face:
        return next((face for face in self._faces if face.owns(path)), self._outside)


def routes_of(faces: Sequence[Face], routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Method and template of every route of the guarded faces, for `Rights.refuse_gaps`."""
    guarded = [face for face in faces if face.is_guarded]
    found = []
    for route in routes:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or {"every method"}
        if any(face.owns(path) for face in guarded):
            is_lean = isinstance(route, LeanRoute)
            found += [(method if is_lean else f"{method} (not lean)", path) for method in methods if method != "HEAD"]
    return found


def _drop_slash(scope: Connection, face: Face) -> None:
    path = scope["path"]
    if path.endswith("/") and len(path) > len(face.prefix) + 1:
        scope["path"] = path[:-1]
        raw: Any = scope.get("raw_path")
        if raw is not None:
            scope["raw_path"] = raw.removesuffix(b"/")


def _request_id(headers: Headers) -> RequestId:
    given = headers.get("x-request-id", "")
    return RequestId(given) if is_request_id(given) else new_request_id()


def _ip(visit: Visit) -> str | None:
    return None if visit.client.address is None else str(visit.client.address)


@dataclass(frozen=True, slots=True)
class Wire:
    """The connection of one request."""

    scope: Connection
    receive: Receive
    send: Send

    async def give(self, response: Response) -> None:
        """Send an answer of ours, for which nothing needs to be read."""
        await response(self.scope, self.receive, self.send)
