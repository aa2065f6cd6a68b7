"""The outcome of weighing: verdict, score with its terms, coverage, conflict, confidence and severity."""

from dataclasses import dataclass
from enum import StrEnum

from cybervault.domain.evidence import Evidence, Outcome
from cybervault.domain.observables import Kind


class Verdict(StrEnum):
    """The four results of STIX 2.1's malware result list; "unknown" is an answer."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """OCSF severity without "fatal"."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(StrEnum):
    """OCSF confidence."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the account: `points` (log-odds, base e) = `weight` * `freshness` * `share`, to whole hundredths.

    `freshness` is 0..1 by the age of the fact; `share` is 0..1, below 1 where the cap of the evidence
    group cut the sum; `reason` is the sentence of the weights file, `reason_es` the same in Spanish.
    """

    evidence: Evidence
    weight: float
    freshness: float
    share: float
    points: float
    reason: str
    reason_es: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that could know something and was not heard: how asking it ended, None where it was not asked.

    `swing` is how far it could still move the score, in points (log-odds) between its two extremes.
    """

    source: str
    outcome: Outcome | None
    swing: float


@dataclass(frozen=True, slots=True)
class Priority:
    """The scale of a CVE, which is not maliciousness: exploitation, likelihood, impact. None means not known."""

    is_known_exploited: bool | None
    exploit_probability: float | None
    cvss: float | None


@dataclass(frozen=True, slots=True)
class Weighing:
    """A score that can be added up by hand.

    `prior` + the sum of all `terms` points = `log_odds`; `score` = round(100 * sigmoid(log_odds)).
    `low` and `high` bound the score (0..100) by what could not be asked; `coverage` is the share 0..1
    of the applicable evidence that was obtained; `conflict` 0..1 is how much of it pulls both ways.
    `score` is None for kinds that are not weighed (a CVE has `priority` instead). `gaps` are the sources that
    were not heard, those that could change most first.
    """

    verdict: Verdict
    score: int | None
    low: int
    high: int
    prior: float
    log_odds: float
    terms: tuple[Term, ...]
    coverage: float
    conflict: float
    confidence: Confidence
    severity: Severity
    summary: str
    weights_version: str
    priority: Priority | None = None
    kind: Kind | None = None
    gaps: tuple[Gap, ...] = ()
