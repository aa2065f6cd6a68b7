"""Findings: opened by assessments, handled by people, with a history that says who did what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.assessments.selection import Condition, Selection
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.summary import Summary, summarise
from cybervault.assessments.targets import Reading
from cybervault.domain.assessments import BAD, Assessment, Target, tag_of
from cybervault.domain.findings import Act, Finding, Status, Step, needs_write
from cybervault.domain.ids import FindingId, new_finding_id
from cybervault.domain.jobs import Happened
from cybervault.domain.observables import ADDRESS_KINDS
from cybervault.domain.principals import Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

COMMENT_CHARACTERS_MAX: Final = 2_000


class Events(Protocol):
    """Where others learn of it."""

    async def append(self, event: Happened) -> object:
        """Within the caller's transaction: keep an event until everybody who wants it was told."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What is wanted of a finding, and why."""

    status: Status
    comment: str | None = None


class FindingBook(Protocol):
    """Who keeps findings: the real ones, or for test keys some that are made up."""

    async def select(self, tenant_id: TenantId, selection: Selection) -> Sequence[Finding]:
        """One page."""

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        """How many there are."""

    async def summary(self, tenant_id: TenantId, days: int) -> Summary:
        """All of them in numbers, with those of today and of the days before it, `days` in all."""

    async def find(self, tenant_id: TenantId, finding_id: FindingId) -> Finding:
        """The finding of this id; `Problem` NOT_FOUND `not_found`."""

    async def steps(self, tenant_id: TenantId, finding_id: FindingId) -> Sequence[Step]:
        """Its history, oldest first; `Problem` NOT_FOUND `not_found`."""

    async def change(self, finding_id: FindingId, change: StatusChange, *, by: Principal, actor: Actor) -> Finding:
        """Set its status; `Problem` NOT_FOUND `not_found`, FORBIDDEN `invalid_scope`, INVALID `invalid_parameter`."""

    async def comment(self, finding_id: FindingId, text: str, *, by: Principal, actor: Actor) -> Step:
        """Add a comment; `Problem` NOT_FOUND `not_found`, INVALID `invalid_parameter`."""


class Findings:
    """The findings of all tenants, each seen by its own."""

    def __init__(self, store: FindingStore, journal: Journal, events: Events) -> None:
        self._store = store
        self._journal = journal
        self._events = events

    async def sight(self, assessment: Assessment, reading: Reading, actor: Actor) -> Finding | None:
        """Open a finding for a bad assessment, or note it on the one that is open. The caller holds the transaction."""
        if not assessment.is_finding:
            return None
        target = assessment.target
        await self._store.lock(assessment.tenant_id, target.kind, target.value)
        fresh = _opened(assessment, reading, actor)
        last = await self._store.of_target(assessment.tenant_id, target.kind, target.value)
        if last is not None and last.takes_sightings:
            seen = last.seen_again(fresh)
            await self._store.keep(seen)
            return seen
        await self._store.add(fresh)
        step = Step(1, fresh.created_at, actor.name, Act.OPENED, new_status=fresh.status)
        await self._store.add_step(fresh, step)
        await self._tell(fresh, "finding.opened")
        return fresh

    async def of_target(self, tenant_id: TenantId, target: Target) -> Finding | None:
        """The newest finding on a target."""
        return await self._store.of_target(tenant_id, target.kind, target.value)

    async def select(self, tenant_id: TenantId, selection: Selection) -> Sequence[Finding]:
        """One page."""
        return await self._store.select(tenant_id, selection)

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        """How many there are."""
        return await self._store.count(tenant_id, conditions)

    async def summary(self, tenant_id: TenantId, days: int) -> Summary:
        """All of them in numbers."""
        return await summarise(self._store, tenant_id, now=self._journal.clock.now(), days=days)

    async def find(self, tenant_id: TenantId, finding_id: FindingId) -> Finding:
        """The finding of this id."""
        finding = await self._store.find(tenant_id, finding_id)
        if finding is None:
            raise finding_not_found()
        return finding

    async def steps(self, tenant_id: TenantId, finding_id: FindingId) -> Sequence[Step]:
        """Its history, oldest first."""
        await self.find(tenant_id, finding_id)
        return await self._store.steps(tenant_id, finding_id)

    async def change(self, finding_id: FindingId, change: StatusChange, *, by: Principal, actor: Actor) -> Finding:
        """Set its status; the same again changes nothing, and its comment is kept all the same.

        To set or to leave closed or ignored needs `threat:write`.
        """
        comment = None if change.comment is None else comment_of(change.comment)
        async with self._store.transaction():
            await self._store.lock_finding(finding_id)
            before = await self.find(by.tenant_id, finding_id)
            refuse_change(before, change.status, by)
            if change.status is before.status:
                if comment is not None:
                    await self._comment(before, comment, actor)
                return before
            now = self._journal.clock.now()
            after = replace(before, status=change.status, updated_at=now, updated_by=actor.name)
            await self._store.keep(after)
            await self._note(after, Step(0, now, actor.name, Act.STATUS, before.status, after.status, comment))
            await self._tell(after, "finding.status_changed")
            details = {"from": before.status.value, "to": after.status.value}
            await self._journal.record(
                Happening(Change.FINDING_STATUS_CHANGED, actor, finding_id, by.tenant_id, details)
            )
        return after

    async def comment(self, finding_id: FindingId, text: str, *, by: Principal, actor: Actor) -> Step:
        """Add a comment to its history."""
        comment = comment_of(text)
        async with self._store.transaction():
            await self._store.lock_finding(finding_id)
            return await self._comment(await self.find(by.tenant_id, finding_id), comment, actor)

    async def _comment(self, finding: Finding, comment: str, actor: Actor) -> Step:
        now = self._journal.clock.now()
        step = await self._note(finding, Step(0, now, actor.name, Act.COMMENT, comment=comment))
        await self._journal.record(Happening(Change.FINDING_COMMENTED, actor, finding.id, finding.tenant_id))
        return step

    async def _note(self, finding: Finding, step: Step) -> Step:
        steps = await self._store.steps(finding.tenant_id, finding.id)
        numbered = replace(step, number=len(steps) + 1)
        await self._store.add_step(finding, numbered)
        return numbered

    async def _tell(self, finding: Finding, topic: str) -> None:
        payload = {
            "type": finding.type.value,
            "severity": finding.severity.value,
            "status": finding.status.value,
            "target": finding.value,
            "source_ip": finding.source_ip or "",
        }
        await self._events.append(Happened(topic, finding.id, finding.tenant_id, payload))


def refuse_change(finding: Finding, status: Status, by: Principal) -> None:
    """Raise `Problem` FORBIDDEN `invalid_scope` for a change of status that is beyond reading alone."""
    if needs_write(finding.status, status) and not by.has_scope(Scope.THREAT_WRITE):
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="invalid_scope",
            message="To set a status to closed or ignored, or to take it back, needs the scope threat:write.",
        )


def comment_of(text: str) -> str:
    """A comment without blanks at its ends; `Problem` INVALID `invalid_parameter`."""
    text = text.strip()
    if not text or len(text) > COMMENT_CHARACTERS_MAX or "\x00" in text:
        reason = f"has 1 to {COMMENT_CHARACTERS_MAX} characters"
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message=f"comment {reason}.",
            details=(("comment", reason),),
        )
    return text


def finding_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such threat.")


def _opened(assessment: Assessment, reading: Reading, actor: Actor) -> Finding:
    now = assessment.created_at
    bad = [part.observable for part in assessment.parts if part.weighing.verdict in BAD]
    named = bad or [part.observable for part in assessment.parts[:1]]
    addresses = (one.value for one in (*named, *reading.observables) if one.kind in ADDRESS_KINDS)
    seen_from = None if reading.telemetry is None else reading.telemetry.source
    source = next(addresses, None) if seen_from is None else str(seen_from)
    return Finding(
        new_finding_id(), assessment.tenant_id, now, now, now, actor.name,
        type=assessment.category,
        severity=assessment.severity,
        score=assessment.score or 0,
        verdict=assessment.verdict,
        status=Status.NEW,
        kind=assessment.target.kind,
        value=assessment.target.value,
        source_ip=source,
        sightings=1,
        assessment_id=assessment.id,
        indicators=(*map(tag_of, named), *reading.tags),
        techniques=assessment.techniques,
    )  # fmt: skip
