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


LATEST = "/SigmaHQ/sigma/releases/latest/download/sigma_all_rules.zip"
TAGGED = "/SigmaHQ/sigma/releases/download/r2026-11-01/sigma_all_rules.zip"
ASSET = (
    "/github-production-release-asset/1/2?sp=r&sig=a%2Bb%3D&response-content-disposition=attachment%3B%20filename%3Dx"
)


async def test_a_release_is_followed_as_github_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the newest release to that of its tag on the same host, and on to the host of assets, signature and all."""
    monkeypatch.setattr(module, "REDIRECT_HOSTS", frozenset({"localhost"}))
    assets = {ASSET: Published(b"the archive")}
    with publishing(assets) as there:
        elsewhere = there.replace("127.0.0.1", "localhost")
        pages = {
            LATEST: Published(b"<html>", status=302, location=TAGGED),
            TAGGED: Published(status=302, location=f"{elsewhere}{ASSET}"),
        }
        with publishing(pages) as base:
            async with Egress(Guard([origin_of(base), origin_of(elsewhere)])) as egress:
                assert await fetch_release(egress, f"{base}{LATEST}", lambda *_: None) == b"the archive"


async def test_an_asset_that_the_release_lacks_is_told() -> None:
    pages = {LATEST: Published(status=302, location=TAGGED), TAGGED: Published(b"Not Found", status=404)}
    with publishing(pages) as base, pytest.raises(Problem, match="the answer is 404"):
        await fetched(base, LATEST)


@pytest.mark.parametrize(
    ("status", "retry_after", "words"),
    [(403, "", "in an hour"), (429, "60", "in 60 seconds"), (403, "soon", "in an hour")],
)
async def test_who_asked_too_often_is_told_when_to_ask_again(status: int, retry_after: str, words: str) -> None:
    limit = Published(b'{"message":"API rate limit exceeded"}', status=status, retry_after=retry_after)
    with publishing({LATEST: limit}) as base, pytest.raises(Problem, match=words) as caught:
        await fetched(base, LATEST)
    assert "--from FILE" in caught.value.message


async def test_an_archive_that_ends_early_is_none() -> None:
    with publishing({"/a.zip": Published(b"x" * 100, length=200)}) as base, pytest.raises(Problem) as caught:
        await fetched(base, "/a.zip")
    assert caught.value.code == "rules_not_fetched"
