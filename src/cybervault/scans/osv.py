"""Advisories in the form of OSV (ossf.github.io/osv-schema, 1.7), as far as matching of packages needs them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from cybervault.domain.verdicts import Severity
from cybervault.scans.cvss import base_score, old_score, severity_of
from cybervault.scans.versions import Span

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_SUMMARY_CHARACTERS_MAX: Final = 200
_ORDERED: Final = frozenset({"ECOSYSTEM", "SEMVER"})
# How those that give no vector call it; GitHub says MODERATE, Debian and Ubuntu say urgency or priority.
_WORDS: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFORMATIONAL,
    "unimportant": Severity.INFORMATIONAL,
}


class Affected(msgspec.Struct, frozen=True):
    """Which versions of one package an advisory is about; `versions` are listed where no spans say it."""

    ecosystem: str
    name: str
    spans: tuple[Span, ...]
    versions: tuple[str, ...]
    severity: Severity | None = None


class Advisory(msgspec.Struct, frozen=True):
    """One advisory. `group` is the same for those of one vulnerability: its CVE, where there is exactly one."""

    id: str
    group: str
    summary: str
    severity: Severity | None
    affected: tuple[Affected, ...]


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Range(msgspec.Struct):
    type: str
    events: list[dict[str, str]] = []


class _Rating(msgspec.Struct):
    type: str
    score: str


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] = []
    versions: list[str] = []
    severity: list[_Rating] = []
    ecosystem_specific: dict[str, Any] | None = None
    database_specific: dict[str, Any] | None = None


class _Record(msgspec.Struct):
    id: str
    aliases: list[str] = []
    upstream: list[str] = []
    summary: str = ""
    details: str = ""
    withdrawn: str | None = None
    severity: list[_Rating] = []
    affected: list[_Affected] = []
    database_specific: dict[str, Any] | None = None


_RECORDS: Final = msgspec.json.Decoder(_Record)


def advisory_of(raw: bytes) -> Advisory | None:
    """Read one record; None for one that was withdrawn. Raises ValueError for what is none."""
    record = _RECORDS.decode(raw)
    if record.withdrawn:
        return None
    affected = tuple(
        Affected(
            one.package.ecosystem,
            one.package.name,
            spans := tuple(_spans(one.ranges)),
            () if spans else tuple(one.versions),
            _severity(one.severity, one.ecosystem_specific, one.database_specific),
        )
        for one in record.affected
        if one.package is not None
    )
    summary = record.summary or record.details.partition("\n")[0]
    return Advisory(
        record.id,
        _group(record),
        " ".join(summary.split())[:_SUMMARY_CHARACTERS_MAX],
        _severity(record.severity, record.database_specific),
        affected,
    )


def _group(record: _Record) -> str:
    own = _CVE.search(record.id)
    if own:
        return own[0]
    found = {name for name in (*record.aliases, *record.upstream) if _CVE.fullmatch(name)}
    return found.pop() if len(found) == 1 else record.id


def _spans(ranges: Sequence[_Range]) -> Iterator[Span]:
    """Events come in order (schema, `affected[].ranges[].events`); one that begins ends with the next that ends it."""
    for one in ranges:
        if one.type not in _ORDERED:
            continue
        begun: str | None = None
        for event in one.events:
            if "introduced" in event:
                if begun is not None:
                    yield Span(begun, fixed=event["introduced"])
                begun = event["introduced"]
            elif begun is not None and ("fixed" in event or "last_affected" in event):
                yield Span(begun, event.get("fixed", ""), event.get("last_affected", ""))
                begun = None
        if begun is not None:
            yield Span(begun)


def _severity(ratings: Sequence[_Rating], *others: dict[str, Any] | None) -> Severity | None:
    for scored in (base_score, old_score):
        scores = [score for rating in ratings if (score := scored(rating.score)) is not None]
        if scores:
            return severity_of(max(scores))
    words = [rating.score for rating in ratings]
    words += [str(other[name]) for other in others if other for name in ("severity", "urgency") if name in other]
    return next((_WORDS[word.lower()] for word in words if word.lower() in _WORDS), None)
