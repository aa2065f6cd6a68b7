"""Syft reads an image that was fetched for it; it has no way out and leaves nothing behind."""

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from cybervault.scans.cataloguing import catalogue
from cybervault.scans.contents import Catalogue
from cybervault.scans.engines import ENGINES, SYFT
from cybervault.scans.exports import Form
from cybervault.scans.fetching import fetched
from cybervault.scans.toolbox import Toolbox
from cybervault.storage.database import Database
from tests.fakes.registry import DEBIAN, Shelves, jar, layer, registry_of
from tests.fakes.scan_engines import real_toolbox
from tests.scans.desk import before_registry, reading, spots, stored

ENGINE = next(engine for engine in ENGINES if engine.name == SYFT)


BASE = layer({"etc/os-release": DEBIAN, "app/old.jar": jar("1.0")})
APP = layer({"app/log4j-core.jar": jar("2.14.1"), "app/.wh.old.jar": b""}, is_packed=False)


async def catalogued(program: list[str], *layers: bytes) -> Catalogue:
    async with reading(stored(*layers), *layers) as (listed, registry), fetched(listed, registry) as image:
        return await catalogue(image, program)


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


async def test_syft_tells_of_what_stands_in_the_image_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = real_toolbox(SYFT).command(ENGINE)
    assert program is not None
    found = await catalogued(program, BASE, APP)
    assert found.fault == ""
    assert [(one.path, one.system, [(p.name, p.version) for p in one.packages]) for one in found.databases] == [
        ("app/log4j-core.jar", "maven", [("org.apache.logging.log4j:log4j-core", "2.14.1")])
    ]
    assert not any(os.scandir(tmp_path))


SPEAKS = """
import json, pathlib, socket, sys
folder = pathlib.Path(sys.argv[2].partition(":")[2])
names = sorted(p.name for p in folder.rglob("*") if p.is_file())
try:
    socket.create_connection(("127.0.0.1", PORT), 2)
    held = "open"
except PermissionError:
    held = "shut"
print(json.dumps({"artifacts": [{"purl": f"pkg:gem/{held}@{len(names)}", "locations": [{"path": "/x"}]}]}))
"""


async def test_it_has_no_way_into_the_network() -> None:
    with registry_of(Shelves()) as place:
        found = await catalogued(script(SPEAKS.replace("PORT", place.rpartition(":")[2])), BASE)
    (database,) = found.databases
    # Its layer, manifest and configuration, the index, and the mark of the form.
    assert [(one.name, one.version) for one in database.packages] == [("shut", "5")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys; sys.exit(3)", "it ended with exit status 3"),
        ("print('{')", "what it wrote is no list of packages"),
        ("import os; os.kill(os.getpid(), 11)", "it crashed (Segmentation fault)"),
    ],
)
async def test_why_it_told_nothing_is_said(text: str, reason: str) -> None:
    assert await catalogued(script(text), BASE) == Catalogue((), reason)


async def test_a_server_without_it_or_without_room_says_so(tmp_path: Path) -> None:
    assert "could not be started" in (await catalogued([str(tmp_path / "gone")], BASE)).fault
    async with reading(stored(BASE), BASE) as (listed, registry), fetched(listed, registry) as image:
        (image.folder / "settings.yaml").mkdir()
        found = await catalogue(image, script(""))
    assert found.fault == "this server has no room for it (Is a directory)"


async def test_what_syft_alone_finds_is_its_finding_and_stays_where_it_is_gone(
    database: Database, tmp_path: Path
) -> None:
    engine = real_toolbox(SYFT).folder / SYFT
    toolbox, shelves = Toolbox(tmp_path, find=lambda _name: None), Shelves()
    toolbox.folder.mkdir(exist_ok=True)
    (toolbox.folder / SYFT).symlink_to(engine)
    shelves.push("app:1", [BASE, APP])
    place = "pkg:maven/org.apache.logging.log4j:log4j-core CVE-2026-0009"
    async with before_registry(database, shelves, tmp_path, toolbox=toolbox) as (desk, image):
        scan = await desk.scanned(image)
        (found,) = [one for one in await desk.found(scan.id) if one.place == place]
        assert (found.status.value, found.engines) == ("open", ("syft",))
        document = json.loads(await desk.scans.file(scan, Form.CYCLONEDX))
        purls = {one.get("purl") for one in document["components"]}
        assert "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1" in purls
        shelves.push("app:1", [BASE])
        (toolbox.folder / SYFT).unlink()
        await desk.scanned(image)
        assert (await spots(desk, scan))["package_vulnerable", place] == "open"
        (toolbox.folder / SYFT).symlink_to(engine)
        await desk.scanned(image)
        assert (await spots(desk, scan))["package_vulnerable", place] == "resolved"
