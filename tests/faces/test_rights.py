"""The table of who may call what: every row by every caller, as reviewed by hand, computed and over a real frame."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import (
    READING_SCOPES,
    SCOPES_OF_ROLE,
    Environment,
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    SessionId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import Call, Desk, Face, Frame, LeanRoute, json_response
from cybervault.faces.rights import ROUTES, Rights, RouteRule, SignIn, refuse_beyond
from tests.faces.framed import FORM, Framed
from tests.fakes.keys import bearer

REVIEWED = Path(__file__).parents[1] / "cases" / "access" / "rights.csv"
SESSIONS = {f"session of {role}": role for role in Role}
PERSONAL = {f"personal key of {role}": role for role in Role}
SERVICE = {"key without scopes": frozenset[Scope](), **{f"key with {scope}": frozenset({scope}) for scope in Scope}}
SPECIAL = ("read key", "test key", "outgoing secret")
CALLERS = (*SESSIONS, *PERSONAL, *SERVICE, *SPECIAL)
EVERY_SCOPE = frozenset(Scope)


def caller(name: str) -> Principal:
    """The caller of this name; the special ones have every scope that their kind can have."""
    plain = Principal(
        TenantId("tv_1"), EVERY_SCOPE, Plan.PROFESSIONAL, key_id=KeyId("key_1"), kind=KeyKind.SERVICE_LIVE
    )
    if name in SESSIONS or name in PERSONAL:
        role = (SESSIONS | PERSONAL)[name]
        person = replace(plain, scopes=SCOPES_OF_ROLE[role], role=role, member_id=MemberId("usr_1"))
        if name in PERSONAL:
            return replace(person, kind=KeyKind.PERSONAL_LIVE)
        return replace(person, key_id=None, kind=None, session_id=SessionId("ses_1"))
    if name in SERVICE:
        return replace(plain, scopes=SERVICE[name])
    return {
        "read key": replace(plain, kind=KeyKind.SERVICE_READ),
        "test key": replace(plain, kind=KeyKind.SERVICE_TEST, environment=Environment.SANDBOX),
        "outgoing secret": replace(plain, is_outgoing_secret=True),
    }[name]


def may(rule: RouteRule, name: str) -> bool:
    """Whether the caller of this name gets in."""
    wanted = {SignIn.KEY: set(CALLERS) - set(SESSIONS), SignIn.SESSION: set(SESSIONS)}
    if name not in wanted.get(rule.sign_in, CALLERS):
        return False
    with suppress(Problem):
        if rule.sign_in is not SignIn.NONE:
            refuse_beyond(rule, caller(name))
        return True
    return False


def row_of(rule: RouteRule) -> dict[str, str]:
    """The row as the reviewed file writes it: who gets in, by group."""

    def group(names: Mapping[str, object], prefix: str) -> str:
        inside = [name.removeprefix(prefix) for name in names if may(rule, name)]
        return "all" if len(inside) == len(names) else " ".join(sorted(inside)) or "nobody"

    return {
        "method": rule.method,
        "route": rule.template,
        "sign in": rule.sign_in.value + (" with a fresh proof" if rule.needs_proof else ""),
        "sessions": group(SESSIONS, "session of "),
        "personal keys": group(PERSONAL, "personal key of "),
        "other keys": group(SERVICE, "key with "),
        **{name: "yes" if may(rule, name) else "no" for name in SPECIAL},
    }


def reviewed() -> list[dict[str, str]]:
    with REVIEWED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_as_it_was_reviewed() -> None:
    """Who opens a route to somebody else sees it here, and changes the reviewed file by hand."""
    assert [row_of(rule) for rule in ROUTES] == reviewed()


class Walk:
    """All routes of the table over a frame, each answering who called."""

    def __init__(self, framed: Framed) -> None:
        self.framed = framed
        app = FastAPI(openapi_url=None)
        router = APIRouter(route_class=LeanRoute)
        for rule in ROUTES:
            router.add_api_route(rule.template, _entered, methods=[rule.method], response_model=None)
        app.router.routes.extend(router.routes)
        # Nobody is counted: many callers are asked about in one moment.
        surroundings = replace(framed.surroundings, limits=None)
        faces = tuple(Face(prefix, FORM.response, has_rights=True) for prefix in ("/v1", "/v2", "/v3", "/api/console"))
        desk = Desk(framed.callers, Rights(ROUTES))
        self.frame = Frame(app, faces, outside=Face("", FORM.response), desk=desk, surroundings=surroundings)

    async def credentials(self, name: str) -> dict[str, str]:
        framed = self.framed
        if name in SESSIONS:
            return await framed.cookie(await framed.world.member(SESSIONS[name]))
        if name in PERSONAL:
            owner = await framed.world.member(PERSONAL[name])
            return await framed.key(KeyKind.PERSONAL_LIVE, owner=owner)
        if name in SERVICE:
            return await framed.key(scopes=SERVICE[name])
        if name == "read key":
            return await framed.key(KeyKind.SERVICE_READ, scopes=READING_SCOPES)
        if name == "test key":
            return await framed.key(KeyKind.SERVICE_TEST)
        new = await framed.world.mint("rotated", scopes=EVERY_SCOPE)
        await framed.world.minting.rotate(new.key.id, by=None, actor=OPERATOR)
        return bearer(new.secret.reveal())


async def _entered(_call: Call) -> Response:
    """An endpoint that forgot to ask who calls."""
    return json_response(200, {"entered": True})


@pytest.mark.parametrize("name", CALLERS)
async def test_check_149_a_caller_gets_into_the_routes_of_the_reviewed_table_and_no_others(
    framed: Framed, name: str
) -> None:
    """The frame holds the table, even where an endpoint forgets to ask."""
    walk = Walk(framed)
    credentials = await walk.credentials(name)
    for rule in ROUTES:
        path = rule.template.replace("{", "").replace("}", "")
        reply = await framed.ask(rule.method, path, credentials, frame=walk.frame)
        assert (reply.status_code == 200) is may(rule, name), (rule, reply.text)
        assert reply.status_code in {200, 401, 403}


class TestRows:
    def test_a_row_is_found_by_route_and_by_path(self) -> None:
        rights = Rights(
            [
                RouteRule("GET", "/v3/keys"),
                RouteRule("POST", "/v3/keys"),
                RouteRule("GET", "/v3/keys/{key_id}"),
                RouteRule("DELETE", "/v3/keys/{key_id}"),
                RouteRule("GET", "/v3/keys/usage"),
            ]
        )
        assert rights.rule_of("DELETE", "/v3/keys/{key_id}") == RouteRule("DELETE", "/v3/keys/{key_id}")
        assert rights.rule_of("DELETE", "/v3/keys") is None
        found = {
            (method, path): rule.template if (rule := rights.find(method, path)) else None
            for method in ("GET", "DELETE")
            for path in ("/v3/keys", "/v3/keys/x", "/v3/keys/usage", "/v3/keys/x/y", "/v3")
        }
        assert found == {
            ("GET", "/v3/keys"): "/v3/keys",
            ("GET", "/v3/keys/x"): "/v3/keys/{key_id}",
            ("GET", "/v3/keys/usage"): "/v3/keys/usage",
            ("GET", "/v3/keys/x/y"): None,
            ("GET", "/v3"): None,
            ("DELETE", "/v3/keys"): None,
            ("DELETE", "/v3/keys/x"): "/v3/keys/{key_id}",
            ("DELETE", "/v3/keys/usage"): None,
            ("DELETE", "/v3/keys/x/y"): None,
            ("DELETE", "/v3"): None,
        }

    def test_one_route_has_one_row(self) -> None:
        with pytest.raises(ValueError, match="two rows for GET /x"):
            Rights([RouteRule("GET", "/x"), RouteRule("GET", "/x", Scope.SCAN_READ)])

    def test_check_149_a_route_without_a_row_and_a_row_without_a_route_are_named(self) -> None:
        rights = Rights([RouteRule("GET", "/a"), RouteRule("GET", "/b")])
        rights.refuse_gaps([("GET", "/a"), ("GET", "/b")])
        with pytest.raises(ValueError, match=r"no row for POST /a; no route for GET /b"):
            rights.refuse_gaps([("GET", "/a"), ("POST", "/a")])

    @pytest.mark.parametrize(
        ("rule", "heeds"),
        [
            (RouteRule("POST", "/a", is_power=True), True),
            (RouteRule("PATCH", "/a", is_repeatable=True), True),
            (RouteRule("DELETE", "/a", is_power=True), True),
            (RouteRule("POST", "/a"), False),
            (RouteRule("GET", "/a", is_power=True, is_repeatable=True), False),
        ],
    )
    def test_only_changes_that_say_so_are_done_once(self, rule: RouteRule, heeds: bool) -> None:  # noqa: FBT001 - a column
        assert rule.heeds_idempotency_key is heeds


def refusals() -> Iterator[tuple[RouteRule, str, str, str]]:
    write = RouteRule("POST", "/x", Scope.THREAT_WRITE)
    yield write, "read key", "invalid_scope", "only read. This needs another key, with the scope threat:write"
    yield RouteRule("POST", "/x"), "read key", "invalid_scope", "only read.$"
    yield write, "key with threat:read", "invalid_scope", "key lacks the scope threat:write"
    yield (
        replace(write, sign_in=SignIn.EITHER),
        "session of viewer",
        "invalid_scope",
        "role lacks the scope threat:write",
    )
    yield write, "personal key of viewer", "invalid_scope", "key lacks"
    rule = RouteRule("GET", "/x", roles=frozenset({Role.OWNER, Role.ADMIN}))
    yield rule, "personal key of member", "insufficient_role", "one of the roles admin, owner"
    yield rule, "key with keys:manage", "insufficient_role", "roles"
    power = RouteRule("POST", "/x", is_power=True)
    yield power, "test key", "sandbox_restricted", "test key"
    real = RouteRule("POST", "/x", Scope.RESPONSE_WRITE, is_real=True)
    yield real, "test key", "sandbox_restricted", "test key"
    yield real, "key with response:read", "invalid_scope", "response:write"
    looking = RouteRule("PATCH", "/x", Scope.THREAT_READ, barred=frozenset({Role.VIEWER}))
    yield looking, "personal key of viewer", "insufficient_role", "viewer, may look at this and not change it"
    yield power, "outgoing secret", "outgoing_secret", "being replaced"


@pytest.mark.parametrize(("rule", "name", "code", "words"), list(refusals()))
def test_who_is_refused_is_told_why(rule: RouteRule, name: str, code: str, words: str) -> None:
    with pytest.raises(Problem, match=words) as caught:
        refuse_beyond(rule, caller(name))
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, code)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("scope", [Scope.THREAT_READ, Scope.THREAT_WRITE, None])
def test_a_read_key_only_reads_whatever_its_scopes(method: str, scope: Scope | None) -> None:
    """The prefix is the upper bound of a key's rights."""
    with pytest.raises(Problem):
        refuse_beyond(RouteRule(method, "/x", scope), caller("read key"))
    refuse_beyond(RouteRule("GET", "/x", Scope.THREAT_READ), caller("read key"))
    refuse_beyond(RouteRule("HEAD", "/x"), caller("read key"))
