"""Trivy sees the layers of an image and nothing else; what it says, leaves or does costs nobody else anything."""

import json
import logging
import os
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from cybervault.confinement.parsers.layers import zstd
from cybervault.scans import watching
from cybervault.scans.engines import ENGINES, TRIVY, trivy
from cybervault.scans.exports import Form
from cybervault.scans.fetching import fetched
from cybervault.scans.searching import search
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.toolbox import Toolbox
from cybervault.storage.database import Database
from tests.access.statements import look
from tests.confinement.parsers.test_layers import KEY
from tests.fakes.registry import Shelves, digest_of, layer, registry_of
from tests.fakes.scan_engines import real_toolbox
from tests.scans.desk import before_registry, reading, spots, stored
from tests.scans.test_uncovering import LEAKS, MAILER, SECRETS, TIDY, TOKEN, hostile, script

OPEN = ("image_secret_in_file", "open")
ENGINE = next(engine for engine in ENGINES if engine.name == TRIVY)


async def searched(program: list[str], *layers: bytes) -> Report:
    async with reading(stored(*layers), *layers) as (listed, registry), fetched(listed, registry) as image:
        report = await search(image, program)
        assert [one.name for one in image.folder.iterdir()] == ["image"]
        assert [image.blob(one).read_bytes() for one in image.layers] == [*layers]
        return report


def digest_of_file(place: Path | str) -> str:
    return sha256(Path(place).read_bytes()).hexdigest()


def real() -> list[str]:
    program = real_toolbox(TRIVY).command(ENGINE)
    assert program is not None
    return program


async def test_it_sees_every_layer_also_what_a_later_one_takes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = real()
    ignoring = {".trivyignore": b"github-pat\n", "trivy-secret.yaml": b"disable-rules: [github-pat]\n"}
    nothing = dict.fromkeys(("a/fixtures/x", "tests/x", "usr/share/doc/x"), b"t=" + TOKEN)
    # Each of these would make it unpack files, which it may not.
    lists = dict.fromkeys(
        ("var/lib/dpkg/status", "var/lib/dpkg/status.d/x", "var/lib/dpkg/info/x.list", "var/lib/rpm/rpmdb.sqlite",
         "lib/apk/db/installed", "app/package-lock.json", "app/x.dist-info/METADATA", "usr/share/doc/x/copyright",
         "app/pom.xml", "app/Dockerfile", "app/k8s.yaml", "etc/os-release"), b"Package: x\n",
    )  # fmt: skip
    packed = zstd.compress(
        layer({"opt/key": b"# trivy:ignore\nt=" + TOKEN, **ignoring, **nothing, **lists}, is_packed=False)
    )
    report = await searched(program, LEAKS, TIDY, packed)
    assert {(one.rule, one.engine, one.place, one.evidence) for one in report.seen} == {
        ("image_secret_in_file", TRIVY, place, f"{what} in line {line}, layer {number} ({digest_of(raw)[:19]})")
        for place, what, line, number, raw in (
            ("srv/.env", "sendgrid-api-token", 2, 1, LEAKS),
            ("srv/token", "github-pat", 1, 1, LEAKS),
            ("opt/key", "github-pat", 2, 3, packed),
        )
    }
    (line,) = report.coverage
    digest = digest_of_file(program[0])
    assert (line.state, line.places) == (CoverageState.COVERED, ())
    assert line.reason.startswith("trivy ")
    assert line.reason.endswith(f" (SHA-256 {digest}): secrets, and no vulnerabilities")
    assert not any(os.scandir(tmp_path))


async def test_no_name_of_a_layer_leads_out_and_a_broken_layer_is_told(tmp_path: Path) -> None:
    before = {*tmp_path.parent.iterdir()}
    report = await searched(real(), hostile())
    assert {one.place for one in report.seen} == {
        "out/token", "etc/token", "srv/token", "a/.gitignore", "b/ [31m .conf",
    }  # fmt: skip
    assert {*tmp_path.parent.iterdir()} == before
    for broken in (layer({"srv/token": TOKEN * 200}, is_packed=False)[:3_000], b"no archive at all" * 100):
        (line,) = (await searched(real(), broken)).coverage
        assert (line.state, line.reason) == (CoverageState.FAILED, "it ended with exit status 1")


SPEAKS = """
import json, os, pathlib, socket, sys
image = pathlib.Path(sys.argv[sys.argv.index("--input") + 1])
own = pathlib.Path(sys.argv[sys.argv.index("--cache-dir") + 1])
own.mkdir()
def blob(one): return json.loads((image / "blobs/sha256" / one["digest"][7:]).read_bytes())
manifest = blob(json.loads((image / "index.json").read_bytes())["manifests"][0])
try:
    socket.create_connection(("127.0.0.1", PORT), 2)
    held = "open"
except PermissionError:
    held = "shut"
try:
    (image / "x").write_text("x")
    held += "-written"
except PermissionError:
    held += "-kept"
layers = [one["digest"] for one in manifest["layers"]]
found = [{"RuleID": f"{held}-{line}", "StartLine": line, "Layer": {"Digest": layers[0]}} for line in range(30)]
about = {"DiffIDs": blob(manifest["config"])["rootfs"]["diff_ids"]}
print(json.dumps({"Metadata": about, "Results": [{"Target": "/srv/x", "Secrets": found}]}))
"""


async def test_it_has_no_way_into_the_network_and_changes_nothing_of_the_image() -> None:
    with registry_of(Shelves()) as place:
        report = await searched(script(SPEAKS.replace("PORT", place.rpartition(":")[2])), LEAKS, TIDY)
    assert {one.evidence.partition(" ")[0].rpartition("-")[0] for one in report.seen} == {"shut-kept"}
    assert len(report.seen) == 20


LISTS = SPEAKS.replace("PORT", "1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys; sys.exit(3)", "it ended with exit status 3"),
        ("print('{')", "what it wrote is no list of secrets"),
        ('print(\'{"Metadata": {"DiffIDs": []}}\')', "it looked at other layers than it was given"),
        (LISTS.replace("layers[0]", '"sha256:" + "0" * 64'), "it names a layer that it was not given"),
        ("import os; os.kill(os.getpid(), 11)", "it crashed (Segmentation fault)"),
        (f"raise SystemExit({TOKEN.decode()!r})", "it ended with exit status 1"),
        (f"print({TOKEN.decode()!r})", "what it wrote is no list of secrets"),
        ("import time; time.sleep(60)", "it took longer than 1 seconds"),
        ("while True: print('x' * 1_000_000)", "it wrote more than 1 MiB"),
        (
            "import time; open('x', 'wb').write(b'x' * 3_000_000); time.sleep(60)",
            "it unpacked more than 0 GiB",
        ),
    ],
)
async def test_why_it_told_nothing_is_said_and_no_secret_with_it(
    text: str, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(watching, "UNPACKED_BYTES_MAX", 2_000_000)
    short = {"seconds": 1.0} if "longer" in reason else {"output_bytes": 1024 * 1024}
    monkeypatch.setattr(trivy, "BOUNDS", replace(trivy.BOUNDS, **short))
    report = await searched(script(text), LEAKS)
    assert [(line.state, line.reason) for line in report.coverage] == [(CoverageState.FAILED, reason)]
    assert report.seen == []
    assert not any(one.decode() in f"{report} {caplog.text}" for one in SECRETS)


async def test_a_program_that_is_gone_or_is_none_is_told(tmp_path: Path) -> None:
    gone = await searched([str(tmp_path / "gone")], LEAKS)
    assert gone.coverage[0].reason == "this server cannot run it (No such file or directory)"
    (tmp_path / "text").write_text("no program")
    odd = await searched([str(tmp_path / "text")], LEAKS)
    assert "could not be started" in odd.coverage[0].reason


def stand_in(place: Path, *secrets: dict[str, object], layers: list[bytes]) -> None:
    """A program that says of an image of these layers what it is told to."""
    document = {
        "Trivy": {"Version": "0.76.0"},
        "Metadata": {"DiffIDs": [digest_of(one) for one in layers]},
        "Results": [{"Target": f"/{one['path']}", "Secrets": [one]} for one in secrets],
    }
    place.write_text(f"#!/bin/sh\necho '{json.dumps(document)}'\n")
    place.chmod(0o755)


LEAKY = layer({"srv/token": TOKEN, "srv/.env": b"MAIL=" + MAILER, "root/id_rsa": KEY})
SHOWN: dict[str, object] = {"StartLine": 1, "Match": TOKEN.decode(), "Layer": {"Digest": digest_of(LEAKY)}}
SEES = ({"path": "srv/token", "RuleID": "github-pat"} | SHOWN, {"path": "srv/.env", "RuleID": "sendgrid"} | SHOWN)


def with_trivy(place: Path) -> Toolbox:
    """A server that has this engine alone, while the file is there."""
    return Toolbox(place.parent, find=lambda name: str(place) if name == TRIVY and place.exists() else None)


async def test_what_the_floor_sees_too_is_one_finding_of_two(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its value is in no row, no file and no log."""
    caplog.set_level(logging.DEBUG)
    place = tmp_path / "trivy"
    stand_in(place, *SEES, layers=[LEAKY])
    async with before_registry(database, stored(LEAKY), tmp_path, toolbox=with_trivy(place)) as (desk, image):
        scan = await desk.scanned(image)
        found = {one.place: one for one in await desk.found(scan.id) if one.rule == "image_secret_in_file"}
        assert {where: one.engines for where, one in found.items()} == {
            "srv/token": ("layers", TRIVY),
            "srv/.env": (TRIVY,),
            "root/id_rsa": ("layers",),
        }
        where = f"in line 1, layer 1 ({digest_of(LEAKY)[:19]})"
        assert found["srv/token"].evidence == (f"GitHub token {where}", f"github-pat {where}")
        (line,) = [one for one in await desk.lines(scan.id) if one.engine == TRIVY]
        assert line.reason == f"trivy 0.76.0 (SHA-256 {digest_of_file(place)}): secrets, and no vulnerabilities"
        files = [await desk.scans.file(scan, form) for form in Form]
        tables = [
            await look(database, statement) for statement in ("SELECT * FROM scan_findings", "SELECT * FROM job_steps")
        ]
        told = f"{found} {files} {tables} {await desk.lines(scan.id)} {caplog.text}"
        assert not any(one.decode() in told for one in SECRETS)


async def test_what_it_saw_stands_until_it_has_looked_again(database: Database, tmp_path: Path) -> None:
    place, shelves = tmp_path / "trivy", stored(LEAKY, TIDY)
    stand_in(place, *SEES, layers=[LEAKY, TIDY])
    async with before_registry(database, shelves, tmp_path, toolbox=with_trivy(place)) as (desk, image):
        scan = await desk.scanned(image)

        async def standing() -> set[str]:
            return {name for (rule, name), status in (await spots(desk, scan)).items() if (rule, status) == OPEN}

        assert await standing() == {"srv/token", "srv/.env", "root/id_rsa"}
        shelves.push("app:1", [TIDY])
        place.unlink()
        without = await desk.scanned(image)
        assert (without.state.value, await standing()) == ("completed", {"srv/token", "srv/.env"})
        (line,) = [one for one in await desk.lines(without.id) if one.engine == TRIVY]
        assert line.state is CoverageState.NOT_TESTED
        assert line.reason == "the program trivy is not on this server's PATH: install it as its makers say"
        stand_in(place, *SEES, layers=[TIDY])  # it names a layer that is not there
        await desk.scanned(image)
        assert await standing() == {"srv/token", "srv/.env"}
        stand_in(place, layers=[TIDY])
        await desk.scanned(image)
        assert await standing() == set()
