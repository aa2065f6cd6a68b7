"""Webhooks, put together."""

from dataclasses import replace

import pytest

from cybervault.app.product import put_together
from cybervault.app.webhooks import webhooks_of
from cybervault.domain.problems import Problem
from cybervault.egress.message import EgressFailure, OutgoingRequest
from cybervault.response.webhooks.events import TOPICS
from cybervault.settings import WebhookSettings
from tests.fakes.receiver import receiving
from tests.fakes.serving import Setup


async def test_what_is_opened_for_sources_is_not_opened_for_webhooks(setup: Setup) -> None:
    """A tenant's webhook must not reach the operator's own language model."""
    async with receiving() as receiver, put_together(replace(setup, chat_url=receiver.origin).settings()) as product:
        request = OutgoingRequest(url=receiver.url, method="POST", body=b"{}")
        assert (await product.egress.fetch(request)).status == 200
        assert (await product.hooks.egress.fetch(request)).failure is EgressFailure.REFUSED
        assert len(receiver.calls) == 1


async def test_what_the_operator_allows_is_open_to_webhooks_alone(setup: Setup) -> None:
    async with receiving() as receiver:
        part = WebhookSettings(allowed_origins=(receiver.origin,))
        async with put_together(replace(setup, given={"webhooks": part}).settings()) as product:
            request = OutgoingRequest(url=receiver.url, method="POST", body=b"{}")
            assert (await product.hooks.egress.fetch(request)).status == 200
            assert (await product.egress.fetch(request)).failure is EgressFailure.REFUSED


async def test_an_origin_that_cannot_be_read_is_named(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        part = WebhookSettings(allowed_origins=("10.0.0.5:8080",))
        with pytest.raises(Problem) as caught:
            webhooks_of(product.settings.model_copy(update={"webhooks": part}), product.database, product.access)
    assert caught.value.code == "bad_settings"
    assert "ALLOWED_ORIGINS" in caught.value.message


async def test_attempts_have_workers_of_their_own_and_hear_of_all_events(setup: Setup) -> None:
    """A receiver that hangs must not keep a batch of telemetry waiting."""
    async with put_together(setup.settings()) as product:
        assert (
            len({id(one) for one in (product.hooks.dispatcher, product.dispatcher, product.scanning.dispatcher)}) == 3
        )
        assert product.hooks.subscriber.topics == TOPICS
