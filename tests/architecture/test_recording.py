"""The recorder keeps what a test file runs of its own source file, and nothing that others run."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.recording import Recorder, forget, recorded
from tests.architecture.tree import ROOT

TEST = ROOT / "tests" / "test_choose.py"
OTHER = ROOT / "tests" / "contracts" / "test_whole.py"
SOURCE = Path("choose.py")


@pytest.fixture
def seen() -> bytearray:
    return bytearray(3)


@pytest.fixture
def recorder(seen: bytearray, tmp_path: Path) -> Recorder:
    return Recorder({TEST: SOURCE}, {SOURCE: seen}, tmp_path / "kept")


def test_only_what_the_own_test_runs_is_recorded(recorder: Recorder, seen: bytearray, tmp_path: Path) -> None:
    seen[0] = 1
    recorder.turn_to(TEST)
    seen[1] = 1
    recorder.turn_to(OTHER)
    seen[2] = 1
    recorder.pytest_sessionfinish()
    assert recorded(tmp_path / "kept") == {"tests/test_choose.py": int.from_bytes(bytes([0, 1, 0]), "little")}


def test_a_file_that_is_come_back_to_keeps_what_it_had(recorder: Recorder, seen: bytearray, tmp_path: Path) -> None:
    for test, number in ((TEST, 0), (OTHER, 1), (TEST, 2)):
        recorder.turn_to(test)
        recorder.turn_to(test)
        seen[number] = 1
    recorder.pytest_sessionfinish()
    (tmp_path / "kept" / "7.json").write_text('{"tests/test_choose.py": 256, "tests/test_other.py": 1}')
    assert recorded(tmp_path / "kept") == {
        "tests/test_choose.py": int.from_bytes(bytes([1, 1, 1]), "little"),
        "tests/test_other.py": 1,
    }


def test_a_file_that_was_never_imported_is_filed_as_not_run(tmp_path: Path) -> None:
    recorder = Recorder({TEST: SOURCE}, {}, tmp_path / "kept")
    recorder.turn_to(TEST)
    recorder.pytest_sessionfinish()
    assert recorded(tmp_path / "kept") == {"tests/test_choose.py": 0}


def test_what_a_function_remembers_from_before_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "kept.py"
    place.write_text("from functools import cache\n\n\n@cache\ndef choose(number):\n    return [number]\n")
    spec = importlib.util.spec_from_file_location("kept", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "kept", module)
    borrowed = cache(lambda: [1])
    monkeypatch.setattr(module, "borrowed", borrowed, raising=False)
    first, kept = module.choose(5), borrowed()
    forget(place)
    assert module.choose(5) is not first
    assert borrowed() is kept
