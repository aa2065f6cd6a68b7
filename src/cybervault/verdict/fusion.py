"""Fusion: evidence of all sources to one score that can be added up by hand, and from it a verdict that may abstain.

The model is an additive scorecard in log-odds: prior + sum of points. All sums are made in whole hundredths, so that
the printed numbers add up exactly and no order of answers can change a result.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.verdicts import Confidence, Gap, Priority, Severity, Term, Verdict, Weighing
from cybervault.verdict.weights import HARD_ALLOW, UNKNOWN_ITEM, KindWeights, Rules, Weight, Weights, is_hard_allow
from cybervault.verdict.wording import describe

_HUNDREDTHS: Final = 100
_DAY_SECONDS: Final = 86_400
# Contract 2.6.
_SEVERITIES: Final = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM), (0, Severity.LOW))


def fuse(observable: Observable, answers: Sequence[Answer], weights: Weights, now: datetime) -> Weighing:  # noqa: PLR0917 - what, from what, by what, when
    """Weigh everything that was said about an observable; `now` has its zone.

    `answers` holds one answer per applicable source, whatever its outcome, and the one of source `local`. A source
    that has mass in the weights and gave none counts as not asked. Equal sets of answers give equal results.
    """
    if observable.kind not in weights.kinds:
        return _unweighed(observable, answers, weights)
    scale = _Scale(observable.kind, weights, now)
    lines = scale.lines(answers)
    terms = scale.terms(lines)
    gaps = scale.gaps(answers)
    prior = _hundredths(scale.rules.prior)
    total = prior + sum(_hundredths(term.points) for term in terms)
    draft = Weighing(
        verdict=Verdict.UNKNOWN,
        score=_score(total),
        low=_score(total - scale.reach(lines, gaps, sign=-1)),
        high=_score(total + scale.reach(lines, gaps, sign=1)),
        prior=prior / _HUNDREDTHS,
        log_odds=total / _HUNDREDTHS,
        terms=terms,
        coverage=scale.coverage(answers),
        conflict=_conflict(terms, weights.rules),
        confidence=Confidence.LOW,
        severity=next(severity for least, severity in _SEVERITIES if _score(total) >= least),
        summary="",
        weights_version=weights.version,
        kind=observable.kind,
        gaps=gaps,
    )
    judged = replace(draft, verdict=_verdict(draft, weights.rules))
    sure = replace(judged, confidence=_confidence(judged, weights.rules))
    return replace(sure, summary=describe(sure, "en"))


def _unweighed(observable: Observable, answers: Sequence[Answer], weights: Weights) -> Weighing:
    """For kinds that are neither good nor bad (a CVE) or that no source is asked about: context without points."""
    said = _statements(evidence for answer in answers for evidence in answer.evidence)
    known = [(evidence, weights.bin_of(evidence)) for evidence in said]
    draft = Weighing(
        verdict=Verdict.UNKNOWN,
        score=None,
        low=0,
        high=100,
        prior=0.0,
        log_odds=0.0,
        terms=tuple(_term(_Line(evidence, weight, 1.0, 0), 0, 0.0) for evidence, weight in known),
        coverage=0.0,
        conflict=0.0,
        confidence=Confidence.LOW,
        severity=Severity.INFORMATIONAL,
        summary="",
        weights_version=weights.version,
        priority=Priority(None, None, None) if observable.kind is Kind.CVE else None,
        kind=observable.kind,
    )
    return replace(draft, summary=describe(draft, "en"))


@dataclass(frozen=True, slots=True)
class _Line:
    """A piece of evidence with its weight and its points in hundredths, before the cap of its group."""

    evidence: Evidence
    weight: Weight
    freshness: float
    points: int

    @property
    def sign(self) -> int:
        return -1 if self.points < 0 else 1


@dataclass(frozen=True, slots=True)
class _Scale:
    """The weights as they apply to one kind of observable at one time."""

    kind: Kind
    weights: Weights
    now: datetime

    @property
    def rules(self) -> KindWeights:
        return self.weights.kinds[self.kind]

    def lines(self, answers: Sequence[Answer]) -> list[_Line]:
        said = (evidence for answer in answers for evidence in answer.evidence)
        return [self._line(evidence) for evidence in _statements((*said, *self._silences(answers)))]

    def _silences(self, answers: Sequence[Answer]) -> Iterator[Evidence]:
        """That a source was asked and knows nothing, where the weights give that a meaning."""
        for answer in answers:
            source = self.weights.sources.get(answer.source)
            if answer.outcome is Outcome.UNKNOWN and source is not None and source.unknown is not None:
                yield Evidence(answer.source, UNKNOWN_ITEM, "unknown", "", None, source.group)

    def _line(self, evidence: Evidence) -> _Line:
        seen = evidence.observed_at
        age_days = None if seen is None else (self.now - seen).total_seconds() / _DAY_SECONDS
        weight = self.weights.weight_of(evidence, self.kind)
        freshness = self.weights.freshness_of(evidence, self.kind, age_days)
        return _Line(evidence, weight, freshness, _hundredths(weight.points * freshness))

    def terms(self, lines: Sequence[_Line]) -> tuple[Term, ...]:
        """The account, strongest line first; each side of a group is cut to its cap."""
        terms = []
        for group in EvidenceGroup:
            for sign in (1, -1):
                side = [line for line in lines if line.evidence.group is group and line.sign == sign]
                parts = [abs(line.points) for line in side]
                kept = min(sum(parts), self._cap(group, sign))
                share = 1.0 if kept == sum(parts) else kept / sum(parts)
                cut = _share_out(parts, kept)
                terms += [_term(line, sign * points, share) for line, points in zip(side, cut, strict=True)]
        return tuple(sorted(terms, key=lambda term: (-abs(term.points), _place(term.evidence))))

    def _cap(self, group: EvidenceGroup, sign: int) -> int:
        cap = self.weights.groups[group]
        return abs(_hundredths(cap.most if sign > 0 else cap.least))

    def gaps(self, answers: Sequence[Answer]) -> tuple[Gap, ...]:
        """The sources that count and were not heard, the most telling first."""
        outcomes = _outcomes(answers)
        missing = [name for name in self._applicable(outcomes) if not _is_heard(outcomes.get(name))]
        gaps = [
            Gap(name, outcomes.get(name), sum(self._strongest(name, sign) for sign in (1, -1)) / _HUNDREDTHS)
            for name in missing
        ]
        return tuple(sorted(gaps, key=lambda gap: (-gap.swing, gap.source)))

    def coverage(self, answers: Sequence[Answer]) -> float:
        outcomes = _outcomes(answers)
        names = self._applicable(outcomes)
        whole = sum(self.rules.mass[name] for name in names)
        heard = sum(self.rules.mass[name] for name in names if _is_heard(outcomes.get(name)))
        return round(heard / whole, 4) if whole else 0.0

    def _applicable(self, outcomes: Mapping[str, Outcome]) -> list[str]:
        """The sources that could know something about this observable; the rest is context."""
        masses = self.rules.mass.items()
        return [name for name, mass in masses if mass and outcomes.get(name) is not Outcome.NOT_APPLICABLE]

    def reach(self, lines: Sequence[_Line], gaps: Sequence[Gap], *, sign: int) -> int:
        """How many hundredths the missing sources could move the sum to one side, within the caps of their groups."""
        reach = 0
        for group in EvidenceGroup:
            said = sum(abs(line.points) for line in lines if line.evidence.group is group and line.sign == sign)
            names = [gap.source for gap in gaps if self.weights.sources[gap.source].group is group]
            more = said + sum(self._strongest(name, sign) for name in names)
            cap = self._cap(group, sign)
            reach += min(cap, more) - min(cap, said)
        return reach

    def _strongest(self, name: str, sign: int) -> int:
        """How many hundredths the strongest word of a missing source is worth on one side, discounted."""
        words = [
            sign * weight.points
            for item, bins in self.weights.sources[name].items.items()
            for weight in bins.values()
            if (name, item) != HARD_ALLOW[:2] and f"{name}.{item}" not in self.rules.without
        ]
        return _hundredths(max((0.0, *words)) * self.weights.rules.missing_discount)


def _hundredths(value: float) -> int:
    return round(value * _HUNDREDTHS)


def _score(hundredths: int) -> int:
    return round(100 / (1 + math.exp(-hundredths / _HUNDREDTHS)))


def _statements(said: Iterator[Evidence] | Sequence[Evidence]) -> list[Evidence]:
    """Each statement once, in an order that does not depend on who answered first."""
    by_place = {_place(evidence): evidence for evidence in said}
    return [by_place[place] for place in sorted(by_place)]


def _place(evidence: Evidence) -> tuple[str, ...]:
    seen = "" if evidence.observed_at is None else evidence.observed_at.isoformat()
    return (evidence.source, evidence.item, evidence.bin, evidence.field, repr(evidence.value), evidence.group, seen)


def _outcomes(answers: Sequence[Answer]) -> dict[str, Outcome]:
    """How asking each source ended; where one source answered twice, evidence counts."""
    ordered = sorted(answers, key=lambda answer: (answer.outcome.is_evidence, answer.outcome))
    return {answer.source: answer.outcome for answer in ordered}


def _is_heard(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.is_evidence


def _share_out(parts: Sequence[int], total: int) -> list[int]:
    """Cut whole numbers in proportion so that they add up to `total` exactly: the largest remainders are rounded up."""
    whole = sum(parts)
    if whole <= total:
        return list(parts)
    cut = [part * total // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: (-(parts[place] * total % whole), place))
    for place in by_remainder[: total - sum(cut)]:
        cut[place] += 1
    return cut


def _term(line: _Line, points: int, share: float) -> Term:
    return Term(
        line.evidence,
        weight=line.weight.points,
        freshness=line.freshness,
        share=share,
        points=points / _HUNDREDTHS,
        reason=line.weight.reason,
        reason_es=line.weight.reason_es,
    )


def _conflict(terms: Sequence[Term], rules: Rules) -> float:
    """How much of the stronger side the weaker side reaches, 0..1; small points on both sides are no conflict."""
    against = sum(term.points for term in terms if term.points > 0)
    in_favour = -sum(term.points for term in terms if term.points < 0)
    return round(min(against, in_favour) / max(against, in_favour, rules.conflict_points), 4)


def _verdict(draft: Weighing, rules: Rules) -> Verdict:
    score = draft.score or 0
    if any(is_hard_allow(term.evidence) for term in draft.terms):
        return Verdict.BENIGN
    if score >= rules.suspicious_from:
        is_backed = _is_backed(draft, rules, sign=1)
        verdict = Verdict.MALICIOUS if score >= rules.malicious_from else Verdict.SUSPICIOUS
        return verdict if is_backed else Verdict.UNKNOWN
    is_low = score <= rules.benign_to and draft.high < rules.suspicious_from
    is_contested = draft.conflict >= rules.doubtful_conflict
    return Verdict.BENIGN if is_low and not is_contested and _is_backed(draft, rules, sign=-1) else Verdict.UNKNOWN


def _is_backed(draft: Weighing, rules: Rules, *, sign: int) -> bool:
    """Whether enough was heard to say so: one decisive statement, or coverage and an interval that does not say all.

    Only what sources know counts in favour: their silence may move the score but never makes a verdict.
    """
    points = [sign * term.points for term in draft.terms if term.evidence.item != UNKNOWN_ITEM]
    if max(points, default=0) >= rules.decisive_points:
        return True
    is_torn = draft.low < rules.suspicious_from and draft.high >= rules.malicious_from
    is_said = sum(point for point in points if point > 0) >= rules.benign_points
    return is_said and not is_torn and draft.coverage >= rules.coverage_floor


def _confidence(judged: Weighing, rules: Rules) -> Confidence:
    if judged.verdict is Verdict.UNKNOWN or judged.conflict >= rules.doubtful_conflict:
        return Confidence.LOW
    if any(is_hard_allow(term.evidence) for term in judged.terms):
        return Confidence.HIGH if judged.conflict <= rules.confident_conflict else Confidence.MEDIUM
    if judged.coverage < rules.coverage_floor:
        return Confidence.LOW
    is_covered = judged.coverage >= rules.confident_coverage and judged.conflict <= rules.confident_conflict
    return Confidence.HIGH if is_covered and _is_shared(judged, rules) else Confidence.MEDIUM


def _is_shared(judged: Weighing, rules: Rules) -> bool:
    """Whether two sources, or one with a decisive word, are of the opinion of the verdict."""
    sign = -1 if judged.verdict is Verdict.BENIGN else 1
    side = [term for term in judged.terms if sign * term.points > 0]
    return len({term.evidence.source for term in side}) > 1 or abs(side[0].points) >= rules.decisive_points
