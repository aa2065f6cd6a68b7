"""Webhooks, put together: with a way out of their own, which opens no address that is configured for anything else."""

import asyncio
from dataclasses import dataclass
from typing import Final

from cybervault.app.access import Access
from cybervault.app.work import dispatcher_of
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin, origin_of
from cybervault.egress.message import EgressError
from cybervault.response.webhooks.courier import Courier
from cybervault.response.webhooks.events import TOPICS
from cybervault.response.webhooks.post import KIND, Post
from cybervault.response.webhooks.sender import Sender
from cybervault.response.webhooks.store.deliveries import DeliveryStore
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.response.webhooks.webhooks import Rows, Webhooks
from cybervault.settings import Settings
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher, Pace, Subscriber
from cybervault.storage.jobs import Jobs

# An attempt mostly waits: many may do so together, and none of them keeps other work waiting.
_PACE: Final = Pace(at_once=16)


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """The webhooks, who carries events to them, who makes the attempts, and by which way out."""

    webhooks: Webhooks
    courier: Courier
    dispatcher: Dispatcher
    egress: Egress

    @property
    def subscriber(self) -> Subscriber:
        """How they learn of events."""
        return Subscriber(TOPICS, self.courier.tell)


def webhooks_of(settings: Settings, database: Database, access: Access) -> WebhookParts:
    """The webhooks of all tenants; `Problem` INVALID `bad_settings` for an origin that cannot be read."""
    guard = Guard(map(_origin, settings.webhooks.allowed_origins))
    egress, woken, journal = Egress(guard), asyncio.Event(), access.journal
    rows, post = Rows(WebhookStore(database), DeliveryStore(database)), Post(Jobs(database), woken.set)
    sender = Sender(egress, rows.webhooks, sealer=access.sealer, clock=journal.clock)
    courier = Courier(rows, post, sender, journal=journal)
    return WebhookParts(
        Webhooks(rows, journal, sealer=access.sealer, guard=guard, post=post),
        courier,
        dispatcher_of(database, journal.clock, handlers={KIND: courier.work}, woken=woken, pace=_PACE),
        egress,
    )


def _origin(text: str) -> Origin:
    try:
        return origin_of(text)
    except EgressError as error:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message=f"CYBERVAULT_WEBHOOKS__ALLOWED_ORIGINS: an origin cannot be used: {error.reason}.",
        ) from None
