"""The own-coverage gate: each test file alone must cover most of the lines and branches of its own source file.

Run after `OWN_COVERAGE=1 pytest`: python -m tests.architecture.own_coverage
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.architecture.marking import marked
from tests.architecture.recording import DATA, recorded
from tests.architecture.tree import is_mirrored, name_of, own_test, sources

OWN_PERCENT_MIN: Final = 90.0
DEBT: Final = Path(__file__).with_name("coverage_debt.txt")


@dataclass(frozen=True, slots=True)
class OwnCoverage:
    """What the own test file of a source file covers of it, and the lines that it misses or leaves one way only."""

    source: Path
    percent: float
    missing: tuple[int, ...] = ()

    def __str__(self) -> str:
        lines = f"lines {_ranges(self.missing)}" if self.missing else ""
        return f"{self.percent:5.1f} %  {name_of(self.source)}  {lines}".rstrip()


def _ranges(lines: Sequence[int]) -> str:
    """Numbers with runs drawn together: "3-5, 9"."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and runs[-1][-1] == line - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def measure(seen: Mapping[str, int], pairs: Iterable[tuple[Path, str]]) -> list[OwnCoverage]:
    """Count for each source file what the test file of that name (relative to the root) runs of it, alone."""
    found = []
    for source, test in pairs:
        _, marks = marked(source)
        passed = seen.get(test, 0).to_bytes(len(marks.lines), "little")
        found.append(OwnCoverage(source, marks.percent(passed), tuple(marks.unseen(passed))))
    return found


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


def main() -> int:
    """Read what was recorded, print what falls short, and say so by the exit status."""
    seen = recorded(DATA)
    if not seen:
        print("nothing is recorded: run pytest with OWN_COVERAGE=1 first")
        return 1
    found = measure(seen, [(path, name_of(own_test(path))) for path in sources() if is_mirrored(path)])
    wrong = complaints(found, debts())
    if wrong:
        print(f"own coverage below {OWN_PERCENT_MIN:.0f} %: what its own test file runs of each source file")
        print("\n".join(wrong))
    else:
        print(f"own coverage: {len(found)} files, each at least {OWN_PERCENT_MIN:.0f} % by its own test file alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
