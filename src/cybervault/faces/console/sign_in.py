"""The paths by which people come in, prove again who they are, look at their sessions, and go."""

from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.access.credentials import Credentials
from cybervault.access.members import Members
from cybervault.access.session_life import sign_in_required
from cybervault.access.sessions import Sessions
from cybervault.access.setup import Setup
from cybervault.access.sign_in import SignIn
from cybervault.domain.principals import Member, Principal, SessionId, Tenant
from cybervault.domain.secrets import Secret
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.console import shapes
from cybervault.faces.console.doorway import NO_STORE, Doorway, place_of
from cybervault.faces.face import Face, ProblemForm, json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.session_cookie import dropped_cookie, kept_cookie


class Tenants(Protocol):
    """What sign-in asks of tenants."""

    async def find(self, id_or_name: str) -> Tenant:
        """The tenant of this id."""


@dataclass(frozen=True, slots=True)
class Reception:
    """The services behind the paths."""

    tenants: Tenants
    members: Members
    sessions: Sessions
    sign_in: SignIn
    credentials: Credentials
    setup: Setup


def face(problem_response: ProblemForm) -> Face:
    """The contract of the console's own paths, which spell failures as `problem_response` does."""
    return Face("/api/console", problem_response, has_rights=True, speaks_spanish=True)


class SignInPaths:
    """The endpoints. Before a password is looked at, the doorway refuses plain HTTP and other sites' pages."""

    def __init__(self, reception: Reception, doorway: Doorway) -> None:
        self._reception = reception
        self._doorway = doorway

    def router(self) -> APIRouter:
        """All paths of sign-in."""
        router, base = APIRouter(route_class=LeanRoute), "/api/console"
        router.add_api_route(f"{base}/setup", self.setup_state, methods=["GET"], response_model=shapes.SetupState)
        router.add_api_route(
            f"{base}/setup",
            self.set_up,
            methods=["POST"],
            response_model=shapes.MemberReply,
            status_code=201,
            openapi_extra=body_of(shapes.SetupRequest),
        )
        router.add_api_route(
            f"{base}/sign-in",
            self.sign_in,
            methods=["POST"],
            response_model=shapes.SessionReply,
            openapi_extra=body_of(shapes.SignInRequest),
        )
        router.add_api_route(f"{base}/sign-out", self.sign_out, methods=["POST"], status_code=204)
        router.add_api_route(
            f"{base}/proof", self.prove, methods=["POST"], status_code=204, openapi_extra=body_of(shapes.ProofRequest)
        )
        router.add_api_route(f"{base}/me", self.me, methods=["GET"], response_model=shapes.MeReply)
        router.add_api_route(f"{base}/sessions", self.sessions, methods=["GET"], response_model=shapes.SessionList)
        router.add_api_route(f"{base}/sessions/{{session_id}}", self.end, methods=["DELETE"], status_code=204)
        router.add_api_route(
            f"{base}/sessions/end-others", self.end_others, methods=["POST"], response_model=shapes.EndedReply
        )
        router.add_api_route(
            f"{base}/invitation",
            self.accept,
            methods=["POST"],
            response_model=shapes.MemberReply,
            openapi_extra=body_of(shapes.InvitationRequest),
        )
        router.add_api_route(
            f"{base}/password",
            self.change_password,
            methods=["POST"],
            status_code=204,
            openapi_extra=body_of(shapes.PasswordRequest),
        )
        return router

    async def setup_state(self, _call: Call) -> Response:
        """Whether the first administrator is still to be made."""
        reply = shapes.SetupState(is_open=await self._reception.setup.is_open())
        return json_response(200, reply.model_dump())

    async def set_up(self, call: Call) -> Response:
        """Make the first administrator, by the one-time token that the server printed."""
        self._doorway.refuse_strange(call)
        request = await call.body(shapes.SetupRequest)
        member = await self._reception.setup.complete(Secret(request.token), request.to_core(), place_of(call))
        return json_response(201, shapes.MemberReply.of(member).model_dump())

    async def sign_in(self, call: Call) -> Response:
        """Begin a session, whose cookie comes with the answer."""
        channel = self._doorway.refuse_strange(call)
        request = await call.body(shapes.SignInRequest)
        token, session = await self._reception.sign_in.with_password(request.email, request.to_core(), place_of(call))
        reply = shapes.SessionReply.of(session, session.id)
        return json_response(200, reply.model_dump(), _cookie(kept_cookie(channel, token)))

    async def sign_out(self, call: Call) -> Response:
        """End the session."""
        await self._reception.sign_in.sign_out(await call.principal(), place_of(call))
        return Response(status_code=204, headers=_cookie(dropped_cookie(self._doorway.channel(call))))

    async def prove(self, call: Call) -> Response:
        """Prove by password or code who it is; for five minutes that counts for what wants a fresh proof."""
        principal, request = await call.principal(), await call.body(shapes.ProofRequest)
        token = await self._reception.sign_in.prove(principal, request.to_core(), place_of(call))
        return Response(status_code=204, headers=_cookie(kept_cookie(self._doorway.channel(call), token)))

    async def me(self, call: Call) -> Response:
        """Who has signed in, and what that allows."""
        principal = await call.principal()
        member = await self._member(principal)
        tenant = await self._reception.tenants.find(principal.tenant_id)
        session = await self._reception.sessions.present(principal)
        return json_response(200, shapes.MeReply.of(principal, member, tenant, session).model_dump())

    async def sessions(self, call: Call) -> Response:
        """The caller's sessions, newest first."""
        principal = await call.principal()
        found = await self._reception.sessions.list((await self._member(principal)).id)
        reply = shapes.SessionList(sessions=[shapes.SessionReply.of(one, principal.session_id) for one in found])
        return json_response(200, reply.model_dump())

    async def end(self, call: Call) -> Response:
        """End one of the caller's sessions."""
        principal, session_id = await call.principal(), SessionId(call.path_params["session_id"])
        await self._reception.sessions.end(session_id, by=principal, actor=await call.actor())
        is_own = session_id == principal.session_id
        return Response(
            status_code=204, headers=_cookie(dropped_cookie(self._doorway.channel(call))) if is_own else None
        )

    async def end_others(self, call: Call) -> Response:
        """End all of the caller's sessions but this one."""
        ended = await self._reception.sessions.end_others(await call.principal(), actor=await call.actor())
        return json_response(200, shapes.EndedReply(ended=ended).model_dump())

    async def accept(self, call: Call) -> Response:
        """Choose a password by a one-time token; then sign in with it."""
        self._doorway.refuse_strange(call)
        request = await call.body(shapes.InvitationRequest)
        token, password = Secret(request.token), Secret(request.password)
        member = await self._reception.credentials.accept(token, password, place_of(call))
        return json_response(200, shapes.MemberReply.of(member).model_dump(), NO_STORE)

    async def change_password(self, call: Call) -> Response:
        """Choose another password, which ends all other sessions."""
        principal, request = await call.principal(), await call.body(shapes.PasswordRequest)
        current, new = Secret(request.current), Secret(request.new)
        token = await self._reception.credentials.change(principal, current, new, place=place_of(call))
        return Response(status_code=204, headers=_cookie(kept_cookie(self._doorway.channel(call), token)))

    async def _member(self, principal: Principal) -> Member:
        if principal.member_id is None:
            raise sign_in_required()
        return await self._reception.members.find(principal.member_id, principal.tenant_id)


def _cookie(value: str) -> dict[str, str]:
    return {"set-cookie": value, **NO_STORE}
