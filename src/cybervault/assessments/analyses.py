"""Assess a target at a depth, keep the assessment, and open or renew the finding that follows from it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from cybervault.access.audit import Actor
from cybervault.assessments.assess import Assess, Heard, Inquiry, Weighed
from cybervault.assessments.conclude import Conclusion, conclude
from cybervault.assessments.findings import Findings
from cybervault.assessments.store.assessments import AssessmentStore, Behind
from cybervault.assessments.targets import Reading, reading_of
from cybervault.assessments.telemetry_risks import TelemetryRisks
from cybervault.detection.detector import Detected, Detector
from cybervault.detection.risk import Hit
from cybervault.detection.rules.choice import Choice
from cybervault.domain.assessments import Assessment, Depth, Part
from cybervault.domain.clock import Clock
from cybervault.domain.ids import AssessmentId, new_assessment_id
from cybervault.domain.never import NOBODYS, Ground
from cybervault.domain.observables import Observable
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind

# Contract 1.2.1 gives an answer 30 s in all.
DEEP_SECONDS: Final = 25.0
# So many observables of one target are asked about; the others are looked up here.
DEEP_OBSERVABLES_MAX: Final = 20
_AT_ONCE: Final = 4
_DEEP_ONLY_SOME: Final = (
    f"Sources were asked about the first {DEEP_OBSERVABLES_MAX} observables only; "
    "with the header Prefer: respond-async they are asked about all."
)

UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)

Metadata = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be assessed, how deeply, under which ids the caller finds it again, and the caller's own tags.

    Nobody waits for one that is `unhurried`: sources are asked about all of its observables.
    """

    reading: Reading
    depth: Depth = Depth.QUICK
    request_id: str = ""
    metadata: Metadata = field(default_factory=dict)
    id: AssessmentId = field(default_factory=new_assessment_id)
    is_unhurried: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """Indicators that are assessed by one call, each by itself."""

    indicators: tuple[Observable, ...]
    depth: Depth = Depth.QUICK
    request_id: str = ""

    def submissions(self) -> tuple[Submission, ...]:
        """One for each."""
        return tuple(Submission(reading_of(one), self.depth, self.request_id) for one in self.indicators)


class Analyst(Protocol):
    """Who assesses: on what is real, or for test keys on what is made up."""

    async def analyze(self, submission: Submission, *, actor: Actor) -> Assessment:
        """Assess a target; `Problem` INVALID `mode_unavailable`."""

    async def look_up(self, asked: LookUp, *, actor: Actor) -> Sequence[Assessment]:
        """Assess each indicator by itself, in order; `Problem` INVALID `mode_unavailable`."""

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment:
        """The assessment of this id; `Problem` NOT_FOUND `not_found`."""

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment:
        """What a request asked for; `Problem` NOT_FOUND `not_found`."""

    async def page(
        self, tenant_id: TenantId, most: int, *, behind: Behind | None, target: str | None = None
    ) -> Sequence[Assessment]:
        """Newest first; where a target is named, those of its canonical text alone."""


class Choosing(Protocol):
    """Who knows which rules count for whom."""

    async def of(self, tenant_id: TenantId) -> Choice:
        """What a tenant chose."""


class Analyses:
    """The assessments of all tenants, each seen by its own."""

    def __init__(  # noqa: PLR0913 - each says something of its own, and the last two may be left out
        self,
        assess: Assess,
        store: AssessmentStore,
        findings: Findings,
        *,
        risks: TelemetryRisks,
        detector: Detector,
        choices: Choosing,
        clock: Clock,
        ground: Ground = NOBODYS,
        seconds: float = DEEP_SECONDS,
    ) -> None:
        self._assess = assess
        self._risks = risks
        self._detector = detector
        self._choices = choices
        self._store = store
        self._findings = findings
        self._clock = clock
        self._ground = ground
        self._seconds = seconds

    async def analyze(self, submission: Submission, *, actor: Actor) -> Assessment:
        """Assess a target and keep what came of it.

        Deep answers within 25 s, and names what was not heard by then. Raises `Problem` INVALID `mode_unavailable`
        for the sandbox while no engine of that sort is set up.
        """
        refuse_unavailable(submission.depth)
        observables, is_deep = submission.reading.observables, submission.depth is Depth.DEEP
        asked, recalled = _split(observables, DEEP_OBSERVABLES_MAX if is_deep else 0)
        parts = [*await self.weigh(asked, Depth.DEEP), *await self.weigh(recalled, Depth.QUICK)]
        return await self.keep(submission, parts, actor)

    async def look_up(self, asked: LookUp, *, actor: Actor) -> list[Assessment]:
        """Assess each indicator by itself and keep what came of it; a deep look has 25 s for all of them together."""
        refuse_unavailable(asked.depth)
        parts = await self.weigh(asked.indicators, asked.depth)
        pairs = zip(asked.submissions(), parts, strict=True)
        return [await self.keep(submission, [part], actor) for submission, part in pairs]

    async def weigh(self, observables: Sequence[Observable], depth: Depth) -> list[Part]:
        """Each by what is known here, or by what the sources say within 25 s for all of them together."""
        if depth is not Depth.DEEP:
            return [await self._recalled(observable) for observable in observables]
        ends_at, lanes = self._clock.seconds() + self._seconds, asyncio.Semaphore(_AT_ONCE)

        async def ask(observable: Observable) -> Part:
            async with lanes:
                return await self._asked(observable, ends_at - self._clock.seconds())

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(observable)) for observable in observables]
        return [task.result() for task in tasks]

    async def keep(self, submission: Submission, parts: Sequence[Part], actor: Actor) -> Assessment:
        """Conclude from the weighed parts and keep what follows, once: who comes later is given what was kept."""
        assessment, hits = await self._concluded(submission, parts, actor)
        async with self._store.transaction():
            risen = await self._risks.after(assessment, submission.reading, hits)
            if await self._store.add(risen.assessment):
                await self._risks.keep(risen)
                await self._findings.sight(risen.assessment, submission.reading, actor)
                return risen.assessment
        return await self.find(assessment.tenant_id, assessment.id)

    async def _concluded(
        self, submission: Submission, parts: Sequence[Part], actor: Actor
    ) -> tuple[Assessment, tuple[Hit, ...]]:
        """The assessment that follows from the weighed parts, and the hits behind it."""
        if actor.tenant_id is None:
            raise ValueError("an assessment belongs to a tenant")
        reading = submission.reading
        found = conclude(reading, parts, await self._detected(reading, actor.tenant_id), ground=self._ground)
        made = assessment_of(submission, found, parts, tenant_id=actor.tenant_id)
        is_hurried = submission.depth is Depth.DEEP and not submission.is_unhurried
        is_cut = is_hurried and len(reading.observables) > DEEP_OBSERVABLES_MAX
        whole = replace(
            made,
            created_at=self._clock.now(),
            by=actor.name,
            family=found.family and self._assess.family_word(found.family),
            warnings=(*made.warnings, *((_DEEP_ONLY_SOME,) if is_cut else ())),
        )
        return whole, found.hits

    async def _detected(self, reading: Reading, tenant_id: TenantId) -> Detected:
        """What the rules that count for the tenant say of telemetry."""
        if reading.telemetry is None:
            return Detected()
        choice = await self._choices.of(tenant_id)
        return self._detector.of_telemetry(reading.telemetry, choice)

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment:
        """The assessment of this id."""
        return _found(await self._store.find(tenant_id, assessment_id))

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment:
        """What a request asked for; where several had the same id, the newest."""
        return _found(await self._store.of_request(tenant_id, request_id))

    async def page(
        self, tenant_id: TenantId, most: int, *, behind: Behind | None, target: str | None = None
    ) -> Sequence[Assessment]:
        """Newest first; where a target is named, those of its canonical text alone."""
        return await self._store.page(tenant_id, most, behind=behind, target=target)

    async def _recalled(self, observable: Observable) -> Part:
        heard, weighed = await self._assess.recall(_inquiry(observable))
        return part_of(observable, heard, weighed)

    async def _asked(self, observable: Observable, seconds: float) -> Part:
        """What all sources say within the time that is left; who has not answered by then is missing.

        Without any time left it is what this machine remembers: a deep look never knows less than a quick one.
        """
        if seconds <= 0:
            return await self._recalled(observable)
        heard: list[Heard] = []
        weighed: Weighed | None = None
        try:
            async with (
                asyncio.timeout(seconds),
                aclosing(self._assess.gather(_inquiry(observable))) as answers,
            ):
                async for answer in answers:
                    if isinstance(answer, Heard):
                        heard.append(answer)
                    else:
                        weighed = answer
        except TimeoutError:
            pass
        return await self._recalled(observable) if weighed is None else part_of(observable, heard, weighed)


def assessment_of(
    submission: Submission, found: Conclusion, parts: Sequence[Part], *, tenant_id: TenantId
) -> Assessment:
    """What was asked for and what follows from its parts; when and by whom is for the caller to say."""
    return Assessment(
        id=submission.id,
        tenant_id=tenant_id,
        request_id=submission.request_id,
        created_at=UNDATED,
        by="",
        target=submission.reading.target,
        depth=submission.depth,
        verdict=found.verdict,
        score=found.score,
        severity=found.severity,
        confidence=found.confidence,
        coverage=found.coverage,
        conflict=found.conflict,
        category=found.category,
        family=found.family,
        summary=found.summary,
        parts=tuple(parts),
        signs=found.signs,
        countermeasures=found.countermeasures,
        warnings=found.warnings,
        missing=found.missing,
        metadata=submission.metadata,
        detections=found.detections,
    )


def refuse_unavailable(depth: Depth) -> None:
    """Raise `Problem` INVALID `mode_unavailable` for what no engine here can do."""
    if depth is Depth.SANDBOX:
        raise Problem(
            ProblemKind.INVALID,
            code="mode_unavailable",
            message="No sandbox engine is configured on this server. Use the mode quick or deep.",
        )


def not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is nothing at this path.")


def _found(assessment: Assessment | None) -> Assessment:
    if assessment is None:
        raise not_found()
    return assessment


def _split(observables: Sequence[Observable], count: int) -> tuple[Sequence[Observable], Sequence[Observable]]:
    return observables[:count], observables[count:]


def _inquiry(observable: Observable) -> Inquiry:
    return Inquiry(observable, model="", wants_counterfactuals=False)


def part_of(observable: Observable, heard: Sequence[Heard], weighed: Weighed) -> Part:
    """An observable as a part of what it was found in."""
    labels = dict.fromkeys(label for one in heard for label in one.answer.labels)
    return Part(observable, weighed.weighing, tuple(labels))
