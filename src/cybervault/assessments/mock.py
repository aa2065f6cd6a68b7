"""What test keys see: made-up assessments and findings, the same at each call; nothing is asked, read or written."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import LookUp, Submission, assessment_of, not_found, refuse_unavailable
from cybervault.assessments.conclude import conclude
from cybervault.assessments.findings import StatusChange, comment_of, finding_not_found, refuse_change
from cybervault.assessments.selection import Condition, Selection, holds, marks_of
from cybervault.assessments.store.assessments import Behind
from cybervault.assessments.summary import Summary, Tally, summarise
from cybervault.domain.assessments import Assessment, Category, Part, severity_of_score
from cybervault.domain.findings import OPEN, Act, Finding, Status, Step
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.observables import Observable
from cybervault.domain.principals import Principal, TenantId
from cybervault.domain.verdicts import Confidence, Verdict, Weighing

SINCE: Final = datetime(2025, 1, 1, tzinfo=UTC)
COUNT: Final = 24
BY: Final = "sandbox"
_WARNING: Final = "Made-up data: this is the answer to a test key."
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
# Score, verdict and what a source would have said, by the hash of what is asked about.
_STORIES: Final[Sequence[tuple[int, Verdict, tuple[tuple[str, str], ...]]]] = (
    (92, Verdict.MALICIOUS, (("family", "cobalt_strike"), ("tags", "c2"))),
    (56, Verdict.SUSPICIOUS, (("categories", "brute force"),)),
    (30, Verdict.UNKNOWN, ()),
    (3, Verdict.BENIGN, ()),
)
_TYPES: Final = (Category.RANSOMWARE, Category.COMMAND_AND_CONTROL, Category.PHISHING, Category.SCANNER)
_SCORES: Final = (95, 78, 52, 21)


class MockAnalyses:
    """Assesses by the hash of the target alone."""

    async def analyze(self, submission: Submission, *, actor: Actor) -> Assessment:
        """The same assessment for the same target and depth; `Problem` INVALID `mode_unavailable` as in earnest."""
        refuse_unavailable(submission.depth)
        reading = submission.reading
        parts = tuple(_part(observable) for observable in reading.observables)
        made = assessment_of(submission, conclude(reading, parts), parts, tenant_id=actor.tenant_id or TenantId(""))
        name = _name(f"{reading.target.value} {submission.depth}")
        return replace(
            made,
            id=AssessmentId(f"asm_{name}"),
            request_id=f"req_{name}",
            created_at=SINCE,
            by=BY,
            warnings=(*made.warnings, _WARNING),
        )

    async def look_up(self, asked: LookUp, *, actor: Actor) -> Sequence[Assessment]:
        """Each as `analyze` has it."""
        return [await self.analyze(one, actor=actor) for one in asked.submissions()]

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment:  # noqa: ARG002 - as in earnest
        """Nothing is kept."""
        raise not_found()

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment:  # noqa: ARG002 - as in earnest
        """Nothing is kept."""
        raise not_found()

    async def page(
        self,
        tenant_id: TenantId,  # noqa: ARG002 - as in earnest
        most: int,  # noqa: ARG002
        *,
        behind: Behind | None,  # noqa: ARG002
        target: str | None = None,  # noqa: ARG002
    ) -> Sequence[Assessment]:
        """Nothing is kept."""
        return ()


class MockFindings:
    """Two dozen findings of every severity, type and status; a change is answered, and not kept."""

    async def select(self, tenant_id: TenantId, selection: Selection) -> Sequence[Finding]:
        """One page."""
        found = [
            one for one in _findings(tenant_id) if all(holds(condition, one) for condition in selection.conditions)
        ]
        found.sort(key=lambda one: marks_of(one, selection.order), reverse=selection.is_descending)
        rest = [one for one in found if _is_behind(one, selection)]
        return rest[selection.offset : selection.offset + selection.most]

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        """How many there are."""
        return len(await self.select(tenant_id, Selection(tuple(conditions), most=COUNT)))

    async def summary(self, tenant_id: TenantId, days: int) -> Summary:
        """All of them in numbers, as of the time of the newest."""
        return await summarise(self, tenant_id, now=_findings(tenant_id)[-1].created_at, days=days)

    async def tally(self, tenant_id: TenantId) -> Sequence[Tally]:
        """How many of each severity and status there are."""
        counted = Counter((one.severity, one.status) for one in _findings(tenant_id))
        return [Tally(severity, status, count) for (severity, status), count in counted.items()]

    async def techniques(self, tenant_id: TenantId, most: int) -> Sequence[tuple[str, int]]:
        """Those of open ones."""
        are_open = (one for one in _findings(tenant_id) if one.status in OPEN)
        return Counter(technique for one in are_open for technique in one.techniques).most_common(most)

    async def find(self, tenant_id: TenantId, finding_id: FindingId) -> Finding:
        """The finding of this id."""
        found = next((one for one in _findings(tenant_id) if one.id == finding_id), None)
        if found is None:
            raise finding_not_found()
        return found

    async def steps(self, tenant_id: TenantId, finding_id: FindingId) -> Sequence[Step]:
        """That it was opened."""
        found = await self.find(tenant_id, finding_id)
        return (Step(1, found.created_at, BY, Act.OPENED, new_status=Status.NEW),)

    async def change(self, finding_id: FindingId, change: StatusChange, *, by: Principal, actor: Actor) -> Finding:
        """What it would be."""
        if change.comment is not None:
            comment_of(change.comment)
        found = await self.find(by.tenant_id, finding_id)
        refuse_change(found, change.status, by)
        return replace(found, status=change.status, updated_by=actor.name)

    async def comment(self, finding_id: FindingId, text: str, *, by: Principal, actor: Actor) -> Step:
        """What it would be."""
        comment = comment_of(text)
        await self.find(by.tenant_id, finding_id)
        return Step(2, SINCE, actor.name, Act.COMMENT, comment=comment)


def _part(observable: Observable) -> Part:
    """203.0.113.42 is always bad, since documents ask for it."""
    number = 0 if observable.value == "203.0.113.42" else hashlib.sha256(observable.value.encode()).digest()[0]
    score, verdict, labels = _STORIES[number % len(_STORIES)]
    weighing = Weighing(
        verdict, score, max(0, score - 3), min(100, score + 3), 0.0, 0.0, (), 0.9, 0.0,
        Confidence.HIGH, severity_of_score(score), f"{_WARNING} {verdict.value.capitalize()}.", "mock",
        kind=observable.kind,
    )  # fmt: skip
    return Part(observable, weighing, labels)


@cache
def _findings(tenant_id: TenantId) -> tuple[Finding, ...]:
    return tuple(_finding(tenant_id, number) for number in range(COUNT))


def _finding(tenant_id: TenantId, number: int) -> Finding:
    at, score = SINCE + timedelta(hours=number), _SCORES[number % len(_SCORES)]
    address = f"203.0.113.{number + 1}"
    return Finding(
        FindingId(f"thr_{_name(f'finding {number}')}"), tenant_id, at, at, at, BY,
        type=_TYPES[number // len(_SCORES) % len(_TYPES)],
        severity=severity_of_score(score),
        score=score,
        verdict=Verdict.MALICIOUS if score >= 70 else Verdict.SUSPICIOUS,  # noqa: PLR2004 - contract 2.6
        status=tuple(Status)[number % len(Status)],
        kind="ipv4",
        value=address,
        source_ip=address,
        sightings=1 + number % 5,
        assessment_id=AssessmentId(f"asm_{_name(f'assessment {number}')}"),
        indicators=(f"ip:{address}", f"domain:test-{number}.example"),
        techniques=("T1571",),
    )  # fmt: skip


def _name(text: str) -> str:
    """Ten characters of an id."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
    return "".join(_DIGITS[number // len(_DIGITS) ** place % len(_DIGITS)] for place in range(10))


def _is_behind(finding: Finding, selection: Selection) -> bool:
    if selection.behind is None:
        return True
    marks: Any = marks_of(finding, selection.order)
    return bool(marks < selection.behind if selection.is_descending else marks > selection.behind)
