"""The paths by which members look at their second factors and set up one-time codes and recovery codes."""

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.access.second_factors import SecondFactors
from cybervault.access.session_life import sign_in_required
from cybervault.domain.principals import MemberId
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.console.doorway import NO_STORE
from cybervault.faces.console.factor_shapes import CodesReply, ConfirmRequest, EnrolmentReply, FactorsReply
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of


class SecondFactorPaths:
    """The endpoints."""

    def __init__(self, second_factors: SecondFactors) -> None:
        self._factors = second_factors

    def router(self) -> APIRouter:
        """All paths of second factors."""
        router, base = APIRouter(route_class=LeanRoute), "/api/console"
        router.add_api_route(f"{base}/second-factors", self.state, methods=["GET"], response_model=FactorsReply)
        router.add_api_route(f"{base}/totp/begin", self.begin, methods=["POST"], response_model=EnrolmentReply)
        router.add_api_route(
            f"{base}/totp/confirm",
            self.confirm,
            methods=["POST"],
            response_model=CodesReply,
            openapi_extra=body_of(ConfirmRequest),
        )
        router.add_api_route(f"{base}/totp", self.remove, methods=["DELETE"], status_code=204)
        router.add_api_route(f"{base}/recovery-codes", self.new_codes, methods=["POST"], response_model=CodesReply)
        return router

    async def state(self, call: Call) -> Response:
        """Which second factors the caller has."""
        factors = await self._factors.state(await member_id_of(call))
        return json_response(200, FactorsReply.of(factors).model_dump(), NO_STORE)

    async def begin(self, call: Call) -> Response:
        """A new secret for an authenticator; nothing is kept before the confirmation."""
        enrolment = await self._factors.begin(await member_id_of(call))
        return json_response(200, EnrolmentReply.of(enrolment).model_dump(), NO_STORE)

    async def confirm(self, call: Call) -> Response:
        """Show by a code that the authenticator has the secret; from then on sign-in asks for one."""
        member_id, request = await member_id_of(call), await call.body(ConfirmRequest)
        codes = await self._factors.confirm(member_id, request.ticket, request.code, actor=await call.actor())
        return json_response(200, CodesReply.of(codes).model_dump(), NO_STORE)

    async def remove(self, call: Call) -> Response:
        """Do without one-time codes."""
        await self._factors.remove(await member_id_of(call), actor=await call.actor())
        return Response(status_code=204)

    async def new_codes(self, call: Call) -> Response:
        """Ten new recovery codes; the old ones end."""
        codes = await self._factors.new_recovery_codes(await member_id_of(call), actor=await call.actor())
        return json_response(200, CodesReply.of(codes).model_dump(), NO_STORE)


async def member_id_of(call: Call) -> MemberId:
    """The member who has signed in; `Problem` UNAUTHENTICATED `sign_in_required`."""
    principal = await call.principal()
    if principal.member_id is None:
        raise sign_in_required()
    return principal.member_id
