"""Which engines this server has: those that are processes of their own lie below the data folder, or on PATH."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

from cybervault.scans.engines import ENGINES, Engine, engines_for
from cybervault.scans.targets import TargetKind

ENGINES_FOLDER: Final = "engines"
"""Within the folder of state."""
INSTALLED_FILE: Final = "installed.txt"
"""In an engine's environment: what it was made of; written last, so that one that is not whole has none."""
INSTALL_COMMAND: Final = "cybervault scans engines install"


class EngineState(StrEnum):
    """How an engine is on this server."""

    BUILT_IN = "built_in"
    READY = "ready"
    OUTDATED = "outdated"
    """Installed, but not in the versions that this release was made for."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an engine is; where it cannot be used, `reason` says why and `command` how to get it ("": none does)."""

    engine: Engine
    state: EngineState
    reason: str = ""
    command: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether it looks at what it is for."""
        return self.state in {EngineState.BUILT_IN, EngineState.READY}


class Toolbox:
    """The engines below one folder of state; looked up at each call, so that what is installed counts at once."""

    def __init__(
        self, data: Path, find: Callable[[str], str | None] = shutil.which, pins: Callable[[Engine], str] | None = None
    ) -> None:
        self.folder = data / ENGINES_FOLDER
        self.pins = pins or pins_of
        self._find = find

    def standing(self, engine: Engine) -> Standing:
        """How an engine is."""
        if engine.missing is not None:
            return Standing(engine, EngineState.MISSING, engine.missing)
        if not engine.is_apart:
            return Standing(engine, EngineState.BUILT_IN)
        if engine.program:
            return self._of_program(engine)
        command = f"{INSTALL_COMMAND} {engine.name}"
        try:
            is_current = (self.folder / engine.name / INSTALLED_FILE).read_text("utf-8") == self.pins(engine)
        except OSError:
            return Standing(engine, EngineState.MISSING, f"{engine.name} is not installed: {command}", command)
        if is_current:
            return Standing(engine, EngineState.READY)
        reason = f"{engine.name} is installed in other versions than this release uses: {command}"
        return Standing(engine, EngineState.OUTDATED, reason, command)

    def _of_program(self, engine: Engine) -> Standing:
        if self._find(engine.program):
            return Standing(engine, EngineState.READY)
        reason = f"the program {engine.program} is not on this server's PATH: {engine.advice}"
        command = f"apt install {engine.package}" if engine.package else ""
        return Standing(engine, EngineState.MISSING, reason, command)

    def standings(self) -> tuple[Standing, ...]:
        """All engines, in the order in which they look."""
        return tuple(map(self.standing, ENGINES))

    def missing_for(self, kind: TargetKind, *, is_pentest: bool) -> tuple[Standing, ...]:
        """The engines that would look at such a target and cannot."""
        found = map(self.standing, engines_for(kind, is_pentest=is_pentest))
        return tuple(one for one in found if not one.is_usable)

    def usable_for(self, kind: TargetKind, *, is_pentest: bool) -> tuple[Standing, ...]:
        """The engines that look at such a target."""
        found = map(self.standing, engines_for(kind, is_pentest=is_pentest))
        return tuple(one for one in found if one.is_usable)

    def command(self, engine: Engine) -> list[str] | None:
        """The words that its arguments follow; None where it cannot be used."""
        if not self.standing(engine).is_usable:
            return None
        if engine.program:
            program = self._find(engine.program)
            return None if program is None else [program]
        # -I: neither the folder that it works in nor settings of somebody's home say what is imported.
        environment = self.folder / engine.name
        if engine.binary:
            found = next(environment.absolute().glob(f"lib/python*/site-packages/{engine.binary}"), None)
            return None if found is None else [str(found)]
        return [str(python_of(environment)), "-I", *_words(engine, environment)]


def _words(engine: Engine, environment: Path) -> list[str]:
    if engine.driver:
        return [str(files("cybervault.scans.engines").joinpath(engine.driver, "__main__.py"))]
    if engine.script:
        return [str(environment.absolute() / "bin" / engine.script)]
    return ["-m", engine.module]


def python_of(environment: Path) -> Path:
    """The interpreter of an environment; absolute, for programs are started in folders of their own."""
    return environment.absolute() / "bin" / "python"


def pins_of(engine: Engine) -> str:
    """What its environment is made of: each package with its version, and the digests of the files it may come as."""
    return files("cybervault.scans.engines").joinpath("pins", f"{engine.name}.txt").read_text("utf-8")
