"""Compiled partitions kept on disk: to make those of a large pack takes minutes, to load one a moment.

The folder is ours alone. What it holds of other rules or versions is never used, and what is broken is made anew.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.detection.keeping import keep, kept

USED_MAX: Final = 4
"""Sets of rules whose partitions stay: those before a change of the rules, and of other levels, are asked for again."""
_FOLDER: Final = "partitions"
_SUFFIX: Final = ".part"


class Compilations:
    """A `Keeper` of files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def get(self, name: str) -> bytes | None:
        """What was kept."""
        return kept(self._path(name))

    def put(self, name: str, raw: bytes) -> None:
        """Keep it; a full disk only costs the time to make it again."""
        keep(self._path(name), raw)

    def use(self, digest: str) -> None:
        """The rules of this digest are in force now; what is kept of those that were used longest ago is deleted."""
        with suppress(OSError):
            os.utime(self._folder / digest)
            used = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            for path in used[:-USED_MAX]:
                shutil.rmtree(path, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"
