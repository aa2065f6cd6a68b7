"""The paths of v3 by which events are sent to where a tenant wants to hear of them."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.domain.ids import DeliveryId, WebhookId
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.v3 import webhook_shapes as shapes
from cybervault.faces.v3.management.office import PageQuery, id_in, page_of, pagination_of, wish_of
from cybervault.response.webhooks.courier import Courier
from cybervault.response.webhooks.delivery import Delivery
from cybervault.response.webhooks.webhook import Webhook
from cybervault.response.webhooks.webhooks import MintedWebhook, Webhooks

_BASE: Final = "/v3/webhooks"


class WebhookPaths:
    """The endpoints."""

    def __init__(self, webhooks: Webhooks, courier: Courier, cursors: Cursors) -> None:
        self._webhooks = webhooks
        self._courier = courier
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of webhooks."""
        router, one = APIRouter(route_class=LeanRoute), f"{_BASE}/{{webhook_id}}"
        add = router.add_api_route
        add(_BASE, self.listed, methods=["GET"], response_model=shapes.WebhookList)
        add(
            _BASE, self.create, methods=["POST"], response_model=shapes.MintedWebhookReply, status_code=201,
            openapi_extra=body_of(shapes.WebhookRequest),
        )  # fmt: skip
        add(one, self.show, methods=["GET"], response_model=shapes.WebhookReply)
        add(
            one, self.edit, methods=["PATCH"], response_model=shapes.WebhookReply,
            openapi_extra=body_of(shapes.WebhookEditRequest),
        )  # fmt: skip
        add(one, self.remove, methods=["DELETE"], status_code=204)
        add(
            f"{one}/rotate", self.rotate, methods=["POST"], response_model=shapes.MintedWebhookReply,
            openapi_extra=body_of(shapes.RotateRequest, may_be_empty=True),
        )  # fmt: skip
        add(f"{one}/test", self.test, methods=["POST"], response_model=shapes.DeliveryDetails)
        add(
            f"{one}/replay", self.replay_failed, methods=["POST"], response_model=shapes.ReplayReply, status_code=202,
            openapi_extra=body_of(shapes.ReplayRequest),
        )  # fmt: skip
        self._add_deliveries(router, f"{one}/deliveries")
        return router

    def _add_deliveries(self, router: APIRouter, base: str) -> None:
        one = f"{base}/{{delivery_id}}"
        router.add_api_route(base, self.deliveries, methods=["GET"], response_model=shapes.DeliveryList)
        router.add_api_route(one, self.delivery, methods=["GET"], response_model=shapes.DeliveryDetails)
        router.add_api_route(
            f"{one}/replay", self.replay, methods=["POST"], response_model=shapes.DeliveryReply, status_code=202
        )

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The webhooks of the tenant, oldest first."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors)
        page = page_of(await self._webhooks.list(principal.tenant_id), _place, wish)
        rows = [shapes.WebhookReply.of(webhook) for webhook in page.items]
        reply = shapes.WebhookList(data=rows, pagination=pagination_of(wish, page.last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def create(self, call: Call) -> Response:
        """Make a webhook; its secret is in this answer and in none after it."""
        principal, request = await call.principal(), await call.body(shapes.WebhookRequest)
        minted = await self._webhooks.create(principal.tenant_id, request.to_core(), actor=await call.actor())
        return json_response(201, _shown(call, minted), {"location": f"{_BASE}/{minted.webhook.id}"})

    async def show(self, call: Call) -> Response:
        """One webhook, and how its deliveries go."""
        return json_response(200, shapes.WebhookReply.of(await self._found(call)).model_dump(mode="json"))

    async def edit(self, call: Call) -> Response:
        """Change a webhook; `enabled: true` forgives its failures."""
        request, before = await call.body(shapes.WebhookEditRequest), await self._found(call)
        webhook = await self._webhooks.edit(before.tenant_id, before.id, request.to_core(), actor=await call.actor())
        return json_response(200, shapes.WebhookReply.of(webhook).model_dump(mode="json"))

    async def remove(self, call: Call) -> Response:
        """Remove a webhook for good, with the record of its deliveries."""
        webhook = await self._found(call)
        await self._webhooks.remove(webhook.tenant_id, webhook.id, actor=await call.actor())
        return Response(status_code=204)

    async def rotate(self, call: Call) -> Response:
        """Give a webhook a new secret; the one before signs too until the overlap has passed."""
        request, webhook = await call.body(shapes.RotateRequest, may_be_empty=True), await self._found(call)
        minted = await self._webhooks.rotate(
            webhook.tenant_id, webhook.id, overlap_hours=request.overlap_hours, actor=await call.actor()
        )
        return json_response(200, _shown(call, minted))

    async def test(self, call: Call) -> Response:
        """Send an event `webhook.test`, once and now, and say what came of it."""
        tried = await self._courier.test(await self._found(call), actor=await call.actor())
        reply = shapes.DeliveryDetails.shown(tried.delivery, (tried.attempt,))
        return json_response(200, reply.model_dump(mode="json"))

    async def replay_failed(self, call: Call) -> Response:
        """Send all again that failed of what happened since a moment, oldest first."""
        request, webhook = await call.body(shapes.ReplayRequest), await self._found(call)
        count = await self._webhooks.replay_failed(webhook, request.moment(), actor=await call.actor())
        return json_response(202, shapes.ReplayReply(replayed=count).model_dump())

    async def deliveries(self, call: Call, query: Annotated[shapes.DeliveryQuery, Query()]) -> Response:
        """What the webhook was sent, newest first."""
        webhook, state = await self._found(call), query.wanted()
        wish = await wish_of(call, query, self._cursors, state=query.state)
        behind = None if wish.after is None else (float(wish.after[0]), str(wish.after[1]))
        found = await self._webhooks.deliveries(webhook, wish.most + 1, state=state, behind=behind)
        page = found[: wish.most]
        last = page[-1].place if len(found) > wish.most else None
        reply = shapes.DeliveryList(
            data=[shapes.DeliveryReply.of(one) for one in page], pagination=pagination_of(wish, last, self._cursors)
        )
        return json_response(200, reply.model_dump(mode="json"))

    async def delivery(self, call: Call) -> Response:
        """One delivery: what was sent, and each attempt with its answer."""
        delivery = await self._delivery(await self._found(call), call)
        reply = shapes.DeliveryDetails.shown(delivery, await self._webhooks.attempts(delivery))
        return json_response(200, reply.model_dump(mode="json"))

    async def replay(self, call: Call) -> Response:
        """Send it again, under the same id and with all its attempts."""
        webhook = await self._found(call)
        delivery = await self._webhooks.replay(webhook, _delivery_id(call), actor=await call.actor())
        return json_response(202, shapes.DeliveryReply.of(delivery).model_dump(mode="json"))

    async def _found(self, call: Call) -> Webhook:
        principal = await call.principal()
        return await self._webhooks.find(principal.tenant_id, WebhookId(id_in(call.path_params, "webhook_id")))

    async def _delivery(self, webhook: Webhook, call: Call) -> Delivery:
        return await self._webhooks.delivery(webhook, _delivery_id(call))


def _delivery_id(call: Call) -> DeliveryId:
    return DeliveryId(id_in(call.path_params, "delivery_id"))


def _shown(call: Call, minted: MintedWebhook) -> dict[str, object]:
    call.shows_secret_of(minted.webhook.id)
    return shapes.MintedWebhookReply.shown(minted).model_dump(mode="json")


def _place(webhook: Webhook) -> tuple[float, str]:
    return webhook.place
