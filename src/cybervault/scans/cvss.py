"""Scores of vulnerabilities from their vectors (CVSS v3.1 specification, section 7; v3.0 differs only in rounding)."""

from collections.abc import Mapping
from typing import Final

from cybervault.domain.verdicts import Severity

_METRICS: Final[Mapping[str, Mapping[str, float]]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES: Final[Mapping[str, Mapping[str, float]]] = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
# Section 5: the qualitative rating of a score.
_RATINGS: Final = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


def base_score(vector: str) -> float | None:
    """The base score of a v3 vector, 0.0 to 10.0; None for any other text."""
    version, *parts = vector.strip().split("/")
    if version not in {"CVSS:3.0", "CVSS:3.1"}:
        return None
    given = dict(part.split(":", 1) for part in parts if ":" in part)
    try:
        numbers = {name: values[given[name]] for name, values in _METRICS.items()}
        scope = given["S"]
        privileges = _PRIVILEGES[scope][given["PR"]]
    except KeyError:
        return None
    loss = 1 - (1 - numbers["C"]) * (1 - numbers["I"]) * (1 - numbers["A"])
    is_changed = scope == "C"
    impact = 7.52 * (loss - 0.029) - 3.25 * (loss - 0.02) ** 15 if is_changed else 6.42 * loss
    if impact <= 0:
        return 0.0
    ease = 8.22 * numbers["AV"] * numbers["AC"] * privileges * numbers["UI"]
    return _rounded_up(min(1.08 * (impact + ease) if is_changed else impact + ease, 10.0))


def severity_of(score: float) -> Severity:
    """What a score is called."""
    return next((severity for least, severity in _RATINGS if score >= least), Severity.INFORMATIONAL)


def _rounded_up(score: float) -> float:
    """Up to one decimal, without the faults of binary fractions (appendix A)."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10
