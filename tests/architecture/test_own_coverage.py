"""The own-coverage gate counts what it says: one test file's lines and branches, and nothing of its neighbours."""

from pathlib import Path

import pytest

from tests.architecture.marking import Marks, marked
from tests.architecture.own_coverage import OwnCoverage, complaints, debts, measure
from tests.architecture.tree import ROOT

SOURCE = '''"""A module of eleven lines."""

LIMIT = 3


def choose(number: int) -> str:
    if number > LIMIT:
        return "many"
    return "few"


def unused() -> None:
    print("x")
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "choose.py"
    path.write_text(SOURCE)
    return path


def seen_of(marks: Marks, *lines: int) -> int:
    """As a recorder files it: the first mark of each line."""
    return sum(1 << 8 * marks.lines.index(line) for line in lines)


def test_a_file_that_its_own_test_runs_whole_is_complete(source: Path) -> None:
    _, marks = marked(source)
    whole = int.from_bytes(bytes([1] * len(marks.lines)), "little")
    assert measure({"tests/test_choose.py": whole}, [(source, "tests/test_choose.py")]) == [OwnCoverage(source, 100.0)]


def test_what_a_neighbour_runs_does_not_count(source: Path) -> None:
    _, marks = marked(source)
    seen = {"tests/test_choose.py": seen_of(marks, 7, 8), "tests/test_neighbour.py": seen_of(marks, 7, 9, 13)}
    (found,) = measure(seen, [(source, "tests/test_choose.py")])
    assert found.missing == (7, 9, 13)  # the condition of line 7 always held
    assert found.percent == pytest.approx(100 * 6 / 9)  # five of seven statements, one of two sides


def test_a_file_that_nobody_runs_has_its_module_level_alone(source: Path) -> None:
    (found,) = measure({}, [(source, "tests/test_choose.py")])
    assert found.percent == pytest.approx(100 * 3 / 9)


def test_a_shortfall_is_told_with_its_lines() -> None:
    short = OwnCoverage(ROOT / "src" / "cybervault" / "logs.py", 89.96, (3, 4, 5, 9))
    assert complaints([short], frozenset()) == [" 90.0 %  src/cybervault/logs.py  lines 3-5, 9"]


def test_a_debt_is_borne_until_it_is_paid() -> None:
    place = ROOT / "src" / "cybervault" / "logs.py"
    owed = frozenset({"src/cybervault/logs.py"})
    assert complaints([OwnCoverage(place, 50.0)], owed) == []
    assert complaints([OwnCoverage(place, 95.0)], owed) == [
        "paid: take src/cybervault/logs.py out of tests/architecture/coverage_debt.txt"
    ]


def test_nothing_is_owed() -> None:
    assert debts() == frozenset()
