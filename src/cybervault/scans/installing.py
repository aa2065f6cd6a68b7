"""Makes the environments of engines: one for each, of pinned packages, from the operator's package index."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.engines import ENGINES, Engine
from cybervault.scans.toolbox import INSTALLED_FILE, Toolbox, python_of

_SECONDS_MAX: Final = 900.0
_SAID_CHARACTERS_MAX: Final = 400


def installable(name: str) -> Engine:
    """The engine of that name; `Problem` INVALID `unknown_engine` where there is none that can be installed so."""
    found = {engine.name: engine for engine in ENGINES if engine.is_installed_by_us}
    if name in found:
        return found[name]
    program = next((engine for engine in ENGINES if engine.name == name and engine.program), None)
    hint = f"{name} is a program of its own: {program.advice}" if program else ""
    message = f"{hint or f'There is no engine {name!r} to install'}. Those that can be: {', '.join(found)}."
    raise Problem(ProblemKind.INVALID, code="unknown_engine", message=message)


class Installer:
    """Makes environments below a toolbox, with uv where it is on PATH, else with this Python's venv and pip.

    What asks the index inherits the operator's environment, so that its settings (mirrors, proxies) hold.
    """

    def __init__(self, toolbox: Toolbox, find: Callable[[str], str | None] = shutil.which) -> None:
        self._toolbox = toolbox
        self._uv = find("uv")

    def install(self, engine: Engine) -> None:
        """Make its environment anew beside the old one, then put it in its place.

        Raises `Problem` UPSTREAM `engine_not_installed` with what was said; then the old one stays.
        """
        folder, pins = self._toolbox.folder, self._toolbox.pins(engine)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{engine.name}-", dir=folder) as work:
            made, wanted = Path(work) / "new", Path(work) / "pins.txt"
            wanted.write_text(pins, "utf-8")
            for words in steps(self._uv, made, wanted):
                _run(engine, words)
            (made / INSTALLED_FILE).write_text(pins, "utf-8")
            place = folder / engine.name
            with suppress(FileNotFoundError):
                place.rename(Path(work) / "old")
            made.rename(place)


def steps(uv: str | None, made: Path, wanted: Path) -> list[list[str]]:
    """The commands that make an environment of what a file lists, and of nothing that it does not list (pure)."""
    exactly = ["--require-hashes", "--no-deps", "-r", str(wanted)]
    if uv is not None:
        return [
            [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(made)],
            [uv, "pip", "install", "--quiet", "--python", str(python_of(made)), *exactly],
        ]
    return [
        [sys.executable, "-m", "venv", str(made)],
        [str(python_of(made)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *exactly],
    ]


def _run(engine: Engine, words: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a vector of words, and no shell
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        raise _not_installed(engine, f"it took longer than {_SECONDS_MAX / 60:g} minutes") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
        raise _not_installed(engine, said[-_SAID_CHARACTERS_MAX:] or f"exit status {done.returncode}")


def _not_installed(engine: Engine, reason: str) -> Problem:
    message = f"{engine.name} could not be installed: {reason.rstrip('.')}."
    return Problem(ProblemKind.UPSTREAM, code="engine_not_installed", message=message)
