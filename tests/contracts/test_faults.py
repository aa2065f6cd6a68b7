"""One part after another is lost under load: a node, the Redis-protocol server, the database (issue 3, faults).

Twenty calls a second go on all the time. No answer is a crash, no revoked key is let in, no good key is called wrong:
what cannot be checked is 503 with Retry-After. Every change that was answered as done stands in the audit.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.app.access import Access
from cybervault.app.product import open_access
from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from tests.contracts.load import Load, Made, load_on
from tests.fakes.cluster import HEALTH, PEPPER, Cluster, Told, World, cluster, now, world_of
from tests.fakes.engines import Postgres, Valkey
from tests.fakes.keys import bearer, minted, secret_of
from tests.fakes.processes import family
from tests.fakes.serving import Running, Setup, running
from tests.fakes.upstream import UpstreamFarm

NODES = 3
VICTIM = 2
# Longer than what is remembered may be used without the database.
PAST_THE_LEASE_SECONDS = 5.0
# In this time every node has looked at the database anew.
LOOK_SECONDS = 1.2
DAY = 86_400.0


@pytest.fixture
def nodes(tmp_path: Path, prepared_state: Path, postgres_url: str, valkey: Valkey) -> Iterator[Cluster]:
    with cluster(tmp_path, prepared_state, count=NODES, url=postgres_url, redis=valkey.url) as nodes:
        yield nodes


@pytest.fixture
async def world(nodes: Cluster) -> AsyncIterator[World]:
    async with world_of(nodes) as world:
        yield world


async def lose_node(load: Load, seconds: float) -> None:
    await asyncio.to_thread(load.world.cluster.kill, VICTIM)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(load.world.cluster.start, VICTIM)
    await load.recovered()


async def lose_valkey(load: Load, valkey: Valkey, seconds: float) -> None:
    before = len(load.of_good)
    await asyncio.to_thread(valkey.kill)
    await asyncio.sleep(seconds)
    assert {one.status for one in load.of_good[before:]} <= {0, 200}, "nobody notices"
    await asyncio.to_thread(valkey.start)
    await load.recovered()


async def lose_database(load: Load, postgres: Postgres, seconds: float, *, hangs: bool = False) -> None:
    before, pids = len(load.told), family(postgres.pid or 0)
    if hangs:
        send(pids, signal.SIGSTOP)  # its open connections too, each of which is a process of its own
    else:
        await asyncio.to_thread(postgres.kill)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(pids if hangs else [], signal.SIGCONT)
        codes = {one.code for one in load.told[before:] if one.status == 503}
        await asyncio.to_thread(postgres.start)
    assert "auth_unavailable" in codes or seconds < PAST_THE_LEASE_SECONDS
    await load.recovered()


def send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class TestOneByOne:
    @pytest.mark.timeout(90)
    async def test_a_node_the_counter_and_the_database_are_lost_under_load(
        self, world: World, postgres: Postgres, valkey: Valkey
    ) -> None:
        async with load_on(world) as load:
            await load.recovered()
            await lose_node(load, 0.5)
            await lose_valkey(load, valkey, 1.0)
            await lose_database(load, postgres, PAST_THE_LEASE_SECONDS + 0.5)
        load.assert_unharmed(killed=frozenset({VICTIM}))
        await load.assert_recorded()
        assert "Traceback" not in world.cluster.output()

    @pytest.mark.full
    @pytest.mark.timeout(240)
    async def test_each_for_long_and_again_and_two_at_once(
        self, world: World, postgres: Postgres, valkey: Valkey
    ) -> None:
        async with load_on(world) as load:
            for _ in range(2):
                await lose_node(load, 4.0)
                await lose_valkey(load, valkey, 8.0)
                await lose_database(load, postgres, 12.0)
                await lose_database(load, postgres, 8.0, hangs=True)
                await lose_database(load, postgres, 1.0)
            await asyncio.to_thread(valkey.kill)
            await lose_database(load, postgres, 8.0)
            await asyncio.to_thread(valkey.start)
            await load.recovered()
        load.assert_unharmed(killed=frozenset({VICTIM}))
        await load.assert_recorded()
        assert "Traceback" not in world.cluster.output()

    @pytest.mark.full
    @pytest.mark.timeout(90)
    async def test_a_database_that_hangs_is_no_crash_and_no_open_door(self, world: World, postgres: Postgres) -> None:
        async with load_on(world) as load:
            await load.recovered()
            await lose_database(load, postgres, PAST_THE_LEASE_SECONDS + 1.0, hangs=True)
        load.assert_unharmed()
        await load.assert_recorded()


class TestClocks:
    """A node whose clock goes wrong, on a database whose clock is right."""

    @pytest.fixture
    def node(self, farm: UpstreamFarm, prepared_state: Path, tmp_path: Path, postgres_url: str) -> Iterator[Running]:
        shutil.copytree(prepared_state, tmp_path / "state")
        given = {"database_url": Secret(postgres_url), "pepper": Secret(PEPPER)}
        with running(Setup(farm, tmp_path / "state", keys={}, given=given)) as node:
            yield node

    @pytest.fixture
    async def access(self, node: Running) -> AsyncIterator[Access]:
        """The operator, whose clock is right."""
        async with open_access(node.settings.model_copy(update={"data": node.settings.folder / "operator"})) as access:
            yield access

    async def test_a_date_that_jumps_ends_no_key_and_revives_none(self, node: Running, access: Access) -> None:
        soon = SystemClock().now() + timedelta(hours=1)
        lasting = await secret_of(access, expires_at=soon, name="lasting")
        ended = await minted(access, name="ended")
        assert await statuses(node, lasting, ended.secret.reveal()) == [200, 200]
        await access.key_changes.revoke(ended.key.id, by=None, actor=OPERATOR)
        for seconds in (DAY, -2 * DAY, 365 * DAY, -3650 * DAY):
            node.clock.jump(seconds)
            assert (await statuses(node, lasting))[0] == 200
            await asyncio.sleep(LOOK_SECONDS)
            assert await statuses(node, lasting, ended.secret.reveal()) == [200, 401]

    async def test_a_machine_that_slept_trusts_nothing_it_remembers(
        self, node: Running, access: Access, postgres: Postgres
    ) -> None:
        key = await minted(access)
        assert await statuses(node, key.secret.reveal()) == [200]
        await access.key_changes.revoke(key.key.id, by=None, actor=OPERATOR)
        postgres.kill()
        node.clock.sleep(60.0)
        reply = await asyncio.to_thread(node.get, HEALTH, bearer(key.secret.reveal()))
        assert (reply.status, reply.json["error"]["code"]) == (503, "auth_unavailable")
        assert int(reply.headers["retry-after"]) >= 1
        postgres.start()
        deadline = now() + PAST_THE_LEASE_SECONDS
        while (status := (await statuses(node, key.secret.reveal()))[0]) == 503:
            assert now() < deadline
            await asyncio.sleep(0.1)
        assert status == 401


async def statuses(node: Running, *secrets: str) -> list[int]:
    return [(await asyncio.to_thread(node.get, HEALTH, bearer(text))).status for text in secrets]


class TestJudge:
    """A proof by load is worth what its judgement finds."""

    @staticmethod
    def load(*told: Told, of_good: Sequence[Told] = (), late: Told | None = None) -> Load:
        dead = [Made(f"key_{number}", "", revoked_at=0.0) for number in range(2)]
        refused = Told(1.0, 0, 401, "revoked_api_key")
        load = Load(cast("World", None), "", "", told=[refused, *told, *of_good], of_good=list(of_good), made=dead)
        load.of_dead = [(dead[0], refused)] + ([(dead[1], late)] if late else [])
        return load

    def test_what_may_be_is_no_fault(self) -> None:
        unsure = Told(9.0, 0, 503, "auth_unavailable", "1")
        self.load(unsure, of_good=[Told(9.0, 0, 200), unsure], late=Told(4.9, 0, 200)).assert_unharmed()
        self.load(Told(1.0, VICTIM, 0)).assert_unharmed(killed=frozenset({VICTIM}))

    @pytest.mark.parametrize(
        "told",
        [
            Told(1.0, 0, 500, "internal_error"),
            Told(1.0, 0, 0),
            Told(1.0, 0, 503, "auth_unavailable"),
            Told(1.0, 0, 503, "no JSON", "1"),
        ],
    )
    def test_a_crash_a_broken_line_and_a_bare_503_are_found(self, told: Told) -> None:
        with pytest.raises(AssertionError):
            self.load(told).assert_unharmed()

    def test_a_good_key_called_wrong_and_a_dead_one_let_in_are_found(self) -> None:
        with pytest.raises(AssertionError):
            self.load(of_good=[Told(1.0, 0, 401, "invalid_api_key")]).assert_unharmed()
        with pytest.raises(AssertionError):
            self.load(late=Told(5.1, 0, 200, limit="1000")).assert_unharmed()
