"""A presented secret: from memory while the lease holds, else from the database, and "not now" where that fails."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import pytest

from cybervault.access.cache import Cache
from cybervault.access.lease import Lease, Moment
from cybervault.access.subjects import Subject
from cybervault.access.verify import Verifier
from cybervault.domain.problems import Problem, ProblemKind
from tests.fakes.clock import HandClock

KEY: Final = Subject("key:key_1")
DIGEST: Final = b"digest"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a secret opens: a word, and the key that it depends on."""

    word: str
    subjects: tuple[Subject, ...] = (KEY,)


@dataclass
class HandSource:
    """A store whose answers come when a test lets them come, as they stood when they were asked for."""

    kept: dict[bytes, Opened] = field(default_factory=dict)
    asked: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Problem | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    async def entry(self, digest: bytes) -> Opened | None:
        self.asked += 1
        entry = self.kept.get(digest)
        await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        return entry


@dataclass
class Node:
    """A verifier with its parts in a test's hands; its lease is held at the start."""

    source: HandSource = field(default_factory=lambda: HandSource({DIGEST: Opened("works")}))
    clock: HandClock = field(default_factory=HandClock)
    cache: Cache[Opened] = field(default_factory=Cache)

    def __post_init__(self) -> None:
        self.lease = Lease(self.clock)
        self.verifier = Verifier(self.source, self.clock, lease=self.lease, cache=self.cache)
        self.look()

    def look(self) -> None:
        """As a look at the events that saw nothing new."""
        self.lease.renew(Moment.of(self.clock))

    async def word(self, digest: bytes = DIGEST, *, is_fresh: bool = False) -> str | None:
        entry = await self.verifier.entry(digest, is_fresh=is_fresh)
        return None if entry is None else entry.word


async def code_of(call: Callable[[], Awaitable[object]]) -> tuple[ProblemKind, str, int | None]:
    with pytest.raises(Problem) as caught:
        await call()
    return caught.value.kind, caught.value.code, caught.value.retry_after_seconds


UNAVAILABLE: Final = (ProblemKind.UNAVAILABLE, "auth_unavailable", 1)


class TestWithoutMemory:
    """The embedded database: one process's change is everybody's at its commit."""

    async def test_each_request_reads(self) -> None:
        source = HandSource({DIGEST: Opened("works")})
        verifier = Verifier(source, HandClock())
        assert await verifier.entry(DIGEST) == Opened("works")
        del source.kept[DIGEST]
        assert await verifier.entry(DIGEST) is None
        assert await verifier.entry(DIGEST, is_fresh=True) is None
        assert source.asked == 3

    async def test_its_failures_pass_as_they_are(self) -> None:
        source = HandSource(fails=Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone"))
        with pytest.raises(Problem) as caught:
            await Verifier(source, HandClock()).entry(DIGEST)
        assert caught.value.code == "service_unavailable"


class TestUnderTheLease:
    async def test_what_was_read_is_not_read_again(self) -> None:
        node = Node()
        assert [await node.word() for _ in range(3)] == ["works"] * 3
        assert node.source.asked == 1

    async def test_what_was_unknown_is_not_read_again_either(self) -> None:
        node = Node()
        assert [await node.word(b"guessed") for _ in range(3)] == [None] * 3
        assert node.source.asked == 1

    async def test_what_was_unknown_is_read_again_before_a_lease_has_passed(self) -> None:
        """However often the lease is renewed meanwhile."""
        node = Node()
        assert await node.word(b"late") is None
        node.source.kept[b"late"] = Opened("minted")
        for _ in range(4):
            node.clock.advance(1)
            node.look()
        assert await node.word(b"late") == "minted"

    async def test_a_change_makes_the_next_request_read(self) -> None:
        node = Node()
        await node.word()
        node.source.kept[DIGEST] = Opened("changed")
        node.cache.drop([KEY])
        assert await node.word() == "changed"

    async def test_a_power_call_reads_whatever_is_remembered(self) -> None:
        """The seconds in which a deleted key still works elsewhere must not be enough to mint another."""
        node = Node()
        await node.word()
        del node.source.kept[DIGEST]
        assert await node.word() == "works"
        assert await node.word(is_fresh=True) is None

    async def test_a_power_call_does_not_join_a_read_that_began_before_it(self) -> None:
        node = Node()
        node.source.gate.clear()
        async with asyncio.TaskGroup() as group:
            early = group.create_task(node.word())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del node.source.kept[DIGEST]
            fresh = group.create_task(node.word(is_fresh=True))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            node.source.gate.set()
        assert early.result() == "works"
        assert fresh.result() is None

    async def test_a_read_that_a_revoke_overtook_does_not_bring_the_key_back(self) -> None:
        node = Node()
        node.source.gate.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(node.word())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del node.source.kept[DIGEST]
            node.cache.drop([KEY])
            node.source.gate.set()
        assert len(node.cache) == 0
        assert await node.word() is None


class TestPastTheLease:
    async def test_each_request_reads_the_database(self) -> None:
        node = Node()
        await node.word()
        node.clock.advance(4)
        assert await node.word() == "works"
        del node.source.kept[DIGEST]
        assert await node.word() is None

    async def test_one_read_of_a_digest_is_under_way_however_many_ask(self) -> None:
        node = Node()
        node.clock.advance(4)
        node.source.gate.clear()
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(node.word()) for _ in range(50)]
            other = group.create_task(node.word(b"other"))
            await asyncio.sleep(0.01)
            node.source.gate.set()
        assert {task.result() for task in asking} == {"works"}
        assert other.result() is None
        assert node.source.asked == 2

    async def test_who_leaves_does_not_take_the_read_away_from_the_others(self) -> None:
        node = Node()
        node.source.gate.clear()
        async with asyncio.TaskGroup() as group:
            first = group.create_task(node.word())
            await asyncio.sleep(0)
            second = group.create_task(node.word())
            await asyncio.sleep(0.01)
            first.cancel()
            await asyncio.sleep(0)
            node.source.gate.set()
        assert first.cancelled()
        assert second.result() == "works"

    async def test_a_database_that_is_gone_means_try_again_and_never_a_wrong_key(self) -> None:
        node = Node()
        node.source.fails = Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone", detail="why")
        assert await code_of(node.word) == UNAVAILABLE
        assert await code_of(lambda: node.word(is_fresh=True)) == UNAVAILABLE

    async def test_a_database_that_hangs_is_waited_for_a_third_of_a_second(self) -> None:
        node = Node()
        node.source.gate.clear()
        before = asyncio.get_running_loop().time()
        assert await code_of(node.word) == UNAVAILABLE
        assert 0.29 < asyncio.get_running_loop().time() - before < 2

    async def test_a_read_that_hangs_is_not_waited_for_again_nor_started_again(self) -> None:
        node = Node()
        node.source.gate.clear()
        assert await code_of(node.word) == UNAVAILABLE
        node.clock.advance(0.3)
        before = asyncio.get_running_loop().time()
        assert await code_of(node.word) == UNAVAILABLE
        assert asyncio.get_running_loop().time() - before < 0.1
        assert node.source.asked == 1

    async def test_when_the_database_answers_again_so_do_we(self) -> None:
        node = Node()
        node.source.gate.clear()
        assert await code_of(node.word) == UNAVAILABLE
        node.source.gate.set()
        await asyncio.sleep(0.01)
        assert await node.word() == "works"

    async def test_a_failure_that_nobody_waits_for_is_no_noise(self) -> None:
        """The loop would complain of it, and complaints fail a test."""
        node = Node()
        node.source.gate.clear()
        assert await code_of(node.word) == UNAVAILABLE
        node.source.fails = Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone")
        node.source.gate.set()
        await asyncio.sleep(0.01)
        node.source.fails = None
        assert await node.word() == "works"

    async def test_an_answer_that_lay_there_while_the_process_was_frozen_is_not_used(self) -> None:
        node = Node()
        node.source.gate.clear()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(code_of(node.word))
            await asyncio.sleep(0.01)
            node.clock.sleep(10)
            node.source.gate.set()
        assert asking.result() == UNAVAILABLE

    async def test_other_problems_pass(self) -> None:
        node = Node()
        node.source.fails = Problem(ProblemKind.INVALID, code="invalid_request", message="no")
        with pytest.raises(Problem) as caught:
            await node.word()
        assert caught.value.code == "invalid_request"
