"""`GET /healthz`: what a load balancer asks, without a key and outside the versioned faces."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import json_response

_RETRY_SECONDS: Final = 5


def liveness_routes(is_usable: Callable[[], Awaitable[bool]]) -> list[BaseRoute]:
    """The route; it answers 503 while `is_usable` says that calls would fail."""

    async def healthz(_request: Request) -> Response:
        if not await is_usable():
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="service_unavailable",
                message="The database cannot be used at the moment.",
                retry_after_seconds=_RETRY_SECONDS,
            )
        return json_response(200, {"status": "ok"})

    return [Route("/healthz", healthz, methods=["GET"])]
