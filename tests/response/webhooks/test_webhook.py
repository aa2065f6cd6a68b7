"""A webhook's secrets over time, and when its failures are too many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cybervault.domain.ids import WebhookId
from cybervault.domain.principals import TenantId
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhook import PERSISTENT, Webhook

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
PLAIN = Webhook(
    WebhookId("hook_1"), TenantId("tv_1"), "https://hooks.example.com/x", "ours", frozenset(WebhookEvent), None,
    b"new", old_secret=None, old_until=None, is_enabled=True, disabled_at=None, disabled_reason=None,
    failing_since=None, paused_until=None, delivered_at=None, created_at=NOW, created_by="operator",
)  # fmt: skip


def test_the_old_secret_signs_until_its_moment_and_not_in_it() -> None:
    assert PLAIN.sealed_at(NOW) == (b"new",)
    rotated = replace(PLAIN, old_secret=b"old", old_until=NOW + timedelta(hours=1))
    assert rotated.sealed_at(NOW) == (b"new", b"old")
    assert rotated.sealed_at(NOW + timedelta(hours=1)) == (b"new",)


def test_three_days_of_failures_are_one_too_many() -> None:
    assert not PLAIN.is_given_up(NOW)
    failing = replace(PLAIN, failing_since=NOW)
    assert not failing.is_given_up(NOW + PERSISTENT - timedelta(seconds=1))
    assert failing.is_given_up(NOW + PERSISTENT)


def test_it_is_sent_to_while_nobody_and_nothing_has_ended_it() -> None:
    assert PLAIN.is_sent_to
    assert not replace(PLAIN, is_enabled=False).is_sent_to
    assert not replace(PLAIN, disabled_at=NOW).is_sent_to


def test_its_place_is_by_time() -> None:
    assert PLAIN.place == (NOW.timestamp(), "hook_1")
