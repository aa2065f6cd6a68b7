"""Which techniques of ATT&CK the matches speak of, under which tactics."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cybervault.cli.detections.tally import Seen
from cybervault.domain.assessments import rank_of
from cybervault.domain.attack import columns_of, successor, technique
from cybervault.domain.verdicts import Severity


@dataclass(slots=True)
class Cell:
    """A technique under one tactic; `tactic` is empty where neither the rule nor ATT&CK knows one.

    `id` is the one that ATT&CK has today, which may be another than the rule's.
    """

    id: str
    tactic: str
    count: int = 0
    rules: list[Seen] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Empty for an id that is not in our table."""
        known = technique(self.id)
        return "" if known is None else known.name

    @property
    def worst(self) -> Severity:
        return max((seen.rule.level for seen in self.rules), key=rank_of)


def cells_of(seen: Iterable[Seen]) -> list[Cell]:
    """All cells, those with most matches first; no id is dropped, known or not."""
    found: dict[tuple[str, str], Cell] = {}
    for one in seen:
        for id_ in dict.fromkeys(map(successor, one.rule.techniques)):
            for tactic in columns_of(id_, one.rule.tactics) or ("",):
                cell = found.setdefault((id_, tactic), Cell(id_, tactic))
                cell.count += one.count
                cell.rules.append(one)
    return sorted(found.values(), key=lambda cell: (-cell.count, cell.id))
