"""Records which lines of its own source file a test file runs: what the own-coverage gate counts by.

A plugin of pytest, switched on by OWN_COVERAGE=1 in the environment, for the marks must be there before anything of the
product is imported, and no option of the command line is known so early.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.marking import Marking
from tests.architecture.tree import PACKAGE, ROOT, is_mirrored, name_of, own_test, sources

DATA: Final = ROOT / ".own-coverage"
_SWITCH: Final = "OWN_COVERAGE"


class Recorder:
    """Keeps what each test file runs of its own source file; what it saw becomes a file of its own in a folder."""

    def __init__(self, own: Mapping[Path, Path], seen: Mapping[Path, bytearray], folder: Path) -> None:
        self._own = own
        self._seen = seen
        self._folder = folder
        self._kept: dict[str, int] = {}
        self._test: Path | None = None

    def turn_to(self, test: Path | None) -> None:
        """From here on a test of this file runs; None: none does."""
        if test == self._test:
            return
        if self._test is not None and (source := self._own.get(self._test)):
            name = name_of(self._test)
            self._kept[name] = self._kept.get(name, 0) | int.from_bytes(self._seen.get(source, b""), "little")
        self._test = test
        if test is not None and (source := self._own.get(test)):
            forget(source)
            seen = self._seen.get(source, bytearray())
            seen[:] = bytes(len(seen))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Fixtures are part of it."""
        self.turn_to(item.path)
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Keep what the last file showed."""
        self.turn_to(None)
        self._folder.mkdir(exist_ok=True)
        (self._folder / f"{os.getpid()}.json").write_text(json.dumps(self._kept), encoding="utf-8")


def recorded(folder: Path) -> dict[str, int]:
    """What all processes of a test run saw, by test file: numbers whose byte of a mark is 1 where it was passed."""
    together: dict[str, int] = {}
    for part in folder.glob("*.json"):
        for name, seen in json.loads(part.read_text(encoding="utf-8")).items():
            together[name] = together.get(name, 0) | seen
    return together


def forget(source: Path) -> None:
    """What functions of a file remember since an earlier test (functools.cache), they would not run again."""
    for module in [one for one in sys.modules.values() if getattr(one, "__file__", None) == str(source)]:
        for one in vars(module).values():
            if isinstance(one, _lru_cache_wrapper) and one.__module__ == module.__name__:
                one.cache_clear()


def pytest_configure(config: pytest.Config) -> None:
    """Record where it is switched on."""
    if _MARKING is not None:
        own = {own_test(path): path for path in sources() if is_mirrored(path)}
        config.pluginmanager.register(Recorder(own, _MARKING.seen, DATA), "own-coverage")


def _marking() -> Marking | None:
    if not os.environ.get(_SWITCH):  # noqa: TID251 - a switch of the tests, not of the product
        return None
    found = Marking(PACKAGE.name, [path for path in sources() if is_mirrored(path)])
    found.install()
    return found


_MARKING: Final = _marking()
