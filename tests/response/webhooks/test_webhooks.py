"""Webhooks made, changed, given new secrets and removed; what failed is sent again."""

import base64
from datetime import datetime, timedelta

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.ids import DeliveryId, WebhookId
from cybervault.domain.principals import Plan
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.response.webhooks.delivery import DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhooks import WEBHOOKS_MAX, NewWebhook, WebhookEdit
from tests.fakes.receiver import answering, is_signed_by
from tests.response.webhooks.bench import Bench

SINCE = datetime.fromisoformat("2026-11-01T00:00:00+00:00")


def code_of(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    return caught.value.kind, caught.value.code


class TestCreate:
    async def test_its_secret_is_shown_once_and_kept_sealed(self, bench: Bench) -> None:
        minted = await bench.add()
        text = minted.secret.reveal()
        key = base64.b64decode(text.removeprefix("whsec_"))
        assert len(key) == 32
        kept = await bench.webhooks.find(bench.ours, minted.webhook.id)
        assert kept == minted.webhook
        assert key not in kept.secret

    async def test_it_is_audited_without_secret_and_path(self, bench: Bench) -> None:
        minted = await bench.add(url=f"{bench.receiver.origin}/hook?token=T0PS3CRET")
        payload = await bench.world.last_payload()
        assert (await bench.world.happened())[-1] == "webhook.added"
        assert bench.receiver.origin in payload
        assert "T0PS3CRET" not in payload
        assert minted.secret.reveal().removeprefix("whsec_") not in payload

    @pytest.mark.parametrize(
        "url",
        [
            "http://hooks.example.com/", "https://127.0.0.1/", "https://127.0.0.1:9999/", "https://[::1]/",
            "https://169.254.169.254/latest/meta-data/", "https://10.0.0.5/", "https://2130706433/", "https://0x7f.1/",
            "https://[::ffff:169.254.169.254]/", "https://user:pass@hooks.example.com/", "ftp://hooks.example.com/",
            "javascript:alert(1)", "", "https://hooks.example.com/" + "x" * 2_048,
            "https://höoks.example.com/", "https://hooks.example.com/\r\nHost: x",
        ],
    )  # fmt: skip
    async def test_what_may_not_be_reached_is_refused(self, bench: Bench, url: str) -> None:
        with pytest.raises(Problem) as caught:
            await bench.webhooks.create(bench.ours, NewWebhook(url), actor=bench.actor)
        assert code_of(caught) == (ProblemKind.INVALID, "invalid_webhook_url")
        assert await bench.webhooks.list(bench.ours) == ()

    @pytest.mark.parametrize(
        "wish",
        [
            NewWebhook("https://hooks.example.com/", frozenset()),
            NewWebhook("https://hooks.example.com/", description="x" * 501),
            NewWebhook("https://hooks.example.com/", description="a\x00b"),
        ],
    )
    async def test_odd_wishes_are_refused(self, bench: Bench, wish: NewWebhook) -> None:
        with pytest.raises(Problem) as caught:
            await bench.webhooks.create(bench.ours, wish, actor=bench.actor)
        assert code_of(caught) == (ProblemKind.INVALID, "invalid_parameter")

    async def test_a_tenant_has_so_many_and_no_more(self, bench: Bench) -> None:
        for _ in range(WEBHOOKS_MAX):
            await bench.add()
        with pytest.raises(Problem) as caught:
            await bench.add()
        assert code_of(caught) == (ProblemKind.CONFLICT, "too_many_webhooks")
        other = await bench.world.tenants.create("other", Plan.PROFESSIONAL, actor=OPERATOR)
        await bench.webhooks.create(other.id, NewWebhook(bench.receiver.url), actor=OPERATOR)


class TestEdit:
    async def test_what_is_left_out_stays(self, bench: Bench) -> None:
        before = (await bench.add(WebhookEvent.SCAN_FAILED)).webhook
        edit = WebhookEdit(description=" for Ada ", severity_min=Severity.HIGH)
        after = await bench.webhooks.edit(bench.ours, before.id, edit, actor=bench.actor)
        assert (after.description, after.severity_min) == ("for Ada", Severity.HIGH)
        assert (after.url, after.events, after.secret) == (before.url, before.events, before.secret)
        url = "https://hooks.example.com/new"
        after = await bench.webhooks.edit(
            bench.ours,
            before.id,
            WebhookEdit(url=url, events=frozenset({WebhookEvent.THREAT_DETECTED})),
            actor=bench.actor,
        )
        assert (after.url, after.events) == (url, frozenset({WebhookEvent.THREAT_DETECTED}))
        assert (await bench.world.happened())[-1] == "webhook.changed"

    async def test_a_changed_address_is_looked_at_too(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        with pytest.raises(Problem) as caught:
            await bench.webhooks.edit(bench.ours, webhook.id, WebhookEdit(url="https://10.0.0.5/"), actor=bench.actor)
        assert code_of(caught) == (ProblemKind.INVALID, "invalid_webhook_url")

    async def test_switched_off_it_gives_up_what_waits(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens()
        await bench.webhooks.edit(bench.ours, webhook.id, WebhookEdit(is_enabled=False), actor=bench.actor)
        delivery = await bench.only(webhook)
        assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "the webhook was switched off")

    async def test_switched_on_its_failures_are_forgiven(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviour = answering(410)
        await bench.happens()
        await bench.tries()
        after = await bench.webhooks.edit(bench.ours, webhook.id, WebhookEdit(is_enabled=True), actor=bench.actor)
        assert after.is_sent_to
        assert (after.disabled_reason, after.failing_since, after.paused_until) == (None, None, None)


class TestRemove:
    async def test_it_is_gone_with_its_deliveries(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens()
        await bench.tries()
        await bench.webhooks.remove(bench.ours, webhook.id, actor=bench.actor)
        assert await bench.webhooks.list(bench.ours) == ()
        assert await bench.log(webhook) == []
        assert (await bench.world.happened())[-1] == "webhook.removed"


class TestRotate:
    async def test_both_secrets_verify_until_the_overlap_has_passed(self, bench: Bench) -> None:
        old = await bench.add()
        new = await bench.webhooks.rotate(bench.ours, old.webhook.id, overlap_hours=24, actor=bench.actor)
        assert new.secret != old.secret
        await bench.courier.test(new.webhook, actor=bench.actor)
        bench.clock.advance(24 * 3_600)
        await bench.courier.test(new.webhook, actor=bench.actor)
        verdicts = [
            [is_signed_by(minted.secret.reveal(), call) for minted in (old, new)] for call in bench.receiver.calls
        ]
        assert verdicts == [[True, True], [False, True]]
        assert (await bench.world.happened()).count("webhook.secret_rotated") == 1

    async def test_without_an_overlap_the_old_one_ends_at_once(self, bench: Bench) -> None:
        old = await bench.add()
        new = await bench.webhooks.rotate(bench.ours, old.webhook.id, overlap_hours=0, actor=bench.actor)
        await bench.courier.test(new.webhook, actor=bench.actor)
        (call,) = bench.receiver.calls
        assert len(call.headers["webhook-signature"].split()) == 1
        assert is_signed_by(new.secret.reveal(), call)

    @pytest.mark.parametrize("hours", [-1, 169])
    async def test_an_odd_overlap_is_refused(self, bench: Bench, hours: int) -> None:
        webhook = (await bench.add()).webhook
        with pytest.raises(Problem) as caught:
            await bench.webhooks.rotate(bench.ours, webhook.id, overlap_hours=hours, actor=bench.actor)
        assert code_of(caught) == (ProblemKind.INVALID, "invalid_parameter")


class TestReplay:
    async def test_one_is_sent_again_under_the_same_id(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens()
        await bench.tries()
        delivery = await bench.only(webhook)
        again = await bench.webhooks.replay(webhook, delivery.id, actor=bench.actor)
        assert (again.state, again.attempts, again.attempts_before) == (DeliveryState.PENDING, 1, 1)
        await bench.tries()
        assert [call.headers["webhook-id"] for call in bench.receiver.calls] == [delivery.id] * 2
        ((after, attempts),) = await bench.log(webhook)
        assert (after.state, [one.number for one in attempts]) == (DeliveryState.DELIVERED, [1, 2])
        assert (await bench.world.happened())[-1] == "webhook.replayed"

    async def test_one_that_waits_is_sent_now_and_not_again_at_its_time(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviours = [answering(500)]
        await bench.happens()
        await bench.tries()
        bench.clock.advance(25)
        await bench.webhooks.replay(webhook, (await bench.only(webhook)).id, actor=bench.actor)
        assert await bench.tries() == 2
        assert len(bench.receiver.calls) == 2

    async def test_a_replay_has_all_its_attempts(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        bench.receiver.behaviours = [answering(500)] * 3
        await bench.happens()
        await bench.tries()
        delivery = await bench.only(webhook)
        await bench.webhooks.replay(webhook, delivery.id, actor=bench.actor)
        bench.clock.advance(25)
        await bench.tries()
        waiting = await bench.only(webhook)
        assert waiting.next_at is not None
        assert timedelta(seconds=30) <= waiting.next_at - bench.clock.now() <= timedelta(seconds=33)

    async def test_all_that_failed_since_a_moment_are_sent_again_and_nothing_else(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens(subject="taken")
        await bench.tries()
        await bench.rows.webhooks.disable(webhook, "it failed", bench.clock.now())
        bench.clock.advance(1)
        await bench.happens(subject="before")
        bench.clock.advance(100)
        since = bench.clock.now()
        for subject in ("first", "second"):
            await bench.happens(subject=subject)
            bench.clock.advance(1)
        after = await bench.webhooks.edit(bench.ours, webhook.id, WebhookEdit(is_enabled=True), actor=bench.actor)
        assert await bench.webhooks.replay_failed(after, since, actor=bench.actor) == 2
        await bench.tries()
        states = [(one.state, one.attempts) for one, _ in await bench.log(webhook)]
        assert states == [
            (DeliveryState.DELIVERED, 1),
            (DeliveryState.FAILED, 0),
            (DeliveryState.DELIVERED, 1),
            (DeliveryState.DELIVERED, 1),
        ]

    async def test_nothing_is_sent_again_to_one_that_is_off(self, bench: Bench) -> None:
        webhook = (await bench.add()).webhook
        await bench.happens()
        off = await bench.webhooks.edit(bench.ours, webhook.id, WebhookEdit(is_enabled=False), actor=bench.actor)
        for work in (
            bench.webhooks.replay(off, (await bench.only(webhook)).id, actor=bench.actor),
            bench.webhooks.replay_failed(off, SINCE, actor=bench.actor),
        ):
            with pytest.raises(Problem) as caught:
                await work
            assert code_of(caught) == (ProblemKind.CONFLICT, "webhook_disabled")


async def test_other_tenants_find_nothing(bench: Bench) -> None:
    webhook = (await bench.add()).webhook
    await bench.happens()
    delivery = await bench.only(webhook)
    other = await bench.world.tenants.create("other", Plan.PROFESSIONAL, actor=OPERATOR)
    theirs = (await bench.webhooks.create(other.id, NewWebhook(bench.receiver.url), actor=OPERATOR)).webhook
    assert await bench.webhooks.list(other.id) == (theirs,)
    for work in (
        bench.webhooks.find(other.id, webhook.id),
        bench.webhooks.edit(other.id, webhook.id, WebhookEdit(is_enabled=False), actor=OPERATOR),
        bench.webhooks.remove(other.id, webhook.id, actor=OPERATOR),
        bench.webhooks.rotate(other.id, webhook.id, overlap_hours=0, actor=OPERATOR),
        bench.webhooks.delivery(theirs, delivery.id),
        bench.webhooks.replay(theirs, delivery.id, actor=OPERATOR),
        bench.webhooks.find(bench.ours, WebhookId("hook_0000000000")),
        bench.webhooks.delivery(webhook, DeliveryId("none")),
    ):
        with pytest.raises(Problem) as caught:
            await work
        assert code_of(caught) == (ProblemKind.NOT_FOUND, "not_found")
    assert await bench.webhooks.find(bench.ours, webhook.id) == webhook
