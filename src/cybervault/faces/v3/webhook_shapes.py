"""The wire forms of v3's webhooks."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import seconds_of, spelled
from cybervault.faces.v3.management.office import PageQuery, Pagination
from cybervault.response.webhooks.delivery import Attempt, Delivery, DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhook import Webhook
from cybervault.response.webhooks.webhooks import (
    DESCRIPTION_CHARACTERS_MAX,
    OVERLAP_HOURS_MAX,
    URL_CHARACTERS_MAX,
    MintedWebhook,
    NewWebhook,
    WebhookEdit,
)

_OVERLAP_HOURS: Final = 24
_MIN_SEVERITY: Final = "Leaves out findings and threats of a lesser severity."


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class WebhookRequest(_Request):
    """Body of `POST /v3/webhooks`."""

    url: str = Field(
        max_length=URL_CHARACTERS_MAX * 2,
        description="Where to send: https at a public address, unless the operator allows an origin inside.",
        examples=["https://hooks.example.com/cybervault"],
    )
    events: frozenset[WebhookEvent] | None = Field(
        default=None, description="What to send; all events that there are now where it is left out."
    )
    description: str = Field(default="", max_length=DESCRIPTION_CHARACTERS_MAX * 2)
    min_severity: Severity | None = Field(default=None, description=_MIN_SEVERITY)

    def to_core(self) -> NewWebhook:
        """The wish."""
        events = frozenset(WebhookEvent) if self.events is None else self.events
        return NewWebhook(self.url, events, self.description, self.min_severity)


class WebhookEditRequest(_Request):
    """Body of `PATCH /v3/webhooks/{webhook_id}`; what is left out or null stays as it is."""

    url: str | None = Field(default=None, max_length=URL_CHARACTERS_MAX * 2)
    events: frozenset[WebhookEvent] | None = None
    description: str | None = Field(default=None, max_length=DESCRIPTION_CHARACTERS_MAX * 2)
    min_severity: Severity | None = Field(default=None, description=f"{_MIN_SEVERITY} `informational` leaves out none.")
    enabled: bool | None = Field(default=None, description="True also forgives the failures that ended it.")

    def to_core(self) -> WebhookEdit:
        """The wish."""
        return WebhookEdit(self.url, self.events, self.description, self.min_severity, self.enabled)


class RotateRequest(_Request):
    """Body of `POST /v3/webhooks/{webhook_id}/rotate`, which may be empty."""

    overlap_hours: int = Field(
        default=_OVERLAP_HOURS, ge=0, le=OVERLAP_HOURS_MAX, description="How long the secret before signs as well."
    )


class ReplayRequest(_Request):
    """Body of `POST /v3/webhooks/{webhook_id}/replay`."""

    since: str = Field(max_length=64, examples=["2026-11-01T00:00:00Z"])

    def moment(self) -> datetime:
        """The moment; `Problem` INVALID `invalid_parameter`."""
        return datetime.fromtimestamp(seconds_of("since", self.since) or 0.0, UTC)


class WebhookReply(BaseModel):
    """A webhook, and how its deliveries go."""

    id: str = Field(examples=["hook_7k2m9x4q1p"])
    url: str
    description: str
    events: list[WebhookEvent]
    min_severity: Severity | None
    enabled: bool
    status: Literal["active", "failing", "disabled", "off"] = Field(
        description="`off`: switched off by somebody. `disabled`: by its failures; `disabled_reason` says which."
    )
    disabled_at: str | None
    disabled_reason: str | None
    failing_since: str | None = Field(description="Since when every attempt has failed.")
    last_delivered_at: str | None
    old_secret_until: str | None = Field(description="Until when the secret before signs as well.")
    created_at: str
    created_by: str

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookReply":
        """The webhook, without its secret."""
        return cls.model_validate(_fields(webhook))


class MintedWebhookReply(WebhookReply):
    """A webhook with its secret, which is shown this once."""

    secret: str = Field(description="Signs every delivery; keep it, it is not shown again.", examples=["whsec_C2FV..."])

    @classmethod
    def shown(cls, minted: MintedWebhook) -> "MintedWebhookReply":
        """The answer that holds the secret."""
        return cls.model_validate(_fields(minted.webhook) | {"secret": minted.secret.reveal()})


class WebhookList(BaseModel):
    """Answer of `GET /v3/webhooks`, oldest first."""

    data: list[WebhookReply]
    pagination: Pagination


class DeliveryQuery(PageQuery):
    """Which deliveries are listed."""

    state: str | None = Field(default=None, description="`pending`, `delivered` or `failed`.")

    def wanted(self) -> DeliveryState | None:
        """The state that is asked for; `Problem` INVALID `invalid_parameter`."""
        if self.state is None:
            return None
        if self.state not in set(DeliveryState):
            reason = f"is one of {', '.join(DeliveryState)}"
            raise Problem(
                ProblemKind.INVALID, code="invalid_parameter", message=f"state {reason}.", details=(("state", reason),)
            )
        return DeliveryState(self.state)


class DeliveryReply(BaseModel):
    """An event that was sent or is to be sent."""

    id: str = Field(
        description="Also in `webhook-id`: the same in all attempts and replays.",
        examples=["wh_9b2e6c1a-6d3f-4a57-8e0b-2f4c1d7a9e35"],
    )
    event: str = Field(examples=["scan.completed"])
    state: DeliveryState
    reason: str | None = Field(description="Why it failed, or why the last attempt did.")
    attempts: int
    next_attempt_at: str | None
    created_at: str
    finished_at: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryReply":
        """The delivery."""
        return cls.model_validate(_delivery_fields(delivery))


class AttemptReply(BaseModel):
    """One attempt."""

    number: int
    at: str
    status: int | None = Field(description="What the receiver answered; null where it did not.")
    failure: str | None = Field(description="Why there was no answer.")
    latency_ms: int
    reply: str = Field(description="The beginning of the answer, at most 1,000 characters.")


class DeliveryDetails(DeliveryReply):
    """A delivery with what was sent and each attempt at it."""

    body: dict[str, Any]
    log: list[AttemptReply]

    @classmethod
    def shown(cls, delivery: Delivery, attempts: Sequence[Attempt]) -> "DeliveryDetails":
        """All that is known of it."""
        return cls.model_validate(
            _delivery_fields(delivery)
            | {"body": json.loads(delivery.body), "log": list(map(_attempt_fields, attempts))}
        )


class DeliveryList(BaseModel):
    """Answer of `GET /v3/webhooks/{webhook_id}/deliveries`, newest first."""

    data: list[DeliveryReply]
    pagination: Pagination


class ReplayReply(BaseModel):
    """How many deliveries are sent again."""

    replayed: int


def _fields(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "description": webhook.description,
        "events": sorted(webhook.events),
        "min_severity": webhook.severity_min,
        "enabled": webhook.is_enabled,
        "status": _status(webhook),
        "disabled_at": _moment(webhook.disabled_at),
        "disabled_reason": webhook.disabled_reason,
        "failing_since": _moment(webhook.failing_since),
        "last_delivered_at": _moment(webhook.delivered_at),
        "old_secret_until": _moment(webhook.old_until),
        "created_at": spelled(webhook.created_at),
        "created_by": webhook.created_by,
    }


def _status(webhook: Webhook) -> str:
    if not webhook.is_enabled:
        return "off"
    if webhook.disabled_at is not None:
        return "disabled"
    return "active" if webhook.failing_since is None else "failing"


def _delivery_fields(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "next_attempt_at": _moment(delivery.next_at),
        "created_at": spelled(delivery.created_at),
        "finished_at": _moment(delivery.finished_at),
    }


def _attempt_fields(attempt: Attempt) -> dict[str, object]:
    return {
        "number": attempt.number,
        "at": spelled(attempt.at),
        "status": attempt.status,
        "failure": attempt.failure,
        "latency_ms": attempt.latency_ms,
        "reply": attempt.reply,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else spelled(moment)
