"""Open streams: cut when their caller is revoked, ends by time, may do less, or can no longer be checked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import pytest

from cybervault.access.streams import Streams
from cybervault.access.subjects import of_key, of_tenant
from cybervault.domain.principals import KeyId, Plan, Principal, Role, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

KEY: Final = KeyId("key_1")
CALLER: Final = Principal(
    TenantId("tv_1"), frozenset({Scope.THREAT_READ, Scope.SCAN_READ}), Plan.ENTERPRISE, key_id=KEY, role=Role.MEMBER
)
REVOKED: Final = Problem(ProblemKind.UNAUTHENTICATED, code="revoked_api_key", message="revoked")


@dataclass
class Resolving:
    """Who the caller is now, as a test says."""

    caller: Principal = CALLER
    fails: Problem | None = None
    hangs: bool = False
    asked: int = 0
    asked_again: asyncio.Event = field(default_factory=asyncio.Event)

    async def verify(self) -> Principal:
        self.asked += 1
        self.asked_again.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        return self.caller


@asynccontextmanager
async def checking(streams: Streams) -> AsyncIterator[None]:
    """The loop that runs beside a server."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(streams.run())
        yield
        task.cancel()


async def cut(streams: Streams, resolving: Resolving, seconds: float = 1.0) -> Problem:
    """Stream until it is cut; a stream that is not fails the test."""
    with pytest.raises(Problem) as caught:
        async with asyncio.timeout(seconds), streams.guard(CALLER, resolving.verify):
            await asyncio.Event().wait()
    return caught.value


async def test_an_event_cuts_the_stream_of_a_revoked_key_at_once() -> None:
    streams, resolving = Streams(), Resolving()
    async with checking(streams), asyncio.TaskGroup() as group:
        streaming = group.create_task(cut(streams, resolving))
        await asyncio.sleep(0.01)
        resolving.fails = REVOKED
        before = asyncio.get_running_loop().time()
        streams.drop([of_key(KEY)])
    assert streaming.result() is REVOKED
    assert asyncio.get_running_loop().time() - before < 0.3
    assert len(streams) == 0


async def test_without_any_event_the_next_check_cuts_it() -> None:
    """An expiry comes by time alone, and an event may come late."""
    streams, resolving = Streams(), Resolving(fails=REVOKED)
    async with checking(streams):
        assert await cut(streams, resolving) is REVOKED


async def test_a_change_that_takes_nothing_away_lets_it_live() -> None:
    streams, resolving = Streams(), Resolving(replace(CALLER, plan=Plan.STARTER, scopes=frozenset(Scope)))
    async with checking(streams), streams.guard(CALLER, resolving.verify):
        streams.drop([of_tenant(CALLER.tenant_id)])
        await resolving.asked_again.wait()
        await asyncio.sleep(0.01)
    assert resolving.asked >= 1


@pytest.mark.parametrize(
    "less", [replace(CALLER, scopes=frozenset({Scope.SCAN_READ})), replace(CALLER, role=Role.VIEWER)]
)
async def test_a_scope_that_was_cut_or_a_role_that_changed_cuts_the_stream(less: Principal) -> None:
    streams, resolving = Streams(), Resolving(less)
    async with checking(streams):
        problem = await cut(streams, resolving)
    assert (problem.kind, problem.code) == (ProblemKind.FORBIDDEN, "rights_changed")


async def test_a_stream_whose_caller_cannot_be_checked_ends() -> None:
    """With database and bus cut it must not outlive the lease by more than a check."""
    streams, resolving = Streams(), Resolving(hangs=True)
    async with checking(streams):
        problem = await cut(streams, resolving, seconds=2.0)
    assert (problem.kind, problem.code, problem.retry_after_seconds) == (ProblemKind.UNAVAILABLE, "auth_unavailable", 1)


async def test_an_event_about_somebody_else_asks_nothing() -> None:
    streams, resolving = Streams(), Resolving()
    async with streams.guard(CALLER, resolving.verify):
        streams.drop([of_key(KeyId("key_2"))])
        async with checking(streams):
            await asyncio.sleep(0)
            await resolving.asked_again.wait()  # the first regular check
            resolving.asked = 0
            streams.drop([of_key(KeyId("key_2"))])
            await asyncio.sleep(0.05)
            assert resolving.asked == 0


async def test_a_node_that_fell_behind_checks_all_at_once() -> None:
    streams, resolving = Streams(), Resolving()
    async with checking(streams), streams.guard(CALLER, resolving.verify):
        await resolving.asked_again.wait()
        resolving.asked_again.clear()
        streams.drop_all()
        async with asyncio.timeout(0.3):
            await resolving.asked_again.wait()


async def test_only_the_stream_of_the_revoked_key_is_cut() -> None:
    streams, resolving, other = Streams(), Resolving(), Resolving()
    survived = asyncio.Event()

    async def live_on() -> None:
        async with streams.guard(replace(CALLER, key_id=KeyId("key_2")), other.verify):
            await survived.wait()

    async with checking(streams), asyncio.TaskGroup() as group:
        group.create_task(live_on())
        streaming = group.create_task(cut(streams, resolving))
        await asyncio.sleep(0.01)
        resolving.fails = REVOKED
        streams.drop([of_key(KEY), of_tenant(CALLER.tenant_id)])
        await asyncio.wait({streaming})
        assert len(streams) == 1
        survived.set()
    assert streaming.result() is REVOKED


async def test_a_body_that_fails_by_itself_fails_as_it_did() -> None:
    streams, resolving = Streams(), Resolving()
    with pytest.raises(ZeroDivisionError):
        async with streams.guard(CALLER, resolving.verify):
            raise ZeroDivisionError
    assert len(streams) == 0


async def test_a_body_that_is_cancelled_from_outside_stays_cancelled() -> None:
    streams, resolving = Streams(), Resolving()

    async def body() -> None:
        async with streams.guard(CALLER, resolving.verify):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(body())
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()


async def test_cut_and_cancelled_at_once_it_stays_cancelled() -> None:
    """Else a server that stops would wait for a stream that goes on with its error page."""
    streams, resolving = Streams(), Resolving(fails=REVOKED)

    async def body() -> None:
        async with streams.guard(CALLER, resolving.verify):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(body())
        await asyncio.sleep(0)
        (stream,) = streams._all
        await stream.check()
        task.cancel()
    assert task.cancelled()


async def test_a_stream_that_has_ended_is_not_cut_any_more() -> None:
    streams, resolving = Streams(), Resolving()
    async with streams.guard(CALLER, resolving.verify) as stream:
        pass
    resolving.fails = REVOKED
    await stream.check()
    await asyncio.sleep(0)  # would raise here if the cut had reached the task
    streams.remove(stream)
    assert len(streams) == 0
