"""The detection rules of a running product: those that ship, and those in the folder of state, as they change."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias
from zipfile import BadZipFile

import structlog

from cybervault.access.rhythm import every
from cybervault.detection.ahead import asked_of
from cybervault.detection.compilations import Compilations
from cybervault.detection.compile.hyperscanning import fastest
from cybervault.detection.correlate.load import load_correlations
from cybervault.detection.correlate.plan import Plan, plan_of
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.record import LogSource
from cybervault.detection.rules.catalogue import Catalogue
from cybervault.detection.rules.files import files_of, look_of
from cybervault.detection.rules.pack import Pack, Profile, Standing, by_id, load_pack, merged, starter_files
from cybervault.detection.rules.switches import PROFILE_FILE, switched_off
from cybervault.domain.problems import Problem

RULES_FOLDER: Final = "rules"
STARTER_PACK: Final = "cybervault-starter"
PACKS_FOLDER: Final = "packs"
CACHE_FOLDER: Final = "cache"
LOOK_SECONDS: Final = 2.0
"""A change is taken up when two looks in a row found the same, so that no pack is read while it is copied."""

# What POST /v3/threats/analyze sends: these are built ahead, so that no event waits for them.
_AHEAD: Final = tuple(
    (LogSource(product, frozenset({category})), None)
    for product in ("windows", "linux", "")
    for category in ("process_creation", "network_connection")
)
_NO_CORRELATIONS: Final = Plan()
_LOG: Final = structlog.get_logger("cybervault.app")
State: TypeAlias = frozenset[tuple[str, int, int]]
"""The files of the folder: path, time of the last change in nanoseconds, bytes."""


class RuleShelf:
    """The packs below `folder`: each file, archive or folder in `packs/` is one. What is compiled lies in `cache/`.

    Which rules are switched off stands in `profile.toml` there.
    """

    def __init__(
        self,
        folder: Path,
        detector: Detector,
        profile: Profile,
        *,
        catalogue: Catalogue | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue or Catalogue()
        self._detector = detector
        self._profile = profile
        self._look_seconds = look_seconds
        self._good: dict[str, Pack] = {}
        self._in_force: State = frozenset()

    async def start(self) -> None:
        """Put the rules that ship in force: they are few, so that a server waits for them."""
        self._in_force = await asyncio.to_thread(self.state)
        await self._use([await asyncio.to_thread(self.starter)])

    async def build(self) -> None:
        """Put all packs in force, where there are more than the one that ships; large ones take a while at first."""
        before, self._in_force = self._in_force, await asyncio.to_thread(self.state)
        packs = await asyncio.to_thread(self.packs)
        if len(packs) > 1 or self._in_force != before:
            await self._use(packs)

    async def run(self) -> None:
        """`build`, and put what has changed in force, until cancelled; until that is ready the old rules stay."""
        await self.build()
        seen = self._in_force
        async for _ in every(self._look_seconds, asyncio.Event()):
            before, seen = seen, await asyncio.to_thread(self.state)
            if seen == before and seen != self._in_force:
                self._in_force = seen
                await self._use(await asyncio.to_thread(self.packs))

    def state(self) -> State:
        """What lies in the folder, to see whether it has changed."""
        places = self._folder / PACKS_FOLDER
        return frozenset(_looks((self._folder / PROFILE_FILE, *(places.rglob("*") if places.is_dir() else ()))))

    def starter(self) -> Pack:
        """The pack that ships."""
        return load_pack(STARTER_PACK, starter_files(), cache=self._folder / CACHE_FOLDER)

    def packs(self) -> tuple[Pack, ...]:
        """The pack that ships, and those of the folder by their names.

        One that cannot be read is told, and is as it was when it could; without that it is left out.
        """
        return (self.starter(), *self._own())

    def profile(self) -> Profile:
        """Which rules are in force; a file of it that cannot be used is told, and those before stay switched off."""
        try:
            self._profile = replace(self._profile, off=switched_off(self._folder))
        except Problem as problem:
            _LOG.warning("profile of rules not read", code=problem.code, reason=problem.message)
        return self._profile

    def plan(self, packs: Sequence[Pack]) -> Plan:
        """The correlations of these packs that are in force; what is wrong with others is among its problems."""
        profile = self.profile()
        found, problems = load_correlations(one for pack in packs for one in pack.correlations)
        usable = [rule for rule in by_id(packs).values() if profile.standing(rule) is not Standing.SWITCHED_OFF]
        plan = plan_of(found, usable, profile.takes)
        return replace(plan, problems=(*problems, *plan.problems))

    def engine(self, packs: Sequence[Pack], plan: Plan = _NO_CORRELATIONS) -> Engine:
        """The rules of these packs that are in force, or counted by the plan, ready for what is sent to be assessed."""
        rules = merged(packs, self.profile(), plan.needed)
        compilations = Compilations(self._folder / CACHE_FOLDER)
        engine = Engine(rules, finding=fastest, keeper=compilations)
        engine.warm(_AHEAD)
        compilations.use(engine.digest)
        return engine

    def compile(self, report: Callable[[int, int], None]) -> None:
        """Make and keep what the log sources of all events need; `report` is told how many of how many are ready."""
        packs = self.packs()
        engine = self.engine(packs, self.plan(packs))
        asked = list(asked_of(engine.rules))
        for number, one in enumerate(asked, start=1):
            engine.warm([one])
            report(number, len(asked))

    async def _use(self, packs: Sequence[Pack]) -> None:
        plan = await asyncio.to_thread(self.plan, packs)
        engine = await asyncio.to_thread(self.engine, packs, plan)
        self._detector.use(engine, plan)
        self._catalogue.use(by_id(packs), self._profile)
        for problem in plan.problems:
            _LOG.warning("correlation not watched for", path=problem.path, line=problem.line, reason=problem.reason)
        _LOG.info("detection rules in force", rules=len(engine.rules), correlations=len(plan.steps), packs=len(packs))

    def _own(self) -> Iterator[Pack]:
        places = self._folder / PACKS_FOLDER
        try:
            found = sorted(places.iterdir()) if places.is_dir() else []
        except OSError as error:
            _LOG.warning("packs of rules not read", reason=type(error).__name__)
            yield from self._good.values()
            return
        found = [place for place in found if not place.name.startswith(".")]
        for gone in self._good.keys() - {place.name for place in found}:
            del self._good[gone]
        for place in found:
            pack = self._read(place)
            if pack is not None:
                yield pack

    def _read(self, place: Path) -> Pack | None:
        before = self._good.get(place.name)
        try:
            cache, look = self._folder / CACHE_FOLDER, look_of(place)
            pack = load_pack(place.stem, files_of(place), cache=cache, look=look)
        except (OSError, BadZipFile) as error:
            _LOG.warning("pack of rules not read", pack=place.name, reason=type(error).__name__)
            return before
        if before is not None and before.rules and pack.problems and not pack.rules:
            reason = f"none of its rules can be used: {pack.problems[0].reason}"
            _LOG.warning("pack of rules not read", pack=place.name, reason=reason)
            return before
        self._good[place.name] = pack
        return pack


def _looks(places: Sequence[Path]) -> Iterator[tuple[str, int, int]]:
    for place in places:
        try:
            found = place.stat()
        except OSError:  # it went away meanwhile, which is a change for the next look
            continue
        yield str(place), found.st_mtime_ns, found.st_size
