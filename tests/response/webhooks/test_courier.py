"""Events on their way: to whoever wants them, once, signed, again until they are taken, and not for ever."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import Plan
from cybervault.domain.verdicts import Severity
from cybervault.response.webhooks.delivery import PAUSES_SECONDS, DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhooks import NewWebhook, WebhookEdit
from tests.fakes.receiver import answering, closing
from tests.response.webhooks.bench import Bench


class TestTell:
    async def test_an_event_becomes_a_delivery_and_arrives(self, bench: Bench) -> None:
        webhook = (await bench.add(WebhookEvent.SCAN_COMPLETED)).webhook
        await bench.happens("scan.completed", "scan_1", profile="standard")
        assert await bench.tries() == 1
        (call,) = bench.receiver.calls
        delivery = await bench.only(webhook)
        assert call.headers["webhook-id"] == delivery.id
        assert call.body == delivery.body
        assert json.loads(call.body)["data"] == {"scan_id": "scan_1", "profile": "standard"}
        assert call.headers["content-type"] == "application/json"
        assert (delivery.state, delivery.attempts, delivery.next_at) == (DeliveryState.DELIVERED, 1, None)
        assert bench.wakes

    async def test_told_twice_it_is_sent_once(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        async with bench.outbox.transaction():
            await bench.outbox.append(Happened("scan.started", "scan_1", bench.ours, {}))
        (kept,) = await bench.outbox.untold(1)
        for _ in range(3):
            await bench.courier.tell(kept)
        await bench.tries()
        await bench.tries()
        assert len(bench.receiver.calls) == 1
        await bench.only(webhook)

    async def test_only_what_is_wanted_is_sent(self, bench: Bench) -> None:
        webhook = (await bench.add(WebhookEvent.THREAT_DETECTED)).webhook
        await bench.happens("scan_finding.opened", "sfn_1", severity="high")
        assert await bench.log(webhook) == []
        await bench.happens("finding.opened", "thr_1", severity="high")
        assert (await bench.only(webhook)).event == "threat.detected"

    async def test_a_lesser_severity_is_left_out(self, bench: Bench) -> None:
        minted = await bench.add()
        grave = WebhookEdit(severity_min=Severity.HIGH)
        await bench.webhooks.edit(bench.ours, minted.webhook.id, grave, actor=bench.actor)
        await bench.happens("finding.opened", "thr_1", severity="low")
        await bench.happens("finding.opened", "thr_2", severity="high")
        assert json.loads((await bench.only(minted.webhook)).body)["data"]["threat_id"] == "thr_2"

    async def test_another_tenants_webhook_hears_nothing(self, bench: Bench) -> None:
        other = await bench.world.tenants.create("other", Plan.PROFESSIONAL, actor=OPERATOR)
        theirs = await bench.webhooks.create(other.id, NewWebhook(bench.receiver.url), actor=OPERATOR)
        await bench.happens()
        await bench.tries()
        assert bench.receiver.calls == []
        assert await bench.log(theirs.webhook) == []

    async def test_what_belongs_to_no_tenant_is_told_to_nobody(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        async with bench.outbox.transaction():
            await bench.outbox.append(Happened("scan.started", "scan_1", None, {}))
        assert await bench.told() == 1
        assert await bench.log(webhook) == []

    async def test_one_that_is_switched_off_is_left_out_and_one_that_failed_keeps_it_for_a_replay(
        self, bench: Bench
    ) -> None:
        off, failed = (await bench.add()).webhook, (await bench.add()).webhook
        await bench.webhooks.edit(bench.ours, off.id, WebhookEdit(is_enabled=False), actor=bench.actor)
        await bench.rows.webhooks.disable(failed, "it failed", bench.clock.now())
        await bench.happens()
        assert await bench.tries() == 0
        assert await bench.log(off) == []
        kept = await bench.only(failed)
        assert kept.state is DeliveryState.FAILED
        assert "replayed" in str(kept.reason)


class TestWork:
    async def test_what_fails_is_tried_again_with_the_same_id_and_a_new_moment(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviours = [answering(500, "oops"), closing]
        await bench.happens()
        await bench.tries()
        waiting = await bench.only(webhook)
        assert (waiting.state, waiting.reason) == (DeliveryState.PENDING, "the receiver answered 500")
        for _ in range(2):
            await bench.comes_to(waiting)
            await bench.tries()
        ((delivery, attempts),) = await bench.log(webhook)
        assert delivery.state is DeliveryState.DELIVERED
        assert [(one.number, one.status, one.reply) for one in attempts] == [
            (1, 500, "oops"),
            (2, None, ""),
            (3, 200, "thanks"),
        ]
        assert "no connection" in str(attempts[1].failure)
        calls = bench.receiver.calls
        assert {call.headers["webhook-id"] for call in calls} == {delivery.id}
        assert {call.body for call in calls} == {delivery.body}
        assert len({call.headers["webhook-timestamp"] for call in calls}) == 3

    async def test_five_hundreds_for_days_end_it_with_its_reason_shown_and_audited(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviour = answering(500)
        began = bench.clock.now()
        await bench.happens()
        delivery = await bench.only(webhook)
        for number in range(1, len(PAUSES_SECONDS) + 1):
            assert (await bench.of(delivery)).is_sent_to
            await bench.comes_to(delivery)
            assert await bench.tries() == 1
            assert len(bench.receiver.calls) == number
        assert await bench.tries() == 0
        ended = await bench.of(delivery)
        assert ended.disabled_reason == "nothing was taken for 3 days; at last the receiver answered 500"
        assert ended.failing_since == began
        assert not ended.is_sent_to
        assert (await bench.only(webhook)).state is DeliveryState.FAILED
        assert timedelta(hours=72) < bench.clock.now() - began < timedelta(hours=86)
        assert (await bench.world.happened())[-1] == "webhook.disabled"
        assert "the receiver answered 500" in await bench.world.last_payload()

    async def test_one_that_takes_something_now_and_then_is_never_ended(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        for _ in range(6):
            bench.receiver.behaviours = [answering(503)]
            await bench.happens(subject="scan_x")
            await bench.tries()
            bench.clock.advance(24 * 3_600)
            await bench.tries()
        assert (await bench.webhooks.find(bench.ours, webhook.id)).is_sent_to
        assert {one.state for one, _ in await bench.log(webhook)} == {DeliveryState.DELIVERED}

    async def test_who_is_gone_is_ended_at_once(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens(subject="scan_1")
        await bench.happens(subject="scan_2")
        bench.receiver.behaviour = answering(410)
        (first, *_) = await bench.claimed()
        await bench.courier.work(first)
        assert (await bench.webhooks.find(bench.ours, webhook.id)).disabled_reason == (
            "the receiver answered 410: it wants nothing more"
        )
        # What waited is kept, to be replayed.
        assert {one.state for one, _ in await bench.log(webhook)} == {DeliveryState.FAILED}
        assert len(bench.receiver.calls) == 1

    async def test_a_worker_that_died_behind_its_answer_sends_once_more_under_the_same_id(self, bench: Bench) -> None:
        """Nobody knows whether it arrived, so it is sent again: what is promised is at least once, with one id."""
        webhook = (await bench.add()).webhook
        await bench.happens()
        (run,) = await bench.claimed()
        delivery = await bench.only(webhook)
        await bench.courier._sender.send(webhook, delivery, number=1)  # it dies before it writes this down
        await bench.courier.work(run)
        assert len(bench.receiver.calls) == 2
        assert len({call.headers["webhook-id"] for call in bench.receiver.calls}) == 1

    async def test_a_worker_that_died_before_the_end_of_its_job_sends_nothing_more(self, bench: Bench) -> None:
        await bench.add()
        bench.receiver.behaviours = [answering(500)]
        await bench.happens()
        (run,) = await bench.claimed()
        await bench.courier.work(run)
        await bench.courier.work(run)
        assert len(bench.receiver.calls) == 1
        await bench.jobs.complete(run.hold)
        bench.clock.advance(60)
        assert await bench.tries() == 1
        assert len(bench.receiver.calls) == 2

    async def test_two_workers_with_one_attempt_write_it_down_once(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens()
        delivery = await bench.only(webhook)
        attempt = await bench.courier._sender.send(webhook, delivery, number=1)
        for _ in range(2):
            await bench.courier._conclude(webhook, delivery, attempt)
        ((_, attempts),) = await bench.log(webhook)
        assert len(attempts) == 1

    async def test_after_a_failure_nothing_else_is_tried_there_for_a_moment(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviours = [answering(500)]
        for number in range(5):
            await bench.happens(subject=f"scan_{number}")
        await bench.tries()
        assert len(bench.receiver.calls) == 1
        assert [one.attempts for one, _ in await bench.log(webhook)].count(0) == 4
        bench.clock.advance(40)
        await bench.tries()
        assert len(bench.receiver.calls) == 6

    async def test_one_that_was_removed_or_switched_off_is_not_tried(self, bench: Bench) -> None:
        gone, off = (await bench.add()).webhook, (await bench.add()).webhook
        await bench.happens()
        await bench.webhooks.remove(bench.ours, gone.id, actor=bench.actor)
        await bench.webhooks.edit(bench.ours, off.id, WebhookEdit(is_enabled=False), actor=bench.actor)
        assert await bench.tries() == 2
        assert bench.receiver.calls == []

    async def test_a_job_of_nobody_is_a_bug(self, bench: Bench) -> None:
        await bench.add()
        await bench.happens()
        (run,) = await bench.claimed()
        run.job = replace(run.job, tenant_id=None)
        with pytest.raises(ValueError, match="tenant"):
            await bench.courier.work(run)


class TestTest:
    async def test_it_is_sent_once_and_tells_what_came_of_it(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        tried = await bench.courier.test(webhook, actor=bench.actor)
        assert (tried.delivery.state, tried.attempt.status, tried.attempt.reply) == (
            DeliveryState.DELIVERED,
            200,
            "thanks",
        )
        assert json.loads(bench.receiver.calls[0].body)["event"] == "webhook.test"
        assert await bench.log(webhook) == [(tried.delivery, (tried.attempt,))]
        assert (await bench.world.happened())[-1] == "webhook.tested"

    async def test_one_that_fails_is_not_tried_again_and_counts_for_nothing(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviour = answering(404)
        tried = await bench.courier.test(webhook, actor=bench.actor)
        assert (tried.delivery.state, tried.delivery.reason) == (DeliveryState.FAILED, "the receiver answered 404")
        assert await bench.tries() == 0
        assert (await bench.webhooks.find(bench.ours, webhook.id)).failing_since is None
