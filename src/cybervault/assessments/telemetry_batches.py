"""Batches of telemetry: small ones are answered at once, others are jobs that go on where a process was killed."""

import asyncio
import gzip
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Self, TypeVar

import msgspec

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.assessments.analyses import Choosing, not_found
from cybervault.assessments.batch_findings import BatchFindings, Drawn
from cybervault.assessments.batch_indicators import BatchIndicators, Remembered
from cybervault.detection.batch import DOCUMENT_BYTES_MAX, Batch, BatchDetector, Fired, Hit, Portion, Room, Tally
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.mentions import Mentions
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.detection.sightings import Sightings
from cybervault.detection.together import add_bursts, add_entities
from cybervault.domain.ids import BatchId, new_batch_id
from cybervault.domain.jobs import Job, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.ended_jobs import EndedJobs
from cybervault.storage.job_pages import JobPages
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs

KIND: Final = "telemetry"
AT_ONCE_BYTES_MAX: Final = 1024 * 1024
"""Unpacked; more of it comes later."""
HITS_MAX: Final = 10_000
"""So many of a batch are kept one by one; all are counted."""
SIGNAL_BYTES_MAX: Final = 32 * 1024 * 1024
"""So much of a batch is kept for correlations until its end."""
EVENT_BYTES_MAX: Final = 8 * 1024 * 1024
"""So much of the events of a batch is kept with its matches."""
OPEN_MAX: Final = 8
"""So many of a tenant wait or run at once: what was handed in is kept until then, at most 64 MiB each."""
DEADLINE_SECONDS: Final = 3_600.0

_RETRY_SECONDS: Final = 10
_AT_ONCE: Final = 4
_REPORT: Final = "report"
_COUNTS: Final = "counts"
_ASSESSMENTS: Final = "assessments"
_KEPT_AT_ONCE: Final = 20
_PACKED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_MIB: Final = 1024 * 1024

ResultT = TypeVar("ResultT")


class Report(msgspec.Struct):
    """What came of a batch. `places` are the kept portions: the number of their first hit, and their step."""

    tally: Tally = msgspec.field(default_factory=Tally)
    hits: int = 0
    places: list[tuple[int, str]] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class _SoFar:
    """A batch between two portions. What its events say together waits for its end, for they come in any order."""

    choice: Choice = EVERYTHING
    report: Report = field(default_factory=Report)
    read: int = 0
    is_last: bool = False
    signals: list[Signal] = field(default_factory=list)
    sightings: Sightings = field(default_factory=Sightings)
    mentions: Mentions = field(default_factory=Mentions)
    letters: int = 0
    event_bytes: int = 0

    @property
    def room(self) -> Room:
        """What may still be kept."""
        return Room(
            HITS_MAX - self.report.hits, SIGNAL_BYTES_MAX - self.letters, EVENT_BYTES_MAX - self.event_bytes,
            self.report.tally.rules,
        )  # fmt: skip

    def add(self, portion: Portion, step: str) -> None:
        """Take in the next portion."""
        report = self.report
        report.tally.add(portion.tally)
        if portion.hits:
            report.places.append((report.hits, step))
        report.hits += len(portion.hits)
        self.read += portion.lines
        self.is_last = portion.is_last
        self.signals += portion.signals
        self.letters += portion.letters
        self.event_bytes += portion.event_bytes
        for sighting in portion.sightings:
            self.sightings.add(sighting)
        for mention in portion.mentions:
            self.mentions.add(mention)


class Counts(msgspec.Struct, frozen=True):
    """What lists show of a batch."""

    events: int
    matched: int
    unread: int
    unrecognised: int
    matches: int
    bursts: int
    threats: int

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """Those of a whole batch."""
        return cls(
            tally.events, tally.matched, tally.unread, tally.unrecognised, tally.matches, len(tally.bursts),
            len(tally.threats),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """A batch as it stands, and its counts once it is done."""

    job: Job
    counts: Counts | None
    place: tuple[float, str]


class _Assignment(msgspec.Struct, frozen=True):
    """What a job is handed."""

    actor: Actor
    content: bytes


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where batches and what follows from them are kept."""

    jobs: Jobs
    pages: JobPages
    ended: EndedJobs
    findings: BatchFindings
    indicators: BatchIndicators
    choices: Choosing


_PORTIONS: Final = msgspec.msgpack.Decoder(Portion)
_REPORTS: Final = msgspec.msgpack.Decoder(Report)
_ASSIGNMENTS: Final = msgspec.msgpack.Decoder(_Assignment)
_DRAWN: Final = msgspec.msgpack.Decoder(list[Drawn])
_IDS: Final = msgspec.msgpack.Decoder(list[str])
_COUNTS_READ: Final = msgspec.msgpack.Decoder(Counts)


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a batch that was answered at once."""

    tally: Tally
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class HitPage:
    """Some hits of a batch, the rules they are of, and the number of the next one; None where none follows."""

    hits: tuple[Hit, ...]
    rules: dict[str, Fired]
    next: int | None


class TelemetryBatches:
    """The batches of all tenants. `wake` has jobs looked at now; without it they are found within a second."""

    def __init__(
        self, detector: BatchDetector, shelves: Shelves, *, journal: Journal, wake: Callable[[], None]
    ) -> None:
        self._detector = detector
        self._jobs, self._pages, self._ended = shelves.jobs, shelves.pages, shelves.ended
        self._findings, self._indicators, self._choices = shelves.findings, shelves.indicators, shelves.choices
        self._journal, self._clock = journal, journal.clock
        self._wake = wake
        # Not those of the loop: who signs in must not wait for batches.
        self._threads = ThreadPoolExecutor(_AT_ONCE, "telemetry")

    async def take(self, content: bytes, *, actor: Actor, is_later: bool) -> Looked | Job:
        """Look through a batch now, or keep it as a job where it is large or that is wanted.

        `Problem` TOO_LARGE `payload_too_large`, UNAVAILABLE `queue_full`, `service_unavailable`.
        """
        if actor.tenant_id is None:
            raise ValueError("a batch belongs to a tenant")
        batch = self._batch(content, await self._choices.of(actor.tenant_id))
        try:
            await self._open(batch)
            if await self._off(batch.is_long_document):
                raise _long_document()
            if not is_later and not await self._off(partial(batch.is_longer, AT_ONCE_BYTES_MAX)):
                return await self._looked(batch, actor)
        finally:
            batch.close()
        return await self._asked(content, actor)

    async def find(self, tenant_id: TenantId, batch_id: BatchId) -> tuple[Job, Report | None]:
        """How far a batch is, and what came of it once it is done; `Problem` NOT_FOUND `not_found`."""
        job = await self._jobs.find_by_reference(tenant_id, KIND, batch_id)
        if job is None:
            raise not_found()
        if job.state is not JobState.COMPLETED:
            return job, None
        raw = await self._jobs.step(job.id, _REPORT)
        return job, None if raw is None else _REPORTS.decode(raw)

    async def listed(
        self, tenant_id: TenantId, *, most: int, behind: tuple[float, str] | None = None
    ) -> tuple[ListedBatch, ...]:
        """Batches that were looked through later, the newest first, from behind a place on."""
        found = await self._pages.page(tenant_id, KIND, _COUNTS, most=most, behind=behind)
        return tuple(
            ListedBatch(one.job, None if one.output is None else _COUNTS_READ.decode(one.output), one.place)
            for one in found
        )

    async def cancel(self, tenant_id: TenantId, batch_id: BatchId, *, actor: Actor) -> tuple[Job, Report | None]:
        """End one that waits at once and one that runs within two seconds; `Problem` NOT_FOUND `not_found`.

        One that has ended stays as it ended.
        """
        job, _ = await self.find(tenant_id, batch_id)
        async with self._jobs.transaction():
            if await self._jobs.ask_cancel(tenant_id, job.id):
                await self._journal.record(Happening(Change.BATCH_CANCELLED, actor, batch_id, tenant_id))
        return await self.find(tenant_id, batch_id)

    async def remove(self, tenant_id: TenantId, batch_id: BatchId, *, actor: Actor) -> None:
        """Delete one that has ended with all that was kept of it; threats that it opened stand by themselves.

        `Problem` NOT_FOUND `not_found`, CONFLICT `batch_unfinished`.
        """
        job, _ = await self.find(tenant_id, batch_id)
        async with self._jobs.transaction():
            if not await self._ended.remove(tenant_id, job.id):
                raise _unended(job.state)
            await self._journal.record(Happening(Change.BATCH_REMOVED, actor, batch_id, tenant_id))

    async def hits(
        self, tenant_id: TenantId, batch_id: BatchId, *, first: int, most: int, rule_id: str | None = None
    ) -> HitPage:
        """At most so many hits from a number on, of one rule if wanted.

        `Problem` NOT_FOUND `not_found`, CONFLICT `batch_unfinished`.
        """
        job, report = await self.find(tenant_id, batch_id)
        if report is None:
            raise _unfinished(job.state)
        some, following = list[Hit](), None
        async for number, hit in self._numbered(job, report, first):
            if rule_id in {None, hit.rule_id}:
                if len(some) == most:
                    following = number
                    break
                some.append(hit)
        return HitPage(tuple(some), report.tally.rules, following)

    async def _numbered(self, job: Job, report: Report, first: int) -> AsyncIterator[tuple[int, Hit]]:
        """The hits that were kept, from this number on, and behind them the correlations."""
        place = max(bisect_right(report.places, first, key=lambda place: place[0]) - 1, 0)
        for begin, step in report.places[place:]:
            raw = await self._jobs.step(job.id, step)
            hits = [] if raw is None else _PORTIONS.decode(raw).hits
            for number in range(max(first, begin), begin + len(hits)):
                yield number, hits[number - begin]
        for number in range(max(first, report.hits), report.hits + len(report.tally.bursts)):
            yield number, report.tally.bursts[number - report.hits]

    async def work(self, run: JobRun) -> None:
        """The handler of the jobs: a portion a step, then the findings, then the report."""
        assignment = _ASSIGNMENTS.decode(run.payload)
        if run.job.tenant_id is None:
            raise ValueError("a batch belongs to a tenant")
        found = _SoFar(await self._choices.of(run.job.tenant_id))
        batch = self._batch(assignment.content, found.choice)
        try:
            await self._open(batch)
            while not found.is_last:
                name = f"from {found.read}"
                output = await run.step(
                    name,
                    partial(self._portion, batch, found),
                    progress=await self._off(partial(_share, batch)),
                    doing=f"{found.report.tally.events:,} events looked at",
                )
                found.add(_PORTIONS.decode(output), name)
        finally:
            batch.close()
        await self._conclude(run, found, assignment.actor)

    async def _conclude(self, run: JobRun, found: _SoFar, actor: Actor) -> None:
        """What has ids is made once and kept in a step; after a crash the same is kept again, which changes nothing."""
        tally = found.report.tally
        drawn = await self._drawn(found, actor)
        drawn = _DRAWN.decode(await run.step(_ASSESSMENTS, partial(_encoded, drawn)))
        for begin in range(0, len(drawn), _KEPT_AT_ONCE):
            some = drawn[begin : begin + _KEPT_AT_ONCE]
            output = await run.step(f"threats from {begin}", partial(self._kept, some, actor), doing="opening threats")
            tally.threats += _IDS.decode(output)
        await run.step(_REPORT, partial(_encoded, found.report))
        await run.step(_COUNTS, partial(_encoded, Counts.of(tally)))

    async def _asked(self, content: bytes, actor: Actor) -> Job:
        if actor.tenant_id is None:
            raise ValueError("a batch belongs to a tenant")
        if await self._jobs.open(actor.tenant_id, KIND) >= OPEN_MAX:
            raise _full()
        new = NewJob(
            KIND,
            msgspec.msgpack.encode(_Assignment(actor, await self._off(partial(_packed, content)))),
            tenant_id=actor.tenant_id,
            reference=new_batch_id(),
            request_id=actor.request_id,
            deadline_seconds=DEADLINE_SECONDS,
        )
        job = await self._jobs.enqueue(new)
        self._wake()
        return job

    async def _looked(self, batch: Batch, actor: Actor) -> Looked:
        found, hits = _SoFar(batch.choice), list[Hit]()
        while not found.is_last:
            portion = await self._off(partial(batch.portion, found.room))
            found.add(portion, "")
            hits += portion.hits
        tally = found.report.tally
        drawn = await self._drawn(found, actor)
        tally.threats += await self._findings.keep(drawn, actor)
        return Looked(tally, (*hits, *tally.bursts))

    async def _portion(self, batch: Batch, found: _SoFar) -> bytes:
        def next_portion() -> bytes:
            batch.skip_to(found.read)
            return msgspec.msgpack.encode(batch.portion(found.room))

        return await self._off(next_portion)

    async def _kept(self, drawn: Sequence[Drawn], actor: Actor) -> bytes:
        return msgspec.msgpack.encode(await self._findings.keep(drawn, actor))

    async def _drawn(self, found: _SoFar, actor: Actor) -> list[Drawn]:
        remembered = await self._indicators.remembered(found.mentions)
        return await self._off(partial(self._whole, found, remembered, actor))

    def _whole(self, found: _SoFar, remembered: Remembered, actor: Actor) -> list[Drawn]:
        """Complete the tally when all portions are there; the assessments that are to be kept."""
        tally = found.report.tally
        add_bursts(tally, self._detector.plan, found.signals, sightings=found.sightings, choice=found.choice)
        bad = self._indicators.bad(tally, found.mentions, remembered)
        noticed = [on_host for one in bad for on_host in one.noticed()]
        add_entities(tally, found.sightings, self._clock.now(), noticed=noticed)
        drawn = self._indicators.drawn(tally, bad, actor=actor)
        return [*self._findings.drawn(tally, found.sightings, actor), *drawn]

    def _batch(self, content: bytes, choice: Choice) -> Batch:
        return Batch(content, self._detector, clock=self._clock, choice=choice)

    async def _open(self, batch: Batch) -> None:
        try:
            await self._off(batch.open)
        except OSError as error:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="service_unavailable",
                message="The server has no room for a batch of this size at the moment.",
                detail=f"temporary file: {error.strerror}",
                retry_after_seconds=_RETRY_SECONDS,
            ) from None

    async def _off(self, work: Callable[[], ResultT]) -> ResultT:
        """Have it done beside the event loop, which stays free."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _packed(content: bytes) -> bytes:
    """As it is kept: telemetry shrinks tenfold, and a row is better small."""
    return content if content.startswith(_PACKED) else gzip.compress(content, compresslevel=1)


def _share(batch: Batch) -> float | None:
    """None where nothing was read yet, as after a crash. What remains at the end is to keep the report."""
    return min(batch.share(), 0.99) or None


async def _encoded(what: object) -> bytes:
    return msgspec.msgpack.encode(what)


def _long_document() -> Problem:
    return Problem(
        ProblemKind.TOO_LARGE,
        code="payload_too_large",
        message=f"One JSON document may have {DOCUMENT_BYTES_MAX // _MIB} MiB. Send an event on each line instead.",
    )


def _unfinished(state: JobState) -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="batch_unfinished",
        message=f"The matches are there when the batch is completed. It is {state.value}.",
    )


def _unended(state: JobState) -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="batch_unfinished",
        message=f"The batch is {state.value}. Cancel it first, or wait until it has ended.",
    )


def _full() -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="queue_full",
        message=f"{OPEN_MAX} batches of your tenant wait already. Ask again when some are done.",
        retry_after_seconds=_RETRY_SECONDS,
    )
