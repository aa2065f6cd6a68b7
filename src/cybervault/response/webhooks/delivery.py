"""One event on its way to one place: when it is tried, and when it has failed for good."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.domain.ids import DeliveryId, WebhookId
from cybervault.domain.jobs import EventId
from cybervault.domain.principals import TenantId

# The first five as the contract says (1.4.10), then on for three days as Standard Webhooks recommends.
PAUSES_SECONDS: Final = (0, 30, 120, 600, 3_600, 18_000, 36_000, 50_400, 72_000, 86_400)
_RETRY_AFTER_SECONDS_MAX: Final = 86_400.0
_GONE: Final = 410


class DeliveryState(StrEnum):
    """How far it has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the status of the answer and its beginning, or why there was none."""

    number: int
    at: datetime
    status: int | None
    failure: str | None
    latency_ms: int
    reply: str
    retry_after_seconds: float = 0.0

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken it: any status from 200 to 299."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004 - the class of success

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == _GONE


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for one webhook; the id is the same in all its attempts and replays.

    `round` counts its replays, `attempts_before` the attempts that were made before the present round.
    """

    id: DeliveryId
    tenant_id: TenantId
    webhook_id: WebhookId
    event_id: EventId
    event: str
    body: bytes
    state: DeliveryState
    reason: str | None
    round: int
    attempts: int
    attempts_before: int
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def place(self) -> tuple[float, str]:
        """Where it stands in a list by time."""
        return self.created_at.timestamp(), self.id


def pause_after(attempt: Attempt, tried: int, spread: float) -> float | None:
    """Seconds until the next attempt, after `tried` of them in this round; None where there is no further one.

    `spread`, from 0 to 1, delays it by up to a tenth, so that what failed together does not come back together. A
    receiver may ask for more time with `Retry-After`, up to a day.
    """
    if attempt.is_gone or tried >= len(PAUSES_SECONDS):
        return None
    wished = min(attempt.retry_after_seconds, _RETRY_AFTER_SECONDS_MAX)
    return max(float(PAUSES_SECONDS[tried]), wished) * (1 + spread / 10)


def said_of(attempt: Attempt) -> str:
    """A failed attempt in words."""
    return attempt.failure or f"the receiver answered {attempt.status}"
