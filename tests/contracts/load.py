"""Callers who go on calling a cluster whatever happens to it, and what must be true of all that they were told."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from cybervault.access.audit import Change
from tests.fakes.cluster import HEALTH, Told, World, now

PERIOD_SECONDS: Final = 0.05
PROMISED_SECONDS: Final = 5.0
# One call in so many makes a key, and one ends the oldest of these.
_CHANGES_EVERY: Final = 10
_PATIENCE_SECONDS: Final = 20.0


@dataclass
class Made:
    """A key that a node said it made."""

    id: str
    text: str
    revoked_at: float | None = None


@dataclass
class Load:
    """Twenty calls a second; `good` is a key that nobody revokes, `manager` one that makes and revokes others."""

    world: World
    good: str
    manager: str
    told: list[Told] = field(default_factory=list)
    of_good: list[Told] = field(default_factory=list)
    of_dead: list[tuple[Made, Told]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def run(self) -> None:
        """Call until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._call(next(self._numbers)))
                await asyncio.sleep(PERIOD_SECONDS)

    async def _call(self, number: int) -> None:
        nodes = sorted(self.world.cluster.nodes)
        node, dead = nodes[number % len(nodes)], [key for key in self.made if key.revoked_at is not None]
        if number % _CHANGES_EVERY == 0:
            await self._make(node, number)
        elif number % _CHANGES_EVERY == _CHANGES_EVERY // 2:
            await self._revoke(node)
        elif number % 2 and dead:
            # The newest is the one that a node may still remember.
            key = dead[-1 - number // 2 % min(3, len(dead))]
            told = await self._ask(node, key.text)
            self.of_dead.append((key, told))
        else:
            self.of_good.append(await self._ask(node, self.good))

    async def _make(self, node: int, number: int) -> None:
        told = await self._ask(node, self.manager, "/v3/keys", {"name": f"made {number}"})
        if told.status == 201:
            document = json.loads(told.text)
            self.made.append(Made(document["id"], document["secret"]))

    async def _revoke(self, node: int) -> None:
        living = [key for key in self.made if key.revoked_at is None]
        if living:
            told = await self._ask(node, self.manager, f"/v3/keys/{living[0].id}/revoke", {"reason": "over"})
            if told.status == 200:
                living[0].revoked_at = now()

    async def _ask(self, node: int, text: str, path: str = HEALTH, body: object = None) -> Told:
        if body is None:
            told = await self.world.ask(node, path, text)
        else:
            told = await self.world.ask(node, path, text, method="POST", json=body)
        self.told.append(told)
        return told

    async def recovered(self) -> float:
        """Seconds until every node answers the good key again, ten times in a row."""
        begun, row = now(), 0
        while row < 10:
            assert now() - begun < _PATIENCE_SECONDS, self.told[-5:]
            told = [await self.world.ask(node, HEALTH, self.good) for node in self.world.cluster.nodes]
            row = row + 1 if {one.status for one in told} == {200} else 0
            await asyncio.sleep(PERIOD_SECONDS)
        return now() - begun

    def assert_unharmed(self, *, killed: frozenset[int] = frozenset()) -> None:
        """No bug showed, nobody was let in who should not be, and nobody was told to throw a good key away."""
        assert {one.status for one in self.told} <= {0, 200, 201, 401, 409, 503}, self._strange()
        assert {one.node for one in self.told if one.status == 0} <= killed
        for one in self.told:
            if one.status == 503:
                assert one.code in {"auth_unavailable", "service_unavailable"}
                assert int(one.retry_after or 0) >= 1
        assert {one.status for one in self.of_good} <= {0, 200, 503}
        late = [one for key, one in self.of_dead if one.asked_at > (key.revoked_at or 0) + PROMISED_SECONDS]
        assert not [one for one in late if one.is_accepted]
        assert sum(key.revoked_at is not None for key in self.made) > 1
        assert any(one.code == "revoked_api_key" for _, one in self.of_dead)

    def _strange(self) -> list[Told]:
        return [one for one in self.told if one.status not in {0, 200, 201, 401, 409, 503}][:3]

    async def assert_recorded(self) -> None:
        """The audit holds, and in it is every change that a caller was told is done."""
        access = self.world.access
        found = await access.audit.verify()
        assert not found.faults
        rows = "".join([part async for part in access.checkpoints.export()]).splitlines()
        for key in self.made:
            mine = [row for row in rows if key.id in row]
            assert any(Change.KEY_CREATED.value in row for row in mine), key
            assert key.revoked_at is None or any(Change.KEY_REVOKED.value in row for row in mine), key


@asynccontextmanager
async def load_on(world: World) -> AsyncIterator[Load]:
    """The callers, who call as long as this lasts."""
    good = await world.mint(f"good {now()}")
    load = Load(world, good.secret.reveal(), await world.manager())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(load.run())
        yield load
        task.cancel()
