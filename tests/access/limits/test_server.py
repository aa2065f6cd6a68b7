"""The script on a real server: it decides as the process does, and what fails is one kind of failure."""

import asyncio
import multiprocessing
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from multiprocessing.connection import Connection

import pytest

from cybervault.access.limits.admission import Counts, admit
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.server import Debt, LimitServer, ScriptsGone, ServerGone, load_scripts
from cybervault.access.limits.tables import Allowance, Window
from cybervault.domain.secrets import Secret
from tests.access.limits.traffic import MINUTE, minute_of
from tests.fakes.engines import Valkey

PATIENT = 10.0
"""Seconds that a call may take where a test is not about slowness: the machine may be busy."""

BOTH = Allowance((Window("minute", 60, 6, 7), Window("hour", 3600, 20, 20)))
QUEUED = Allowance((Window("minute", 60, 6, 6), Window("hour", 3600, 20, 20)), 3, 10.0)
TOLD_TIME = "local time = redis.call('TIME')\nlocal now = time[1] * SECOND + time[2]"


@pytest.fixture
async def server(valkey: Valkey) -> AsyncIterator[LimitServer]:
    server = LimitServer(Secret(valkey.url), timeout_seconds=PATIENT, connect_seconds=PATIENT)
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def told(valkey: Valkey) -> AsyncIterator[LimitServer]:
    """A server whose scripts read the time of a test from the key `now` instead of the clock."""
    scripts = {
        name: text.replace(TOLD_TIME, "local now = tonumber(redis.call('GET', 'now'))")
        for name, text in load_scripts().items()
    }
    server = LimitServer(Secret(valkey.url), timeout_seconds=PATIENT, connect_seconds=PATIENT, scripts=scripts)
    await server.open()
    yield server
    await server.close()


async def at(server: LimitServer, now: int) -> None:
    """Set the time that the scripts are told."""
    await server._redis.set("now", now)


PATTERN = [0, 0, 1, 999_999, 20, 5 * SECOND, 0, 0, 0, 31 * SECOND, 0, 24 * SECOND, 3, 9 * SECOND, 2 * SECOND]
"""Pauses between calls that meet cells, edges, the queue and the hour."""


@pytest.mark.parametrize("allowance", [BOTH, QUEUED, minute_of(1), minute_of(5, queued_max=5, wait_seconds_max=25)])
@pytest.mark.parametrize("turn", [0, 1, 4, 9])
async def test_under_the_same_calls_the_script_decides_as_the_process_does(
    told: LimitServer, allowance: Allowance, turn: int
) -> None:
    counts, now = Counts(allowance), 1_793_491_200 * SECOND
    for step in range(150):
        now += PATTERN[(step * (turn + 1) + turn) % len(PATTERN)] * (1 + step // 50)
        await at(told, now)
        assert await told.admit("a", allowance) == admit(counts.rings, allowance, now)


@pytest.mark.parametrize("seed", range(4))
async def test_random_calls_and_a_full_queue_are_met_alike(told: LimitServer, seed: int) -> None:
    wide = Allowance((Window("minute", 60, 6, 6), Window("hour", 3600, 90, 90)), 2, 10.0)
    allowance = (wide, minute_of(4, queued_max=2, wait_seconds_max=10))[seed % 2]
    chance, counts, now = random.Random(seed), Counts(allowance), 1_793_491_200 * SECOND  # noqa: S311 - no secret
    kinds = set()
    for _ in range(250):
        now += chance.choice([0, 0, 0, 1, SECOND, 2 * SECOND, 11 * SECOND, 45 * SECOND])
        await at(told, now)
        decision = admit(counts.rings, allowance, now)
        assert await told.admit("a", allowance) == decision
        is_place_missing = not decision.is_admitted and counts.rings[0].nth_last(allowance.queued_max) > now
        kinds.add((decision.is_admitted, decision.wait_seconds > 0, is_place_missing))
    assert kinds == {(True, False, False), (True, True, False), (False, False, False), (False, False, True)}


async def test_other_numbers_and_a_clock_set_back_are_met_alike(told: LimitServer) -> None:
    counts, start = Counts(BOTH), 1_793_491_200 * SECOND
    for step, allowance in enumerate([BOTH, minute_of(30), minute_of(2), QUEUED, BOTH, minute_of(9)] * 6):
        now = start + (step * 7 - (40 if step % 5 == 0 else 0)) * SECOND
        counts.follow(allowance)
        await at(told, now)
        assert (await told.admit("a", allowance)).is_admitted == admit(counts.rings, allowance, now).is_admitted


async def test_a_window_is_as_long_as_it_says_by_the_servers_own_clock(server: LimitServer) -> None:
    short = Allowance((Window("second", 1, 2, 2),))
    decisions = [await server.admit("a", short) for _ in range(3)]
    assert [one.is_admitted for one in decisions] == [True, True, False]
    assert 0 < decisions[2].reset_after_seconds <= 1
    await asyncio.sleep(decisions[2].reset_after_seconds)
    assert (await server.admit("a", short)).is_admitted


async def test_keys_of_one_bucket_share_a_slot_and_leave_with_their_window(server: LimitServer) -> None:
    await server.admit("v2:any:key_1", BOTH)
    keys = ["cybervault:limits:{v2:any:key_1}:3600", "cybervault:limits:{v2:any:key_1}:60"]
    assert {*await server._redis.keys("*key_1*")} == {key.encode() for key in keys}
    left = [await server._redis.pttl(key) for key in keys]
    assert 3_600_000 < left[0] <= 3_661_000 + 1
    assert 60_000 < left[1] <= 62_000 + 1


async def test_a_place_is_given_back_if_it_was_the_last(told: LimitServer) -> None:
    allowance = minute_of(2, queued_max=2, wait_seconds_max=10)
    await at(told, MINUTE)
    for _ in range(2):
        await told.admit("a", allowance)
    await at(told, MINUTE + 55 * SECOND)
    first, second = [await told.admit("a", allowance) for _ in range(2)]
    assert not (await told.admit("a", allowance)).is_admitted
    await told.give_back("a", allowance, first.ticket)
    assert not (await told.admit("a", allowance)).is_admitted
    await told.give_back("a", allowance, second.ticket)
    await told.give_back("a", allowance, first.ticket)
    assert [(await told.admit("a", allowance)).ticket for _ in range(3)] == [first.ticket, second.ticket, 0]
    await at(told, MINUTE + 60 * SECOND)
    await told.give_back("a", allowance, second.ticket)
    assert (await told.admit("a", allowance)).ticket == 0, "its moment has come: the place is spent"


async def test_a_debt_is_counted_at_its_own_moments_between_what_is_there(told: LimitServer) -> None:
    allowance = minute_of(10)
    now = 1_793_491_200 * SECOND
    for moment in (now, now + 30 * SECOND):
        await at(told, moment)
        await told.admit("a", allowance)
    await at(told, now + 40 * SECOND)
    cells = ((70 * SECOND, 5), (20 * SECOND, 3), (10 * SECOND, 2))
    assert await told.charge(Debt("a", allowance, (cells,), (5,))) == (7,)
    decision = await told.admit("a", allowance)
    assert decision.states[0].used == 8
    await at(told, now + 81 * SECOND)
    assert (await told.admit("a", allowance)).states[0].used == 5, "one, three and the one before them have left"
    await at(told, now + 91 * SECOND)
    assert (await told.admit("a", allowance)).states[0].used == 3


async def test_a_debt_fills_a_bucket_that_the_server_does_not_know(told: LimitServer) -> None:
    now = 1_793_491_200 * SECOND
    await at(told, now)
    debt = Debt("a", BOTH, (((SECOND, 4), (0, 3)), ((SECOND, 7), (90 * MINUTE, 1))), (7, 7))
    assert await told.charge(debt) == (7, 7)
    refused = await told.admit("a", BOTH)
    assert (refused.is_admitted, refused.retry_after_seconds) == (False, 59)
    assert await told.charge(Debt("b", BOTH, ((), ()), (0, 0))) == (0, 0)
    assert (await told.admit("b", BOTH)).is_admitted


def hammer(url: str, calls: int, to: Connection) -> None:
    """Another node: many calls at once on one bucket; tells how many were admitted."""

    async def main() -> int:
        server = LimitServer(Secret(url), timeout_seconds=PATIENT, connect_seconds=PATIENT)
        await server.open()
        decisions = await asyncio.gather(*(server.admit("shared", minute_of(300)) for _ in range(calls)))
        await server.close()
        return sum(one.is_admitted for one in decisions)

    to.send(asyncio.run(main()))


def test_three_processes_at_one_bucket_get_exactly_the_limit_between_them(valkey: Valkey) -> None:
    context, ends = multiprocessing.get_context("spawn"), []
    for _ in range(3):
        here, there = context.Pipe()
        context.Process(target=hammer, args=(valkey.url, 200, there), daemon=True).start()
        ends.append(here)
    admitted = [end.recv() for end in ends]
    assert sum(admitted) == 300


async def test_the_mark_stays_while_the_server_remembers_and_changes_when_it_does_not(
    server: LimitServer, valkey: Valkey
) -> None:
    mark = await server.mark()
    assert mark
    assert await server.open() == mark
    valkey.empty()
    assert await server.mark() == b""
    assert await server.open() != mark


async def test_a_server_that_forgot_the_scripts_says_so(server: LimitServer) -> None:
    await server._redis.script_flush()
    with pytest.raises(ScriptsGone):
        await server.admit("a", BOTH)
    await server.open()
    assert (await server.admit("a", BOTH)).is_admitted


async def test_a_dead_server_is_gone_whatever_it_is_asked(server: LimitServer, valkey: Valkey) -> None:
    valkey.kill()
    for call in (server.open, server.mark, lambda: server.admit("a", BOTH), lambda: server.give_back("a", BOTH, 1)):
        with pytest.raises(ServerGone):
            await call()


async def test_a_server_that_hangs_is_gone_after_the_time_it_has(valkey: Valkey) -> None:
    server = LimitServer(Secret(valkey.url), timeout_seconds=0.05)
    await server.open()
    valkey.pause()
    with pytest.raises(ServerGone):
        await asyncio.wait_for(server.admit("a", BOTH), PATIENT)
    valkey.resume()
    await server.close()


async def test_a_failure_never_tells_the_password() -> None:
    server = LimitServer(Secret("redis://someone:canary-password@127.0.0.1:1/0"))
    with pytest.raises(ServerGone) as caught:
        await server.admit("a", BOTH)
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r} {server!r}"
    await server.close()


async def test_a_loop_of_calls_ends_when_it_is_called_off_whatever_the_client_makes_of_it(
    server: LimitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11's wait_for, through which the client sends, loses a cancellation that comes just as all is sent."""
    evalsha, began = server._redis.evalsha, asyncio.Event()

    async def deaf(*given: object) -> object:
        began.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.001)
        return await evalsha(*given)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(server._redis, "evalsha", deaf)

    async def flood() -> None:
        while True:
            await server.admit("a", BOTH)

    async with asyncio.timeout(PATIENT), asyncio.TaskGroup() as group:
        task = group.create_task(flood())
        await began.wait()
        task.cancel()
    assert task.cancelled()


async def test_what_is_used_can_be_asked_and_counts_for_none(server: LimitServer) -> None:
    for _ in range(3):
        await server.admit("a", BOTH)
    assert [await server.used("a", BOTH) for _ in range(2)] == [(3, 3)] * 2
    assert await server.used("nobody", BOTH) == (0, 0)
