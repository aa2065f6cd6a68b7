"""What keys have used: as the limiter counts, of those that the caller may look at."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.access import consumption as module
from cybervault.access.consumption import Consumption
from cybervault.access.life import Key
from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.tables import COUNTED, Counted, standing_in
from cybervault.access.store.usage import UsageStore
from cybervault.access.usage import Usage, Use
from cybervault.domain.limits import CallClass
from cybervault.domain.principals import KeyKind, Plan, Principal, Role, Scope, TenantId
from tests.access.conftest import World

V2, READING = COUNTED[1], Counted("v3", CallClass.READ)
MANAGING = frozenset({Scope.KEYS_MANAGE})


class Traffic:
    """Calls that are charged and noted, as the frame does both."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._limiter = LocalLimiter(world.clock)
        self._usage = Usage(UsageStore(world.database), world.clock)
        self.consumption = Consumption(world.keys, usage=self._usage, limiter=self._limiter, clock=world.clock)

    async def calls(self, key: Key, counted: Counted, count: int) -> None:
        standing = standing_in(counted, key.id, Plan.PROFESSIONAL)
        caller = Principal(key.tenant_id, frozenset(), Plan.PROFESSIONAL, key_id=key.id, hint=key.secrets[-1].hint)
        for number in range(count):
            await self._limiter.admit(standing.bucket, standing.allowance)
            now = self._world.clock.now()
            self._usage.note(Use(caller, "GET", "/v3/tenant", 200, 1, None, None, f"req_{number}", now))

    async def told(self, by: Principal) -> list[tuple[str, str, str, tuple[int, ...]]]:
        return [
            (one.key.name, one.counted.face, one.counted.call_class.value, tuple(use.used for use in one.uses))
            for one in await self.consumption.of(by)
        ]


@pytest.fixture
def traffic(world: World) -> Traffic:
    return Traffic(world)


def owner_of(tenant_id: TenantId) -> Principal:
    return Principal(tenant_id, MANAGING, Plan.PROFESSIONAL, role=Role.OWNER)


async def test_the_fullest_stands_first_and_what_is_idle_nowhere(world: World, traffic: Traffic) -> None:
    busy = (await world.mint("busy", KeyKind.SERVICE_LIVE)).key
    calm = (await world.mint("calm", KeyKind.SERVICE_LIVE)).key
    await world.mint("idle", KeyKind.SERVICE_LIVE)
    await traffic.calls(calm, READING, 3)
    await traffic.calls(busy, V2, 50)
    by = owner_of(world.tenant.id)
    assert await traffic.told(by) == [("busy", "v2", "any", (50, 50)), ("calm", "v3", "read", (3,))]
    assert [round(one.share, 2) for one in await traffic.consumption.of(by)] == [0.5, 0.01]
    world.clock.advance(timedelta(minutes=2).total_seconds())
    assert await traffic.told(by) == [("busy", "v2", "any", (0, 50))]
    world.clock.advance(timedelta(hours=1).total_seconds())
    assert await traffic.told(by) == []


async def test_others_are_seen_by_who_may_see_them(world: World, traffic: Traffic) -> None:
    member = await world.member(Role.MEMBER)
    await traffic.calls((await world.mint("service", KeyKind.SERVICE_LIVE)).key, READING, 1)
    by = Principal(world.tenant.id, frozenset(), Plan.PROFESSIONAL, role=Role.MEMBER, member_id=member.id)
    assert await traffic.told(by) == []
    assert await traffic.told(replace(owner_of(world.tenant.id), tenant_id=TenantId("tv_other"))) == []


async def test_of_many_keys_those_used_last_are_asked_about(
    world: World, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEYS_MAX", 1)
    for name in ("first", "last"):
        await traffic.calls((await world.mint(name, KeyKind.SERVICE_LIVE)).key, READING, 1)
        world.clock.advance(1)
    assert [name for name, *_ in await traffic.told(owner_of(world.tenant.id))] == ["last"]
