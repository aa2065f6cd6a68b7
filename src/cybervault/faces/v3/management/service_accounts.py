"""The paths by which service accounts are managed: what programs call with."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.access.minting import account_not_found
from cybervault.access.store.service_accounts import ServiceAccount
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.v3.management import shapes
from cybervault.faces.v3.management.office import Office, PageQuery, id_in, page_of, pagination_of, wish_of


class ServiceAccountPaths:
    """The endpoints."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._accounts = office.service_accounts

    def router(self) -> APIRouter:
        """All paths of service accounts."""
        router, base = APIRouter(route_class=LeanRoute), "/v3/service-accounts"
        one, reply = f"{base}/{{account_id}}", shapes.ServiceAccountReply
        router.add_api_route(base, self.listed, methods=["GET"], response_model=shapes.ServiceAccountList)
        router.add_api_route(
            base,
            self.create,
            methods=["POST"],
            response_model=reply,
            status_code=201,
            openapi_extra=body_of(shapes.NewServiceAccountRequest),
        )
        router.add_api_route(one, self.show, methods=["GET"], response_model=reply)
        router.add_api_route(
            one,
            self.edit,
            methods=["PATCH"],
            response_model=reply,
            openapi_extra=body_of(shapes.ServiceAccountEditRequest),
        )
        router.add_api_route(one, self.remove, methods=["DELETE"], response_model=shapes.RemovedAccountReply)
        return router

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The service accounts of the tenant, oldest first."""
        principal, cursors = await call.principal(), self._office.cursors
        wish = await wish_of(call, query, cursors)
        page = page_of(await self._accounts.list(principal.tenant_id), _place, wish)
        rows = [shapes.ServiceAccountReply.of(account) for account in page.items]
        reply = shapes.ServiceAccountList(data=rows, pagination=pagination_of(wish, page.last, cursors))
        return json_response(200, reply.model_dump())

    async def create(self, call: Call) -> Response:
        """Make a service account; its keys are made with `POST /v3/keys`."""
        principal, request = await call.principal(), await call.body(shapes.NewServiceAccountRequest)
        account = await self._accounts.create(
            principal.tenant_id, request.to_core(), by=principal, actor=await call.actor()
        )
        reply = shapes.ServiceAccountReply.of(account)
        return json_response(201, reply.model_dump(), {"location": f"/v3/service-accounts/{account.id}"})

    async def show(self, call: Call) -> Response:
        """One service account."""
        return json_response(200, shapes.ServiceAccountReply.of(await self._found(call)).model_dump())

    async def edit(self, call: Call) -> Response:
        """Change name, scopes or description; fewer scopes cap all its keys at once."""
        principal, request = await call.principal(), await call.body(shapes.ServiceAccountEditRequest)
        found, actor = await self._found(call), await call.actor()
        account = await self._accounts.edit(found, request.to_core(), by=principal, actor=actor)
        return json_response(200, shapes.ServiceAccountReply.of(account).model_dump())

    async def remove(self, call: Call) -> Response:
        """Remove a service account for good, and revoke all its keys."""
        principal, actor = await call.principal(), await call.actor()
        removed = await self._accounts.remove(await self._found(call), by=principal, actor=actor)
        return json_response(200, shapes.RemovedAccountReply.of(removed).model_dump())

    async def _found(self, call: Call) -> ServiceAccount:
        wanted, principal = id_in(call.path_params, "account_id"), await call.principal()
        account = await self._accounts.find(wanted, principal.tenant_id)
        if account.id != wanted:  # an account may be named as ids look
            raise account_not_found()
        return account


def _place(account: ServiceAccount) -> tuple[float, str]:
    return account.created_at.timestamp(), account.id
