"""From weighed observables, marks and behaviours to one conclusion. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cybervault.assessments.targets import Reading
from cybervault.detection.behaviours import behaviours_of
from cybervault.detection.detector import Detected
from cybervault.detection.engine import Match
from cybervault.detection.risk import Hit, Risk, RiskLine, risk_of
from cybervault.detection.rule_hits import hit_of
from cybervault.domain.assessments import (
    BAD,
    Category,
    Countermeasure,
    Detection,
    Part,
    Sign,
    Sort,
    severity_of_score,
    tag_of,
)
from cybervault.domain.attack import technique
from cybervault.domain.never import NOBODYS, Ground
from cybervault.domain.observables import ADDRESS_KINDS, HASH_KINDS, Kind, Observable
from cybervault.domain.verdicts import Confidence, Severity, Verdict
from cybervault.verdict.category import category_of, family_of
from cybervault.verdict.recommend import Entities, recommend

# Contract 2.6, as for the score of an observable: from here on it is bad, and from here on it is worth a look.
_MALICIOUS_FROM: Final = 70
_SUSPICIOUS_FROM: Final = 40
# Lists of bad addresses mention bad addresses too: to mention one is no proof, and to mention many is none either, so
# that all mentions go by one name, of which the strongest counts.
_MENTION: Final = "mentions_known_bad"
_MENTION_MOST: Final = _MALICIOUS_FROM - 1
_MARK_CONFIDENCE: Final = 0.8
_CONFIDENT: Final = 0.75
_FAIRLY_CONFIDENT: Final = 0.5
_NO_RULES: Final = "No detection rules are loaded: observables and built-in behaviours alone were looked at."
_NOTHING_DETECTED: Final = Detected()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from the parts."""

    verdict: Verdict
    score: int | None
    severity: Severity
    confidence: Confidence
    coverage: float
    conflict: float
    category: Category
    family: str | None
    summary: str
    signs: tuple[Sign, ...]
    countermeasures: tuple[Countermeasure, ...]
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    detections: tuple[Detection, ...] = ()
    hits: tuple[Hit, ...] = ()


def conclude(
    reading: Reading, parts: Sequence[Part], detected: Detected = _NOTHING_DETECTED, *, ground: Ground = NOBODYS
) -> Conclusion:
    """Weigh the whole: an indicator by itself, payload and telemetry by the strongest of what they show.

    `detected` is what the rules say of telemetry, `ground` what is our own, to which nothing is to be done.
    """
    if reading.target.sort is Sort.INDICATOR:
        return _of_indicator(reading, parts[0], ground)
    of_rules = (hit_of(match.rule, is_certain=match.is_certain) for match in detected.matches)
    hits = (*_hits(reading, parts), *of_rules)
    risk = risk_of(hits)
    verdict = _verdict_of(reading, parts, risk)
    severity = severity_of_score(risk.score) if verdict in BAD else risk.severity
    bad = [part for part in parts if part.weighing.verdict in BAD]
    labels = [label for part in bad for label in part.labels]
    signs = tuple(_sign(line, hits) for line in risk.breakdown)
    coverages = [part.weighing.coverage for part in parts]
    return Conclusion(
        verdict=verdict,
        score=risk.score,
        severity=severity,
        confidence=_word_of(risk.confidence),
        coverage=round(sum(coverages) / len(coverages), 4) if coverages else 0.0,
        conflict=max((part.weighing.conflict for part in parts), default=0.0),
        category=_category(verdict, reading, bad, signs),
        family=family_of(labels),
        summary=_summary(verdict, risk, signs),
        signs=signs,
        countermeasures=_fitting(reading, parts, _Weighed(verdict, severity, signs), ground),
        warnings=(*reading.warnings, *_warnings_of(reading, detected)),
        missing=_missing(parts),
        detections=tuple(map(_detection, detected.matches)),
        hits=hits,
    )


def _of_indicator(reading: Reading, part: Part, ground: Ground) -> Conclusion:
    weighing = part.weighing
    signs = tuple(
        Sign(f"{term.evidence.source}_{term.evidence.item}", term.points, term.reason)
        for term in weighing.terms
        if term.points > 0
    )
    return Conclusion(
        verdict=weighing.verdict,
        score=weighing.score,
        severity=weighing.severity,
        confidence=weighing.confidence,
        coverage=weighing.coverage,
        conflict=weighing.conflict,
        category=category_of(weighing.verdict, reading.target.kind, part.labels),
        family=family_of(part.labels),
        summary=weighing.summary,
        signs=signs,
        countermeasures=_fitting(reading, (part,), _Weighed(weighing.verdict, weighing.severity, signs), ground),
        warnings=reading.warnings,
        missing=_missing((part,)),
    )


def _hits(reading: Reading, parts: Sequence[Part]) -> Iterator[Hit]:
    for mark in reading.marks:
        reason = f"It holds {mark.name.replace('_', ' ')}: {mark.excerpt}"
        yield Hit(mark.name, mark.level, _MARK_CONFIDENCE, reason, _tactic(mark.technique_id), mark.technique_id)
    for behaviour in () if reading.telemetry is None else behaviours_of(reading.telemetry):
        tactic = _tactic(behaviour.technique_id)
        yield Hit(
            behaviour.name, behaviour.level, _MARK_CONFIDENCE, behaviour.reason, tactic, behaviour.technique_id
        )  # fmt: skip
    for place, part in enumerate(parts):
        if part.weighing.verdict in BAD and part.weighing.score is not None:
            is_mention = reading.target.sort is Sort.PAYLOAD and place > 0
            yield _hit_of_mention(part) if is_mention else hit_of_part(part)


def hit_of_part(part: Part) -> Hit:
    """A bad observable that is the payload itself, or that telemetry saw."""
    kind = "file" if part.observable.kind in HASH_KINDS else part.observable.kind.value
    return Hit(
        f"{part.weighing.verdict.value}_{kind}",
        part.weighing.score or 0,
        1.0 if part.weighing.confidence is Confidence.HIGH else _MARK_CONFIDENCE,
        f"Seen {tag_of(part.observable)}: {part.weighing.summary}",
    )


def _hit_of_mention(part: Part) -> Hit:
    hit = hit_of_part(part)
    reason = f"It mentions {tag_of(part.observable)}: {part.weighing.summary}"
    return replace(hit, name=_MENTION, level=min(hit.points, _MENTION_MOST), reason=reason)


def _detection(match: Match) -> Detection:
    rule = match.rule
    return Detection(
        rule.id, rule.title, rule.level, rule.author, rule.pack, match.is_certain,
        techniques=rule.techniques, references=rule.references, false_positives=rule.false_positives,
    )  # fmt: skip


def _warnings_of(reading: Reading, detected: Detected) -> Iterator[str]:
    if reading.target.sort is not Sort.TELEMETRY:
        return
    if detected.rules is None:
        yield _NO_RULES
    elif detected.undecided:
        yield f"{detected.undecided} detection rules look at something that was not told, and could not be decided."


def _sign(line: RiskLine, hits: Sequence[Hit]) -> Sign:
    """A line of the account, with the technique of the hit that it is about."""
    about = (hit.technique_id for hit in hits if hit.name == line.name and line.reason.startswith(hit.reason))
    return Sign(line.name, round(line.points, 2), line.reason, next(about, None))


def _tactic(technique_id: str | None) -> str | None:
    found = None if technique_id is None else technique(technique_id)
    return None if found is None else found.tactic


def _verdict_of(reading: Reading, parts: Sequence[Part], risk: Risk) -> Verdict:
    if risk.score >= _MALICIOUS_FROM:
        return Verdict.MALICIOUS
    if risk.score >= _SUSPICIOUS_FROM:
        return Verdict.SUSPICIOUS
    is_known_good = reading.target.sort is Sort.PAYLOAD and parts[0].weighing.verdict is Verdict.BENIGN
    return Verdict.BENIGN if is_known_good and not risk.score else Verdict.UNKNOWN


def _word_of(confidence: float) -> Confidence:
    if confidence >= _CONFIDENT:
        return Confidence.HIGH
    return Confidence.MEDIUM if confidence >= _FAIRLY_CONFIDENT else Confidence.LOW


def _category(  # noqa: PLR0917 - what was seen, and what was made of it
    verdict: Verdict, reading: Reading, bad: Sequence[Part], signs: Sequence[Sign]
) -> Category:
    kind = reading.target.kind
    if reading.target.sort is Sort.TELEMETRY:
        # Only where a file is bad does telemetry speak of malware when nobody says more.
        files = (part.observable.kind.value for part in bad if part.observable.kind in HASH_KINDS)
        kind = next(files, Kind.IPV4.value)
    found = category_of(verdict, kind, [label for part in bad for label in part.labels])
    tactics = {_tactic(sign.technique_id) for sign in signs}
    is_control = found is Category.UNKNOWN and verdict in BAD and "command-and-control" in tactics
    return Category.COMMAND_AND_CONTROL if is_control else found


def _summary(verdict: Verdict, risk: Risk, signs: Sequence[Sign]) -> str:
    if not signs:
        return "Nothing that we know speaks against it, and nothing for it."
    return told(verdict.value.capitalize(), risk.score, [sign.reason for sign in signs])


def told(verdict: str, score: int | None, reasons: Sequence[str], *, of: str = "of") -> str:
    """A verdict with its score and the first reasons for it, in whatever language these words are."""
    first = " ".join(dict.fromkeys(reason.rstrip(".") + "." for reason in reasons[:3]))
    return f"{verdict}, {score} {of} 100. {first}"


def _missing(parts: Sequence[Part]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gap.source for part in parts for gap in part.weighing.gaps))


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What was made of what was seen."""

    verdict: Verdict
    severity: Severity
    signs: tuple[Sign, ...]


def _fitting(  # noqa: PLR0917 - what was seen, and what was made of it
    reading: Reading, parts: Sequence[Part], weighed: _Weighed, ground: Ground
) -> tuple[Countermeasure, ...]:
    tactics = frozenset(filter(None, (_tactic(sign.technique_id) for sign in weighed.signs)))
    entities = _entities(reading, parts)
    found = recommend(weighed.verdict, weighed.severity, entities, tactics=tactics, ground=ground)
    return tuple(Countermeasure(one.type.value, one.target, one.reason, one.is_reversible) for one in found)


def _entities(reading: Reading, parts: Sequence[Part]) -> Entities:
    """What can be acted on: of a payload what is bad in it; of telemetry what took part and nothing speaks for.

    That a resolver, a popular site or a known file took part is no reason to cut everybody off from it.
    """
    telemetry = reading.telemetry
    if telemetry is None:
        bad = [part.observable for part in parts if part.weighing.verdict in BAD or part is parts[0]]
    else:
        bad = [part.observable for part in parts if part.weighing.verdict in BAD or not _is_spoken_for(part)]
    return Entities(
        host=telemetry.host or None if telemetry is not None else None,
        addresses=_values(bad, ADDRESS_KINDS),
        domains=_values(bad, frozenset({Kind.DOMAIN})),
        urls=_values(bad, frozenset({Kind.URL})),
        hashes=_values(bad, HASH_KINDS),
        processes=(telemetry.process_name,) if telemetry is not None and telemetry.process_name else (),
        accounts=(telemetry.user,) if telemetry is not None and telemetry.user else (),
    )


def _is_spoken_for(part: Part) -> bool:
    return part.weighing.verdict is Verdict.BENIGN or any(term.points < 0 for term in part.weighing.terms)


def _values(observables: Sequence[Observable], kinds: frozenset[Kind]) -> tuple[str, ...]:
    return tuple(one.value for one in observables if one.kind in kinds)
