"""Webhooks on a database of each engine, before a receiver on loopback, with the hands of their worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from cybervault.access.audit import Actor
from cybervault.access.sealing import Sealer
from cybervault.access.tokens import Peppers
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import TenantId
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.response.webhooks.courier import Courier
from cybervault.response.webhooks.delivery import Attempt, Delivery
from cybervault.response.webhooks.events import TOPICS, WebhookEvent
from cybervault.response.webhooks.post import KIND, Post
from cybervault.response.webhooks.sender import Sender
from cybervault.response.webhooks.store.deliveries import DeliveryStore
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.response.webhooks.webhook import Webhook
from cybervault.response.webhooks.webhooks import MintedWebhook, NewWebhook, Rows, Webhooks
from cybervault.storage.database import Database
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox, event_of
from tests.access.conftest import PEPPER, World, raw, world_on
from tests.fakes.clock import HandClock
from tests.fakes.receiver import Receiver, receiving

SUBSCRIBER: Final = "webhooks"
PEPPERS: Final = Peppers(PEPPER)


@dataclass(slots=True)
class Bench:
    """The services, and what stands around them."""

    world: World
    receiver: Receiver
    rows: Rows
    jobs: Jobs
    outbox: Outbox
    egress: Egress
    webhooks: Webhooks
    courier: Courier
    wakes: list[int] = field(default_factory=list)

    @property
    def ours(self) -> TenantId:
        """The tenant."""
        return self.world.tenant.id

    @property
    def clock(self) -> HandClock:
        """Moved by hand."""
        return self.world.clock

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return Actor("key:key_1 (cv_live_sk_…)", self.ours, request_id="req_1")

    async def add(self, *events: WebhookEvent, url: str = "") -> MintedWebhook:
        """A webhook that leads to the receiver."""
        wish = NewWebhook(url or self.receiver.url, frozenset(events or WebhookEvent))
        return await self.webhooks.create(self.ours, wish, actor=self.actor)

    async def happens(self, topic: str = "scan.completed", subject: str = "scan_1", **payload: str) -> None:
        """Something happens, and the subscriber is told."""
        async with self.outbox.transaction():
            await self.outbox.append(Happened(topic, subject, self.ours, payload))
        await self.told()

    async def told(self) -> int:
        """The subscriber is told what it was not told; how much that was."""
        await self.outbox.tell({SUBSCRIBER: TOPICS}, 100)
        claimed = await self.jobs.claim("one", [f"tell:{SUBSCRIBER}"], most=100, lease_seconds=30)
        for one in claimed:
            await self.courier.tell(event_of(one.payload))
            await self.jobs.complete(one.hold)
        return len(claimed)

    async def claimed(self) -> list[JobRun]:
        """The attempts that wait, however long they would have to, in a worker's hands."""
        await self.world.database.run(raw("UPDATE jobs SET due_at = 0 WHERE state = 'queued'"), {})
        claimed = await self.jobs.claim("one", [KIND], most=1_000, lease_seconds=30)
        return [JobRun(self.jobs, one, self.clock) for one in claimed]

    async def tries(self) -> int:
        """Make the attempts that wait, one each; how many jobs that took."""
        runs = await self.claimed()
        for run in runs:
            await self.courier.work(run)
            await self.jobs.complete(run.hold)
        return len(runs)

    async def comes_to(self, delivery: Delivery) -> None:
        """Let time pass until the next attempt at a delivery is due."""
        delivery = await self.webhooks.delivery(await self.of(delivery), delivery.id)
        assert delivery.next_at is not None
        self.clock.advance(max(0.0, (delivery.next_at - self.clock.now()).total_seconds()))

    async def of(self, delivery: Delivery) -> Webhook:
        """The webhook of a delivery."""
        return await self.webhooks.find(self.ours, delivery.webhook_id)

    async def log(self, webhook: Webhook) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        """All that it was sent, oldest first."""
        found = await self.webhooks.deliveries(webhook, 1_000)
        return [(one, await self.webhooks.attempts(one)) for one in reversed(found)]

    async def only(self, webhook: Webhook) -> Delivery:
        """The one thing that it was sent."""
        ((delivery, _),) = await self.log(webhook)
        return delivery


@asynccontextmanager
async def bench_on(database: Database, peppers: Peppers = PEPPERS) -> AsyncIterator[Bench]:
    """Put the parts together; the receiver's origin is allowed."""
    async with receiving() as receiver:
        world, wakes = await world_on(database, peppers), list[int]()
        guard, sealer, jobs = Guard([origin_of(receiver.origin)]), Sealer(peppers), Jobs(database)
        rows, post = Rows(WebhookStore(database), DeliveryStore(database)), Post(jobs, lambda: wakes.append(1))
        async with Egress(guard) as egress:
            courier = Courier(
                rows, post, Sender(egress, rows.webhooks, sealer=sealer, clock=world.clock), journal=world.journal
            )
            webhooks = Webhooks(rows, world.journal, sealer=sealer, guard=guard, post=post)
            yield Bench(world, receiver, rows, jobs, Outbox(database), egress, webhooks, courier, wakes)
