"""Marks tell which statements and sides of branches ran, and change nothing of what the code does."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.marking import SEEN, Marking, Marks, marked

Run = tuple[dict[str, object], Marks]


def run(folder: Path, source: str) -> Run:
    path = folder / "sample.py"
    path.write_text(source)
    code, marks = marked(path)
    names: dict[str, object] = {SEEN: bytearray(len(marks.lines))}
    exec(code, names)  # noqa: S102 - what is tested is what it does
    return names, marks


def unseen(found: Run) -> list[int]:
    names, marks = found
    seen = names[SEEN]
    assert isinstance(seen, bytearray)
    return marks.unseen(seen)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("if n: n = 1", [3], id="a condition that never fails"),
        pytest.param("if not n: n = 1", [3], id="a condition that never holds"),
        pytest.param("if n: n = 1\n    else: n = 2", [4], id="the other side"),
        pytest.param("for x in [1]: break", [3], id="a loop that never ends by itself"),
        pytest.param("for x in [1]: n = x", [], id="a loop that does both"),
        pytest.param("while True: break", [], id="an endless loop has one way"),
        pytest.param("try: n = 1\n    except OSError: n = 2\n    finally: n = 3", [4], id="a fault that never comes"),
        pytest.param("try:\n        n / 0\n        n = 1\n    except ZeroDivisionError: n = 2", [5], id="left out"),
        pytest.param("match n:\n        case 1: n = 2", [3], id="a value that no case takes"),
        pytest.param("match n:\n        case 2: n = 2\n        case _: n = 3", [4], id="a case that never comes"),
        pytest.param("def inner(): return 1\n    return n", [3], id="a function within"),
        pytest.param("if n == 7: raise AssertionError", [], id="what cannot happen"),
        pytest.param("'What it is.'\n    global m\n    m = n", [], id="no statements of their own"),
    ],
)
def test_what_did_not_run_is_told_by_its_line(tmp_path: Path, body: str, expected: list[int]) -> None:
    found = run(tmp_path, f"\ndef f(n):\n    {body}\n")
    work = found[0]["f"]
    assert callable(work)
    work(1)
    assert unseen(found) == expected


def test_module_level_is_counted_as_run_and_classes_are_gone_into(tmp_path: Path) -> None:
    found = run(tmp_path, "import os\n\n\nclass A:\n    '''An A.'''\n    x = 1\n\n    def f(self):\n        return 1\n")
    assert found[1].outside == 4
    assert unseen(found) == [9]
    assert found[1].percent([0]) == pytest.approx(80)
    assert found[1].percent([1]) == 100


@pytest.fixture
def marking(tmp_path: Path) -> Iterator[Marking]:
    package = tmp_path / "marked_sample"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("def f(n):\n    if n:\n        return 1\n    return 2\n")
    (package / "two.py").write_text("def f():\n    return 1\n")
    found = Marking("marked_sample", [package / "one.py"])
    sys.path.insert(0, str(tmp_path))
    yield found
    sys.path.remove(str(tmp_path))
    if found in sys.meta_path:
        sys.meta_path.remove(found)
    for name in [name for name in sys.modules if name.startswith("marked_sample")]:
        del sys.modules[name]


def imported(name: str) -> ModuleType:
    return importlib.import_module(f"marked_sample.{name}")


def test_chosen_files_are_imported_with_marks(marking: Marking, tmp_path: Path) -> None:
    marking.install()
    assert imported("two").f() == 1
    assert imported("one").f(1) == 1
    ((place, seen),) = marking.seen.items()
    assert place == tmp_path / "marked_sample" / "one.py"
    assert marked(place)[1].unseen(seen) == [2, 4]


def test_what_was_imported_too_early_is_no_silent_gap(marking: Marking) -> None:
    imported("two")
    with pytest.raises(RuntimeError, match=r"imported before it could be marked: marked_sample\.two"):
        marking.install()
