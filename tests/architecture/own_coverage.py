"""The own-coverage gate: each test file alone must cover most of the lines and branches of its own source file.

Run after `pytest --own-coverage`: python -m tests.architecture.own_coverage
"""

import ast
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from coverage import Coverage
from coverage.data import CoverageData
from coverage.exceptions import NoDataError

from tests.architecture.recording import DATA, context_of, watch
from tests.architecture.tree import PACKAGE, ROOT, is_mirrored, name_of, own_test, sources, syntax

Arcs: TypeAlias = set[tuple[int, int]]

OWN_PERCENT_MIN: Final = 90.0
DEBT: Final = Path(__file__).with_name("coverage_debt.txt")


@dataclass(frozen=True, slots=True)
class OwnCoverage:
    """What the own test file of a source file covers of it, and the lines and branches that it misses."""

    source: Path
    percent: float
    missing_lines: tuple[int, ...] = ()
    missing_branches: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        lines = _ranges(self.missing_lines)
        branches = ", ".join(f"{start}->{end if end > 0 else 'exit'}" for start, end in self.missing_branches)
        missing = "; ".join(filter(None, (lines and f"lines {lines}", branches and f"branches {branches}")))
        return f"{self.percent:5.1f} %  {name_of(self.source)}  {missing}".rstrip()


def _ranges(lines: Sequence[int]) -> str:
    """Numbers with runs drawn together: "3-5, 9"."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and runs[-1][-1] == line - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def measure(data: CoverageData, pairs: Iterable[tuple[Path, str]], config: Path) -> list[OwnCoverage]:
    """Count for each source file what the test file of that name (relative to the root) runs of it, alone."""
    own = CoverageData(no_disk=True)
    tests = dict(pairs)
    for source, test in tests.items():
        own.add_arcs({str(source): own_arcs(data, source, test)})
    if not tests:
        return []
    files = _report(own, list(tests), config)
    return [_read(source, files[source.resolve()]) for source in tests]


def own_arcs(data: CoverageData, source: Path, test: str) -> Arcs:
    """Steps from line to line that the test file takes, and those of module level, whoever took them."""
    data.set_query_contexts([f"^{re.escape(context_of(test))}"])
    own = set(data.arcs(str(source)) or ())
    data.set_query_contexts(None)
    inner = _lines_in_functions(syntax(source))
    return own | {arc for arc in data.arcs(str(source)) or () if not {abs(line) for line in arc} & inner}


def _lines_in_functions(tree: ast.Module) -> set[int]:
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    }


def _report(own: CoverageData, files: Sequence[Path], config: Path) -> dict[Path, Any]:
    """Coverage's own report on the chosen data, by source file, with the exclusions that the configuration names."""
    with tempfile.TemporaryDirectory() as folder:
        reader = Coverage(data_file=f"{folder}/own", config_file=str(config))
        reader.get_data().update(own)
        target = Path(folder) / "own.json"
        reader.json_report(morfs=[str(path) for path in files], outfile=str(target))
        report = json.loads(target.read_text(encoding="utf-8"))
    return {Path(name).resolve(): part for name, part in report["files"].items()}


def _read(source: Path, part: dict[str, Any]) -> OwnCoverage:
    branches = tuple((start, end) for start, end in part.get("missing_branches", ()))
    return OwnCoverage(source, part["summary"]["percent_covered"], tuple(part["missing_lines"]), branches)


def debts() -> frozenset[str]:
    """Source files that may fall short for now; the list may only shrink."""
    lines = DEBT.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def complaints(found: Sequence[OwnCoverage], debt: frozenset[str]) -> list[str]:
    """What is wrong: files that fall short, and debts that are paid and still listed."""
    short = {name_of(one.source): one for one in found if one.percent < OWN_PERCENT_MIN}
    paid = sorted(debt - short.keys())
    return [
        *(str(one) for name, one in short.items() if name not in debt),
        *(f"paid: take {name} out of {name_of(DEBT)}" for name in paid),
    ]


def recorded() -> CoverageData:
    """What all workers of the test run have seen, and the module level of every source file, which is run here."""
    reader = Coverage(data_file=str(DATA), config_file=False)
    reader.combine()
    found = reader.get_data()
    importing = watch(*sources())
    importing.start()
    for source in sources():
        if is_mirrored(source):
            importlib.import_module(".".join(source.relative_to(PACKAGE.parent).with_suffix("").parts))
    importing.stop()
    found.update(importing.get_data())
    return found


def main() -> int:
    """Read what was recorded, print what falls short, and say so by the exit status."""
    try:
        data = recorded()
    except NoDataError:
        print("nothing is recorded: run pytest with --own-coverage first")
        return 1
    pairs = [(path, name_of(own_test(path))) for path in sources() if is_mirrored(path)]
    found = measure(data, pairs, ROOT / "pyproject.toml")
    wrong = complaints(found, debts())
    if wrong:
        print(f"own coverage below {OWN_PERCENT_MIN:.0f} %: what its own test file runs of each source file")
        print("\n".join(wrong))
    else:
        print(f"own coverage: {len(found)} files, each at least {OWN_PERCENT_MIN:.0f} % by its own test file alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
