"""The detection rules of a running product: those that ship, and those in the folder of state."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import structlog

from cybervault.detection.databases import Databases
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.record import LogSource
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack, Profile, load_pack, merged, starter_files

RULES_FOLDER: Final = "rules"
STARTER_PACK: Final = "cybervault-starter"
_PACKS: Final = "packs"
_CACHE: Final = "cache"
# What POST /v3/threats/analyze sends: these are built ahead, so that no event waits for them.
_AHEAD: Final = tuple(
    (LogSource(product, frozenset({category})), None)
    for product in ("windows", "linux", "")
    for category in ("process_creation", "network_connection")
)
_LOG: Final = structlog.get_logger("cybervault.app")


class RuleShelf:
    """The packs below `folder`: each file, archive or folder in `packs/` is one. What is compiled lies in `cache/`."""

    def __init__(self, folder: Path, detector: Detector, profile: Profile) -> None:
        self._folder = folder
        self._detector = detector
        self._profile = profile

    async def start(self) -> None:
        """Put the rules that ship in force: they are few, so that a server waits for them."""
        await self._use([self.starter()])

    async def build(self) -> None:
        """Put all packs in force, where there are more than the one that ships; large ones take a while at first."""
        packs = await asyncio.to_thread(self.packs)
        if len(packs) > 1:
            await self._use(packs)

    def starter(self) -> Pack:
        """The pack that ships."""
        return load_pack(STARTER_PACK, starter_files(), cache=self._folder / _CACHE)

    def packs(self) -> tuple[Pack, ...]:
        """The pack that ships, and those of the folder by their names; one that cannot be read is left out and told."""
        return (self.starter(), *self._own())

    def engine(self, packs: Sequence[Pack]) -> Engine:
        """The rules of these packs that are in force, ready for what is sent to be assessed."""
        engine = Engine(merged(packs, self._profile), proposing=Databases(self._folder / _CACHE))
        engine.warm(_AHEAD)
        return engine

    async def _use(self, packs: Sequence[Pack]) -> None:
        engine = await asyncio.to_thread(self.engine, packs)
        self._detector.use(engine)
        _LOG.info("detection rules in force", rules=len(engine.rules), packs=len(packs))

    def _own(self) -> Iterator[Pack]:
        places = self._folder / _PACKS
        for place in sorted(places.iterdir()) if places.is_dir() else ():
            try:
                yield load_pack(place.stem, files_of(place), cache=self._folder / _CACHE)
            except (OSError, BadZipFile) as error:
                _LOG.warning("pack of rules not read", pack=place.name, reason=type(error).__name__)
