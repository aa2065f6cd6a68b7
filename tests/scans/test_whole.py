"""An image is fetched once for all who look at it whole; who cannot look says why, and the others look all the same."""

import json
import sys
import tempfile
from pathlib import Path

import pytest

from cybervault.scans.contents import Catalogue
from cybervault.scans.engines import KINGFISHER, SYFT, TRIVY, WHOLE
from cybervault.scans.seen import CoverageState
from cybervault.scans.whole import GONE, look_at_whole
from tests.fakes.registry import digest_of, layer
from tests.scans.desk import reading, stored

BASE = layer({"etc/x": b"x\n"})
DONE = {"scan_succeeded": 1, "scan_partial": 0, "scan_failed": 0, "pending": 0}
LISTS = [sys.executable, "-c", "print('{\"artifacts\": []}')"]
FINDS_NOTHING = [sys.executable, "-c", f"print({json.dumps({'findings': [], 'audit': {'summary': DONE}})!r})"]
FINDS_NO_SECRET = [sys.executable, "-c", f"print({json.dumps({'Metadata': {'DiffIDs': [digest_of(BASE)]}})!r})"]
BREAKS = [sys.executable, "-c", "raise SystemExit(9)"]


async def test_all_look_at_what_was_fetched_once() -> None:
    shelves = stored(BASE)
    async with reading(shelves, BASE) as (layers, registry):
        programs = {SYFT: LISTS, KINGFISHER: FINDS_NOTHING, TRIVY: FINDS_NO_SECRET}
        whole = await look_at_whole(layers, registry, programs)
    assert whole.catalogue == Catalogue(())
    assert [(one.engine, one.state) for one in whole.secrets.coverage] == [
        (KINGFISHER, CoverageState.COVERED),
        (TRIVY, CoverageState.COVERED),
    ]
    assert len([path for path, _ in shelves.asked if "/blobs/" in path]) == 1


async def test_one_that_breaks_or_has_gone_takes_nothing_from_the_other() -> None:
    async with reading(stored(BASE), BASE) as (layers, registry):
        one = await look_at_whole(layers, registry, {SYFT: BREAKS, KINGFISHER: FINDS_NOTHING})
        other = await look_at_whole(layers, registry, {SYFT: None, KINGFISHER: BREAKS, TRIVY: FINDS_NO_SECRET})
        third = await look_at_whole(layers, registry, {KINGFISHER: FINDS_NOTHING, TRIVY: BREAKS})
    assert one.catalogue == Catalogue((), "it ended with exit status 9")
    assert [line.state for line in one.secrets.coverage] == [CoverageState.COVERED]
    assert other.catalogue == Catalogue((), GONE)
    (line, beside) = other.secrets.coverage
    assert (line.state, line.reason) == (CoverageState.FAILED, "it ended with exit status 9")
    assert (beside.engine, beside.state) == (TRIVY, CoverageState.COVERED)
    assert [line.state for line in third.secrets.coverage] == [CoverageState.COVERED, CoverageState.FAILED]


async def test_nothing_is_fetched_for_nobody() -> None:
    shelves = stored(BASE)
    async with reading(shelves, BASE) as (layers, registry):
        whole = await look_at_whole(layers, registry, {KINGFISHER: None, TRIVY: None})
    assert (whole.catalogue, shelves.asked) == (None, [])
    assert [(line.engine, line.state, line.reason) for line in whole.secrets.coverage] == [
        (KINGFISHER, CoverageState.NOT_TESTED, GONE),
        (TRIVY, CoverageState.NOT_TESTED, GONE),
    ]


async def test_an_image_that_does_not_come_or_has_no_room_is_looked_at_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = stored(BASE)
    lying.lies[digest_of(BASE)] = bytes(len(BASE))
    async with reading(lying, BASE) as (layers, registry):
        lied = await look_at_whole(layers, registry, dict.fromkeys(WHOLE, BREAKS))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        full = await look_at_whole(layers, registry, dict.fromkeys(WHOLE, BREAKS))
    reasons = ["what came is not what its digest says", "this server has no room for it (No such file or directory)"]
    for whole, reason in zip((lied, full), reasons, strict=True):
        assert whole.catalogue == Catalogue((), reason)
        assert [(one.engine, one.state, one.reason) for one in whole.secrets.coverage] == [
            (KINGFISHER, CoverageState.FAILED, reason),
            (TRIVY, CoverageState.FAILED, reason),
        ]
