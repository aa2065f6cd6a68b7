"""The local knowledge of a running server: taken up as it is built, and built anew beside it."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import structlog

from cybervault.domain.problems import Problem
from cybervault.intel.knowledge import Knowledge

_LOG: Final = structlog.get_logger("cybervault.app")
KNOWLEDGE_FOLDER: Final = "knowledge"


class Shelf:
    """The local knowledge as it stands now: nothing while it is first built, the newer one after a rebuild."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._knowledge: Knowledge | None = None

    def current(self) -> Knowledge | None:
        """What is built, the newest; a broken folder counts as not built."""
        try:
            if self._knowledge is None or not self._knowledge.is_current():
                self._knowledge = Knowledge.open(self.folder)
        except Problem as problem:
            _LOG.warning("local knowledge unusable", code=problem.code, reason=problem.message)
        return self._knowledge

    async def build(self) -> None:
        """Compile the lists in a process of its own, so that its memory goes away with it."""
        _LOG.info("building local knowledge", folder=str(self.folder))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cybervault.intel.compile", str(self.folder),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            _, errors = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        if child.returncode == 0:
            _LOG.info("local knowledge ready")
        else:
            _LOG.error("local knowledge not built", reason=errors.decode(errors="replace")[-500:])
