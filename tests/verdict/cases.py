"""Cases of weighing: what the sources said about an observable, and what follows, as JSON files."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cybervault.domain.evidence import Answer, Evidence, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Weighing
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import Weights, load_weights

CASES: Final = Path(__file__).parents[1] / "cases"
NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
WEIGHTS: Final = load_weights()


def case_files(folder: str) -> list[Path]:
    """The cases of a folder, by name; at least one."""
    files = sorted((CASES / folder).glob("*.json"))
    assert files, folder
    return files


def case_of(path: Path) -> dict[str, Any]:
    """One case."""
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return case


def answer(source: str, *said: tuple[Any, ...] | list[Any], outcome: Outcome | None = None) -> Answer:
    """What a source says: item, bin and perhaps the age in days, each; without any it knows nothing."""
    evidence = tuple(_evidence(source, *each) for each in said)
    return Answer(source, outcome or (Outcome.HIT if evidence else Outcome.UNKNOWN), evidence)


def _evidence(source: str, item: str, bin_: str, age_days: float | None = None) -> Evidence:
    seen = None if age_days is None else NOW - timedelta(days=age_days)
    return Evidence(source, item, bin_, f"data.{item}", 7, WEIGHTS.sources[source].group, seen)


def answers_of(case: Mapping[str, Any]) -> list[Answer]:
    """The answers of a case."""
    described = case["answers"].items()
    return [answer(name, *each.get("said", ()), outcome=Outcome(each["outcome"])) for name, each in described]


def weigh(case: Mapping[str, Any], weights: Weights = WEIGHTS) -> Weighing:
    """What follows from a case."""
    return fuse(parse_observable(case["observable"]), answers_of(case), weights, NOW)
