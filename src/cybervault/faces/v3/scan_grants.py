"""The paths of v3 by which it is said what a tenant may scan."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.domain.ids import GrantId
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.v3 import scan_grant_shapes as shapes
from cybervault.faces.v3.management.office import PageQuery, id_in, page_of, pagination_of, wish_of
from cybervault.scans.grant import Grant
from cybervault.scans.grants import Grants

_BASE: Final = "/v3/scans/grants"


class ScanGrantPaths:
    """The endpoints."""

    def __init__(self, grants: Grants, cursors: Cursors) -> None:
        self._grants = grants
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of grants."""
        router, one = APIRouter(route_class=LeanRoute), f"{_BASE}/{{grant_id}}"
        add = router.add_api_route
        add(_BASE, self.listed, methods=["GET"], response_model=shapes.GrantList)
        add(
            _BASE, self.ask, methods=["POST"], response_model=shapes.GrantReply, status_code=201,
            openapi_extra=body_of(shapes.GrantRequest),
        )  # fmt: skip
        add(f"{one}/verify", self.verify, methods=["POST"], response_model=shapes.GrantReply)
        add(one, self.withdraw, methods=["DELETE"], status_code=204)
        return router

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """What the tenant may scan, oldest first, with what waits for its proof."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors)
        page = page_of(sorted(await self._grants.list(principal.tenant_id), key=_place), _place, wish)
        rows = [shapes.GrantReply.of(grant) for grant in page.items]
        reply = shapes.GrantList(data=rows, pagination=pagination_of(wish, page.last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def ask(self, call: Call) -> Response:
        """Ask for a scope: a domain answers with what is to be published as its proof."""
        principal, request = await call.principal(), await call.body(shapes.GrantRequest)
        grant = await self._grants.ask(principal.tenant_id, request.to_core(), actor=await call.actor())
        return json_response(201, _spelled(grant), {"location": f"{_BASE}/{grant.id}"})

    async def verify(self, call: Call) -> Response:
        """Look for the proof of a domain; found, the grant counts for 30 days."""
        principal = await call.principal()
        grant = await self._grants.prove(principal.tenant_id, _grant_id(call), actor=await call.actor())
        return json_response(200, _spelled(grant))

    async def withdraw(self, call: Call) -> Response:
        """Withdraw a grant; what runs by it stops before its next part."""
        principal = await call.principal()
        await self._grants.withdraw(principal.tenant_id, _grant_id(call), actor=await call.actor())
        return Response(status_code=204)


def _grant_id(call: Call) -> GrantId:
    return GrantId(id_in(call.path_params, "grant_id"))


def _spelled(grant: Grant) -> dict[str, object]:
    return shapes.GrantReply.of(grant).model_dump(mode="json")


def _place(grant: Grant) -> tuple[float, str]:
    return grant.created_at.timestamp(), grant.id
