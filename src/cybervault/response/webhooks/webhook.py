"""A place that events of a tenant are sent to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cybervault.domain.ids import WebhookId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.response.webhooks.events import WebhookEvent

PERSISTENT: Final = timedelta(days=3)
"""Where every attempt failed for so long, nothing more is sent until somebody switches it on again."""
PAUSE: Final = timedelta(seconds=20)
"""After a failure nothing else is tried, so that one that hangs holds up nobody else for long."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One place. `secret` and `old_secret` are sealed; the old one signs too, until `old_until`.

    `is_enabled` is what the tenant wants; `disabled_at` and `disabled_reason` are set where its failures ended it.
    """

    id: WebhookId
    tenant_id: TenantId
    url: str
    description: str
    events: frozenset[WebhookEvent]
    severity_min: Severity | None
    secret: bytes
    old_secret: bytes | None
    old_until: datetime | None
    is_enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    paused_until: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    created_by: str

    @property
    def is_sent_to(self) -> bool:
        """Whether anything is sent there now."""
        return self.is_enabled and self.disabled_at is None

    @property
    def place(self) -> tuple[float, str]:
        """Where it stands in a list by time."""
        return self.created_at.timestamp(), self.id

    def sealed_at(self, now: datetime) -> tuple[bytes, ...]:
        """The sealed secrets that sign now, the newest first."""
        is_overlap = self.old_secret is not None and self.old_until is not None and now < self.old_until
        return (self.secret, self.old_secret) if is_overlap and self.old_secret is not None else (self.secret,)

    def is_given_up(self, now: datetime) -> bool:
        """Whether one more failure now is one too many."""
        return self.failing_since is not None and now - self.failing_since >= PERSISTENT
