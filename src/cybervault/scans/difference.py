"""What changed between two scans: told only of what both have looked at (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.domain.jobs import JobState
from cybervault.scans.engines import HTTP, SERVICES, SWEEP, TLS
from cybervault.scans.result import Result
from cybervault.scans.rules import is_asked
from cybervault.scans.scan import ScanFinding
from cybervault.scans.seen import Coverage, CoverageState, is_within

_OF_PORTS: Final = frozenset({SERVICES, TLS, HTTP})
_NOT_THERE: Final = "it did not look there"
_NOT_ASKED: Final = "its profile does not ask about it"


class Side(StrEnum):
    """Which of the two scans."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What one scan saw and the other cannot speak of, with the reason of the other."""

    finding: ScanFinding
    seen_in: Side
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The findings of two scans, the worst first, as they stand now."""

    before: Result
    after: Result
    new: tuple[ScanFinding, ...]
    gone: tuple[ScanFinding, ...]
    unchanged: tuple[ScanFinding, ...]
    unknown: tuple[Unknown, ...]


def difference(before: Result, after: Result) -> Difference:
    """What the later scan saw and the earlier did not, the other way round, and what neither may say."""
    new, unknown_new = _apart(after.findings, before, Side.AFTER)
    gone, unknown_gone = _apart(before.findings, after, Side.BEFORE)
    earlier = {finding.id for finding in before.findings}
    unchanged = tuple(finding for finding in after.findings if finding.id in earlier)
    return Difference(before, after, tuple(new), tuple(gone), unchanged, (*unknown_gone, *unknown_new))


def _apart(
    findings: Sequence[ScanFinding], other: Result, seen_in: Side
) -> tuple[list[ScanFinding], list[Unknown]]:  # fmt: skip
    """Of what the other did not see: that for which it looked in vain, and that for which it did not look."""
    known, looked = {finding.id for finding in other.findings}, _Looked(other)
    certain, unknown = list[ScanFinding](), list[Unknown]()
    for finding in findings:
        if finding.id not in known:
            reason = looked.why_not(finding)
            if reason:
                unknown.append(Unknown(finding, seen_in, reason))
            else:
                certain.append(finding)
    return certain, unknown


class _Looked:
    """What a scan has looked at."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._lines: dict[str, list[Coverage]] = {}
        for line in result.coverage:
            self._lines.setdefault(line.asset, []).append(line)

    def why_not(self, finding: ScanFinding) -> str:
        """Why this scan can say nothing of a finding; "" where it would have seen it."""
        if not is_asked(finding.rule, has_compliance_rules=self._result.has_compliance_rules):
            return _NOT_ASKED
        mine = self._lines.get(finding.asset, ())
        lines = [line for line in mine if not line.places or is_within(finding.place, line.places)]
        engines = set(finding.engines) | ({SWEEP} if _OF_PORTS.issuperset(finding.engines) else set())
        for line in lines:
            if line.engine in engines and line.state is not CoverageState.COVERED:
                return f"{line.state.value.replace('_', ' ')}: {line.reason}"
        covering = {line.engine for line in lines if line.state is CoverageState.COVERED}
        return "" if covering.issuperset(finding.engines) or self._was_shut(engines, covering, lines) else _NOT_THERE

    def _was_shut(self, engines: set[str], covering: set[str], lines: Iterable[Coverage]) -> bool:
        """Whether the port was tried and nothing listened, so that there was nothing to look at behind it."""
        is_whole = self._result.scan.state is JobState.COMPLETED
        return is_whole and SWEEP in engines & covering and not any(line.engine == SERVICES for line in lines)
