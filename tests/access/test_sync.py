"""Dead on every node within five seconds: on a real shared database, with hints, without, and with nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from cybervault.access.epoch import StoredEpoch
from cybervault.access.store.epoch import EpochStore
from cybervault.access.subjects import Subject, of_key, of_member, of_session, of_tenant
from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.bus import PostgresHints, RedisHints
from cybervault.storage.database import sql
from cybervault.storage.engines import database_at
from cybervault.storage.redis import redis_at
from cybervault.storage.tables import KEYS, MEMBERS, SESSIONS, TENANTS
from tests.fakes.clock import HandClock
from tests.fakes.engines import Postgres, Valkey
from tests.fakes.nodes import (
    COOKIE,
    OWNER,
    PATIENCE_SECONDS,
    SESSION,
    TENANT,
    KeyRows,
    Node,
    Opened,
    Told,
    a_node,
    node_on,
    people_of,
    remembered,
    running,
    until,
)  # fmt: skip

# Who reads waits: as a database does that hangs.
LOCK_EVENTS: Final = sql(sa.text("LOCK TABLE security_events IN ACCESS EXCLUSIVE MODE"))
LOCK_KEYS: Final = sql(sa.text("LOCK TABLE keys IN ACCESS EXCLUSIVE MODE"))


@pytest.fixture
async def node(postgres_url: str) -> AsyncIterator[Node]:
    """A node whose lease is held."""
    async with a_node(postgres_url) as node:
        await people_of(node.database)
        await node.sync.look()
        yield node


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[Node]:
    """A second one, which makes the changes; tests name it after the first, which makes the people."""
    async with a_node(postgres_url) as other:
        await other.sync.look()
        yield other


class TestWhatTravels:
    """Every change that takes a right away is seen on another node by its next look."""

    async def test_a_revoked_key_is_dead(self, node: Node, other: Node) -> None:
        digest, key_id = await other.mint()
        assert await node.opens(digest)
        await other.revoke(key_id)
        await node.sync.look()
        assert not await node.opens(digest)

    @pytest.mark.parametrize(
        ("statement", "subject", "says"),
        [
            (sa.update(KEYS).values(scopes=""), None, ("", "professional", "admin")),
            (sa.update(TENANTS).values(plan="starter"), of_tenant(TENANT), ("threat:read", "starter", "admin")),
            (sa.update(MEMBERS).values(role="viewer"), of_member(OWNER), ("threat:read", "professional", "viewer")),
        ],
        ids=["scopes", "plan", "demotion"],
    )
    async def test_a_cut_scope_a_lesser_plan_and_a_demotion_hold(
        self, node: Node, other: Node, statement: sa.Update, subject: Subject | None, says: tuple[str, ...]
    ) -> None:
        digest, key_id = await other.mint()
        await node.opens(digest)
        await other.change(statement, subject or of_key(key_id))
        await node.sync.look()
        entry = await node.keys.entry(digest)
        assert entry is not None
        assert entry.says == says

    async def test_a_suspended_tenants_keys_are_dead_all_at_once_by_one_event(self, node: Node, other: Node) -> None:
        digests = [(await other.mint())[0] for _ in range(3)]
        assert all([await node.opens(digest) for digest in digests])
        await other.change(sa.update(TENANTS).values(suspended_at=1.0), of_tenant(TENANT))
        await node.sync.look()
        assert not any([await node.opens(digest) for digest in digests])

    async def test_a_session_that_was_ended_is_dead(self, node: Node, other: Node) -> None:
        await node.sessions.entry(COOKIE)
        await other.change(sa.update(SESSIONS).values(ended_at=1.0), of_session(SESSION))
        await node.sync.look()
        entry = await node.sessions.entry(COOKIE)
        assert entry is not None
        assert entry.is_dead

    async def test_a_new_key_works_on_all_nodes_at_once(self, node: Node, other: Node) -> None:
        digest, _ = await node.mint()
        assert await node.opens(digest)
        assert await other.opens(digest)

    async def test_who_follows_is_told_all_subjects_of_a_look_once(self, node: Node, other: Node) -> None:
        told = Told()
        node.sync.follow(told)
        await other.change(sa.update(KEYS).values(scopes=""), of_tenant(TENANT), of_member(OWNER), of_tenant(TENANT))
        await node.sync.look()
        await node.sync.look()
        assert told.drops == [{of_tenant(TENANT), of_member(OWNER)}]


class TestTheBound:
    """No hint comes, no look succeeds: what is remembered ends by the node's own clock."""

    async def test_with_bus_and_database_cut_the_last_acceptance_is_within_four_seconds(
        self, node: Node, other: Node, postgres: Postgres
    ) -> None:
        digest, key_id = await other.mint()
        assert await node.opens(digest)
        await node.sync.look()
        await other.revoke(key_id)
        postgres.run("CHECKPOINT")  # this server is set up to lose its last second with its life
        postgres.kill()
        node.clock.advance(3.99)
        assert await node.opens(digest)  # the price of a memory
        node.clock.advance(0.01)
        for _ in range(3):
            with pytest.raises(Problem) as caught:
                await node.opens(digest)
            assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "auth_unavailable")
        with pytest.raises(Problem):
            await node.sync.look()
        postgres.start()
        assert not await node.opens(digest)

    async def test_a_look_that_takes_long_gives_a_lease_from_its_start(self, node: Node, other: Node) -> None:
        digest, _ = await other.mint()
        await node.opens(digest)
        node.clock.advance(4)
        async with asyncio.TaskGroup() as group, other.database.transaction():
            await other.database.run(LOCK_EVENTS, {})
            look = group.create_task(node.sync.look())
            await asyncio.sleep(0.05)
            node.clock.advance(3)
            assert not look.done()
        assert node.sync.lease.is_held()
        node.clock.advance(1)
        assert not node.sync.lease.is_held()

    @pytest.mark.parametrize("pass_by", [lambda clock: clock.sleep(4), lambda clock: clock.jump(60)])
    async def test_after_a_sleep_or_a_jump_of_the_date_nothing_remembered_is_used(
        self, node: Node, other: Node, pass_by: Callable[[HandClock], None]
    ) -> None:
        digest, key_id = await other.mint()
        assert await node.opens(digest)
        await other.revoke(key_id)
        pass_by(node.clock)
        assert not await node.opens(digest)

    async def test_a_database_that_hangs_means_try_again_after_a_third_of_a_second(
        self, node: Node, other: Node
    ) -> None:
        digest, _ = await other.mint()
        await node.opens(digest)
        node.clock.advance(4)
        async with other.database.transaction():
            await other.database.run(LOCK_KEYS, {})
            begun = asyncio.get_running_loop().time()
            with pytest.raises(Problem) as caught:
                await node.opens(digest)
            assert caught.value.code == "auth_unavailable"
            assert asyncio.get_running_loop().time() - begun < 1


class TestFillRaces:
    async def test_a_read_that_a_revoke_overtook_does_not_bring_the_key_back(self, node: Node, other: Node) -> None:
        digest, key_id = await other.mint()
        gate = asyncio.Event()

        class Late(KeyRows):
            async def entry(self, digest: bytes) -> Opened | None:
                entry = await super().entry(digest)
                await gate.wait()
                return entry

        late = node.sync.verifier(Late(node.database))
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(late.entry(digest))
            await asyncio.sleep(0.05)
            await other.revoke(key_id)
            await node.sync.look()
            gate.set()
        before = reading.result()
        assert before is not None
        assert not before.is_dead
        after = await late.entry(digest)
        assert after is not None
        assert after.is_dead


class TestAnotherPast:
    """Numbers that do not follow from what a node has seen make it forget everything."""

    async def _restored(self, node: Node, other: Node, *texts: str) -> None:
        digest, _ = await other.mint()
        await other.change(sa.update(KEYS).values(scopes=""), of_tenant(TENANT), of_member(OWNER))
        await node.sync.look()
        await node.opens(digest)
        for text in texts:
            await other.database.run(sql(sa.text(text)), {})
        await other.database.run(sql(sa.update(KEYS).values(revoked_at=1.0)), {})
        assert await node.opens(digest)
        await node.sync.look()
        assert not await node.opens(digest)

    async def test_a_database_restored_from_before(self, node: Node, other: Node) -> None:
        await self._restored(node, other, "DELETE FROM security_events WHERE seq > 1", "UPDATE epoch SET seq = 1")

    async def test_a_database_that_lost_its_last_change_and_gave_the_number_to_another(
        self, node: Node, other: Node
    ) -> None:
        await self._restored(node, other, "UPDATE security_events SET subject = 'key:another', at = 5 WHERE seq = 2")

    async def test_a_node_that_is_further_behind_than_what_is_kept(self, node: Node, other: Node) -> None:
        await self._restored(
            node, other, "DELETE FROM security_events", "UPDATE epoch SET seq = 9",
            "INSERT INTO security_events (seq, subject, at) VALUES (9, 'key:another', 1)",
        )  # fmt: skip

    async def test_a_gap_in_the_numbers(self, node: Node, other: Node) -> None:
        await self._restored(
            node, other, "UPDATE epoch SET seq = 4",
            "INSERT INTO security_events (seq, subject, at) VALUES (4, 'key:another', 1)",
        )  # fmt: skip

    async def test_an_empty_database(self, node: Node, other: Node) -> None:
        await self._restored(node, other, "DELETE FROM security_events", "UPDATE epoch SET seq = 0")

    async def test_a_database_whose_newest_event_is_gone_is_never_trusted(self, node: Node, other: Node) -> None:
        await self._restored(node, other, "DELETE FROM security_events")
        digest, _ = await other.mint()
        await node.opens(digest)
        await node.sync.look()
        asked = node.rows.asked
        await node.opens(digest)
        assert node.rows.asked == asked + 1


class TestOwnChanges:
    """The node that makes a change does not act on what it remembers while it commits."""

    async def test_its_own_next_request_sees_the_change_without_a_look(self, node: Node) -> None:
        digest, key_id = await node.mint()
        assert await node.opens(digest)
        await node.revoke(key_id)
        assert not await node.opens(digest)
        assert not node.sync.lease.is_held()
        await node.sync.look()
        assert node.sync.lease.is_held()
        assert not await node.opens(digest)

    async def test_a_look_before_the_commit_does_not_renew_the_lease(self, node: Node) -> None:
        node.sync.noted(1)
        await node.sync.look()
        assert not node.sync.lease.is_held()

    async def test_a_change_that_was_rolled_back_is_waited_for_a_second(self, node: Node) -> None:
        with pytest.raises(ZeroDivisionError):
            async with node.database.transaction():
                await StoredEpoch(EpochStore(node.database), node.clock, node.sync.noted).note(of_tenant(TENANT))
                raise ZeroDivisionError
        await node.sync.look()
        assert not node.sync.lease.is_held()
        node.clock.advance(1)
        await node.sync.look()
        assert node.sync.lease.is_held()


class TestHints:
    @pytest.fixture(params=["postgres", "valkey"])
    async def hints(
        self, request: pytest.FixtureRequest, postgres_url: str, valkey: Valkey
    ) -> AsyncIterator[PostgresHints | RedisHints]:
        client = redis_at(Secret(valkey.url), timeout_seconds=1)
        yield PostgresHints(Secret(postgres_url)) if request.param == "postgres" else RedisHints(client)
        await client.aclose()

    async def test_a_revoke_is_seen_by_all_nodes_long_before_their_next_look(
        self, postgres_url: str, hints: PostgresHints | RedisHints
    ) -> None:
        async with a_node(postgres_url, hints) as first, a_node(postgres_url, hints) as second:
            await people_of(first.database)
            digest, key_id = await first.mint()
            async with running(first, second):
                await until(lambda: first.sync.lease.is_held() and second.sync.lease.is_held())
                await asyncio.sleep(0.2)  # until both hear
                took = []
                for _ in range(4):
                    assert await second.opens(digest)
                    assert remembered(second)
                    await first.change(sa.update(KEYS).values(scopes=""), of_key(key_id))
                    took.append(await until(lambda: not remembered(second)))
                await first.revoke(key_id)
                await until(lambda: not remembered(second))
                assert not await second.opens(digest)
            assert sorted(took)[1] < 0.3

    async def test_a_forged_hint_can_neither_revoke_nor_revive(
        self, postgres_url: str, postgres: Postgres, valkey: Valkey
    ) -> None:
        """Whoever can speak on the line makes nodes look, and no more."""
        client = redis_at(Secret(valkey.url), timeout_seconds=1)
        async with a_node(postgres_url, PostgresHints(Secret(postgres_url)), RedisHints(client)) as node:
            await people_of(node.database)
            digest, _ = await node.mint()
            dead, dead_id = await node.mint()
            await node.revoke(dead_id)
            async with running(node):
                await until(node.sync.lease.is_held)
                assert await node.opens(digest)
                assert not await node.opens(dead)
                for subject in (of_tenant(TENANT), of_key(dead_id), Subject("1")):
                    postgres.run(f"SELECT pg_notify('cybervault_epoch', '{subject}')", postgres_url)
                    await client.publish("cybervault_epoch", subject)
                await asyncio.sleep(0.1)
                asked = node.rows.asked
                assert await node.opens(digest)
                assert not await node.opens(dead)
                assert node.rows.asked == asked
        await client.aclose()


class TestTheLoop:
    async def test_with_the_bus_dead_the_poll_sees_a_revoke_within_a_second(self, node: Node, other: Node) -> None:
        digest, key_id = await other.mint()
        assert await node.opens(digest)
        async with running(node):
            await asyncio.sleep(0.05)
            await other.revoke(key_id)
            took = await until(lambda: not remembered(node))
        assert took < 1.5
        assert not await node.opens(digest)

    async def test_an_outage_is_told_once_and_the_loop_lives_on(
        self, node: Node, other: Node, postgres: Postgres
    ) -> None:
        digest, key_id = await other.mint()
        assert await node.opens(digest)
        with capture_logs() as logs:
            async with running(node):
                await asyncio.sleep(0.05)
                await other.revoke(key_id)
                postgres.run("CHECKPOINT")  # this server is set up to lose its last second with its life
                postgres.kill()
                for _ in range(3):
                    node.sync.wake()
                    await asyncio.sleep(0.1)
                postgres.start()
                await until(lambda: not remembered(node))
                node.sync.wake()
        assert [entry["event"] for entry in logs].count("security changes cannot be read") == 1

    async def test_a_look_that_hangs_does_not_stop_the_next(self, node: Node, other: Node) -> None:
        async with running(node):
            with capture_logs() as logs:
                async with other.database.transaction():
                    await other.database.run(LOCK_EVENTS, {})
                    node.sync.wake()
                    await asyncio.sleep(1.8)
                    assert len(logs) == 1  # it was given up while it hung
                    node.sync.lease.drop()
            await until(node.sync.lease.is_held)

    async def test_old_events_are_forgotten_each_minute(self, node: Node, other: Node) -> None:
        async with other.database.transaction():
            await EpochStore(other.database).note(of_tenant(TENANT), 1.0)
            await EpochStore(other.database).note(of_member(OWNER), 1.0)
        store = EpochStore(other.database)
        async with running(node):
            await asyncio.sleep(0.1)
            assert len(await store.after(0)) == 2
            node.clock.advance(60)
            node.sync.wake()
            await asyncio.sleep(0.2)
            assert [event.seq for event in await store.after(0)] == [2]

    async def test_a_bug_is_not_taken_for_an_outage(self, node: Node, other: Node) -> None:
        await other.database.run(sql(sa.text("ALTER TABLE security_events DROP COLUMN at")), {})
        with pytest.raises(ExceptionGroup):
            await node.sync.run()


class TestTheDate:
    async def test_it_is_the_databases_on_every_node(self, node: Node, other: Node) -> None:
        """The hand clock's year is another one."""
        node.clock.jump(-86_400)
        real = SystemClock().now()
        assert abs((node.sync.date.now() - real).total_seconds()) < PATIENCE_SECONDS
        assert abs((other.sync.date.now() - real).total_seconds()) < PATIENCE_SECONDS

    async def test_an_end_comes_by_time_alone_also_while_the_database_is_away(self, node: Node) -> None:
        before = node.sync.date.now()
        node.clock.advance(86_400)
        assert (node.sync.date.now() - before).total_seconds() == pytest.approx(86_400)


class TestEmbedded:
    """One file, all processes on one machine: no memory, no lease, and still a look for whoever follows."""

    @pytest.fixture
    async def embedded(self, tmp_path: Path) -> AsyncIterator[Node]:
        clock = HandClock()
        database = database_at(tmp_path / "x.db", clock)
        await database.open()
        await people_of(database)
        yield node_on(database, clock)
        await database.close()

    async def test_a_revoke_holds_from_its_commit(self, embedded: Node) -> None:
        digest, key_id = await embedded.mint()
        await embedded.sync.look()
        assert await embedded.opens(digest)
        await embedded.revoke(key_id)
        assert not await embedded.opens(digest)
        assert embedded.rows.asked == 2

    async def test_its_date_is_the_machines(self, embedded: Node) -> None:
        await embedded.sync.look()
        embedded.clock.jump(77)
        assert embedded.sync.date.now() == embedded.clock.now()

    async def test_streams_hear_of_changes_of_other_processes(self, embedded: Node) -> None:
        told = Told()
        embedded.sync.follow(told)
        await embedded.sync.look()
        await embedded.change(sa.update(KEYS).values(scopes=""), of_tenant(TENANT))
        await embedded.sync.look()
        assert told.drops == [set(), {of_tenant(TENANT)}]  # at first it knows nothing
