"""What there is to say of an engine that is a process of its own: how it is called, and how what it writes is read."""

from collections.abc import Callable
from dataclasses import dataclass

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile


@dataclass(frozen=True, slots=True)
class Judged:
    """Rules that hold, each with its evidence, and why that may not be all ("": it is)."""

    rules: list[tuple[str, str]]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One engine that looks at services; its functions are pure.

    `arguments` name the spot by its address, and by its name only where that is not resolved. `judge` is given what was
    written, which may break off anywhere, and the exit status (None: it was stopped); ValueError says what it is not.
    """

    engine: str
    bounds: Bounds
    speaks: Callable[[Named], bool]
    arguments: Callable[[Spot, Profile], list[str]]
    judge: Callable[[bytes, int | None], Judged]
