"""The paths of v3 by which actions are asked for and looked at."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.domain.actions import ActionId
from cybervault.domain.principals import Environment, Principal
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.v3 import response_shapes as shapes
from cybervault.faces.v3.management.office import PageQuery, Wish, id_in, pagination_of, wish_of
from cybervault.response.actions import Actions, action_not_found
from cybervault.response.store import Action

_BASE: Final = "/v3/response/actions"


class ResponsePaths:
    """The endpoints. A test key asks for nothing, so that it sees the catalogue and no actions."""

    def __init__(self, actions: Actions, cursors: Cursors) -> None:
        self._actions = actions
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of response."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route(
            _BASE,
            self.request,
            methods=["POST"],
            response_model=shapes.ActionReply,
            status_code=202,
            openapi_extra=body_of(shapes.ActionRequest),
        )
        router.add_api_route(_BASE, self.listed, methods=["GET"], response_model=shapes.ActionList)
        router.add_api_route(f"{_BASE}/{{action_id}}", self.show, methods=["GET"], response_model=shapes.ActionReply)
        router.add_api_route(
            "/v3/response/catalogue", self.catalogue, methods=["GET"], response_model=shapes.CatalogueReply
        )
        return router

    async def request(self, call: Call) -> Response:
        """Ask for an action, or with `dry_run` whether it would be taken."""
        principal, request = await call.principal(), await call.body(shapes.ActionRequest)
        action = await self._actions.request(request.to_core(), by=principal, actor=await call.actor())
        where = {"location": f"{_BASE}/{action.id}"}
        return json_response(202, shapes.ActionReply.of(action).model_dump(), where)

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The actions of the tenant, newest first."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors)
        found = await self._found(principal, wish)
        page = found[: wish.most]
        last = page[-1].place if len(found) > wish.most else None
        reply = shapes.ActionList(
            data=[shapes.ActionReply.of(one) for one in page], pagination=pagination_of(wish, last, self._cursors)
        )
        return json_response(200, reply.model_dump())

    async def show(self, call: Call) -> Response:
        """One action."""
        principal, wanted = await call.principal(), ActionId(id_in(call.path_params, "action_id"))
        if _is_made_up(principal):
            raise action_not_found()
        action = await self._actions.find(principal.tenant_id, wanted)
        return json_response(200, shapes.ActionReply.of(action).model_dump())

    async def catalogue(self, call: Call) -> Response:
        """All types of actions, what they are done to, what else they touch and how they are taken back."""
        reply = shapes.CatalogueReply(
            data=[shapes.OfferReply.of(offer, call.language) for offer in self._actions.catalogue()]
        )
        return json_response(200, reply.model_dump())

    async def _found(self, principal: Principal, wish: Wish) -> tuple[Action, ...]:
        if _is_made_up(principal):
            return ()
        behind = None if wish.after is None else (float(wish.after[0]), str(wish.after[1]))
        return await self._actions.page(principal.tenant_id, wish.most + 1, behind=behind)


def _is_made_up(principal: Principal) -> bool:
    return principal.environment is Environment.SANDBOX
