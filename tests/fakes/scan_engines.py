"""Engines of scans for tests: those that `make engines` put beside this tree, and small ones of our own making."""

import base64
import hashlib
import shutil
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from cybervault.scans.engines import ENGINES, Engine
from cybervault.scans.toolbox import Toolbox
from tests.architecture.tree import ROOT

BESIDE: Final = ROOT / ".tools"
"""The folder of state below which the tests' engines lie."""


def uv() -> str | None:
    """Where uv is: on PATH, or where the Makefile puts it."""
    return shutil.which("uv") or shutil.which("uv", path=str(BESIDE / "bin"))


def real_toolbox(*names: str) -> Toolbox:
    """The engines as a server has them; skips, saying why, where one of `names` is not there."""
    toolbox = Toolbox(BESIDE)
    for engine in ENGINES:
        standing = toolbox.standing(engine)
        if engine.name in names and not standing.is_usable:
            pytest.skip(f"{standing.reason}{' --data .tools' if engine.is_installed_by_us else ''}")
    return toolbox


def wheel_of(folder: Path, engine: Engine, script: str) -> str:
    """Put a wheel with such a module into a folder; what pins it."""
    name, version = engine.module, engine.version
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": "",
        f"{name}/__main__.py": script,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for member, text in members.items():
            file.writestr(member, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{member},sha256={digest},{len(text)}\n")
        file.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def stand_in(data: Path, name: str, script: str) -> Toolbox:
    """A server whose engine of that name is a Python script; its pins are empty."""
    place = data / "engines" / name
    (place / "bin").mkdir(parents=True, exist_ok=True)
    (place / "installed.txt").write_text("")
    # What interprets it is a part of it: an engine reads nothing else.
    with suppress(FileExistsError):
        (place / "libexec").symlink_to(sys.base_prefix)
    (place / "bin" / "python").write_text(f"#!{Path(sys.executable).resolve()} -I\n{script}\n")
    (place / "bin" / "python").chmod(0o755)
    return Toolbox(data, find=lambda _name: None, pins=lambda _engine: "")
