"""The recorder sees what a test file runs of its own source file, and nothing of any other."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from coverage import Coverage
from coverage.data import CoverageData

from tests.architecture.recording import Recorder, context_of
from tests.architecture.tree import ROOT

SOURCE = """def choose(number: int) -> str:
    if number > 3:
        return "many"
    return "few"
"""
TEST = ROOT / "tests" / "test_choose.py"
OTHER = ROOT / "tests" / "contracts" / "test_whole.py"


def module_of(path: Path, source: str = SOURCE) -> ModuleType:
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def combined(folder: Path) -> CoverageData:
    reader = Coverage(data_file=str(folder / ".coverage"), config_file=False)
    reader.combine()
    return reader.get_data()


def test_only_what_the_own_test_runs_is_recorded(tmp_path: Path) -> None:
    own, neighbour = module_of(tmp_path / "choose.py"), module_of(tmp_path / "neighbour.py")
    recorder = Recorder({TEST: tmp_path / "choose.py"}, tmp_path / ".coverage")
    own.choose(1)
    recorder.turn_to(TEST)
    own.choose(5)
    neighbour.choose(5)
    recorder.turn_to(OTHER)
    own.choose(1)
    recorder.pytest_sessionfinish()
    data = combined(tmp_path)
    assert {Path(name).name for name in data.measured_files()} == {"choose.py"}
    assert set(data.lines(str(tmp_path / "choose.py")) or ()) == {2, 3}
    assert data.measured_contexts() == {context_of("tests/test_choose.py")}


def test_what_a_function_remembers_from_before_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "kept.py"
    own = module_of(place, f"from functools import cache\n\n\n@cache\n{SOURCE}")
    monkeypatch.setitem(sys.modules, "kept", own)
    recorder = Recorder({TEST: place}, tmp_path / ".coverage")
    own.choose(5)
    recorder.turn_to(TEST)
    own.choose(5)
    recorder.pytest_sessionfinish()
    assert set(combined(tmp_path).lines(str(place)) or ()) == {6, 7}


def test_a_file_that_is_come_back_to_keeps_what_it_had(tmp_path: Path) -> None:
    own = module_of(tmp_path / "choose.py")
    recorder = Recorder({TEST: tmp_path / "choose.py"}, tmp_path / ".coverage")
    for test, number in ((TEST, 1), (OTHER, 5), (TEST, 5)):
        recorder.turn_to(test)
        own.choose(number)
    recorder.pytest_sessionfinish()
    assert set(combined(tmp_path).lines(str(tmp_path / "choose.py")) or ()) == {2, 3, 4}
