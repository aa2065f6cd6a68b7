"""The parts of the report on what was looked at and what not: the same reason is said once, with all that it is of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cybervault.pages.markup import Markup, element
from cybervault.pages.sheet import quiet, row, table
from cybervault.scans.seen import Coverage, CoverageState

ASSETS_MAX: Final = 50
"""So many are named of each line; all of them are in SARIF."""
COVERAGE_WORDS: Final[Mapping[CoverageState, str]] = {
    CoverageState.COVERED: "looked at",
    CoverageState.NOT_REACHED: "not reached",
    CoverageState.FAILED: "failed",
    CoverageState.NOT_TESTED: "not tested",
}


def not_looked_at(coverage: Iterable[Coverage]) -> Markup:
    """What failed, was not reached and was not tested, each with its reason."""
    missed = [line for line in coverage if line.state is not CoverageState.COVERED]
    if not missed:
        return element("p", "Nothing was left out of what this scan was to look at.")
    return _lines(missed, ("how", "by", "why", "what"))


def looked_at(coverage: Iterable[Coverage]) -> Markup:
    """What each engine has looked at."""
    covered = [line for line in coverage if line.state is CoverageState.COVERED]
    if not covered:
        return element("p", "Nothing could be looked at.")
    return _lines(covered, ("how", "by", "note", "what"))


def _lines(coverage: Sequence[Coverage], heads: Sequence[str]) -> Markup:
    together: dict[tuple[CoverageState, str, str], list[str]] = {}
    for line in coverage:
        where = f"{line.asset} ({', '.join(line.places)})" if line.places else line.asset
        together.setdefault((line.state, line.engine, line.reason), []).append(where)
    rows = [
        row(COVERAGE_WORDS[state], engine, reason, _named(assets), classes={3: "what"})
        for (state, engine, reason), assets in sorted(together.items())
    ]
    return Markup(table(heads, rows, class_="coverage") + quiet(f"{len(coverage):,} lines, told together."))


def _named(assets: Sequence[str]) -> str:
    different = list(dict.fromkeys(assets))
    left = len(different) - ASSETS_MAX
    return ", ".join(different[:ASSETS_MAX]) + (f" and {left:,} more" if left > 0 else "")
