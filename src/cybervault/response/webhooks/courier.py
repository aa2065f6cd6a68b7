"""Who carries events to webhooks: makes a delivery of each for whoever wants it, and tries until it was taken."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import msgspec

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.ids import new_delivery_id
from cybervault.domain.jobs import EventId
from cybervault.domain.principals import TenantId
from cybervault.response.webhooks.delivery import Attempt, Delivery, DeliveryState, pause_after, said_of
from cybervault.response.webhooks.events import TEST, body_of, data_of, event_of, reaches
from cybervault.response.webhooks.post import Errand, Post
from cybervault.response.webhooks.sender import Sender
from cybervault.response.webhooks.webhook import PERSISTENT, Webhook
from cybervault.response.webhooks.webhooks import Rows, origin_of
from cybervault.storage.job_run import JobRun
from cybervault.storage.outbox import KeptEvent

_SPREAD: Final = random.Random()  # noqa: S311 - spreads load, guards nothing
_NOT_SENT: Final = "the webhook is switched off for its failures; this was kept to be replayed"


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery and the attempt that was just made at it."""

    delivery: Delivery
    attempt: Attempt


class Courier:
    """Carries events. What is sent twice has the same id, and is so only where nobody knows whether it arrived."""

    def __init__(self, rows: Rows, post: Post, sender: Sender, *, journal: Journal) -> None:
        self._rows = rows
        self._post = post
        self._sender = sender
        self._journal = journal

    async def tell(self, kept: KeptEvent) -> None:
        """Make a delivery for each webhook of the tenant that wants this event; told again it makes none."""
        happened = kept.event
        if happened.tenant_id is None:
            return
        event = event_of(happened.topic)
        for webhook in await self._rows.webhooks.all(happened.tenant_id):
            if webhook.is_enabled and event in webhook.events and reaches(happened, webhook.severity_min):
                delivery = self._drawn(webhook, kept, event)
                async with self._rows.deliveries.transaction():
                    if await self._rows.deliveries.add(delivery) and webhook.is_sent_to:
                        await self._post.enqueue(delivery)
        self._post.wake()

    async def work(self, run: JobRun) -> None:
        """The handler of the jobs: one attempt, and what follows from it, together."""
        errand = msgspec.msgpack.decode(run.payload, type=Errand)
        if run.job.tenant_id is None:
            raise ValueError("a delivery belongs to a tenant")
        delivery = await self._due(run.job.tenant_id, errand)
        webhook = None if delivery is None else await self._rows.webhooks.find(delivery.tenant_id, delivery.webhook_id)
        if delivery is None or webhook is None or not webhook.is_sent_to:
            return
        now = self._journal.clock.now()
        if webhook.paused_until is not None and now < webhook.paused_until:
            wait = (webhook.paused_until - now).total_seconds()
            await self._post.enqueue(delivery, in_seconds=wait * (1 + _SPREAD.random()), postponed=errand.postponed + 1)
            return
        attempt = await self._sender.send(webhook, delivery, number=errand.number)
        await self._conclude(webhook, delivery, attempt)

    async def test(self, webhook: Webhook, *, actor: Actor) -> Tried:
        """Send something that only tries whether it works: once, at once, also where it is switched off."""
        now, delivery_id = self._journal.clock.now(), new_delivery_id()
        body = body_of(delivery_id, TEST, at=now, data={"webhook_id": webhook.id, "message": "This is a test."})
        delivery = Delivery(
            delivery_id, webhook.tenant_id, webhook.id, EventId(delivery_id), TEST, body, DeliveryState.PENDING,
            reason=None, round=0, attempts=0, attempts_before=0, next_at=None, created_at=now, finished_at=None,
        )  # fmt: skip
        attempt = await self._sender.send(webhook, delivery, number=1)
        after = _ended(delivery, attempt)
        async with self._rows.deliveries.transaction():
            await self._rows.deliveries.add(delivery)
            await self._rows.deliveries.note(after, attempt)
            details = origin_of(webhook) | {"outcome": after.state.value}
            await self._journal.record(Happening(Change.WEBHOOK_TESTED, actor, webhook.id, webhook.tenant_id, details))
        return Tried(after, attempt)

    def _drawn(self, webhook: Webhook, kept: KeptEvent, event: str) -> Delivery:
        delivery_id, now = new_delivery_id(), self._journal.clock.now()
        delivery = Delivery(
            delivery_id, webhook.tenant_id, webhook.id, kept.id, event,
            body_of(delivery_id, event, at=kept.created_at, data=data_of(kept.event)), DeliveryState.PENDING,
            reason=None, round=0, attempts=0, attempts_before=0, next_at=now, created_at=now, finished_at=None,
        )  # fmt: skip
        if webhook.is_sent_to:
            return delivery
        return replace(delivery, state=DeliveryState.FAILED, reason=_NOT_SENT, next_at=None, finished_at=now)

    async def _due(self, tenant_id: TenantId, errand: Errand) -> Delivery | None:
        """The delivery, if this attempt at it is the one that is to be made next."""
        found = await self._rows.deliveries.find(tenant_id, errand.delivery_id)
        if found is None or found.state is not DeliveryState.PENDING:
            return None
        return found if (found.round, found.attempts + 1) == (errand.round, errand.number) else None

    async def _conclude(self, webhook: Webhook, delivery: Delivery, attempt: Attempt) -> None:
        now = self._journal.clock.now()
        pause = None
        if not attempt.is_delivered:
            pause = pause_after(attempt, attempt.number - delivery.attempts_before, _SPREAD.random())
        after = _ended(delivery, attempt) if pause is None else _postponed(delivery, attempt, pause)
        async with self._rows.deliveries.transaction():
            if not await self._rows.deliveries.note(after, attempt):
                return
            if attempt.is_delivered:
                await self._rows.webhooks.delivered(webhook, now)
                return
            await self._rows.webhooks.failed(webhook, now)
            if pause is not None:
                await self._post.enqueue(after, in_seconds=pause)
            if attempt.is_gone or webhook.is_given_up(now):
                await self._give_up(webhook, attempt)

    async def _give_up(self, webhook: Webhook, attempt: Attempt) -> None:
        """Within a transaction: send nothing more there, say why, and keep what waits to be replayed."""
        now, said = self._journal.clock.now(), said_of(attempt)
        reason = (
            f"{said}: it wants nothing more"
            if attempt.is_gone
            else (f"nothing was taken for {PERSISTENT.days} days; at last {said}")
        )
        if not await self._rows.webhooks.disable(webhook, reason, now):
            return
        await self._rows.deliveries.give_up(webhook.tenant_id, webhook.id, _NOT_SENT, now=now)
        actor, details = Actor("system", webhook.tenant_id), origin_of(webhook) | {"reason": reason}
        await self._journal.record(Happening(Change.WEBHOOK_DISABLED, actor, webhook.id, webhook.tenant_id, details))


def _ended(delivery: Delivery, attempt: Attempt) -> Delivery:
    state = DeliveryState.DELIVERED if attempt.is_delivered else DeliveryState.FAILED
    reason = None if attempt.is_delivered else said_of(attempt)
    return replace(delivery, state=state, reason=reason, attempts=attempt.number, next_at=None, finished_at=attempt.at)


def _postponed(delivery: Delivery, attempt: Attempt, pause: float) -> Delivery:
    return replace(
        delivery, reason=said_of(attempt), attempts=attempt.number, next_at=attempt.at + timedelta(seconds=pause)
    )
