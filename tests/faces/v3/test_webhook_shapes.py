"""The wire forms of v3's webhooks."""

from dataclasses import replace

import pytest

from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Severity
from cybervault.faces.v3 import webhook_shapes as shapes
from cybervault.response.webhooks.delivery import DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhooks import MintedWebhook, NewWebhook, WebhookEdit
from tests.response.webhooks.store.test_deliveries import ATTEMPT, FIRST
from tests.response.webhooks.test_webhook import NOW, PLAIN


def test_a_wish_without_events_is_for_all() -> None:
    assert shapes.WebhookRequest(url="https://a.example/").to_core() == NewWebhook("https://a.example/")
    request = shapes.WebhookRequest.model_validate(
        {"url": "u", "events": ["scan.failed"], "description": "d", "min_severity": "high"}
    )
    assert request.to_core() == NewWebhook("u", frozenset({WebhookEvent.SCAN_FAILED}), "d", Severity.HIGH)


def test_an_edit_leaves_what_it_does_not_name() -> None:
    assert shapes.WebhookEditRequest().to_core() == WebhookEdit()
    assert shapes.WebhookEditRequest(enabled=False).to_core() == WebhookEdit(is_enabled=False)


@pytest.mark.parametrize(
    ("webhook", "status"),
    [
        (PLAIN, "active"),
        (replace(PLAIN, failing_since=NOW), "failing"),
        (replace(PLAIN, failing_since=NOW, disabled_at=NOW), "disabled"),
        (replace(PLAIN, is_enabled=False, disabled_at=NOW), "off"),
    ],
)
def test_its_status_is_one_word(webhook: object, status: str) -> None:
    assert shapes.WebhookReply.of(webhook).status == status  # type: ignore[arg-type] # a case


def test_the_secret_is_in_the_one_answer_that_shows_it() -> None:
    shown = shapes.MintedWebhookReply.shown(MintedWebhook(PLAIN, Secret("whsec_eA=="))).model_dump(mode="json")
    assert shown.pop("secret") == "whsec_eA=="
    assert shown == shapes.WebhookReply.of(PLAIN).model_dump(mode="json")
    assert "new" not in str(shown)


def test_a_delivery_shows_its_body_and_its_attempts() -> None:
    details = shapes.DeliveryDetails.shown(FIRST, (ATTEMPT,)).model_dump(mode="json")
    assert details["body"] == {"a": "ü"}
    assert details["log"] == [
        {
            "number": 1,
            "at": "2026-11-01T12:30:00Z",
            "status": 500,
            "failure": None,
            "latency_ms": 12,
            "reply": "oops «ü»",
        }
    ]
    assert (details["state"], details["next_attempt_at"]) == ("pending", "2026-11-01T12:30:00Z")


def test_a_state_is_one_of_three() -> None:
    assert shapes.DeliveryQuery().wanted() is None
    assert shapes.DeliveryQuery(state="failed").wanted() is DeliveryState.FAILED
    with pytest.raises(Problem) as caught:
        shapes.DeliveryQuery(state="odd").wanted()
    assert caught.value.code == "invalid_parameter"


def test_a_moment_is_read() -> None:
    assert shapes.ReplayRequest(since="2026-11-01T12:30:00Z").moment() == NOW
    with pytest.raises(Problem) as caught:
        shapes.ReplayRequest(since="soon").moment()
    assert caught.value.code == "invalid_parameter"
