"""The paths by which people and programs manage keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.access.life import Key
from cybervault.access.minting import MintedKey
from cybervault.access.reports import remarks_on
from cybervault.domain.principals import KeyId, MemberId, TenantId
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.v3.management import key_shapes as shapes
from cybervault.faces.v3.management.office import Office, PageQuery, Wish, id_in, pagination_of, wish_of
from cybervault.faces.v3.management.shapes import KeyConsumptionReply, KeyLimits, moment_of
from cybervault.faces.v3.management.usage_shapes import UsageSummary, UsageSummaryQuery

# Of these days the report looks at every call.
_REPORT: Final = timedelta(days=7)


class KeyPaths:
    """The endpoints. What a caller may not look at is as unknown to it as what is not there."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def router(self) -> APIRouter:
        """All paths of keys; that of the report before that of one key."""
        router, base = APIRouter(route_class=LeanRoute), "/v3/keys"
        one, new = f"{base}/{{key_id}}", body_of(shapes.NewKeyRequest, {"name": "github-actions-prod"})
        edit, rotate = body_of(shapes.KeyEditRequest), body_of(shapes.RotateRequest, may_be_empty=True)
        revoke, nothing = (body_of(m, may_be_empty=True) for m in (shapes.RevokeRequest, shapes.EmptyRequest))
        router.add_api_route(base, self.listed, methods=["GET"], response_model=shapes.KeyList)
        router.add_api_route(
            base, self.create, methods=["POST"], response_model=shapes.ShownKeyReply, status_code=201, openapi_extra=new
        )
        router.add_api_route(f"{base}/report", self.report, methods=["GET"], response_model=shapes.KeyReport)
        router.add_api_route(f"{base}/limits", self.limits, methods=["GET"], response_model=KeyLimits)
        router.add_api_route(one, self.show, methods=["GET"], response_model=shapes.KeyReply)
        router.add_api_route(one, self.edit, methods=["PATCH"], response_model=shapes.KeyReply, openapi_extra=edit)
        router.add_api_route(f"{one}/usage", self.usage, methods=["GET"], response_model=shapes.UseList)
        router.add_api_route(f"{one}/usage/summary", self.summary, methods=["GET"], response_model=UsageSummary)
        router.add_api_route(
            f"{one}/rotate",
            self.rotate,
            methods=["POST"],
            response_model=shapes.ShownKeyReply,
            status_code=201,
            openapi_extra=rotate,
        )
        router.add_api_route(
            f"{one}/finish-rotation",
            self.finish,
            methods=["POST"],
            response_model=shapes.FinishedKeyReply,
            openapi_extra=nothing,
        )
        router.add_api_route(
            f"{one}/cancel-rotation",
            self.cancel,
            methods=["POST"],
            response_model=shapes.KeyReply,
            openapi_extra=nothing,
        )
        router.add_api_route(
            f"{one}/revoke", self.revoke, methods=["POST"], response_model=shapes.KeyReply, openapi_extra=revoke
        )
        return router

    async def listed(self, call: Call, query: Annotated[shapes.KeyQuery, Query()]) -> Response:
        """The keys that the caller may look at, newest first."""
        office, principal = self._office, await call.principal()
        wish = await wish_of(call, query, office.cursors, owner=query.owner, state=query.state)
        await office.usage.flush()
        page = await office.keys.page_for(
            principal,
            owner_id=shapes.owner_asked(query, principal),
            state=query.state,
            before=_mark(wish),
            most=wish.most,
        )
        rows = await self._shown(principal.tenant_id, page.keys)
        reply = shapes.KeyList(data=rows, pagination=pagination_of(wish, page.before, office.cursors))
        return json_response(200, reply.model_dump())

    async def create(self, call: Call) -> Response:
        """Make a key, whose secret is in the answer, this once."""
        principal, request = await call.principal(), await call.body(shapes.NewKeyRequest)
        tenant = await self._office.tenants.find(principal.tenant_id)
        wish, actor = request.to_core(principal), await call.actor()
        return await self._once(call, await self._office.minting.mint(tenant, wish, by=principal, actor=actor))

    async def report(self, call: Call) -> Response:
        """Which keys somebody should look at, and why, the most urgent first."""
        office, principal = self._office, await call.principal()
        now = office.clock.now()
        calls = await office.usage.recent(principal.tenant_id, now - _REPORT)
        remarks = remarks_on(await office.keys.list_for(principal), calls, now)
        reply = shapes.KeyReport(data=[shapes.RemarkReply.of(one, call.language) for one in remarks])
        return json_response(200, reply.model_dump())

    async def limits(self, call: Call) -> Response:
        """What keys have used of their limits now, the fullest first, of the 100 that were used last."""
        found = await self._office.consumption.of(await call.principal())
        now = moment_of(self._office.clock.now())
        reply = KeyLimits(at=now, data=[KeyConsumptionReply.of(one) for one in found])
        return json_response(200, reply.model_dump())

    async def show(self, call: Call) -> Response:
        """One key."""
        await self._office.usage.flush()
        return await self._answer(await self._found(call))

    async def edit(self, call: Call) -> Response:
        """Change what a key is called, what it may, from where and how long."""
        principal, request = await call.principal(), await call.body(shapes.KeyEditRequest)
        key = await self._office.key_changes.edit(
            _key_id(call), request.to_core(), by=principal, actor=await call.actor(), may_lock_out=request.confirm
        )
        return await self._answer(key)

    async def usage(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The calls with a key, newest first."""
        office, key = self._office, await self._found(call)
        wish, now = await wish_of(call, query, office.cursors), office.clock.now()
        page = await office.usage.page(key.tenant_id, key.id, before=_mark(wish), most=wish.most)
        rows = [shapes.UseReply.of(row, key, now) for row in page.rows]
        reply = shapes.UseList(data=rows, pagination=pagination_of(wish, page.before, office.cursors))
        return json_response(200, reply.model_dump())

    async def summary(self, call: Call, query: Annotated[UsageSummaryQuery, Query()]) -> Response:
        """The calls with a key in steps of time, by how they ended and with which secret."""
        office, key = self._office, await self._found(call)
        length, count = query.to_core()
        present = shapes.present_secret(key, office.clock.now()).hint
        steps = await office.usage.steps(key.tenant_id, key.id, present=present, length=length, count=count)
        return json_response(200, UsageSummary.of(steps, query.step).model_dump())

    async def rotate(self, call: Call) -> Response:
        """Give a key a new secret, which is in the answer, this once; the old one works for 24 hours more."""
        principal, request = await call.principal(), await call.body(shapes.RotateRequest, may_be_empty=True)
        minted = await self._office.minting.rotate(
            _key_id(call), by=principal, actor=await call.actor(), expiry=request.to_core()
        )
        return await self._once(call, minted)

    async def finish(self, call: Call) -> Response:
        """End the old secret of a rotating key now, and tell how it was last used."""
        principal, office = await call.principal(), self._office
        await call.body(shapes.EmptyRequest, may_be_empty=True)
        await office.usage.flush()
        done = await office.key_changes.finish(_key_id(call), by=principal, actor=await call.actor())
        name = await self._name(done.key)
        reply = shapes.FinishedKeyReply.finished(done, office.clock.now(), owner_name=name)
        return json_response(200, reply.model_dump())

    async def cancel(self, call: Call) -> Response:
        """End the new secret of a rotating key now; the old one stays."""
        principal = await call.principal()
        await call.body(shapes.EmptyRequest, may_be_empty=True)
        key = await self._office.key_changes.cancel(_key_id(call), by=principal, actor=await call.actor())
        return await self._answer(key)

    async def revoke(self, call: Call) -> Response:
        """End a key and all its secrets, now and for good."""
        principal, request = await call.principal(), await call.body(shapes.RevokeRequest, may_be_empty=True)
        key = await self._office.key_changes.revoke(
            _key_id(call), by=principal, actor=await call.actor(), reason=request.reason
        )
        return await self._answer(key)

    async def _found(self, call: Call) -> Key:
        return await self._office.keys.find_for(await call.principal(), _key_id(call))

    async def _answer(self, key: Key) -> Response:
        (reply,) = await self._shown(key.tenant_id, [key])
        return json_response(200, reply.model_dump())

    async def _once(self, call: Call, minted: MintedKey) -> Response:
        key = minted.key
        call.shows_secret_of(key.id)
        reply = shapes.ShownKeyReply.shown(minted, self._office.clock.now(), owner_name=await self._name(key))
        return json_response(201, reply.model_dump(), {"location": f"/v3/keys/{key.id}", "cache-control": "no-store"})

    async def _shown(self, tenant_id: TenantId, keys: Sequence[Key]) -> list[shapes.KeyReply]:
        names = await self._names(tenant_id) if any(key.owner_id for key in keys) else {}
        now = self._office.clock.now()
        return [shapes.KeyReply.of(key, now, owner_name=names.get(key.owner_id or MemberId(""))) for key in keys]

    async def _name(self, key: Key) -> str | None:
        return None if key.owner_id is None else (await self._names(key.tenant_id)).get(key.owner_id)

    async def _names(self, tenant_id: TenantId) -> dict[MemberId, str]:
        return {member.id: member.name for member in await self._office.members.list(tenant_id)}


def _key_id(call: Call) -> KeyId:
    return KeyId(id_in(call.path_params, "key_id"))


def _mark(wish: Wish) -> tuple[float, str] | None:
    return cast("tuple[float, str] | None", wish.after)
