"""A folder of state as a server leaves it after its first start, so that no test waits for what is always the same."""

import asyncio
import fcntl
from collections.abc import Callable
from pathlib import Path

from cybervault.app.rules import RULES_FOLDER, RuleShelf
from cybervault.detection.detector import Detector
from cybervault.detection.rules.pack import Profile
from cybervault.settings import DATABASE_FILE
from cybervault.storage.engines import database_at
from tests.fakes.clock import HandClock
from tests.fakes.knowledge import compile_small_knowledge


def prepare_state(folder: Path) -> None:
    """Make all tables, a small local knowledge, and what the rules that ship are compiled to; no row and no secret."""
    compile_small_knowledge(folder)
    (folder / "empty").rmdir()
    asyncio.run(_make_tables(folder / DATABASE_FILE))
    rules = RuleShelf(folder / RULES_FOLDER, Detector(), Profile())
    packs = rules.packs()
    rules.engine(packs, rules.plan(packs))


async def _make_tables(file: Path) -> None:
    database = database_at(file, HandClock())
    await database.open()
    await database.close()


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that is made by whichever process comes first; the others wait for it."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            beside = folder.with_suffix(".new")
            make(beside)
            beside.rename(folder)
    return folder
