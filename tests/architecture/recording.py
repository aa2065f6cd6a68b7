"""Records which lines of its own source file a test file runs: what the own-coverage gate counts by.

A plugin of pytest, switched on by --own-coverage. Only one source file is watched at a time, and none by the tests of
the whole program, because a tracer that looks at everything doubles the time of the tests.
"""

import os
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage
from coverage.data import CoverageData

from tests.architecture.tree import ROOT, is_mirrored, name_of, own_test, sources

DATA: Final = ROOT / ".coverage"
# It is imported long before its test begins, which is no fault here: `own_coverage` runs the module level of all files.
_EXPECTED: Final = ["already-imported", "no-data-collected"]


class Recorder:
    """Watches the own source file of whichever test file runs; what it saw goes into a part of `data` of its own."""

    def __init__(self, own: dict[Path, Path], data: Path) -> None:
        self._own = own
        self._seen = CoverageData(str(data), suffix=str(os.getpid()))
        self._test: Path | None = None
        self._watching: Coverage | None = None

    def turn_to(self, test: Path | None) -> None:
        """From here on a test of this file runs; None: none does."""
        if test == self._test:
            return
        if self._watching is not None:
            self._watching.stop()
            self._seen.update(self._watching.get_data())
            self._watching = None
        self._test = test
        if test is not None and test in self._own:
            forget(self._own[test])
            self._watching = watch(self._own[test], context=context_of(name_of(test)))
            self._watching.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Fixtures are part of it."""
        self.turn_to(item.path)
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Keep what the last file showed."""
        self.turn_to(None)
        self._seen.write()


def watch(*watched: Path, context: str | None = None) -> Coverage:
    """A tracer of these files alone, which keeps its data in memory."""
    found = Coverage(
        data_file=None, config_file=False, branch=True, include=[str(path) for path in watched], context=context
    )
    found.set_option("run:disable_warnings", _EXPECTED)
    return found


def forget(source: Path) -> None:
    """What functions of a file remember since an earlier test (functools.cache), they would not run again."""
    for module in [one for one in sys.modules.values() if getattr(one, "__file__", None) == str(source)]:
        for one in vars(module).values():
            if isinstance(one, _lru_cache_wrapper) and one.__module__ == module.__name__:
                one.cache_clear()


def context_of(test: str) -> str:
    """What the steps of a test file are filed under."""
    return f"{test}::"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tell pytest of the switch."""
    parser.addoption(
        "--own-coverage", action="store_true", help="record what each test file runs of its own source file"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record where it is switched on and tests run."""
    is_running_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if config.getoption("--own-coverage") and is_running_tests:
        own = {own_test(path): path for path in sources() if is_mirrored(path)}
        config.pluginmanager.register(Recorder(own, DATA), "own-coverage")
