"""Counterfactuals: what a source would have to say for the verdict to be another one; exact, for the score adds up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, Outcome
from cybervault.domain.observables import Observable
from cybervault.domain.verdicts import Verdict, Weighing
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import Weight, Weights, is_hard_allow
from cybervault.verdict.wording import ENGLISH, text_of, title_of

_MOST: Final = 5
# A step up in score that lowers the verdict, or the other way round, only closes a gap: no change that people mean.
_RANK: Final = {Verdict.BENIGN: 0, Verdict.UNKNOWN: 1, Verdict.SUSPICIOUS: 2, Verdict.MALICIOUS: 3}
# What our own lists say does not change by asking.
_LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """If `source` said `bin` about `item`, the verdict would be `verdict` with this score.

    `is_missing` is whether the source was not heard, so that hearing it could settle the matter.
    """

    source: str
    item: str
    bin: str
    verdict: Verdict
    score: int
    is_missing: bool
    weight: Weight

    def sentence(self, language: str) -> str:
        """For people; Spanish unless `language` is "en"."""
        reason = self.weight.reason if language == ENGLISH else self.weight.reason_es
        verdict = text_of(self.verdict, language).lower()
        title = title_of(self.source, language)
        return text_of("would_be", language, verdict=verdict, score=self.score, title=title, reason=reason)


def counterfactuals(  # noqa: PLR0917 - as fuse
    observable: Observable, answers: Sequence[Answer], weights: Weights, now: datetime
) -> tuple[Counterfactual, ...]:
    """The few smallest changes that would change the verdict, one for each source and new verdict.

    Those of sources that were not heard come first: asking them is something a reader can do.
    """
    actual = fuse(observable, answers, weights, now)
    if actual.score is None or any(is_hard_allow(term.evidence) for term in actual.terms):
        return ()
    missing = {gap.source for gap in actual.gaps}
    found: dict[tuple[str, Verdict], tuple[float, Counterfactual]] = {}
    for supposed in _suppositions(observable, answers, weights):
        other = fuse(observable, _supposing(supposed, answers), weights, now)
        step = round(other.log_odds - actual.log_odds, 2)
        if step * (_RANK[other.verdict] - _RANK[actual.verdict]) <= 0:
            continue
        place = (supposed.source, other.verdict)
        if place not in found or abs(step) < found[place][0]:
            found[place] = (abs(step), _counterfactual(supposed, other, weights, is_missing=supposed.source in missing))
    ranked = sorted(found.values(), key=lambda one: (not one[1].is_missing, one[0], one[1].source))
    return tuple(one for _, one in ranked[:_MOST])


def _counterfactual(supposed: Evidence, other: Weighing, weights: Weights, *, is_missing: bool) -> Counterfactual:
    weight = weights.bin_of(supposed)
    return Counterfactual(
        supposed.source, supposed.item, supposed.bin, other.verdict, other.score or 0, is_missing, weight
    )


def _suppositions(observable: Observable, answers: Sequence[Answer], weights: Weights) -> Iterator[Evidence]:
    """What the sources that count could say in place of what they said, each about its most telling item."""
    beside = {answer.source for answer in answers if answer.outcome is Outcome.NOT_APPLICABLE} | {_LOCAL}
    for name, mass in weights.kinds[observable.kind].mass.items():
        if mass and name not in beside:
            source = weights.sources[name]
            item = max(source.items, key=lambda item: _span(source.items[item]))
            yield from (Evidence(name, item, bin_, "", None, source.group) for bin_ in source.items[item])


def _span(bins: Mapping[str, Weight]) -> float:
    points = [weight.points for weight in bins.values()]
    return max(points) - min(points)


def _supposing(supposed: Evidence, answers: Sequence[Answer]) -> list[Answer]:
    """The answers as they would be if the source said this."""
    others = [answer for answer in answers if answer.source != supposed.source]
    said = [evidence for answer in answers if answer.source == supposed.source for evidence in answer.evidence]
    kept = tuple(evidence for evidence in said if evidence.item != supposed.item)
    return [*others, Answer(supposed.source, Outcome.HIT, (*kept, supposed))]
