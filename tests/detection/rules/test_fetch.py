"""A release over real HTTP: whole, or a problem that says why."""

import pytest

from cybervault.detection.rules import fetch as module
from cybervault.detection.rules.fetch import fetch_release
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from tests.fakes.releases import Published, publishing


async def fetched(base: str, path: str, told: list[tuple[int, int]] | None = None) -> bytes:
    seen = [] if told is None else told
    async with Egress(Guard([origin_of(base)])) as egress:
        return await fetch_release(egress, f"{base}{path}", lambda done, total: seen.append((done, total)))


async def test_the_archive_comes_whole_and_who_waits_is_told_how_far() -> None:
    told: list[tuple[int, int]] = []
    with publishing({"/a.zip": Published(b"x" * 200_000)}) as base:
        assert await fetched(base, "/a.zip", told) == b"x" * 200_000
    assert told[-1] == (200_000, 200_000)


async def test_what_is_not_there_is_told_with_the_answer() -> None:
    with publishing({}) as base, pytest.raises(Problem, match="the answer is 404") as caught:
        await fetched(base, "/a.zip")
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UPSTREAM, "rules_not_fetched")


async def test_nobody_is_followed_to_a_host_that_is_not_known_for_releases() -> None:
    elsewhere = Published(status=302, location="https://evil.example/a.zip")
    with publishing({"/a.zip": elsewhere}) as base, pytest.raises(Problem, match="redirect to a host"):
        await fetched(base, "/a.zip")


async def test_what_is_too_large_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ARCHIVE_BYTES_MAX", 1_000)
    with publishing({"/a.zip": Published(b"x" * 2_000)}) as base, pytest.raises(Problem, match="too_large"):
        await fetched(base, "/a.zip")
