"""What a scan saw as a page to read and to print: findings by severity, what to do, and what was not looked at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from cybervault import __version__
from cybervault.domain.assessments import rank_of
from cybervault.domain.jobs import JobState
from cybervault.domain.verdicts import Severity
from cybervault.pages.markup import Markup, element, lines, link
from cybervault.pages.order import in_order
from cybervault.pages.sheet import badge, bars, facts, quiet, row, section, sheet, style_in, table, tiles, when
from cybervault.scans.report_coverage import COVERAGE_WORDS, looked_at, not_looked_at
from cybervault.scans.result import Result
from cybervault.scans.rules import scan_rules
from cybervault.scans.scan import FindingStatus, ScanFinding
from cybervault.scans.seen import CoverageState

FINDINGS_MAX: Final = 5_000
"""More than that, and a browser takes its time."""
_ASSETS_MAX: Final = 30
_SEVERITIES: Final = tuple(sorted(Severity, key=rank_of, reverse=True))
_ENDS: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "It has not begun: nothing was looked at yet.",
    JobState.RUNNING: "It is still going on: this is what was seen so far.",
    JobState.COMPLETED: "It went through all that it was to look at.",
    JobState.FAILED: "It failed: this is what was seen until then.",
    JobState.CANCELLED: "It was stopped: this is what was seen until then.",
    JobState.TIMED_OUT: "Its time was over: this is what was seen until then.",
}
_FOOT: Final = (
    "A finding is open until its spot is looked at again and nothing is seen there; what was not looked at is not told "
    "to be safe."
)
_PRINT: Final = element("p", "To keep this as PDF, print it.", class_="screen")


def report_of(result: Result) -> str:
    """The whole page."""
    scan = result.scan
    name = _named(scan.targets)
    body = [
        element("header", [element("h1", f"Scan of {name}"), quiet(_said(result))]),
        element("main", [*_sections(result)]),
        element(
            "footer", [element("p", f"Written by CyberVault {__version__} at {when(result.at)} UTC. {_FOOT}"), _PRINT]
        ),
    ]
    return sheet(f"Scan of {name}, {scan.id}", body, style=style_in("cybervault.scans", "report.css"))


def _sections(result: Result) -> Iterator[Markup]:
    findings = result.findings
    counts = {severity: sum(one.severity is severity for one in findings) for severity in _SEVERITIES}
    yield _tiles(result, counts)
    yield section("About this scan", _about(result))
    yield section("By severity", bars(counts))
    if findings:
        yield section("By asset", _assets(findings))
        yield section("By control", _controls(findings))
    yield section("Findings", _findings(result))
    yield section("What was not looked at, and why", not_looked_at(result.coverage))
    yield section("What was looked at", looked_at(result.coverage))


def _tiles(result: Result, counts: Mapping[Severity, int]) -> Markup:
    states = Counter(line.state for line in result.coverage)
    resolved = sum(one.status is FindingStatus.RESOLVED for one in result.findings)
    return tiles(
        [
            (f"{len(result.findings):,}", "findings"),
            (f"{counts[Severity.CRITICAL] + counts[Severity.HIGH]:,}", "critical or high"),
            (f"{resolved:,}", "resolved since"),
            *((f"{states[state]:,}", COVERAGE_WORDS[state]) for state in CoverageState),
        ]
    )


def _said(result: Result) -> str:
    scan = result.scan
    why = f" {scan.problem_message}" if scan.problem_message else ""
    nothing = CoverageState.COVERED not in {line.state for line in result.coverage}
    reached = " Nothing could be looked at, so that no finding says nothing." if nothing else ""
    return f"{_ENDS[scan.state]}{why}{reached}"


def _about(result: Result) -> Markup:
    scan = result.scan
    known = [
        ("Scan", scan.id),
        ("State", scan.state.value.replace("_", " ")),
        ("Profile", scan.profile.value),
        ("Asked for", f"{when(scan.created_at)} UTC by {scan.created_by}"),
        ("Began", _moment(when(scan.started_at))),
        ("Ended", _moment(when(scan.finished_at))),
        ("At most", f"{scan.minutes_max:,} minutes"),
        ("Targets", lines(scan.targets)),
    ]
    return facts(known)


def _moment(text: str) -> str:
    return text and f"{text} UTC"


def _assets(findings: Sequence[ScanFinding]) -> Markup:
    """Those with the worst first."""
    found: dict[str, Counter[Severity]] = {}
    for one in findings:
        found.setdefault(one.asset, Counter())[one.severity] += 1
    ordered = sorted(found.items(), key=lambda one: ([-one[1][severity] for severity in _SEVERITIES], in_order(one[0])))
    numbers = dict.fromkeys(range(1, len(_SEVERITIES) + 2), "number")
    rows = [
        row(
            asset,
            *(f"{counts[severity]:,}" if counts[severity] else "" for severity in _SEVERITIES),
            f"{counts.total():,}",
            classes=numbers,
        )
        for asset, counts in ordered[:_ASSETS_MAX]
    ]
    left = len(ordered) - _ASSETS_MAX
    heads = ["asset", *(severity.value for severity in _SEVERITIES), "all"]
    return Markup(table(heads, rows, class_="counts") + (quiet(f"{left:,} assets more.") if left > 0 else ""))


def _controls(findings: Sequence[ScanFinding]) -> Markup:
    """How many findings speak of which control."""
    counts = Counter[str]()
    for one in findings:
        rule = scan_rules().get(one.rule)
        counts.update(() if rule is None else rule.controls)
    if not counts:
        return quiet("No finding speaks of a control.")
    said = ", ".join(f"{name} ({count:,})" for name, count in counts.most_common())
    return Markup(element("p", said) + quiet("Controls of NIST SP 800-53 r5, with how many findings speak of each."))


def _findings(result: Result) -> Markup:
    """Those of one rule and severity stand together: a remedy is read once."""
    if not result.findings:
        return element("p", "Nothing was seen.")
    shown = sorted(result.findings, key=_place_of)
    shown = shown[:FINDINGS_MAX]
    groups = [_group(list(some)) for _, some in groupby(shown, key=lambda one: (one.severity, one.rule))]
    left = len(result.findings) - len(shown)
    more = quiet(f"{left:,} less severe findings are in the table (CSV) only.") if left else ""
    return Markup("".join([*groups, more]))


def _place_of(one: ScanFinding) -> tuple[object, ...]:
    return -rank_of(one.severity), one.rule, in_order(one.asset), one.title, in_order(one.place)


def _group(findings: Sequence[ScanFinding]) -> Markup:
    one, rule = findings[0], scan_rules().get(findings[0].rule)
    titles = {finding.title for finding in findings}
    title = one.title if len(titles) == 1 else one.rule if rule is None else rule.title
    heading = element("h3", [badge(one.severity), element("span", title)])
    known: list[tuple[str, str]] = [("Rule", one.rule)]
    if rule is not None:
        known += [
            ("What to do", rule.remediation),
            ("Controls", ", ".join(rule.controls)),
            ("References", lines(link(address, address) for address in rule.references)),
        ]
    heads = ("asset", "where", "evidence", "seen by", "first seen (UTC)", "stands")
    rows = [_row(finding, finding.title if len(titles) > 1 else "") for finding in findings]
    return element("article", [heading, facts(known), table(heads, rows, class_="seen")])


def _row(finding: ScanFinding, title: str) -> Markup:
    return row(
        finding.asset,
        finding.place,
        lines([title, *finding.evidence] if title else finding.evidence),
        ", ".join(finding.engines),
        when(finding.first_seen_at),
        _standing(finding),
        classes={2: "evidence", 4: "time"},
    )


def _standing(finding: ScanFinding) -> str:
    return "open" if finding.status is FindingStatus.OPEN else f"resolved {when(finding.resolved_at)}"


def _named(targets: Iterable[str]) -> str:
    first, *others = targets
    return f"{first} and {len(others):,} more" if others else first
