"""Scores of vulnerabilities from their vectors (CVSS v3 and v4, else v2): of the base metrics alone, by `cvss`."""

from functools import lru_cache
from typing import Final

from cybervault.domain.verdicts import Severity

# Threat, environment and what supplements do not count: they say how one installation, or one day, sees it.
_BASE: Final = {
    "CVSS:3.0": frozenset({"AV", "AC", "PR", "UI", "S", "C", "I", "A"}),
    "CVSS:3.1": frozenset({"AV", "AC", "PR", "UI", "S", "C", "I", "A"}),
    "CVSS:4.0": frozenset({"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"}),
}
# Versions before 3 name none; some tools do so all the same, some put them in brackets.
_OLD: Final = ("CVSS:2.0/", "CVSS2#")
_OLD_BASE: Final = frozenset({"AV", "AC", "Au", "C", "I", "A"})
_OLD_SCORE_MAX: Final = 8.9
_CHARACTERS_MAX: Final = 512
# Section 5 of v3.1, 6 of v4.0: the qualitative rating of a score.
_RATINGS: Final = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


def base_score(vector: str) -> float | None:
    """The base score of a v3 or v4 vector, 0.0 to 10.0; None for any other text."""
    version, *parts = vector[: _CHARACTERS_MAX + 1].strip().split("/")
    if version not in _BASE or len(vector) > _CHARACTERS_MAX:
        return None
    return _scored("/".join((version, *sorted(part for part in parts if part.partition(":")[0] in _BASE[version]))))


def old_score(vector: str) -> float | None:
    """The base score of a v2 vector, 0.0 to 8.9, for where nobody gives a newer one; None for any other text.

    The scale of v2 ends with high, from 7.0 on (NVD); above 8.9 it would be called critical.
    """
    text = vector[: _CHARACTERS_MAX + 1].strip().removeprefix("(").removesuffix(")")
    if len(vector) > _CHARACTERS_MAX:
        return None
    for prefix in _OLD:
        text = text.removeprefix(prefix)
    score = _scored("/".join(sorted(part for part in text.split("/") if part.partition(":")[0] in _OLD_BASE)))
    return None if score is None else min(score, _OLD_SCORE_MAX)


def severity_of(score: float) -> Severity:
    """What a score is called."""
    return next((severity for least, severity in _RATINGS if score >= least), Severity.INFORMATIONAL)


# Hundreds of thousands of advisories have some thousand vectors.
@lru_cache(maxsize=4_096)
def _scored(vector: str) -> float | None:
    import cvss  # type: ignore[import-untyped] # noqa: PLC0415 - who reads no vector does without its tables

    kinds = {"CVSS:3": cvss.CVSS3, "CVSS:4": cvss.CVSS4}
    try:
        found = next((kind for start, kind in kinds.items() if vector.startswith(start)), cvss.CVSS2)(vector)
    except cvss.CVSSError:
        return None
    return float(found.base_score)
