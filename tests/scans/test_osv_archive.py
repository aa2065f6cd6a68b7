"""Archives of OSV: fetched over real HTTP, read record by record; what is broken costs itself."""

import io
import zipfile
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.scans import osv_archive as module
from cybervault.scans.osv_archive import Archive, address_of, fetch_archive
from tests.fakes.advisories import ALL, DJANGO, archive
from tests.fakes.releases import Published, publishing


def told() -> list[tuple[int, int]]:
    return []


async def fetched(found: Published) -> bytes:
    with publishing({"/all.zip": found}) as base:
        url, into = f"{base}/all.zip", io.BytesIO()
        async with Egress(Guard([origin_of(url)])) as egress:
            steps = told()
            await fetch_archive(egress, url, into=into, report=lambda *step: steps.append(step))
            assert steps[-1] == (len(found.body), len(found.body))
    return into.getvalue()


async def test_an_archive_is_fetched_and_its_progress_told() -> None:
    raw = archive(*ALL)
    assert await fetched(Published(raw)) == raw
    assert address_of("Debian") == "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Published(status=404), "the answer is 404"),
        (Published(b"short", length=100), "unreachable"),
        (Published(status=302, location="http://169.254.169.254/x"), "refused"),
    ],
)
async def test_what_cannot_be_fetched_is_told_with_what_to_do_offline(found: Published, reason: str) -> None:
    with pytest.raises(Problem, match="--from FILE") as caught:
        await fetched(found)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UPSTREAM, "advisories_not_fetched")
    assert reason in caught.value.message


def test_every_record_that_stands_is_read_and_the_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = tmp_path / "all.zip", told()
    path.write_bytes(archive(*ALL, b"{", DJANGO | {"id": "GHSA-long", "details": "x" * 20_000}))
    monkeypatch.setattr(module, "_RECORD_BYTES_MAX", 10_000)
    read = Archive(path)
    assert [one.id for one in read.advisories(lambda *step: steps.append(step))] == [one["id"] for one in ALL]
    assert read.unread == ["broken-4.json", "GHSA-long.json"]
    assert steps[-1] == (6, 6)


@pytest.mark.parametrize("content", [b"", b"no archive", archive(), archive(b"{", b"[]")])
def test_what_is_no_archive_of_advisories_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    with pytest.raises(Problem, match=r"all\.zip cannot be read") as caught:
        list(Archive(path).advisories(lambda *_: None))
    assert caught.value.code == "advisories_not_read"


def test_a_broken_member_costs_itself(tmp_path: Path) -> None:
    raw = bytearray(archive(*ALL))
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        first = packed.infolist()[0]
    raw[first.header_offset + 60] ^= 0xFF
    path = tmp_path / "all.zip"
    path.write_bytes(raw)
    read = Archive(path)
    assert len(list(read.advisories(lambda *_: None))) == len(ALL) - 1
    assert len(read.unread) == 1
