"""What there is to say of an engine that is a process of its own: how it is called, and how what it writes is read."""

from collections.abc import Callable
from dataclasses import dataclass

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile


@dataclass(frozen=True, slots=True)
class Held:
    """A rule that holds at a spot within a service, such as a parameter of a page, with its evidence."""

    rule: str
    spot: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Rules that hold for the service, each with its evidence, and those that hold at spots within it.

    A `fault` is why that may not be all ("": it is).
    """

    rules: list[tuple[str, str]]
    fault: str = ""
    within: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Adapter:
    """One engine that looks at services; its functions are pure.

    `arguments` name the spot by its address, and by its name only where that is not resolved. `judge` is given what was
    written, which may break off anywhere, and the exit status (None: it was stopped); ValueError says what it is not.
    One that follows links is told a proxy by its `proxy_option`, by which alone it reaches the spot ("": none).
    """

    engine: str
    bounds: Bounds
    speaks: Callable[[Named], bool]
    arguments: Callable[[Spot, Named, Profile], list[str]]
    judge: Callable[[bytes, int | None], Judged]
    proxy_option: str = ""
