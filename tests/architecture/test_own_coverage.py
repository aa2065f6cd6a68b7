"""The own-coverage gate counts what it says: one test file's lines and branches, and nothing of its neighbours."""

from pathlib import Path

import pytest
from coverage.data import CoverageData

from tests.architecture.own_coverage import OwnCoverage, complaints, debts, measure, own_arcs
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
IMPORT = [(-1, 1), (1, 3), (3, 6), (6, 12), (12, -1)]
MANY = [(-6, 7), (7, 8), (8, -6)]
FEW = [(-6, 7), (7, 9), (9, -6)]
UNUSED = [(-12, 13), (13, -12)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "choose.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.coverage.run]\nbranch = true\n")
    return path


def record(source: Path, parts: dict[str, list[tuple[int, int]]]) -> CoverageData:
    data = CoverageData(no_disk=True)
    for context, arcs in parts.items():
        data.set_context(context)
        data.add_arcs({str(source): arcs})
    return data


def test_a_file_that_its_own_test_runs_whole_is_complete(source: Path, config: Path) -> None:
    data = record(source, {"": IMPORT, "tests/test_choose.py::test_all|run": [*MANY, *FEW, *UNUSED]})
    (found,) = measure(data, [(source, "tests/test_choose.py")], config)
    assert found.percent == 100
    assert found.missing_lines == ()


def test_what_a_neighbour_runs_does_not_count(source: Path, config: Path) -> None:
    data = record(
        source,
        {
            "": IMPORT,
            "tests/test_choose.py::test_many|run": MANY,
            "tests/test_choose.py.other::test_few|run": FEW,
            "tests/test_neighbour.py::test_few|run": [*FEW, *UNUSED],
        },
    )
    (found,) = measure(data, [(source, "tests/test_choose.py")], config)
    assert found.missing_lines == (9, 13)
    assert found.missing_branches == ((7, 9),)
    assert found.percent == pytest.approx(100 * 6 / 9)  # five of seven lines, one of two branches


def test_module_level_counts_whoever_imported_it_first(source: Path) -> None:
    data = record(source, {"tests/test_neighbour.py::test_lazy|run": [*IMPORT, *FEW]})
    assert own_arcs(data, source, "tests/test_choose.py") == set(IMPORT)


def test_a_file_that_nobody_runs_is_not_passed_over(source: Path, config: Path) -> None:
    (found,) = measure(record(source, {"": []}), [(source, "tests/test_choose.py")], config)
    assert found.percent == 0


def test_a_shortfall_is_told_with_its_lines_and_branches() -> None:
    short = OwnCoverage(ROOT / "src" / "cybervault" / "logs.py", 89.96, (3, 4, 5, 9), ((7, 9), (8, -6)))
    assert complaints([short], frozenset()) == [" 90.0 %  src/cybervault/logs.py  lines 3-5, 9; branches 7->9, 8->exit"]


def test_a_debt_is_borne_until_it_is_paid() -> None:
    place = ROOT / "src" / "cybervault" / "logs.py"
    owed = frozenset({"src/cybervault/logs.py"})
    assert complaints([OwnCoverage(place, 50.0)], owed) == []
    assert complaints([OwnCoverage(place, 95.0)], owed) == [
        "paid: take src/cybervault/logs.py out of tests/architecture/coverage_debt.txt"
    ]


def test_nothing_is_owed() -> None:
    assert debts() == frozenset()
