"""The paths by which members register passkeys, sign in with one, and prove again who they are."""

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.access.members import Members
from cybervault.access.passkeys import Passkeys
from cybervault.access.passwordless import Passwordless
from cybervault.domain.principals import Member
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.console.doorway import NO_STORE, Doorway, place_of
from cybervault.faces.console.factor_shapes import (
    CeremonyReply,
    PasskeyList,
    PasskeyReply,
    PasskeyRequest,
    RegisteredReply,
    RegisterRequest,
)
from cybervault.faces.console.second_factors import member_id_of
from cybervault.faces.console.shapes import SessionReply
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.session_cookie import kept_cookie


class PasskeyPaths:
    """The endpoints."""

    def __init__(self, passkeys: Passkeys, passwordless: Passwordless, *, members: Members, doorway: Doorway) -> None:
        self._passkeys = passkeys
        self._passwordless = passwordless
        self._members = members
        self._doorway = doorway

    def router(self) -> APIRouter:
        """All paths of passkeys."""
        router, base = APIRouter(route_class=LeanRoute), "/api/console/passkeys"
        shown = body_of(PasskeyRequest)
        router.add_api_route(base, self.list, methods=["GET"], response_model=PasskeyList)
        router.add_api_route(
            f"{base}/register/options", self.register_options, methods=["POST"], response_model=CeremonyReply
        )
        router.add_api_route(
            f"{base}/register",
            self.register,
            methods=["POST"],
            status_code=201,
            response_model=RegisteredReply,
            openapi_extra=body_of(RegisterRequest),
        )
        router.add_api_route(
            f"{base}/sign-in/options", self.sign_in_options, methods=["POST"], response_model=CeremonyReply
        )
        router.add_api_route(
            f"{base}/sign-in", self.sign_in, methods=["POST"], response_model=SessionReply, openapi_extra=shown
        )
        router.add_api_route(f"{base}/proof", self.prove, methods=["POST"], status_code=204, openapi_extra=shown)
        router.add_api_route(f"{base}/{{passkey_id}}", self.remove, methods=["DELETE"], status_code=204)
        return router

    async def list(self, call: Call) -> Response:
        """The caller's passkeys, oldest first."""
        found = await self._passkeys.list(await member_id_of(call))
        reply = PasskeyList(passkeys=[PasskeyReply.of(passkey) for passkey in found])
        return json_response(200, reply.model_dump())

    async def register_options(self, call: Call) -> Response:
        """What the browser is to be given to make a passkey."""
        ceremony = await self._passkeys.options_to_register(await self._member(call))
        return json_response(200, CeremonyReply.of(ceremony).model_dump(), NO_STORE)

    async def register(self, call: Call) -> Response:
        """Keep the passkey that the browser made."""
        member, request = await self._member(call), await call.body(RegisterRequest)
        actor = await call.actor()
        made = await self._passkeys.register(member, request.to_core(), name=request.name, actor=actor)
        return json_response(201, RegisteredReply.of(made).model_dump(), NO_STORE)

    async def sign_in_options(self, call: Call) -> Response:
        """What anybody's browser is to be given to sign in with a passkey."""
        self._doorway.refuse_strange(call)
        return json_response(200, CeremonyReply.of(self._passkeys.options_to_sign_in()).model_dump(), NO_STORE)

    async def sign_in(self, call: Call) -> Response:
        """Begin a session, whose cookie comes with the answer."""
        channel = self._doorway.refuse_strange(call)
        request = await call.body(PasskeyRequest)
        token, session = await self._passwordless.with_passkey(request.to_core(), place_of(call))
        headers = {"set-cookie": kept_cookie(channel, token), **NO_STORE}
        return json_response(200, SessionReply.of(session, session.id).model_dump(), headers)

    async def prove(self, call: Call) -> Response:
        """Prove by a passkey who it is; for five minutes that counts for what wants a fresh proof."""
        principal, request = await call.principal(), await call.body(PasskeyRequest)
        token = await self._passwordless.prove(principal, request.to_core(), place_of(call))
        cookie = kept_cookie(self._doorway.channel(call), token)
        return Response(status_code=204, headers={"set-cookie": cookie, **NO_STORE})

    async def remove(self, call: Call) -> Response:
        """Forget one of the caller's passkeys."""
        member_id, text = await member_id_of(call), call.path_params["passkey_id"]
        await self._passkeys.remove(member_id, text, actor=await call.actor())
        return Response(status_code=204)

    async def _member(self, call: Call) -> Member:
        principal = await call.principal()
        return await self._members.find(await member_id_of(call), principal.tenant_id)
