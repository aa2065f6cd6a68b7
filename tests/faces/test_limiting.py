"""Calls are charged to who makes them, wait their turn where a face lets them, and give it back when they leave."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address

import pytest
from starlette.types import Message

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import KeyId, Plan, Principal, TenantId
from cybervault.domain.problems import ProblemKind
from cybervault.faces.limiting import Charge, Limits, Mailbox, OverLimit, refuse
from tests.fakes.clock import HandClock

HERE = ip_address("192.0.2.1")
FEW = Principal(
    TenantId("tv_1"),
    frozenset(),
    Plan.PROFESSIONAL,
    key_id=KeyId("key_1"),
    overrides=tuple(LimitOverride(face, CallClass.ANY, minute=2, burst_percent=0) for face in ("v1", "v2", "v3")),
)


async def at_once(_seconds: float) -> None:
    """A sleep that is over."""


async def for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()


def limits(sleep: Callable[[float], Awaitable[None]] = at_once, seconds: float = 60.0) -> Limits:
    clock = HandClock()
    return Limits(LocalLimiter(clock), clock, queue_wait_seconds=seconds, sleep=sleep)


async def charged(many: Limits, count: int, face: str = "v3", caller: Principal = FEW) -> Charge:
    for _ in range(count - 1):
        assert (await many.charge(face, "GET", caller)).decision.is_admitted
    return await many.charge(face, "GET", caller)


class TestCharge:
    async def test_a_caller_beyond_its_limit_is_told_which_and_for_how_long(self) -> None:
        many = limits()
        charge = await charged(many, 3)
        with pytest.raises(OverLimit, match="Limit: 2 requests per minute") as caught:
            refuse(charge)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.OVER_LIMIT, "rate_limit_exceeded")
        assert caught.value.violated == ("minute",)
        assert caught.value.retry_after_seconds in {60, 61}
        assert many.fields(charge)["X-RateLimit-Remaining"] == "0"

    async def test_who_is_inside_passes(self) -> None:
        charge = await charged(limits(), 2)
        refuse(charge)
        assert limits().fields(charge)["X-RateLimit-Limit"] == "2"

    async def test_on_v3_reading_and_writing_are_counted_apart(self) -> None:
        many = limits()
        await charged(many, 2)
        for method, is_admitted in (("HEAD", False), ("POST", True), ("DELETE", True), ("PATCH", False)):
            assert (await many.charge("v3", method, FEW)).decision.is_admitted is is_admitted

    @pytest.mark.parametrize("face", ["v1", "v2"])
    async def test_on_the_others_every_call_counts_alike(self, face: str) -> None:
        many = limits(seconds=0)
        await charged(many, 2, face)
        assert not (await many.charge(face, "POST", FEW)).decision.is_admitted

    async def test_faces_and_keys_are_counted_apart(self) -> None:
        many = limits()
        await charged(many, 2)
        assert (await many.charge("v2", "GET", FEW)).decision.is_admitted
        assert (await many.charge("v3", "GET", replace(FEW, key_id=KeyId("key_2")))).decision.is_admitted

    async def test_callers_without_a_key_are_counted_by_address_sixty_a_minute(self) -> None:
        many = limits()
        for _ in range(60):
            assert (await many.charge("v1", "GET", HERE)).decision.is_admitted
        assert not (await many.charge("v2", "POST", HERE)).decision.is_admitted
        assert (await many.charge("v1", "GET", ip_address("192.0.2.2"))).decision.is_admitted
        assert (await many.charge("v1", "GET", None)).decision.is_admitted

    async def test_a_customers_ipv6_network_is_one_address(self) -> None:
        many = limits()
        charges = [await many.charge("v1", "GET", ip_address(f"2001:db8::{number:x}")) for number in range(1, 62)]
        assert [charge.decision.is_admitted for charge in charges] == [True] * 60 + [False]
        assert charges[0].bucket == charges[60].bucket


class TestWaiting:
    async def test_v1_gives_a_turn_to_who_is_above_the_limit(self) -> None:
        many = limits()
        charge = await charged(many, 3, "v1")
        refuse(charge)
        assert charge.decision.wait_seconds == pytest.approx(60, abs=1.1)
        assert int(many.fields(charge)["X-RateLimit-Queued-Ms"]) > 58_000

    async def test_without_a_queue_it_refuses_at_once(self) -> None:
        assert not (await charged(limits(seconds=0), 3, "v1")).decision.is_admitted

    async def test_a_process_lets_only_so_many_wait(self) -> None:
        many = limits()
        many.waiting_max = 0
        charge = await charged(many, 3, "v1")
        with pytest.raises(OverLimit) as caught:
            refuse(charge)
        assert caught.value.violated == ("minute",)
        assert caught.value.retry_after_seconds == pytest.approx(60, abs=1.1)
        assert "X-RateLimit-Queued-Ms" not in many.fields(charge)
        many.waiting_max = 1
        assert (await many.charge("v1", "GET", FEW)).decision.wait_seconds, "its place was given back"

    async def test_who_stays_gets_its_turn(self) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        many = limits(sleep)
        charge = await charged(many, 3, "v1")
        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(caller_with(), group)
            assert await many.wait(charge, mailbox)
            mailbox.close()
        assert slept == [charge.decision.wait_seconds]

    async def test_the_place_of_the_last_who_leaves_is_free_again(self) -> None:
        many = limits(for_ever)
        charge = await charged(many, 3, "v1")
        assert charge.decision.ticket
        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(caller_with({"type": "http.disconnect"}), group)
            assert not await many.wait(charge, mailbox)
            mailbox.close()
        again = await many.charge("v1", "GET", FEW)
        assert again.decision.wait_seconds == charge.decision.wait_seconds


def caller_with(*messages: Message) -> Callable[[], Awaitable[Message]]:
    """What a server receives of a caller, who is then silent."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


def body(text: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": text, "more_body": more}


class TestMailbox:
    async def test_what_was_read_ahead_is_not_lost(self) -> None:
        parts = [body(b"one"), body(b"two"), body(b"", more=False)]
        many = limits(lambda _: asyncio.sleep(0.01))
        charge = await charged(many, 3, "v1")
        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(caller_with(*parts), group)
            assert await many.wait(charge, mailbox)
            assert [await mailbox.receive() for _ in parts] == parts
            mailbox.close()

    async def test_a_read_that_is_under_way_when_the_turn_comes_is_not_lost(self) -> None:
        """A server's own read may lose its message when it is cancelled."""
        arrived: asyncio.Queue[Message] = asyncio.Queue()
        cancelled = []

        async def receive() -> Message:
            try:
                return await arrived.get()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(receive, group)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await mailbox.until_gone()
            assert not cancelled
            arrived.put_nowait(body(b"late"))
            assert await mailbox.receive() == body(b"late")
            mailbox.close()

    async def test_a_large_body_is_not_gathered_while_its_request_waits(self) -> None:
        count = 0

        async def receive() -> Message:
            nonlocal count
            count += 1
            return body(b"x" * 16_384)

        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(receive, group)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await mailbox.until_gone()
            mailbox.close()
        assert count == 5

    async def test_who_left_is_seen_by_the_application_too(self) -> None:
        async with asyncio.TaskGroup() as group:
            mailbox = Mailbox(caller_with(body(b"", more=False), {"type": "http.disconnect"}), group)
            await mailbox.until_gone()
            assert mailbox.is_gone
            assert [(await mailbox.receive())["type"] for _ in range(2)] == ["http.request", "http.disconnect"]
            mailbox.close()
