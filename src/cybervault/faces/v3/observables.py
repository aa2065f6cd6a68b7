"""The path of v3 by which many observables are looked up by one call."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.assessments.analyses import LookUp
from cybervault.assessments.threats import Environments
from cybervault.domain.assessments import Assessment, Depth
from cybervault.domain.observables import Observable, parse_observable
from cybervault.domain.problems import Problem
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.limiting import OverLimit
from cybervault.faces.openapi import body_of
from cybervault.faces.v3 import observable_shapes as shapes


class ObservablePaths:
    """The endpoint."""

    def __init__(self, threats: Environments) -> None:
        self._threats = threats

    def router(self) -> APIRouter:
        """The path."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route(
            "/v3/observables/lookup", self.look_up, methods=["POST"], response_model=shapes.LookUpReply,
            openapi_extra=body_of(shapes.LookUpRequest),
        )  # fmt: skip
        return router

    async def look_up(self, call: Call) -> Response:
        """Assess many indicators at once, each by itself; what one of them is refused for keeps no other back."""
        threats, request = self._threats.of(await call.principal()), await call.body(shapes.LookUpRequest)
        read = {text: _read(text) for text in request.observables}
        wanted = list(dict.fromkeys(one for one in read.values() if isinstance(one, Observable)))
        counted, refused = await _counted(call, wanted)
        asked = LookUp(tuple(counted), Depth(request.depth), call.request_id)
        made = await threats.analyst.look_up(asked, actor=await call.actor())
        came: dict[Observable, Assessment | Problem] = {**dict(zip(counted, made, strict=True)), **refused}
        reply = shapes.LookUpReply(
            data=[shapes.LookedUp.of(text, _what_came(read[text], came), call.language) for text in request.observables]
        )
        return json_response(200, reply.model_dump())


def _read(text: str) -> Observable | Problem:
    try:
        return parse_observable(text)
    except Problem as problem:
        return problem


async def _counted(call: Call, wanted: Sequence[Observable]) -> tuple[list[Observable], dict[Observable, Problem]]:
    """Those that the caller's limit lets pass, and those that it does not: the call itself paid for the first."""
    principal, counted = await call.principal(), list(wanted[:1])
    try:
        for one in wanted[1:]:
            await call.visit.charge_again(principal)
            counted.append(one)
    except OverLimit as problem:
        return counted, dict.fromkeys(wanted[len(counted) :], problem)
    return counted, {}


def _what_came(read: Observable | Problem, came: Mapping[Observable, Assessment | Problem]) -> Assessment | Problem:
    return read if isinstance(read, Problem) else came[read]
