"""The paths of v3, in the order of its document."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.domain.clock import Clock
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import Face, json_response
from cybervault.faces.v3.shapes import ErrorForm, HealthReply, WhoamiReply


def face(base_url: str) -> Face:
    """The contract; its errors point to the pages of this server, which callers reach under `base_url`."""
    form = ErrorForm(base_url)
    return Face("/v3", form.response, limits="v3", problem_json=form.problem_json, speaks_spanish=True)


class V3:
    """The endpoints; `is_healthy` tells at each call whether everything that they need works."""

    def __init__(self, is_healthy: Callable[[], Awaitable[bool]], clock: Clock) -> None:
        self._is_healthy = is_healthy
        self._clock = clock

    def router(self) -> APIRouter:
        """All paths of the face."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route("/v3/system/health", self.health, methods=["GET"], response_model=HealthReply)
        router.add_api_route("/v3/system/whoami", self.whoami, methods=["GET"], response_model=WhoamiReply)
        return router

    async def health(self, call: Call) -> Response:
        """Whether the service works, and as which tenant and in which environment the key works."""
        principal = await call.principal()
        reply = HealthReply.of(principal, self._clock.now(), is_healthy=await self._is_healthy())
        return json_response(200, reply.model_dump())

    async def whoami(self, call: Call) -> Response:
        """Who calls, from where and with which rights: what to look at before a list of networks is set."""
        reply = WhoamiReply.of(await call.principal(), call.address, self._clock.now())
        return json_response(200, reply.model_dump())
