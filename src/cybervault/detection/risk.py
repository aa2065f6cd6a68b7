"""Risk: what several hits of one event add up to, with an account that can be added by hand.

The strongest hit gives its points; each further one closes 12 % of the gap to 100, times its own share of 100, and each
further tactic 6 % of the gap. So a lone hit reads as its level, and many weak ones never outshout a strong one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cybervault.domain.assessments import severity_of_score
from cybervault.domain.verdicts import Severity

# Elastic's prebuilt rules use 21/47/73/99 for low to critical, which lets a score tell the level of a lone rule.
BASE: Final[Mapping[Severity, int]] = {
    Severity.INFORMATIONAL: 5,
    Severity.LOW: 21,
    Severity.MEDIUM: 47,
    Severity.HIGH: 73,
    Severity.CRITICAL: 99,
}
_LOW_FROM: Final = 15
_SCORE_MAX: Final = 100
_SHARE_OF_HIT: Final = 0.12
_SHARE_OF_TACTIC: Final = 0.06
_CONFIDENCE_TO_COUNT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that speaks for an attack; `name` stands for one rule, so it always comes with the same technique.

    `level` is a severity or points 0..100; `confidence` 0..1 decides whether it counts and never how much.
    """

    name: str
    level: Severity | int
    confidence: float
    reason: str
    tactic: str | None = None
    technique_id: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.points <= _SCORE_MAX or not 0 <= self.confidence <= 1:
            raise ValueError(f"{self.name}: points lie in 0..100 and confidence in 0..1")

    @property
    def points(self) -> int:
        return BASE[self.level] if isinstance(self.level, Severity) else self.level


@dataclass(frozen=True, slots=True)
class RiskLine:
    """One line of the account; the points of all lines together, rounded, are the score."""

    name: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class Risk:
    """`score` 0..100; `confidence` 0..1 is that of the strongest hit, 0 where nothing counted."""

    score: int
    severity: Severity
    confidence: float
    breakdown: tuple[RiskLine, ...]


def severity_of(score: int) -> Severity:
    """The band that a score of 0..100 lies in; hits that hardly say anything are only information."""
    return Severity.INFORMATIONAL if score < _LOW_FROM else severity_of_score(score)


def risk_of(hits: Iterable[Hit]) -> Risk:
    """Weigh the hits of one event; their order plays no part, and one more never lowers the score.

    One name counts once, and so does one technique, by its strongest hit. Hits below a confidence of 0.5, and those
    that another one stands for, are listed with no points.
    """
    ranked = sorted(set(hits), key=_rank)
    able = [hit for hit in ranked if hit.confidence >= _CONFIDENCE_TO_COUNT]
    counted = _strongest_each(able)
    lines = [*_hit_lines(counted), *_tactic_lines(able, _gap_after(counted))]
    score = round(sum(line.points for line in lines))
    confidence = counted[0].confidence if counted else 0.0
    return Risk(score, severity_of(score), confidence, (*lines, *_silent_lines(ranked, counted)))


def _rank(hit: Hit) -> tuple[int, float, str, str, str, str]:
    """Strongest first; the rest only makes the order the same for the same hits."""
    return (-hit.points, -hit.confidence, hit.name, hit.technique_id or "", hit.tactic or "", hit.reason)


def _strongest_each(ranked: Sequence[Hit]) -> list[Hit]:
    """The first hit of every technique, or of every name where none is given."""
    first: dict[tuple[bool, str], Hit] = {}
    for hit in ranked:
        key = (False, hit.name) if hit.technique_id is None else (True, hit.technique_id)
        first.setdefault(key, hit)
    return list(first.values())


def _hit_lines(counted: Sequence[Hit]) -> Iterator[RiskLine]:
    gap = float(_SCORE_MAX)
    for number, hit in enumerate(counted):
        weight = hit.points / _SCORE_MAX
        points = gap * weight * (_SHARE_OF_HIT if number else 1)
        gap -= points
        yield RiskLine(hit.name, points, hit.reason)


def _gap_after(counted: Sequence[Hit]) -> float:
    return _SCORE_MAX - sum(line.points for line in _hit_lines(counted))


def _tactic_lines(able: Sequence[Hit], gap: float) -> Iterator[RiskLine]:
    """All hits that count speak for their tactics, merged or not; the first tactic is in the points already."""
    tactics = dict.fromkeys(hit.tactic for hit in able if hit.tactic is not None)
    for tactic in list(tactics)[1:]:
        points = gap * _SHARE_OF_TACTIC
        gap -= points
        yield RiskLine(f"tactic:{tactic}", points, "A further tactic of an attack was seen.")


def _silent_lines(ranked: Sequence[Hit], counted: Sequence[Hit]) -> Iterator[RiskLine]:
    for hit in ranked:
        if hit.confidence < _CONFIDENCE_TO_COUNT:
            yield RiskLine(hit.name, 0.0, f"{hit.reason} Not counted: too uncertain.")
        elif hit not in counted:
            yield RiskLine(hit.name, 0.0, f"{hit.reason} Not counted: a stronger hit says the same.")
