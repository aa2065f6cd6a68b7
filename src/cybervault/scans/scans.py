"""Scans: asked for within what was granted, followed while they run, cancelled, read."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.ids import ScanId, new_job_id, new_scan_id
from cybervault.domain.jobs import Job, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.scans.admission import Refused, admitted
from cybervault.scans.cloud.accounts import unconnected
from cybervault.scans.difference import Difference, difference
from cybervault.scans.engines import CLOUD, ENGINES
from cybervault.scans.exports import Form, exported, packages_exported
from cybervault.scans.grants import Grants
from cybervault.scans.hands import Hands
from cybervault.scans.inventory import Inventory
from cybervault.scans.plan import connections_of, minutes_of, phases_of, targets_of, uncounted, unplanned
from cybervault.scans.printing import Printer
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.result import Result
from cybervault.scans.rules import scan_rules
from cybervault.scans.scan import Chunk, Details, FindingStatus, Scan, ScanFinding, ScanSelection, SeenSelection
from cybervault.scans.seen import Coverage, CoverageState
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.targets import Target, TargetKind, parse_targets, refuse_too_large, refuse_wrong_number
from cybervault.scans.timeline import Timeline
from cybervault.scans.toolbox import EngineState, Standing, Toolbox
from cybervault.scans.worker import KIND, ScanJob
from cybervault.storage.jobs import Jobs

MINUTES_MAX: Final = 1_440
OPEN_MAX: Final = 8
"""So many of a tenant wait or run at once."""
_RETRY_SECONDS: Final = 30
_ASSETS_SHOWN: Final = 10
_FINDINGS_MAX: Final = 100_000
_EARLIER_LOOKED_THROUGH: Final = 500
Within: TypeAlias = Callable[[Scan], Awaitable[None]]
_ANY: Final = ScanSelection()
_ALL: Final = SeenSelection()
_LOST: Final = Problem(
    ProblemKind.NOT_FOUND,
    code="scan_lost",
    message="What was known of its end is gone: it was looked at too late.",
)


@dataclass(frozen=True, slots=True)
class NewScan:
    """What somebody wants scanned, how deep, and for how many minutes at most."""

    targets: tuple[str, ...]
    profile: ProfileName = ProfileName.STANDARD
    minutes_max: int = 60


@dataclass(frozen=True, slots=True)
class Preview:
    """What a scan would look at and with which engines, how long and how loud, what it could not test or may not."""

    targets: tuple[Target, ...]
    profile: Profile
    minutes: int
    connections: int
    missing: tuple[Standing, ...]
    refused: tuple[Refused, ...] = ()
    engines: tuple[Standing, ...] = ()

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Targets that `connections` says nothing of."""
        return uncounted(self.targets)


@dataclass(frozen=True, slots=True)
class Rows:
    """Where scans and what they saw are kept."""

    scans: ScanStore
    findings: ScanFindingStore
    jobs: Jobs


class Scans:
    """The scans of all tenants, each seen by its own. `wake` has jobs looked at now."""

    def __init__(  # noqa: PLR0913 - each says something of its own
        self,
        rows: Rows,
        grants: Grants,
        journal: Journal,
        *,
        profiles: Mapping[ProfileName, Profile],
        timeline: Timeline,
        toolbox: Toolbox,
        hands: Hands,
        wake: Callable[[], None],
    ) -> None:
        self._rows = rows
        self._grants = grants
        self._journal = journal
        self._profiles = profiles
        self._timeline = timeline
        self._toolbox = toolbox
        self._printer = Printer()
        self._hands = hands
        self._wake = wake

    async def preview(self, tenant_id: TenantId, wish: NewScan) -> Preview:
        """Say what a wish would mean, and which of its targets would be refused; nothing is connected to.

        Raises `Problem` INVALID `invalid_target` for none and for too many, `invalid_parameter`.
        """
        _refuse_minutes(wish)
        refuse_wrong_number(wish.targets)
        permit, rules = await self._grants.permit(tenant_id), self._grants.rules
        is_pentest = wish.profile is ProfileName.PENTEST
        targets, refused = admitted(wish.targets, permit, is_pentest=is_pentest, has_loopback=rules.has_loopback)
        refuse_too_large(targets)
        return replace(self._previewed(wish, targets), refused=refused)

    def _previewed(self, wish: NewScan, targets: tuple[Target, ...]) -> Preview:
        profile, is_pentest = self._profiles[wish.profile], wish.profile is ProfileName.PENTEST
        kinds = dict.fromkeys(target.kind for target in targets)
        missing = dict.fromkeys(one for kind in kinds for one in self._toolbox.missing_for(kind, is_pentest=is_pentest))
        missing |= dict.fromkeys(_unconnected(targets, self._grants.rules.accounts))
        usable = dict.fromkeys(one for kind in kinds for one in self._toolbox.usable_for(kind, is_pentest=is_pentest))
        engines = [one.engine for one in usable]
        minutes = min(minutes_of(targets, profile, engines), wish.minutes_max)
        connections = connections_of(targets, profile, engines)
        return Preview(targets, profile, minutes, connections, tuple(missing), engines=tuple(usable))

    @property
    def prints(self) -> bool:
        """Whether PDF can be had."""
        return self._printer.browser is not None

    def engines(self) -> tuple[Standing, ...]:
        """What this server looks with, and what it has not. Reads files: give it a thread."""
        return self._toolbox.standings()

    async def granted(self, tenant_id: TenantId, wish: NewScan) -> Preview:
        """What a wish would mean where all of it may be scanned.

        Raises as `preview`, and `Problem` INVALID `invalid_target`, FORBIDDEN `target_not_authorized` for a single
        target that would be refused.
        """
        _refuse_minutes(wish)
        targets = parse_targets(wish.targets, has_loopback=self._grants.rules.has_loopback)
        await self._grants.refuse_beyond(tenant_id, targets, is_pentest=wish.profile is ProfileName.PENTEST)
        return self._previewed(wish, targets)

    async def initialize(
        self, tenant_id: TenantId, wish: NewScan, *, actor: Actor, within: Within | None = None
    ) -> Scan:
        """Ask for a scan; it is kept, audited and begun by whoever has a hand free.

        `within` is done in the same transaction, before all else: what it raises leaves nothing behind. Raises as
        `granted`, and `Problem` UNAVAILABLE `queue_full`.
        """
        preview = await self.granted(tenant_id, wish)
        await self._settle_open(tenant_id)
        values = tuple(target.value for target in preview.targets)
        scan = Scan(
            new_scan_id(), tenant_id, wish.profile, values, wish.minutes_max, preview.minutes, JobState.QUEUED, 0.0,
            problem_code=None, problem_message=None, created_at=self._journal.clock.now(), created_by=actor.name,
        )  # fmt: skip
        job = NewJob(
            KIND,
            msgspec.msgpack.encode(ScanJob(wish.profile, values)),
            tenant_id=tenant_id,
            reference=scan.id,
            request_id=actor.request_id,
            deadline_seconds=wish.minutes_max * 60.0,
        )
        async with self._rows.scans.transaction():
            await self._rows.scans.lock(tenant_id)
            if within is not None:
                await within(scan)
            if len(await self._rows.scans.open(tenant_id)) >= OPEN_MAX:
                raise _full()
            await self._rows.scans.add(scan)
            await self._rows.jobs.enqueue(job)
            await self._journal.record(_happening(Change.SCAN_ASKED, scan, actor))
        self._wake()
        return scan

    async def find(self, tenant_id: TenantId, scan_id: ScanId) -> Scan:
        """The scan as it stands now; `Problem` NOT_FOUND `not_found`."""
        scan = await self._rows.scans.find(tenant_id, scan_id)
        if scan is None:
            raise scan_not_found()
        return await self._current(scan)

    async def page(
        self,
        tenant_id: TenantId,
        most: int,
        *,
        behind: tuple[float, str] | None = None,
        wanted: ScanSelection = _ANY,
    ) -> tuple[Scan, ...]:
        """Newest first, from behind the `place` of a scan."""
        if wanted.state is None:
            found = await self._rows.scans.page(tenant_id, most, behind=behind, wanted=wanted)
            return tuple([await self._current(scan) for scan in found])
        # How a scan stands is its job's to say until its end was kept.
        still = [await self._current(scan) for scan in await self._rows.scans.open(tenant_id)]
        if wanted.state.is_final:
            return await self._rows.scans.page(tenant_id, most, behind=behind, wanted=wanted)
        fitting = [scan for scan in still if scan.state is wanted.state and wanted.profile in {None, scan.profile}]
        newest = sorted(fitting, key=lambda scan: scan.place, reverse=True)
        return tuple(scan for scan in newest if behind is None or scan.place < behind)[:most]

    async def cancel(self, tenant_id: TenantId, scan_id: ScanId, *, actor: Actor) -> Scan:
        """Stop it: what has been seen stays. `Problem` NOT_FOUND `not_found`, CONFLICT `scan_ended`."""
        scan = await self.find(tenant_id, scan_id)
        job = await self._job(scan)
        if job is None or scan.state.is_final:
            raise _ended(scan.state)
        await self._rows.jobs.ask_cancel(tenant_id, job.id)
        await self._hands.cancel(tenant_id, scan_id)
        async with self._rows.scans.transaction():
            await self._journal.record(_happening(Change.SCAN_CANCELLED, scan, actor))
        return await self.find(tenant_id, scan_id)

    async def findings(
        self, tenant_id: TenantId, scan_id: ScanId, *, skipped: int, most: int, wanted: SeenSelection = _ALL
    ) -> tuple[ScanFinding, ...]:
        """What a scan saw, the worst first."""
        return await self._rows.findings.of_scan(tenant_id, scan_id, skipped=skipped, most=most, wanted=wanted)

    async def severities(self, scan: Scan) -> Mapping[Severity, int]:
        """How much of each severity a scan saw."""
        return await self._rows.findings.severities_of_scan(scan.tenant_id, scan.id)

    async def details(self, scan: Scan, most: int) -> Details:
        """All that came of a scan so far, with that many of its findings."""
        rows, (tenant_id, scan_id) = self._rows.findings, (scan.tenant_id, scan.id)
        chunks = await self._rows.scans.chunks(tenant_id, scan_id)
        controls = Counter[str]()
        for name, count in (await rows.rules_of_scan(tenant_id, scan_id)).items():
            rule = scan_rules().get(name)
            controls.update(dict.fromkeys(() if rule is None else rule.controls, count))
        return Details(
            severities=await self.severities(scan),
            assets=await rows.assets_of_scan(tenant_id, scan_id, _ASSETS_SHOWN),
            controls=dict(controls.most_common()),
            findings=await self.findings(tenant_id, scan_id, skipped=0, most=most),
            coverage=_coverage(scan, chunks),
            phases=phases_of(targets_of(scan.targets), chunks, is_pentest=scan.profile is ProfileName.PENTEST),
        )

    async def all_findings(
        self, tenant_id: TenantId, status: FindingStatus, most: int, *, behind: tuple[float, str] | None = None
    ) -> tuple[ScanFinding, ...]:
        """What all scans of a tenant saw, the last seen first."""
        return await self._rows.findings.page(tenant_id, status, most, behind=behind)

    async def coverage(self, scan: Scan) -> tuple[Coverage, ...]:
        """What was looked at and what not; what is still to come, or was never come to, is not reached."""
        return _coverage(scan, await self._rows.scans.chunks(scan.tenant_id, scan.id))

    async def result(self, scan: Scan) -> Result:
        """All that came of a scan so far, with at most 100,000 of its findings."""
        findings = await self.findings(scan.tenant_id, scan.id, skipped=0, most=_FINDINGS_MAX)
        has_compliance_rules = self._profiles[scan.profile].has_compliance_rules
        return Result(scan, findings, await self.coverage(scan), self._journal.clock.now(), has_compliance_rules)

    async def file(self, scan: Scan, form: Form, *, image: str = "") -> bytes:
        """What came of a scan in one of the forms; where it looked at several images, `image` is the one that is meant.

        Raises `Problem` NOT_FOUND `no_packages`, INVALID `missing_parameter`, and for PDF what `Printer` does.
        """
        if form is not Form.CYCLONEDX:
            made = await asyncio.to_thread(exported, await self.result(scan), form)
            return await self._printer.printed(made.decode()) if form is Form.PDF else made
        inventory = await self._inventory(scan, image)
        return await asyncio.to_thread(packages_exported, scan, inventory, self._journal.clock.now())

    async def _inventory(self, scan: Scan, image: str) -> Inventory:
        images = [target.value for target in targets_of(scan.targets) if target.kind is TargetKind.IMAGE]
        if image:
            images = [one for one in images if image in {one, one.removeprefix("oci://")}]
        if not images:
            raise _no_packages(
                "The scan was not asked to look at such an image" if image else "It is no scan of an image"
            )
        if len(images) > 1:
            reason = f"names one of the {len(images)} images of the scan"
            raise _invalid("image", reason, code="missing_parameter")
        inventory = await self._rows.scans.inventory(scan.tenant_id, scan.id, images[0])
        if inventory is None:
            raise _no_packages("The packages of the image were not read, or not yet: the coverage of the scan says why")
        return inventory

    async def compared(self, tenant_id: TenantId, scan_id: ScanId, with_id: ScanId | None = None) -> Difference:
        """What changed from one scan, or else the last one of the same targets before it, to another.

        Raises `Problem` NOT_FOUND `not_found`, `no_earlier_scan`.
        """
        after = await self.find(tenant_id, scan_id)
        before = await self._earlier(after) if with_id is None else await self.find(tenant_id, with_id)
        sides = [await self.result(scan) for scan in (before, after)]
        return await asyncio.to_thread(difference, *sides)

    async def _earlier(self, after: Scan) -> Scan:
        targets = set(after.targets)
        for scan in await self.page(after.tenant_id, _EARLIER_LOOKED_THROUGH, behind=after.place):
            if scan.state.is_final and set(scan.targets) == targets:
                return scan
        raise Problem(
            ProblemKind.NOT_FOUND,
            code="no_earlier_scan",
            message="No earlier scan of the same targets has ended. Name the scan to compare with.",
        )

    async def _settle_open(self, tenant_id: TenantId) -> None:
        for scan in await self._rows.scans.open(tenant_id):
            await self._current(scan)

    async def _current(self, scan: Scan) -> Scan:
        """A scan with what its job says; where that has ended it is kept, and told once."""
        if scan.state.is_final:
            return scan
        job = await self._job(scan)
        if job is None:
            job = _lost(scan, self._journal.clock.now())
        if job.state.is_final:
            await self._timeline.ended(scan, job)
        return replace(
            scan,
            state=job.state,
            progress=job.progress,
            problem_code=job.problem_code,
            problem_message=job.problem_message,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )

    async def _job(self, scan: Scan) -> Job | None:
        return await self._rows.jobs.find_by_reference(scan.tenant_id, KIND, scan.id)


def scan_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such scan.")


def _lost(scan: Scan, now: datetime) -> Job:
    """Stands in for a job whose row was swept away before anybody looked."""
    return Job(
        new_job_id(), scan.tenant_id, KIND, scan.id, None, JobState.FAILED, 0, scan.progress, "",
        problem_code=_LOST.code, problem_message=_LOST.message, created_at=scan.created_at, started_at=scan.started_at,
        finished_at=now,
    )  # fmt: skip


def _coverage(scan: Scan, chunks: Sequence[Chunk]) -> tuple[Coverage, ...]:
    reason, lines = "the scan ended before" if scan.state.is_final else "still to come", list[Coverage]()
    for chunk in chunks:
        if chunk.coverage is None:
            lines += _unreached(chunk.subjects, chunk.engine, reason)
        else:
            lines += chunk.coverage
    if scan.state is not JobState.COMPLETED:
        planned, is_pentest = {chunk.engine for chunk in chunks}, scan.profile is ProfileName.PENTEST
        said = {(line.asset, line.engine) for line in lines}
        for asset, engine in unplanned(targets_of(scan.targets), planned, is_pentest=is_pentest):
            if (asset, engine) not in said:
                lines += _unreached([asset], engine, reason)
    return tuple(lines)


def _refuse_minutes(wish: NewScan) -> None:
    if not 1 <= wish.minutes_max <= MINUTES_MAX:
        raise _invalid("max_duration", f"is from 1 to {MINUTES_MAX} minutes")


def _unconnected(targets: Sequence[Target], accounts: Collection[str]) -> list[Standing]:
    """How the engine of clouds is, for each reason why nobody could be asked about one of these."""
    (engine,) = (one for one in ENGINES if one.name == CLOUD)
    reasons = [unconnected(target.arn, accounts) for target in targets if target.kind is TargetKind.CLOUD]
    return [Standing(engine, EngineState.MISSING, reason) for reason in reasons if reason is not None]


def _unreached(subjects: Sequence[str], engine: str, reason: str) -> list[Coverage]:
    return [Coverage(subject, engine, CoverageState.NOT_REACHED, reason) for subject in subjects]


def _happening(change: Change, scan: Scan, actor: Actor) -> Happening:
    details = {
        "profile": scan.profile.value,
        "targets": ", ".join(scan.targets)[:4_000],
        "max_duration": str(scan.minutes_max),
    }
    return Happening(change, actor, scan.id, scan.tenant_id, details)


def _invalid(field: str, reason: str, *, code: str = "invalid_parameter") -> Problem:
    return Problem(ProblemKind.INVALID, code=code, message=f"{field} {reason}.", details=((field, reason),))


def _no_packages(reason: str) -> Problem:
    return Problem(ProblemKind.NOT_FOUND, code="no_packages", message=f"There is no list of packages. {reason}.")


def _full() -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="queue_full",
        message=f"{OPEN_MAX} scans of your tenant wait or run already. Ask again when one has ended.",
        retry_after_seconds=_RETRY_SECONDS,
    )


def _ended(state: JobState) -> Problem:
    return Problem(ProblemKind.CONFLICT, code="scan_ended", message=f"The scan has ended already: it is {state.value}.")
