"""The webhooks of all tenants: made, changed, given new secrets, removed; what they were sent, and sent again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.sealing import Sealer
from cybervault.domain.ids import DeliveryId, WebhookId, new_webhook_id
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Severity
from cybervault.egress.guard import Guard
from cybervault.egress.message import EgressError
from cybervault.response.webhooks.delivery import Attempt, Delivery, DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.post import Post
from cybervault.response.webhooks.sender import PURPOSE
from cybervault.response.webhooks.signing import new_key, secret_of
from cybervault.response.webhooks.store.deliveries import DeliveryStore
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.response.webhooks.webhook import Webhook

WEBHOOKS_MAX: Final = 20
"""So many a tenant."""
URL_CHARACTERS_MAX: Final = 2_048
DESCRIPTION_CHARACTERS_MAX: Final = 500
OVERLAP_HOURS_MAX: Final = 168
REPLAYED_MAX: Final = 1_000
"""So many at once."""
_BETWEEN_REPLAYS_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A wish for one; `severity_min` leaves out events that say a lesser severity."""

    url: str
    events: frozenset[WebhookEvent] = frozenset(WebhookEvent)
    description: str = ""
    severity_min: Severity | None = None


@dataclass(frozen=True, slots=True)
class WebhookEdit:
    """What is to be changed; None leaves a part as it is. To enable it forgives its failures."""

    url: str | None = None
    events: frozenset[WebhookEvent] | None = None
    description: str | None = None
    severity_min: Severity | None = None
    is_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class MintedWebhook:
    """A webhook with a secret that is shown this once."""

    webhook: Webhook
    secret: Secret


@dataclass(frozen=True, slots=True)
class Rows:
    """Where webhooks and what they are sent are kept."""

    webhooks: WebhookStore
    deliveries: DeliveryStore


class Webhooks:
    """The webhooks of all tenants, each seen by its own: those of others are NOT_FOUND `not_found`.

    Where one may lead, `guard` decides: on the way out its addresses are looked at again, each time.
    """

    def __init__(self, rows: Rows, journal: Journal, *, sealer: Sealer, guard: Guard, post: Post) -> None:
        self._rows = rows
        self._journal = journal
        self._sealer = sealer
        self._guard = guard
        self._post = post

    async def create(self, tenant_id: TenantId, wish: NewWebhook, *, actor: Actor) -> MintedWebhook:
        """A new one; `Problem` INVALID `invalid_webhook_url`, `invalid_parameter`, CONFLICT `too_many_webhooks`."""
        webhook_id, key = new_webhook_id(), new_key()
        webhook = Webhook(
            webhook_id, tenant_id, self._url_of(wish.url), _description_of(wish.description), _events_of(wish.events),
            wish.severity_min, self._sealed(webhook_id, key), old_secret=None, old_until=None, is_enabled=True,
            disabled_at=None, disabled_reason=None, failing_since=None, paused_until=None, delivered_at=None,
            created_at=self._journal.clock.now(), created_by=actor.name,
        )  # fmt: skip
        async with self._rows.webhooks.transaction():
            await self._rows.webhooks.lock(tenant_id)
            if len(await self._rows.webhooks.all(tenant_id)) >= WEBHOOKS_MAX:
                raise _too_many()
            await self._rows.webhooks.keep(webhook)
            await self._record(Change.WEBHOOK_ADDED, webhook, actor)
        return MintedWebhook(webhook, secret_of(key))

    async def list(self, tenant_id: TenantId) -> tuple[Webhook, ...]:
        """Those of a tenant, oldest first."""
        return await self._rows.webhooks.all(tenant_id)

    async def find(self, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook:
        """The webhook of this id."""
        webhook = await self._rows.webhooks.find(tenant_id, webhook_id)
        if webhook is None:
            raise webhook_not_found()
        return webhook

    async def edit(self, tenant_id: TenantId, webhook_id: WebhookId, edit: WebhookEdit, *, actor: Actor) -> Webhook:
        """Change one; `Problem` as `create`."""
        async with self._rows.webhooks.transaction():
            await self._rows.webhooks.lock(tenant_id)
            after = self._edited(await self.find(tenant_id, webhook_id), edit)
            await self._rows.webhooks.keep(after)
            if edit.is_enabled:
                await self._rows.webhooks.forgive(after)
            elif not after.is_enabled:
                reason = "the webhook was switched off"
                await self._rows.deliveries.give_up(tenant_id, webhook_id, reason, now=self._journal.clock.now())
            await self._record(Change.WEBHOOK_CHANGED, after, actor, enabled="yes" if after.is_enabled else "no")
        return await self.find(tenant_id, webhook_id)

    async def remove(self, tenant_id: TenantId, webhook_id: WebhookId, *, actor: Actor) -> None:
        """Remove one for good, with the record of what it was sent."""
        async with self._rows.webhooks.transaction():
            await self._rows.webhooks.lock(tenant_id)
            webhook = await self.find(tenant_id, webhook_id)
            await self._rows.webhooks.remove(webhook)
            await self._rows.deliveries.remove_all(tenant_id, webhook_id)
            await self._record(Change.WEBHOOK_REMOVED, webhook, actor)

    async def rotate(
        self, tenant_id: TenantId, webhook_id: WebhookId, *, overlap_hours: int, actor: Actor
    ) -> MintedWebhook:
        """Give it a new secret; the one before signs as well for so many hours, an older one no longer at all."""
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise _invalid("overlap_hours", f"is from 0 to {OVERLAP_HOURS_MAX}")
        key, now = new_key(), self._journal.clock.now()
        async with self._rows.webhooks.transaction():
            await self._rows.webhooks.lock(tenant_id)
            before = await self.find(tenant_id, webhook_id)
            after = replace(
                before,
                secret=self._sealed(webhook_id, key),
                old_secret=before.secret if overlap_hours else None,
                old_until=now + timedelta(hours=overlap_hours) if overlap_hours else None,
            )
            await self._rows.webhooks.keep(after)
            await self._record(Change.WEBHOOK_ROTATED, after, actor, overlap_hours=str(overlap_hours))
        return MintedWebhook(after, secret_of(key))

    async def deliveries(
        self,
        webhook: Webhook,
        most: int,
        *,
        state: DeliveryState | None = None,
        behind: tuple[float, str] | None = None,
    ) -> tuple[Delivery, ...]:
        """What it was sent, newest first, from behind the `place` of a delivery."""
        return await self._rows.deliveries.page(webhook.tenant_id, webhook.id, most, state=state, behind=behind)

    async def delivery(self, webhook: Webhook, delivery_id: DeliveryId) -> Delivery:
        """What it was sent under this id."""
        delivery = await self._rows.deliveries.find(webhook.tenant_id, delivery_id)
        if delivery is None or delivery.webhook_id != webhook.id:
            raise Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such delivery.")
        return delivery

    async def attempts(self, delivery: Delivery) -> tuple[Attempt, ...]:
        """Each attempt at it, oldest first."""
        return await self._rows.deliveries.attempts(delivery)

    async def replay(self, webhook: Webhook, delivery_id: DeliveryId, *, actor: Actor) -> Delivery:
        """Send one again, now, however it stands and with all its attempts; `Problem` CONFLICT `webhook_disabled`."""
        _refuse_disabled(webhook)
        async with self._rows.webhooks.transaction():
            delivery = await self.delivery(webhook, delivery_id)
            await self._again([delivery])
            await self._record(Change.WEBHOOK_REPLAYED, webhook, actor, delivery=delivery_id)
        self._post.wake()
        return await self.delivery(webhook, delivery_id)

    async def replay_failed(self, webhook: Webhook, since: datetime, *, actor: Actor) -> int:
        """Send all again that failed of what happened since a moment, oldest first; how many, at most `REPLAYED_MAX`.

        `Problem` CONFLICT `webhook_disabled`.
        """
        _refuse_disabled(webhook)
        async with self._rows.webhooks.transaction():
            failed = await self._rows.deliveries.failed_since(webhook.tenant_id, webhook.id, since, most=REPLAYED_MAX)
            await self._again(failed)
            details = {"since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "deliveries": str(len(failed))}
            await self._record(Change.WEBHOOK_REPLAYED, webhook, actor, **details)
        self._post.wake()
        return len(failed)

    async def _again(self, deliveries: Sequence[Delivery]) -> None:
        now = self._journal.clock.now()
        for place, delivery in enumerate(deliveries):
            if await self._rows.deliveries.again(delivery, now):
                after = replace(delivery, round=delivery.round + 1)
                await self._post.enqueue(after, in_seconds=place * _BETWEEN_REPLAYS_SECONDS)

    def _edited(self, before: Webhook, edit: WebhookEdit) -> Webhook:
        after = replace(
            before,
            url=before.url if edit.url is None else self._url_of(edit.url),
            events=before.events if edit.events is None else _events_of(edit.events),
            description=before.description if edit.description is None else _description_of(edit.description),
            severity_min=edit.severity_min or before.severity_min,
            is_enabled=before.is_enabled if edit.is_enabled is None else edit.is_enabled,
        )
        return replace(after, disabled_at=None, disabled_reason=None) if edit.is_enabled else after

    def _url_of(self, url: str) -> str:
        reason = f"an address has at most {URL_CHARACTERS_MAX} characters" if len(url) > URL_CHARACTERS_MAX else ""
        if not reason:
            try:
                self._guard.check_url(url)
            except EgressError as error:
                reason = error.reason
        if reason:
            raise Problem(
                ProblemKind.INVALID,
                code="invalid_webhook_url",
                message=f"Nothing can be sent to this url: {reason}.",
                details=(("url", reason),),
            )
        return url

    def _sealed(self, webhook_id: WebhookId, key: bytes) -> bytes:
        return self._sealer.seal(key, purpose=PURPOSE, owner=webhook_id)

    async def _record(self, change: Change, webhook: Webhook, actor: Actor, **details: str) -> None:
        await self._journal.record(
            Happening(change, actor, webhook.id, webhook.tenant_id, origin_of(webhook) | details)
        )


def origin_of(webhook: Webhook) -> dict[str, str]:
    """Where it leads, for the audit: not whole, because the path of an address may be a secret of the receiver's."""
    parts = urlsplit(webhook.url)
    return {"origin": f"{parts.scheme}://{parts.netloc}"}


def webhook_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such webhook.")


def _refuse_disabled(webhook: Webhook) -> None:
    if not webhook.is_sent_to:
        raise Problem(
            ProblemKind.CONFLICT,
            code="webhook_disabled",
            message="Nothing is sent to this webhook: it is switched off. Enable it first.",
        )


def _description_of(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_CHARACTERS_MAX or not text.isprintable():
        raise _invalid("description", f"has at most {DESCRIPTION_CHARACTERS_MAX} characters that can be seen")
    return text


def _events_of(events: frozenset[WebhookEvent]) -> frozenset[WebhookEvent]:
    if not events:
        raise _invalid("events", "names at least one event")
    return events


def _invalid(field: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID, code="invalid_parameter", message=f"{field} {reason}.", details=((field, reason),)
    )


def _too_many() -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="too_many_webhooks",
        message=f"Your tenant has {WEBHOOKS_MAX} webhooks already. Remove one that is not needed any longer.",
    )
