"""Environments of engines: made whole or not at all, of exactly what is pinned."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from cybervault.scans.engines import ENGINES, SSH_AUDIT
from cybervault.scans.installing import Installer, installable, steps
from cybervault.scans.toolbox import EngineState, Toolbox
from tests.fakes.scan_engines import uv, wheel_of

ENGINE = next(engine for engine in ENGINES if engine.name == SSH_AUDIT)


@dataclass(slots=True)
class Index:
    """A folder of wheels in place of the package index, and what is pinned."""

    folder: Path
    pins: str = ""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in (("FIND_LINKS", str(folder)), ("NO_INDEX", "1"), ("NO_CACHE", "1")):
        monkeypatch.setenv(f"UV_{name}", value)
    return Index(folder, wheel_of(folder, ENGINE, "print('first')"))


def said(toolbox: Toolbox) -> str:
    command = toolbox.command(ENGINE)
    assert command is not None
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_pinned_is_installed_and_a_failure_leaves_what_was_there(index: Index, tmp_path: Path) -> None:
    if uv() is None:
        pytest.skip("uv is not on PATH: an environment by pip takes too long for a test")
    toolbox = Toolbox(tmp_path, pins=lambda _engine: index.pins)
    installer = Installer(toolbox, find=lambda _name: uv())
    assert toolbox.command(ENGINE) is None
    installer.install(ENGINE)
    assert (said(toolbox), toolbox.standing(ENGINE).state) == ("first", EngineState.READY)

    first = index.pins
    index.pins = wheel_of(index.folder, ENGINE, "print('second')")
    assert toolbox.standing(ENGINE).state is EngineState.OUTDATED
    assert toolbox.command(ENGINE) is None
    installer.install(ENGINE)
    assert said(toolbox) == "second"

    index.pins = first  # of a file that the index does not have any longer
    with pytest.raises(Problem, match=r"ssh-audit could not be installed: .*[Hh]ash") as found:
        installer.install(ENGINE)
    assert found.value.code == "engine_not_installed"
    index.pins = (toolbox.folder / ENGINE.name / "installed.txt").read_text()
    assert said(toolbox) == "second"
    assert [one.name for one in toolbox.folder.iterdir()] == [ENGINE.name]


def test_without_uv_it_is_venv_and_pip_and_what_they_say_is_told(tmp_path: Path) -> None:
    made, wanted = tmp_path / "new", tmp_path / "pins.txt"
    venv, pip = steps(None, made, wanted)
    assert venv == [sys.executable, "-m", "venv", str(made)]
    assert pip[:4] == [str(made / "bin" / "python"), "-m", "pip", "install"]
    assert pip[-4:] == ["--require-hashes", "--no-deps", "-r", str(wanted)]
    with pytest.raises(Problem, match="could not be installed: exit status 1"):
        Installer(Toolbox(tmp_path), find=lambda _name: "/bin/false").install(ENGINE)


@pytest.mark.parametrize("name", ["tls", "nothing", "-r", "../x"])
def test_what_cannot_be_installed_is_told_with_what_can(name: str) -> None:
    assert installable(SSH_AUDIT) is ENGINE
    with pytest.raises(Problem, match=SSH_AUDIT) as found:
        installable(name)
    assert found.value.code == "unknown_engine"
