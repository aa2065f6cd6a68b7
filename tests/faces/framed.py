"""A small application behind the real frame: real keys, sessions and limits on SQLite, and a clock to be moved."""

import ipaddress
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from cybervault.access.idempotency import Idempotency
from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.sessions import Sessions
from cybervault.access.store.idempotency import IdempotencyStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.streams import Streams
from cybervault.access.tokens import Peppers
from cybervault.access.usage import Use
from cybervault.access.verify import Verifier
from cybervault.domain.principals import KeyKind, Member, Role, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Callers
from cybervault.faces.http import (
    Call,
    Desk,
    Endpoint,
    Face,
    Frame,
    LeanRoute,
    Surroundings,
    json_response,
    routes_of,
)
from cybervault.faces.limiting import Limits
from cybervault.faces.proxies import HttpsRule, Proxies
from cybervault.faces.rights import Rights, RouteRule, SignIn
from cybervault.faces.v1.shapes import FACE as V1
from cybervault.faces.v2.shapes import FACE as V2
from cybervault.faces.v3.shapes import ErrorForm
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from tests.access.conftest import PEPPER, World, world_on
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer

BASE: Final = "https://cybervault.example"
FORM: Final = ErrorForm(BASE)
V3: Final = Face("/v3", FORM.response, limits="v3", problem_json=FORM.problem_json)
CONSOLE: Final = Face("/api/console", FORM.response, has_rights=True)
FACES: Final = (V1, V2, V3, CONSOLE)

RULES: Final = (
    *(
        rule
        for version in ("v1", "v2", "v3")
        for rule in (
            RouteRule("GET", f"/{version}/things", Scope.THREAT_READ),
            RouteRule("POST", f"/{version}/things", Scope.THREAT_WRITE, is_repeatable=True),
            RouteRule("PATCH", f"/{version}/things/{{thing_id}}/status", Scope.THREAT_WRITE),
            RouteRule("GET", f"/{version}/crash"),
            RouteRule("GET", f"/{version}/fail"),
        )
    ),
    RouteRule("POST", "/v3/keys", Scope.KEYS_MANAGE, SignIn.EITHER, is_power=True, needs_proof=True),
    RouteRule("GET", "/v3/either", sign_in=SignIn.EITHER),
    RouteRule("GET", "/v3/owners", sign_in=SignIn.EITHER, roles=frozenset({Role.OWNER, Role.ADMIN})),
    RouteRule("GET", "/api/console/me", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/proof", sign_in=SignIn.SESSION, is_power=True, needs_proof=True),
    RouteRule("POST", "/api/console/open", sign_in=SignIn.NONE),
)


class Thing(BaseModel):
    """What the small application is about."""

    name: str
    count: int = 1


class StrictThing(BaseModel):
    """The same, where nothing unknown may stand beside."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Wanted(BaseModel):
    """A query."""

    most: int = 10
    kind: str = "none"


@dataclass(slots=True)
class Framed:
    """The application, its parts, and what was noted of its calls."""

    world: World
    sessions: Sessions
    limits: Limits
    callers: Callers
    surroundings: Surroundings
    idempotency: Idempotency
    folder: Path
    uses: list[Use] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> HandClock:
        return self.world.clock

    def note(self, use: Use) -> None:
        """A log of uses."""
        self.uses.append(use)

    async def pass_time(self, seconds: float) -> None:
        """The sleep of calls that wait."""
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def frame(self, **changed: Any) -> Frame:  # noqa: ANN401 - the fields of Surroundings
        """Put the application together, with other surroundings where some are named."""
        app = FastAPI(openapi_url=None, redirect_slashes=False)
        router = APIRouter(route_class=LeanRoute)
        for method, path, endpoint in self._endpoints():
            router.add_api_route(path, endpoint, methods=[method], response_model=None)
        app.router.routes.extend(router.routes)
        rights = Rights(RULES)
        rights.refuse_gaps(routes_of(FACES, app.router.routes))
        desk = Desk(self.callers, rights, self.idempotency, Streams())
        outside = Face("", FORM.response)
        return Frame(app, FACES, outside=outside, desk=desk, surroundings=replace(self.surroundings, **changed))

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        *,
        peer: str = "192.0.2.1",
        json: object = None,
        content: Any = None,  # noqa: ANN401 - what the client takes
        base: str = "https://here",
        frame: Frame | None = None,
    ) -> httpx2.Response:
        """One request, over HTTPS from elsewhere unless told otherwise."""
        transport = httpx2.ASGITransport(app=frame or self.frame(), client=(peer, 1), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
            return await client.request(method, path, headers=pairs, json=json, content=content)

    async def key(self, kind: KeyKind = KeyKind.SERVICE_LIVE, *scopes: Scope, **wish: Any) -> dict[str, str]:  # noqa: ANN401 - the fields of NewKey
        """The header of a new key with all scopes, or with these."""
        if not kind.is_personal:
            all_scopes = {scope for scope in Scope if not kind.is_read_only or scope.endswith(":read")}
            wish = {"scopes": frozenset(scopes) or frozenset(all_scopes)} | wish
        number = len(await self.world.keys.list(self.world.tenant.id))
        minted = await self.world.mint(f"key {number}", kind, **wish)
        return bearer(minted.secret.reveal())

    async def cookie(self, member: Member) -> dict[str, str]:
        """The headers of a browser of ours in which a member has signed in."""
        token, _ = await self.sessions.begin(member.id, address=None, agent=None)
        return {"Cookie": f"__Host-cybervault={token.reveal()}", "Sec-Fetch-Site": "same-origin"}

    def _endpoints(self) -> list[tuple[str, str, Endpoint]]:
        found: list[tuple[str, str, Endpoint]] = []
        for version in ("v1", "v2", "v3"):
            found += [
                ("GET", f"/{version}/things", self._list),
                ("POST", f"/{version}/things", self._make),
                ("PATCH", f"/{version}/things/{{thing_id}}/status", self._make),
                ("GET", f"/{version}/crash", _crash),
                ("GET", f"/{version}/fail", _fail),
            ]
        return [
            *found,
            ("POST", "/v3/keys", self._mint),
            ("GET", "/v3/either", _me),
            ("GET", "/v3/owners", _me),
            ("GET", "/api/console/me", _me),
            ("POST", "/api/console/proof", _me),
            ("POST", "/api/console/open", _open),
        ]

    async def _list(self, call: Call, wanted: Annotated[Wanted, Query()]) -> Response:
        principal = await call.principal()
        return json_response(200, {"tenant": principal.tenant_id, "most": wanted.most, "kind": wanted.kind})

    async def _make(self, call: Call) -> Response:
        thing = await call.body(Thing)
        self.done.append(thing.name)
        if thing.name == "taken":
            raise Problem(ProblemKind.CONFLICT, code="name_taken", message="There is one of this name already.")
        if thing.name == "lost":
            raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="Gone.", retry_after_seconds=5)
        body = {"name": thing.name, "number": len(self.done), "address": str(call.address)}
        return json_response(201, body, {"Location": f"/things/{len(self.done)}"})

    async def _mint(self, call: Call) -> Response:
        wish = await call.body(StrictThing)
        actor = await call.actor()
        minted = await self.world.mint(wish.name)
        self.done.append(actor.name)
        if not wish.name.startswith("silent"):
            call.shows_secret_of(minted.key.id)
        return json_response(201, {"id": minted.key.id, "secret": minted.secret.reveal()})


async def _me(call: Call) -> Response:
    principal = await call.principal()
    return json_response(200, {"member": principal.member_id, "key": principal.key_id, "hint": principal.hint})


async def _open(call: Call) -> Response:
    await call.body(Thing, may_be_empty=False)
    return json_response(200, {})


async def _crash(_call: Call) -> Response:
    raise RuntimeError("inner detail")


async def _fail(call: Call) -> Response:
    raise Problem(ProblemKind(call.query_params["kind"]), code="odd", message="For the caller.", detail="for the log")


@asynccontextmanager
async def framed_on(file: Path, **limits: Any) -> AsyncIterator[Framed]:  # noqa: ANN401 - the arguments of Limits
    """The parts, on a SQLite file that has all tables."""
    clock = HandClock()
    database: Database = database_at(file, clock)
    await database.open()
    try:
        world = await world_on(database, clock=clock)
        store = SessionStore(database)
        sessions = Sessions(store, Verifier(store, clock), journal=world.journal, peppers=Peppers(PEPPER))
        callers = Callers(world.keys, sessions=sessions, own_origin="https://here")
        idempotency = Idempotency(IdempotencyStore(database), clock, Peppers(PEPPER))
        plain = Limits(LocalLimiter(clock), clock)
        framed = Framed(world, sessions, plain, callers, Surroundings(clock), idempotency, file.parent)
        framed.limits = Limits(LocalLimiter(clock), clock, sleep=framed.pass_time, **limits)
        framed.surroundings = Surroundings(
            clock,
            Proxies((ipaddress.ip_network("10.0.0.0/8"),)),
            HttpsRule(),
            limits=framed.limits,
            usage=framed,
            exposure=world.exposure,
        )
        yield framed
    finally:
        await database.close()
