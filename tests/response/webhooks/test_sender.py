"""One attempt against receivers of every kind: what is said of it, and what never is."""

import ipaddress
import logging
from dataclasses import replace

import pytest

from cybervault.access.sealing import Sealer
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.response.webhooks.delivery import Attempt
from cybervault.response.webhooks.sender import REPLY_CHARACTERS_MAX, SECONDS, Sender
from cybervault.response.webhooks.webhook import Webhook
from tests.access.conftest import PEPPER
from tests.fakes.receiver import Behaviour, answering, babbling, closing, flooding, hanging, receiving, stalling
from tests.response.webhooks.bench import PEPPERS, Bench

METADATA = "http://169.254.169.254/latest/meta-data/"


async def sent(bench: Bench, webhook: Webhook, sender: Sender | None = None) -> Attempt:
    """One attempt at the next thing that happens."""
    await bench.happens()
    delivery = await bench.only(webhook)
    return await (sender or bench.courier._sender).send(webhook, delivery, number=1)


@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 500, 503])
async def test_what_is_answered_is_kept(bench: Bench, status: int) -> None:
    bench.receiver.behaviour = answering(status, "" if status == 204 else "said so")
    attempt = await sent(bench, (await bench.add()).webhook)
    assert (attempt.status, attempt.failure) == (status, None)
    assert attempt.reply == ("" if status == 204 else "said so")
    assert attempt.at == bench.clock.now()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [(closing, "no connection"), (babbling, "no HTTP"), (answering(200, "x", Odd="\x00"), "no HTTP")],
)
async def test_what_is_no_answer_is_said_in_words(bench: Bench, behaviour: Behaviour, words: str) -> None:
    bench.receiver.behaviour = behaviour
    attempt = await sent(bench, (await bench.add()).webhook)
    assert attempt.status is None
    assert words in str(attempt.failure)


async def test_one_that_hangs_is_left_after_five_seconds(bench: Bench) -> None:
    bench.receiver.behaviour = hanging
    attempt = await sent(bench, (await bench.add()).webhook)
    assert (attempt.status, attempt.failure) == (None, f"no answer within {SECONDS:g} seconds")


async def test_one_that_answers_and_then_hangs_has_answered(bench: Bench) -> None:
    bench.receiver.behaviour = stalling
    attempt = await sent(bench, (await bench.add()).webhook)
    assert (attempt.status, attempt.reply) == (200, "begun")


async def test_a_gigabyte_is_not_read_to_its_end(bench: Bench) -> None:
    bench.receiver.behaviour = flooding
    attempt = await sent(bench, (await bench.add()).webhook)
    assert (attempt.status, attempt.reply) == (200, "x" * REPLY_CHARACTERS_MAX)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", [METADATA, "/elsewhere", "https://hooks.example.com/"])
async def test_no_redirect_is_followed(bench: Bench, status: int, where: str) -> None:
    """A receiver must not lead us to the inside, and not to itself either."""
    bench.receiver.behaviour = answering(status, Location=where)
    attempt = await sent(bench, (await bench.add()).webhook)
    assert not attempt.is_delivered
    assert "redirect" in str(attempt.failure)
    assert [call.path for call in bench.receiver.calls] == ["/hook"]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "100.100.100.200", "::1", "fd00:ec2::254"]
)
async def test_a_name_that_leads_inside_is_not_connected_to(bench: Bench, address: str) -> None:
    """Rebinding: what was public when the webhook was made is looked at again on each way out."""

    async def rebound(_host: str, _port: int) -> tuple[str, ...]:
        return (address,)

    webhook = (await bench.add(url="https://rebinding.example/")).webhook
    async with Egress(Guard(), look_up=rebound) as egress:
        sender = Sender(egress, bench.rows.webhooks, sealer=Sealer(PEPPERS), clock=bench.clock)
        attempt = await sent(bench, webhook, sender)
    assert not ipaddress.ip_address(address).is_global
    assert attempt.status is None
    assert "refused" in str(attempt.failure)


async def test_only_the_very_origin_that_was_allowed_is_open(bench: Bench) -> None:
    async with receiving() as other:
        webhook = replace((await bench.add()).webhook, url=other.url)
        attempt = await sent(bench, webhook)
        assert other.calls == []
        assert "refused" in str(attempt.failure)
        # A planted hole: with this origin open the same attempt arrives, so the test could tell.
        async with Egress(Guard([origin_of(other.origin)])) as egress:
            sender = Sender(egress, bench.rows.webhooks, sealer=Sealer(PEPPERS), clock=bench.clock)
            delivery = await bench.only(webhook)
            assert (await sender.send(webhook, delivery, number=1)).is_delivered
        assert len(other.calls) == 1


async def test_what_a_receiver_says_is_shown_safely_and_without_our_secret(bench: Bench) -> None:
    minted = await bench.add()
    text = minted.secret.reveal()
    bench.receiver.behaviour = answering(400, f"you said {text}\x1b[31m\x00 ok")
    attempt = await sent(bench, minted.webhook)
    assert text.removeprefix("whsec_").rstrip("=") not in attempt.reply
    assert attempt.reply.startswith("you said whsec_•••")
    assert "\x1b" not in attempt.reply
    assert "\x00" not in attempt.reply


@pytest.mark.parametrize(("said", "seconds"), [("120", 120.0), ("soon", 0.0), ("-5", 0.0), ("9" * 400, 0.0)])
async def test_a_wish_for_more_time_is_heard(bench: Bench, said: str, seconds: float) -> None:
    bench.receiver.behaviour = answering(503, Retry_After=said)
    assert (await sent(bench, (await bench.add()).webhook)).retry_after_seconds == seconds


async def test_after_a_change_of_the_pepper_the_secret_moves_as_it_is_used(bench: Bench) -> None:
    minted = await bench.add()
    peppers = Peppers(Pepper.of(Secret("another pepper that is long enough, too")), PEPPER)
    sender = Sender(bench.egress, bench.rows.webhooks, sealer=Sealer(peppers), clock=bench.clock)
    assert (await sent(bench, minted.webhook, sender)).is_delivered
    moved = await bench.webhooks.find(bench.ours, minted.webhook.id)
    assert Sealer(peppers).is_current(moved.secret)
    assert not Sealer(peppers).is_current(minted.webhook.secret)


async def test_a_secret_that_cannot_be_read_is_told_and_nothing_is_sent(bench: Bench) -> None:
    webhook = (await bench.add()).webhook
    stranger = Sealer(Peppers(Pepper.of(Secret("a pepper of somebody else entirely"))))
    sender = Sender(bench.egress, bench.rows.webhooks, sealer=stranger, clock=bench.clock)
    with pytest.raises(Problem) as caught:
        await sent(bench, webhook, sender)
    assert caught.value.code == "pepper_unusable"
    assert bench.receiver.calls == []


async def test_nothing_of_the_secret_or_the_address_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    minted = await bench.add(url=f"{bench.receiver.origin}/T0PS3CRET")
    with caplog.at_level(logging.DEBUG):
        for behaviour in (closing, answering(500), answering(302, Location=METADATA)):
            bench.receiver.behaviours = [behaviour]
            await bench.courier.test(minted.webhook, actor=bench.actor)
        logging.getLogger("planted").info("planted T0PS3CRET")
    shown = [record.getMessage() for record in caplog.records]
    assert [text for text in shown if "T0PS3CRET" in text] == ["planted T0PS3CRET"]
    assert not any(minted.secret.reveal()[6:20] in text for text in shown)
