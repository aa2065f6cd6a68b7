"""The paths by which the members of a tenant are managed; the wire calls them users."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.access.audit import Actor
from cybervault.domain.principals import KeyId, Member, MemberId, Principal, Scope
from cybervault.domain.secrets import Secret
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.v3.management import shapes
from cybervault.faces.v3.management.office import Office, PageQuery, id_in, page_of, pagination_of, wish_of


class UserPaths:
    """The endpoints. Who manages nobody sees and renames itself, and knows of no other."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._members = office.members

    def router(self) -> APIRouter:
        """All paths of users."""
        router, base = APIRouter(route_class=LeanRoute), "/v3/users"
        one, reply, invited = f"{base}/{{user_id}}", shapes.UserReply, shapes.InvitedUserReply
        router.add_api_route(base, self.listed, methods=["GET"], response_model=shapes.UserList)
        router.add_api_route(
            base,
            self.invite,
            methods=["POST"],
            response_model=invited,
            status_code=201,
            openapi_extra=body_of(shapes.NewUserRequest),
        )
        router.add_api_route(one, self.show, methods=["GET"], response_model=reply)
        router.add_api_route(
            one, self.edit, methods=["PATCH"], response_model=reply, openapi_extra=body_of(shapes.UserEditRequest)
        )
        router.add_api_route(one, self.remove, methods=["DELETE"], response_model=reply)
        router.add_api_route(
            f"{one}/invitation", self.invite_again, methods=["POST"], response_model=invited, status_code=201
        )
        return router

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The users of the tenant, oldest first."""
        principal, cursors = await call.principal(), self._office.cursors
        wish = await wish_of(call, query, cursors)
        page = page_of(await self._members.list(principal.tenant_id), _place, wish)
        rows = [shapes.UserReply.of(member) for member in page.items]
        reply = shapes.UserList(data=rows, pagination=pagination_of(wish, page.last, cursors))
        return json_response(200, reply.model_dump())

    async def invite(self, call: Call) -> Response:
        """Invite somebody: the answer holds a one-time token and a link, this once; no mail is sent."""
        principal, request = await call.principal(), await call.body(shapes.NewUserRequest)
        tenant = await self._office.tenants.find(principal.tenant_id)
        member, token = await self._members.invite(tenant, request.to_core(), by=principal, actor=await call.actor())
        return self._once(call, member, token)

    async def show(self, call: Call) -> Response:
        """One user."""
        return json_response(200, shapes.UserReply.of(await self._found(call)).model_dump())

    async def edit(self, call: Call) -> Response:
        """Change the name, the role, or whether a user is suspended; it holds at once for sessions and keys."""
        principal, request = await call.principal(), await call.body(shapes.UserEditRequest)
        request.refuse_unclear()
        member = await self._found(call)
        changed = await self._changed(member.id, request, by=principal, actor=await call.actor())
        return json_response(200, shapes.UserReply.of(changed).model_dump())

    async def remove(self, call: Call) -> Response:
        """Remove a user for good, with all sessions and personal keys."""
        principal, actor = await call.principal(), await call.actor()
        removed = await self._members.remove((await self._found(call)).id, by=principal, actor=actor)
        return json_response(200, shapes.UserReply.of(removed).model_dump())

    async def invite_again(self, call: Call) -> Response:
        """A new one-time token for a user whose invitation or password was lost; earlier tokens end."""
        principal, actor = await call.principal(), await call.actor()
        member = await self._found(call)
        return self._once(call, member, await self._members.new_token(member.id, by=principal, actor=actor))

    async def _changed(
        self, member_id: MemberId, request: shapes.UserEditRequest, *, by: Principal, actor: Actor
    ) -> Member:
        if request.name is not None:
            return await self._members.rename(member_id, request.name, by=by, actor=actor)
        if request.role is not None:
            return await self._members.change_role(member_id, request.role, by=by, actor=actor)
        step = self._members.suspend if request.suspended else self._members.resume
        return await step(member_id, by=by, actor=actor)

    async def _found(self, call: Call) -> Member:
        principal, wanted = await call.principal(), MemberId(id_in(call.path_params, "user_id"))
        if wanted != principal.member_id and not principal.has_scope(Scope.KEYS_MANAGE):
            wanted = MemberId("")
        return await self._members.find(wanted, principal.tenant_id)

    def _once(self, call: Call, member: Member, token: Secret) -> Response:
        call.shows_secret_of(KeyId(member.id))
        now, base_url = self._office.clock.now(), self._office.base_url
        reply = shapes.InvitedUserReply.shown(member, token, now, base_url=base_url)
        headers = {"location": f"/v3/users/{member.id}", "cache-control": "no-store"}
        return json_response(201, reply.model_dump(), headers)


def _place(member: Member) -> tuple[float, str]:
    return member.created_at.timestamp(), member.id
