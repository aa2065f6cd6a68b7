"""Many nodes at one server: one count, through its death, its silence and its return, and never an error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from typing import TypeAlias

import pytest

from cybervault.access.limits.limiter import Decision
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.server import LimitServer
from cybervault.access.limits.shared import SharedLimiter
from cybervault.access.limits.tables import Allowance, Window
from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from tests.access.limits.traffic import minute_of, peak
from tests.fakes.clock import HandClock
from tests.fakes.engines import Valkey

PATIENT = 10.0
CLOCK = SystemClock()

NodeOf: TypeAlias = Callable[..., SharedLimiter]


@pytest.fixture
async def node_of(valkey: Valkey) -> AsyncIterator[NodeOf]:
    """Nodes of a cluster of `nodes`, on hand clocks where the test moves time."""
    async with AsyncExitStack() as stack:

        def node(
            clock: HandClock | SystemClock = CLOCK, *, nodes: int = 1, timeout: float = PATIENT, settle: float = 1.0
        ) -> SharedLimiter:
            server = LimitServer(Secret(valkey.url), timeout_seconds=timeout, connect_seconds=PATIENT)
            stack.push_async_callback(server.close)
            return SharedLimiter(server, clock, lambda: nodes, probe_seconds=0.05, settle_seconds=settle)

        yield node


async def times(node: SharedLimiter, calls: int, allowance: Allowance, bucket: str = "a") -> list[Decision]:
    """Calls one after another."""
    return [await node.admit(bucket, allowance) for _ in range(calls)]


def passed(decisions: list[Decision]) -> int:
    """How many were admitted."""
    return sum(one.is_admitted for one in decisions)


async def test_nodes_share_one_count(node_of: NodeOf) -> None:
    one, other = node_of(nodes=2), node_of(nodes=2)
    allowance = minute_of(5)
    assert passed(await times(one, 3, allowance)) == 3
    assert passed(await times(other, 3, allowance)) == 2
    assert one.is_connected


async def test_what_all_nodes_used_is_told_by_each_and_by_itself_while_the_server_is_gone(
    node_of: NodeOf, valkey: Valkey
) -> None:
    one, other = node_of(nodes=2), node_of(nodes=2)
    await times(one, 3, minute_of(9))
    await times(other, 2, minute_of(9))
    assert await one.used("a", minute_of(9)) == (5,)
    valkey.kill()
    assert await one.used("a", minute_of(9)) == (3,)
    assert await one.used("nobody", minute_of(9)) == (0,)


async def test_many_calls_at_once_from_many_nodes_get_exactly_the_limit(node_of: NodeOf) -> None:
    nodes = [node_of(nodes=3) for _ in range(3)]
    decisions = await asyncio.gather(*(node.admit("a", minute_of(50)) for node in nodes for _ in range(40)))
    assert passed(decisions) == 50


async def test_after_a_refusal_the_server_is_not_asked_before_its_moment(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, allowance = node_of(clock), minute_of(1)
    assert [one.is_admitted for one in await times(node, 2, allowance)] == [True, False]
    valkey.pause()
    clock.advance(30)
    refused = await node.admit("a", allowance)
    assert (refused.is_admitted, refused.retry_after_seconds) == (False, 30)
    valkey.resume()
    assert (await node.admit("a", minute_of(2))).is_admitted, "other limits are asked for at once"


async def test_the_queue_is_kept_over_all_nodes_and_a_last_place_is_given_back(node_of: NodeOf) -> None:
    one, other, allowance = node_of(), node_of(), minute_of(2, queued_max=2, wait_seconds_max=60)
    await times(one, 2, allowance)
    waits = [await node.admit("a", allowance) for node in (one, other)]
    assert all(59 < decision.wait_seconds <= 60 for decision in waits)
    assert not (await one.admit("a", allowance)).is_admitted
    await one.give_back("a", waits[1])
    assert (await one.admit("a", allowance)).ticket == waits[1].ticket
    await one.give_back("a", (await times(one, 1, minute_of(9), "b"))[0])


async def test_a_killed_server_costs_no_error_and_leaves_the_share(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, allowance = node_of(clock, nodes=4), minute_of(40)
    await times(node, 17, allowance)
    valkey.kill()
    assert passed(await times(node, 20, allowance)) == (40 - 17 - 3) // 4
    assert not node.is_connected
    clock.advance(61)
    assert passed(await times(node, 20, allowance)) == 10


async def test_a_server_that_hangs_costs_one_timeout_and_no_error(node_of: NodeOf, valkey: Valkey) -> None:
    node, allowance = node_of(HandClock(), timeout=0.2), minute_of(40)
    await times(node, 10, allowance)
    valkey.pause()
    before = CLOCK.seconds()
    assert passed(await times(node, 50, allowance)) == 30
    assert CLOCK.seconds() - before < 2, "fifty timeouts would have taken ten seconds"


async def test_a_server_that_is_not_there_at_the_start_costs_no_error_either(node_of: NodeOf, valkey: Valkey) -> None:
    valkey.kill()
    clock = HandClock()
    node = node_of(clock, nodes=2)
    assert passed(await asyncio.gather(*(node.admit("a", minute_of(11)) for _ in range(20)))) == 5
    valkey.start()
    clock.advance(1)
    assert (await node.admit("b", minute_of(11))).is_admitted
    assert node.is_connected


async def test_on_return_the_server_is_told_what_was_admitted_before_it_is_used(
    node_of: NodeOf, valkey: Valkey
) -> None:
    clock = HandClock()
    alone, fresh, allowance = node_of(clock, nodes=2, timeout=0.2), node_of(clock, nodes=2), minute_of(20)
    await times(alone, 3, allowance)
    valkey.pause()
    assert passed(await times(alone, 20, allowance)) == 8
    valkey.resume()
    clock.advance(0.1)
    await alone.admit("other", allowance)
    decision = await fresh.admit("a", allowance)
    assert decision.states[0].used in {12, 13}, "the call that found it silent may have been counted twice"


async def test_a_server_that_was_started_anew_is_told_everything_that_counts(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, fresh, allowance = node_of(clock), node_of(clock), minute_of(10)
    assert passed(await times(node, 9, allowance)) == 9
    valkey.kill()
    valkey.start()
    assert passed(await times(node, 5, allowance)) == 1
    clock.advance(0.1)
    await node.admit("other", allowance)
    assert not (await fresh.admit("a", allowance)).is_admitted


async def test_after_a_return_server_and_share_must_agree_until_all_are_back(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, allowance = node_of(clock, nodes=2, settle=5), minute_of(20)
    await node.admit("a", allowance)
    valkey.kill()
    await node.admit("b", allowance)
    valkey.start()
    clock.advance(0.1)
    assert passed(await times(node, 20, allowance)) == 9
    assert node.is_connected
    clock.advance(6)
    assert passed(await times(node, 20, allowance)) == 10


async def test_a_loss_while_the_others_come_back_is_met_by_the_share_again(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, allowance = node_of(clock, nodes=2, settle=5), minute_of(20)
    await node.admit("a", allowance)
    for _ in range(2):
        valkey.kill()
        assert (await node.admit("a", allowance)).is_admitted
        valkey.start()
        clock.advance(0.1)
        await node.admit("b", allowance)
        assert node.is_connected
    valkey.empty()
    assert passed(await times(node, 20, allowance)) == 7


async def test_a_call_refused_by_the_server_alone_costs_no_share(node_of: NodeOf, valkey: Valkey) -> None:
    clock = HandClock()
    node, other, allowance = node_of(clock, nodes=2, settle=5), node_of(HandClock(), nodes=2), minute_of(4)
    await node.admit("b", allowance)
    valkey.kill()
    await node.admit("b", allowance)
    valkey.start()
    clock.advance(0.1)
    await times(other, 4, allowance)
    assert passed(await times(node, 3, allowance)) == 0


async def test_who_only_watches_notices_loss_and_return(node_of: NodeOf, valkey: Valkey) -> None:
    node = node_of()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(node.watch())
        await _until(lambda: node.is_connected)
        valkey.kill()
        await _until(lambda: not node.is_connected)
        valkey.start()
        await _until(lambda: node.is_connected)
        mark = node._mark
        valkey.empty()
        await _until(lambda: node._mark != mark and node.is_connected)
        watching.cancel()


async def test_a_place_cannot_be_given_back_to_a_server_that_is_gone(node_of: NodeOf, valkey: Valkey) -> None:
    node, allowance = node_of(), minute_of(1, queued_max=1, wait_seconds_max=60)
    await node.admit("a", allowance)
    waiting = await node.admit("a", allowance)
    valkey.kill()
    await node.give_back("a", waiting)
    assert not node.is_connected
    await node.give_back("a", waiting)
    await node.close()


async def test_through_death_and_return_under_load_no_window_holds_more_than_its_ceiling(
    node_of: NodeOf, valkey: Valkey
) -> None:
    """Three nodes under a flood, in real time, with a window of one second."""
    allowance = Allowance((Window("second", 1, 60, 60),))
    nodes = [node_of(nodes=3, settle=1.0) for _ in range(3)]
    moments: list[int] = []

    async def flood(node: SharedLimiter) -> None:
        while True:
            if (await node.admit("a", allowance)).is_admitted:
                moments.append(round(CLOCK.seconds() * SECOND))
            await asyncio.sleep(0.004)

    async def trouble() -> None:
        await asyncio.sleep(1.2)
        valkey.kill()
        await asyncio.sleep(1.5)
        await asyncio.to_thread(valkey.start)
        await asyncio.sleep(2.5)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(flood(node)) for node in nodes]
        await trouble()
        for task in tasks:
            task.cancel()
    # A call is noted a little after it was decided on, which makes windows of the notes seem fuller at their edge.
    assert peak(moments, SECOND * 9 // 10) <= 60
    assert len(moments) > 120


async def _until(is_so: Callable[[], bool]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENT):
            while not is_so():  # noqa: ASYNC110 - a real server takes real time
                await asyncio.sleep(0.01)
    assert is_so()
