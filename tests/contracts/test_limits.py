"""Published limits and their bursts, plan by plan: checks 97 to 100, 114 and 115."""

from collections.abc import Mapping

import httpx2
import pytest

from cybervault.domain.principals import KeyKind, Plan
from cybervault.faces.http import Frame
from tests.faces.framed import Framed

THING = {"name": "x"}


class Caller:
    """One key that calls one server again and again."""

    def __init__(self, framed: Framed, frame: Frame, key: Mapping[str, str]) -> None:
        self._framed = framed
        self._frame = frame
        self._key = key

    async def read(self, face: str) -> httpx2.Response:
        return await self._framed.ask("GET", f"/{face}/things", self._key, frame=self._frame)

    async def write(self, face: str) -> httpx2.Response:
        return await self._framed.ask("POST", f"/{face}/things", self._key, json=THING, frame=self._frame)

    async def reads_until_refused(self, face: str) -> tuple[int, httpx2.Response]:
        passed = 0
        while (reply := await self.read(face)).status_code == 200:
            passed += 1
        return passed, reply

    async def writes_until_refused(self, face: str) -> tuple[int, httpx2.Response]:
        passed = 0
        while (reply := await self.write(face)).status_code == 201:
            passed += 1
        return passed, reply


async def callers_on(framed: Framed, plan: Plan, count: int = 1) -> list[Caller]:
    await framed.world.plan(plan)
    frame = framed.frame()
    return [Caller(framed, frame, await framed.key(KeyKind.SERVICE_LIVE)) for _ in range(count)]


async def test_check_097_starter_passes_33_calls_of_v2_in_a_minute(framed: Framed) -> None:
    (caller,) = await callers_on(framed, Plan.STARTER)
    passed, refused = await caller.reads_until_refused("v2")
    error = refused.json()["error"]
    assert (passed, refused.status_code, error["code"]) == (33, 429, "rate_limit_exceeded")
    assert 1 <= error["retry_after"] <= 60
    assert error["retry_after"] == int(refused.headers["retry-after"])
    assert "30 requests per minute" in error["message"]


async def test_check_098_professional_passes_115_and_is_told_100(framed: Framed) -> None:
    (caller,) = await callers_on(framed, Plan.PROFESSIONAL)
    passed, refused = await caller.reads_until_refused("v2")
    assert (passed, refused.status_code, refused.headers["x-ratelimit-limit"]) == (115, 429, "100")


async def test_check_099_starter_passes_1000_calls_of_v2_in_an_hour(framed: Framed) -> None:
    (caller,) = await callers_on(framed, Plan.STARTER)
    for _ in range(1_000):
        assert (await caller.read("v2")).status_code == 200
        framed.clock.advance(3)
    refused = await caller.read("v2")
    error = refused.json()["error"]
    assert (refused.status_code, refused.headers["x-ratelimit-limit"]) == (429, "1000")
    assert 60 < error["retry_after"] <= 3_600
    assert "1000 requests per hour" in error["message"].replace(",", "")
    framed.clock.advance(error["retry_after"])
    assert (await caller.read("v2")).status_code == 200


async def test_check_100_keys_and_faces_are_counted_apart(framed: Framed) -> None:
    first, second = await callers_on(framed, Plan.STARTER, 2)
    await first.reads_until_refused("v2")
    assert (await second.read("v2")).headers["x-ratelimit-remaining"] == "29"
    assert (await first.read("v3")).headers["x-ratelimit-remaining"] == "59"


@pytest.mark.parametrize(
    ("plan", "reads", "writes"),
    [
        pytest.param(Plan.STARTER, 69, 23, id="check_114"),
        pytest.param(Plan.PROFESSIONAL, 360, 120, id="check_115"),
    ],
)
async def test_check_114_115_reads_and_writes_of_v3_are_counted_apart(
    framed: Framed,
    plan: Plan,
    reads: int,
    writes: int,
) -> None:
    (caller,) = await callers_on(framed, plan)
    passed, refused = await caller.reads_until_refused("v3")
    assert (passed, refused.status_code) == (reads, 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    passed, refused = await caller.writes_until_refused("v3")
    assert (passed, refused.status_code) == (writes, 429)
