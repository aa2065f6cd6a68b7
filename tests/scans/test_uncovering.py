"""Kingfisher sees every layer's texts and nothing else; a secret's value is nowhere afterwards, whatever it does."""

import asyncio
import io
import logging
import os
import sys
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access.rhythm import every
from cybervault.confinement.parsers.layers import zstd
from cybervault.scans import uncovering as module
from cybervault.scans import watching
from cybervault.scans.engines import ENGINES, KINGFISHER, kingfisher, layers
from cybervault.scans.exports import Form
from cybervault.scans.fetching import fetched
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.toolbox import Toolbox
from cybervault.scans.uncovering import uncover
from cybervault.storage.database import Database
from tests.access.statements import look
from tests.architecture.tree import ROOT
from tests.confinement.parsers.test_layers import KEY
from tests.fakes.registry import Shelves, digest_of, layer, registry_of
from tests.fakes.scan_engines import real_toolbox
from tests.scans.desk import before_registry, reading, spots, stored

ENGINE = next(engine for engine in ENGINES if engine.name == KINGFISHER)
TOKEN = b"ghp_" + b"R7kQ2mZx9LwT4vBn8JcY3hDs6FgP1aEu5oXi"
MAILER = b"SG." + b"kTz5Qw8nRb2LxV7mJc4Yhd" + b".Ue3Gs9PaXo6WiNf1KqZr0BtHv5MlDy8Cj2Ep4TwRzQ7"
SECRETS = (TOKEN, MAILER)
LEAKS = layer({"srv/.env": b"A=1\nMAIL=" + MAILER + b"\n", "srv/token": TOKEN + b" # kingfisher:ignore\n"})
ADDRESS = layer({"lib/networks.py": b"dsn = 'postgres://john:kT7wQ2rLx9Zp@pg.acme-prod.com:5432/app'\n"})
TIDY = layer({"srv/.wh.token": b"", "srv/.wh..env": b""})


async def uncovered(program: list[str], *layers: bytes) -> Report:
    async with reading(stored(*layers), *layers) as (listed, registry), fetched(listed, registry) as image:
        return await uncover(image, program)


def real() -> list[str]:
    program = real_toolbox(KINGFISHER).command(ENGINE)
    assert program is not None
    return program


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def hostile() -> bytes:
    """A layer whose names lead out, whose links lead to a file of the server, and that would pass for a repository."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, sort in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("srv", tarfile.SYMTYPE)):
            head = tarfile.TarInfo(name)
            head.type, head.linkname = sort, str(ROOT)
            archive.addfile(head)
        for name in ("../../out/token", "/etc/token", "srv/token", ".git", "a/.gitignore", "b/\x1b[31m\n.conf"):
            content = b"*\ntoken = " + TOKEN + b"\n"
            head = tarfile.TarInfo(name)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
    return made.getvalue()


async def test_it_sees_every_layer_also_what_a_later_one_takes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    packed = zstd.compress(layer({"opt/key": TOKEN}, is_packed=False))
    report = await uncovered(real(), LEAKS, TIDY, packed, ADDRESS)
    assert {(one.rule, one.engine, one.place, one.evidence) for one in report.seen} == {
        (rule, KINGFISHER, place, f"{what} in line {line}, layer {number} ({digest_of(raw)[:19]})")
        for place, what, line, number, raw, rule in (
            ("srv/.env", "sendgrid", 2, 1, LEAKS, "image_secret_in_file"),
            ("srv/token", "github-pat", 1, 1, LEAKS, "image_secret_in_file"),
            ("lib/networks.py", "generic-credential-uri", 1, 4, ADDRESS, "image_password_in_address"),
            ("opt/key", "github-pat", 1, 3, packed, "image_secret_in_file"),
        )
    }
    assert [(line.state, line.reason, line.places) for line in report.coverage] == [(CoverageState.COVERED, "", ())]
    assert not any(os.scandir(tmp_path))


async def test_no_name_and_no_link_of_a_layer_leads_out_of_the_folder(tmp_path: Path) -> None:
    """Each text is found under its path from the root of the image, and nothing was written anywhere else."""
    before = {*tmp_path.parent.iterdir()}
    report = await uncovered(real(), hostile())
    assert {one.place for one in report.seen} == {
        "out/token", "etc/token", "srv/token", ".git", "a/.gitignore", "b/ [31m .conf",
    }  # fmt: skip
    assert {*tmp_path.parent.iterdir()} == before
    assert [line.state for line in report.coverage] == [CoverageState.COVERED]


SPEAKS = """
import json, pathlib, socket, sys
texts = pathlib.Path(sys.argv[2])
names = sorted(str(p.relative_to(texts)) for p in texts.rglob("*") if not p.is_dir())
try:
    socket.create_connection(("127.0.0.1", PORT), 2)
    held = "open"
except PermissionError:
    held = "shut"
done = {"scan_succeeded": 1, "scan_partial": 0, "scan_failed": 0, "pending": 0}
found = [{"rule": {"id": f"x.{held}"}, "finding": {"path": f"{texts}/{name}", "line": 1}} for name in names]
print(json.dumps({"findings": found, "audit": {"summary": done}}))
"""


async def test_it_has_no_way_into_the_network() -> None:
    with registry_of(Shelves()) as place:
        report = await uncovered(script(SPEAKS.replace("PORT", place.rpartition(":")[2])), LEAKS)
    assert {one.evidence.partition(" ")[0] for one in report.seen} == {"shut"}
    assert {one.place for one in report.seen} == {"srv/.env", "srv/token"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys; sys.exit(3)", "it ended with exit status 3"),
        ("print('{')", "what it wrote is no list of secrets"),
        ("import os; os.kill(os.getpid(), 11)", "it crashed (Segmentation fault)"),
        (
            "import os, sys; print(open('texts/0/dot.env').read(), file=sys.stderr); os.kill(os.getpid(), 11)",
            "it crashed (Segmentation fault)",
        ),
        ("print(open('texts/0/dot.env').read())", "what it wrote is no list of secrets"),
        ("raise SystemExit(open('texts/0/dot.env').read())", "it ended with exit status 1"),
        (SPEAKS.replace("PORT", "1").replace("/{name}", "/9/x"), "it names a file that it was not given"),
        ("import time; time.sleep(60)", "it took longer than 1 seconds"),
        ("while True: print('x' * 1_000_000)", "it wrote more than 1 MiB"),
    ],
)
async def test_why_it_told_nothing_is_said_and_no_secret_with_it(
    text: str, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    short = {"seconds": 1.0} if "sleep" in text else {"output_bytes": 1024 * 1024}
    bounds = replace(kingfisher.BOUNDS, **short)
    monkeypatch.setattr(kingfisher, "BOUNDS", bounds)
    report = await uncovered(script(text), LEAKS)
    assert [(line.state, line.reason) for line in report.coverage] == [(CoverageState.FAILED, reason)]
    assert report.seen == []
    assert not any(one.decode() in f"{report} {caplog.text}" for one in SECRETS)


async def test_what_is_more_than_it_may_take_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = script(SPEAKS.replace("PORT", "1"))
    broken = await uncovered(nothing, layer({"srv/token": TOKEN * 200}, is_packed=False)[:3_000])
    assert [line.state for line in broken.coverage] == [CoverageState.FAILED]
    assert broken.coverage[0].reason.startswith("layer 1: The layer breaks off")
    long = await uncovered(nothing, layer({"var/log": b"x" * (8 * 1024 * 1024 + 1)}))
    assert [(line.state, line.places) for line in long.coverage] == [
        (CoverageState.COVERED, ()),
        (CoverageState.NOT_TESTED, ("var/log",)),
    ]
    monkeypatch.setattr(layers, "SPOTS_OF_FILE_MAX", 0)
    assert (await uncovered(nothing, LEAKS)).seen == []
    monkeypatch.setattr(module, "TEXTS_MAX", 1)
    assert (await uncovered(nothing, LEAKS)).coverage[0].reason == "it holds more than 1 texts or 2 GiB of them"
    monkeypatch.setattr(module, "TEXTS_MAX", 100)
    monkeypatch.setattr(module, "TEXT_BYTES_MAX", 5)
    assert (await uncovered(nothing, LEAKS)).coverage[0].reason == "it holds more than 100 texts or 0 GiB of them"


async def test_a_bomb_costs_a_bounded_time_and_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file unpacks to eight megabytes of letters from some kilobytes."""
    monkeypatch.setattr(module, "TEXT_BYTES_MAX", 64 * 1024 * 1024)
    bomb = layer({f"a/{number}": b"x" * (8 * 1024 * 1024) for number in range(20)})
    report = await uncovered(script(SPEAKS.replace("PORT", "1")), bomb)
    assert [line.state for line in report.coverage] == [CoverageState.FAILED]


async def test_what_another_engine_left_behind_is_not_laid_to_its_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that was ended because it filled the folder of the image must not end the next."""
    monkeypatch.setattr(watching, "UNPACKED_BYTES_MAX", 1024 * 1024)
    slow = script("import time; time.sleep(0.5)\n" + SPEAKS.replace("PORT", "1"))
    async with reading(stored(LEAKS), LEAKS) as (listed, registry), fetched(listed, registry) as image:
        (image.folder / "unpacked").write_bytes(b"x" * 2 * 1024 * 1024)
        report = await uncover(image, slow)
    assert [line.state for line in report.coverage] == [CoverageState.COVERED]


def texts_in(folder: Path) -> int:
    return len([*folder.glob("cybervault-*/uncovering/texts/*")])


async def test_a_scan_that_is_cancelled_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where texts are still being written at that moment: they may hold secrets."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    many = layer({f"a/{number}": TOKEN for number in range(20_000)})
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(uncovered(script(""), many))
        async for _ in every(0.01, asyncio.Event()):
            if texts_in(tmp_path) > 100:
                break
        looking.cancel()
    assert looking.cancelled()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert not any(os.scandir(tmp_path))


async def test_an_image_without_texts_is_covered_and_a_server_without_room_says_so(tmp_path: Path) -> None:
    nothing = await uncovered(script("raise SystemExit(9)"), layer({"bin/x": b"\x00"}))
    assert [line.state for line in nothing.coverage] == [CoverageState.COVERED]
    gone = await uncovered([str(tmp_path / "gone")], LEAKS)
    assert "could not be started" in gone.coverage[0].reason
    async with reading(stored(LEAKS), LEAKS) as (listed, registry), fetched(listed, registry) as image:
        (image.folder / "uncovering").touch()
        full = await uncover(image, script(""))
    assert full.coverage[0].reason == "this server has no room for it (Not a directory)"


async def test_what_the_floor_sees_too_is_one_finding_of_two_and_gone_where_neither_sees_it(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its value is in no row, no file and no log."""
    caplog.set_level(logging.DEBUG)
    engine = real_toolbox(KINGFISHER).folder / KINGFISHER
    toolbox = Toolbox(tmp_path, find=lambda _name: None)
    toolbox.folder.mkdir(exist_ok=True)
    (toolbox.folder / KINGFISHER).symlink_to(engine)
    leaks = layer({"srv/token": TOKEN, "srv/.env": b"MAIL=" + MAILER, "root/id_rsa": KEY})
    shelves = stored(leaks, TIDY)
    async with before_registry(database, shelves, tmp_path, toolbox=toolbox) as (desk, image):
        scan = await desk.scanned(image)
        found = {one.place: one for one in await desk.found(scan.id) if one.rule == "image_secret_in_file"}
        assert {place: one.engines for place, one in found.items()} == {
            "srv/token": (KINGFISHER, "layers"),
            "srv/.env": (KINGFISHER,),
            "root/id_rsa": ("layers",),  # too short for a key, as kingfisher has it
        }
        where = f"in line 1, layer 1 ({digest_of(leaks)[:19]})"
        assert found["srv/token"].evidence == (f"GitHub token {where}", f"github-pat {where}")
        files = [await desk.scans.file(scan, form) for form in Form]
        tables = [
            await look(database, statement) for statement in ("SELECT * FROM scan_findings", "SELECT * FROM job_steps")
        ]
        told = f"{found} {files} {tables} {await desk.lines(scan.id)} {caplog.text}"
        assert not any(secret.decode() in told for secret in SECRETS)

        shelves.push("app:1", [TIDY])
        (toolbox.folder / KINGFISHER).unlink()
        without = await desk.scanned(image)
        assert (await spots(desk, scan))["image_secret_in_file", "srv/token"] == "open"
        (line,) = [one for one in await desk.lines(without.id) if one.engine == KINGFISHER]
        assert (line.state, without.state.value) == (CoverageState.NOT_TESTED, "completed")
        assert line.reason == "kingfisher is not installed: cybervault scans engines install kingfisher"
        (toolbox.folder / KINGFISHER).symlink_to(engine)
        await desk.scanned(image)
        assert {status for (rule, _), status in (await spots(desk, scan)).items() if "secret" in rule} == {"resolved"}
