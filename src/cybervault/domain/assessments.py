"""What is assessed, how deeply, and what came of it: an assessment, which never changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.domain.ids import AssessmentId
from cybervault.domain.observables import HASH_KINDS, Kind, Observable
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Confidence, Severity, Verdict, Weighing


class Depth(StrEnum):
    """How far an assessment goes."""

    QUICK = "quick"
    """What this machine knows: its lists and the answers that it remembers. Nothing leaves."""
    DEEP = "deep"
    """The sources are asked too."""
    SANDBOX = "sandbox"
    """The target is run, in an engine built for that."""


class Sort(StrEnum):
    """What a target is."""

    INDICATOR = "indicator"
    PAYLOAD = "payload"
    TELEMETRY = "telemetry"


class Category(StrEnum):
    """What sort of threat it is (contract 1.3.3)."""

    COMMAND_AND_CONTROL = "command_and_control"
    MALWARE = "malware"
    PHISHING = "phishing"
    RANSOMWARE = "ransomware"
    BOTNET = "botnet"
    SCANNER = "scanner"
    BRUTE_FORCE = "brute_force"
    SPAM = "spam"
    ANONYMIZER = "anonymizer"
    BENIGN = "benign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Target:
    """What is assessed: `kind` is that of the observable, the type of the bytes, or the type of the telemetry.

    `value` is its canonical text; of a payload and of telemetry the SHA-256 of what was sent, which itself is not kept.
    """

    sort: Sort
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """One observable of the target, weighed; `labels` are short facts of sources, as (name, value)."""

    observable: Observable
    weighing: Weighing
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """Why: a name in snake case, what it added in points of 0..100 or log-odds, and a sentence.

    `technique_id` is of ATT&CK, None where none is meant.
    """

    name: str
    points: float
    reason: str
    technique_id: str | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """A detection rule that fired. Its author is shown with it, as the licences of rules ask.

    It is not `certain` where something that would exclude the event was not told.
    """

    rule_id: str
    title: str
    level: Severity
    author: str
    pack: str
    is_certain: bool
    techniques: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Countermeasure:
    """An action that fits: what to do to what, and why; the words of `domain.actions`."""

    type: str
    target: str
    reason: str
    is_reversible: bool


@dataclass(frozen=True, slots=True)
class EntityAtRisk:
    """What telemetry of late, with this, says of a host or user; `points` are what is left of each sign."""

    kind: str
    value: str
    score: float
    is_incident: bool
    tactics: tuple[str, ...]
    points: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Verdict, score and evidence on one target at one time.

    `score` is 0..100, None for what is not weighed (a CVE). `parts` are its observables, the target itself first.
    `missing` are the sources that were not heard. `by` names the caller as the audit does.
    """

    id: AssessmentId
    tenant_id: TenantId
    request_id: str
    created_at: datetime
    by: str
    target: Target
    depth: Depth
    verdict: Verdict
    score: int | None
    severity: Severity
    confidence: Confidence
    coverage: float
    conflict: float
    category: Category
    family: str | None
    summary: str
    parts: tuple[Part, ...] = ()
    signs: tuple[Sign, ...] = ()
    countermeasures: tuple[Countermeasure, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    metadata: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()
    entities: tuple[EntityAtRisk, ...] = ()

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK ids of its signs and of the rules that fired, each once, in order."""
        of_signs = (sign.technique_id for sign in self.signs if sign.technique_id is not None)
        return tuple(dict.fromkeys((*of_signs, *(one for rule in self.detections for one in rule.techniques))))

    @property
    def certainty(self) -> float:
        """How sure, 0..1: the band of the confidence, and within it coverage less conflict."""
        base, span = _BANDS[self.confidence]
        return round(base + span * self.coverage * (1 - self.conflict), 2)

    @property
    def is_finding(self) -> bool:
        """Whether it is kept as something to be handled."""
        return self.verdict in BAD


BAD: Final = frozenset({Verdict.MALICIOUS, Verdict.SUSPICIOUS})
_BANDS: Final = {Confidence.LOW: (0.0, 0.39), Confidence.MEDIUM: (0.4, 0.34), Confidence.HIGH: (0.75, 0.25)}

_SEVERITIES: Final = (
    Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL,
)  # fmt: skip


def rank_of(severity: Severity) -> int:
    """1 informational to 5 critical, OCSF's severity_id."""
    return _SEVERITIES.index(severity) + 1


def severity_of_rank(rank: int) -> Severity:
    """The severity of an OCSF severity_id from 1 to 5."""
    return _SEVERITIES[rank - 1]


def severity_of_score(score: int) -> Severity:
    """90 critical, 70 high, 40 medium, below low (contract 2.6)."""
    return next(severity for least, severity in _FROM_SCORE if score >= least)


_FROM_SCORE: Final = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM), (0, Severity.LOW))


def tag_of(observable: Observable) -> str:
    """An observable as findings name it: `ip:203.0.113.42`, `hash:md5:...`, `domain:...` (contract 1.3.2)."""
    if observable.kind in HASH_KINDS:
        return f"hash:{observable.kind.value}:{observable.value}"
    kind = "ip" if observable.kind in {Kind.IPV4, Kind.IPV6} else observable.kind.value
    return f"{kind}:{observable.value}"
