"""The work of a scan: part after part, each kept when it is done, each allowed anew."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec
import structlog

from cybervault.domain.clock import Clock
from cybervault.domain.ids import ScanId
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.egress.message import EgressError
from cybervault.egress.probing import Prober
from cybervault.scans.apart import Apart
from cybervault.scans.beside import look_by_prowler
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.contents import Layer, LayerContents
from cybervault.scans.engines import (
    ACCOUNT,
    ADVISORIES,
    CLOUD,
    HTTP,
    IMAGE,
    LAYERS,
    LISTING,
    NAMES,
    PROWLER,
    SERVICES,
    SWEEP,
    TLS,
    WAPITI,
    WHOLE,
    Engine,
    engines_for,
)
from cybervault.scans.engines import services as service_engine
from cybervault.scans.engines.advisories import Knowledge, match_packages
from cybervault.scans.engines.cloud import list_area, look_at_account, look_at_resource
from cybervault.scans.engines.http import look_at_web
from cybervault.scans.engines.image import look_at_image
from cybervault.scans.engines.layers import look_at_layer
from cybervault.scans.engines.names import Resolve, look_at_name
from cybervault.scans.engines.ports import sweep
from cybervault.scans.engines.tls import look_at_tls
from cybervault.scans.grant import Permit
from cybervault.scans.grants import Grants
from cybervault.scans.hands import Hands, Order
from cybervault.scans.ledger import Ledger, PartKey
from cybervault.scans.plan import (
    Part,
    account_parts,
    area_parts,
    attack_parts,
    first_parts,
    image_parts,
    layer_parts,
    package_parts,
    progress_of,
    prowler_parts,
    resource_parts,
    service_parts,
    sweep_parts,
    targets_of,
)
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.registry import Registry
from cybervault.scans.scan import Chunk
from cybervault.scans.seen import CloudArea, CloudResource, Coverage, CoverageState, Host, Report, Service, place_of
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.targets import Target, TargetKind, parse_target
from cybervault.scans.timeline import Timeline
from cybervault.scans.whole import Whole
from cybervault.storage.job_run import JobRun

KIND: Final = "scan"
_LOG: Final = structlog.get_logger("cybervault.scans")
_REPORTS: Final = msgspec.msgpack.Decoder(Report)
_NAMES: Final = msgspec.msgpack.Decoder(frozenset[str])


class ScanJob(msgspec.Struct, frozen=True):
    """What the job of a scan is given."""

    profile: ProfileName
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """What engines work with: where names, registries, accounts are asked, what is known of packages, and the rest.

    `apart` are those that are processes of their own.
    """

    resolve: Resolve
    registry: Callable[[Target], Registry]
    accounts: Accounts
    advisories: Knowledge
    profiles: Mapping[ProfileName, Profile]
    clock: Clock
    apart: Apart


@dataclass(slots=True)
class _Walk:
    """One scan under way: its targets, how deep it looks, which engines it has not, and the number of its next part."""

    run: JobRun
    tenant_id: TenantId
    scan_id: ScanId
    targets: tuple[Target, ...]
    profile: Profile
    number: int = 0
    absent: frozenset[str] = frozenset()
    by_value: dict[str, Target] = field(default_factory=dict)

    @property
    def is_pentest(self) -> bool:
        """Whether its grants must allow one."""
        return self.profile.name is ProfileName.PENTEST

    def __post_init__(self) -> None:
        self.by_value = {target.value: target for target in self.targets}


class ScanWorker:
    """Runs the jobs of scans. A part that was finished is never looked at again, whatever happens to the process."""

    def __init__(  # noqa: PLR0913 - each says something of its own
        self, store: ScanStore, ledger: Ledger, grants: Grants, *, means: Means, timeline: Timeline, hands: Hands
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._grants = grants
        self._means = means
        self._timeline = timeline
        self._hands = hands

    async def work(self, run: JobRun) -> None:
        """The handler of the jobs: names, ports, what answered; clouds; images, layer by layer; attacks come last."""
        job = msgspec.msgpack.decode(run.payload, type=ScanJob)
        if run.job.tenant_id is None or run.job.reference is None:
            raise ValueError("a scan belongs to a tenant, and has an id")
        targets = targets_of(job.targets)
        walk = _Walk(run, run.job.tenant_id, ScanId(run.job.reference), targets, self._means.profiles[job.profile])
        await self._timeline.begun(walk.tenant_id, walk.scan_id)
        # Kept, for the parts are to be the same after a crash, whatever has been installed meanwhile.
        walk.absent = _NAMES.decode(await run.step("engines", self._absent))
        without = [target.value for target in targets if _missing_engines(walk, target)]
        names = await self._phase(walk, first_parts(targets, without))
        swept = await self._phase(walk, sweep_parts(targets, names.hosts))
        answered = await self._phase(walk, service_parts(swept.services))
        accounts = await self._phase(walk, account_parts(targets))
        listed = await self._phase(walk, area_parts(accounts.areas))
        await self._phase(walk, resource_parts(targets, listed.resources))
        await self._phase(walk, () if PROWLER in walk.absent else prowler_parts(targets))
        images = await self._phase(walk, image_parts(targets))
        layers = await self._phase(walk, layer_parts(images.layers))
        await self._phase(walk, package_parts(layers.contents))
        await self._phase(walk, attack_parts(answered.services))

    async def _absent(self) -> bytes:
        found = await asyncio.to_thread(self._means.apart.toolbox.standings)
        return msgspec.msgpack.encode([one.engine.name for one in found if not one.is_usable])

    async def take(self, run: JobRun) -> None:
        """The handler of the jobs of parts: one part of a scan that another worker goes through."""
        tenant_id, reference = run.job.tenant_id, run.job.reference
        if tenant_id is None or reference is None:
            raise ValueError("a part belongs to a scan of a tenant")

        async def done(order: Order) -> bytes:
            profile, scan_id = self._means.profiles[order.profile], ScanId(reference.partition(" ")[0])
            walk = _Walk(run, tenant_id, scan_id, targets_of(order.targets), profile, 0, order.absent)
            return await self._kept(walk, order.number, order.part)

        await self._hands.take(run, done)

    async def _phase(self, walk: _Walk, parts: Sequence[Part]) -> Report:
        """All parts of one phase: one after another, or several at once where the operator lets them."""
        first, reports = walk.number, dict[int, Report]()
        walk.number += len(parts)
        chunks = [Chunk(first + place, part.phase, part.subjects) for place, part in enumerate(parts)]
        await self._store.plan(walk.tenant_id, walk.scan_id, chunks)
        ahead, lanes = iter(enumerate(parts)), min(walk.profile.parts_at_once, len(parts))

        def far() -> float:
            """How far the scan is with one part more than those that are done."""
            done = len(reports) + 1
            return progress_of(parts[0].phase, done, len(parts), targets=walk.targets, is_pentest=walk.is_pentest)

        async def lane() -> None:
            for place, part in ahead:
                raw = await walk.run.step(
                    f"part {first + place}",
                    partial(self._done, walk, first + place, part, is_alone=lanes <= 1),
                    progress=far,
                    doing=f"{part.phase}: {', '.join(part.subjects[:3])}",
                )
                progress = far()
                reports[place] = _REPORTS.decode(raw)
                await self._timeline.advanced(walk.tenant_id, walk.scan_id, progress)

        await _side_by_side(lane, lanes)
        together = Report()
        # In their order, for what follows is to be cut the same each time.
        for place in sorted(reports):
            together.add(reports[place])
        return together

    async def _done(self, walk: _Walk, number: int, part: Part, *, is_alone: bool) -> bytes:
        if is_alone:
            return await self._kept(walk, number, part)
        targets = tuple(target.value for target in walk.targets)
        return await self._hands.hand_out(walk.run, Order(walk.profile.name, targets, walk.absent, number, part))

    async def _kept(self, walk: _Walk, number: int, part: Part) -> bytes:
        report = await self._looked(walk, part)
        key = PartKey(walk.tenant_id, walk.scan_id, number)
        await self._ledger.take_in(key, report, has_compliance_rules=walk.profile.has_compliance_rules)
        report.inventories.clear()  # has its row by now, and no part looks at it
        return msgspec.msgpack.encode(report)

    async def _looked(self, walk: _Walk, part: Part) -> Report:
        permit = await self._grants.permit(walk.tenant_id)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_safely(part.phase, look)) for look in self._looks(walk, permit, part)]
        together = Report()
        for task in tasks:
            together.add(task.result())
        return together

    def _looks(self, walk: _Walk, permit: Permit, part: Part) -> "list[_Look]":
        """What of a part is done at the same time."""
        if part.phase == NAMES:
            return [_Look((name,), partial(self._name, walk, permit, name)) for name in part.subjects]
        if part.phase == SWEEP:
            return [_Look(part.subjects, partial(self._sweep, walk, permit, part.hosts))]
        if part.phase in {SERVICES, WAPITI}:
            look = self._service if part.phase == SERVICES else self._attack
            return [_Look((one.host.asset,), partial(look, walk, permit, one)) for one in part.services]
        if part.phase in {ACCOUNT, LISTING, CLOUD, PROWLER}:
            return self._looks_at_clouds(walk, permit, part)
        if part.phase in {IMAGE, LAYERS, ADVISORIES}:
            return self._looks_at_images(walk, permit, part)
        return [_Look((subject,), partial(self._missing, walk, subject)) for subject in part.subjects]

    def _looks_at_clouds(self, walk: _Walk, permit: Permit, part: Part) -> "list[_Look]":
        if part.phase == ACCOUNT:
            return [_Look((name,), partial(self._account, walk, permit, name)) for name in part.subjects]
        if part.phase == LISTING:
            return [_Look((one.target,), partial(self._area, walk, permit, one)) for one in part.areas]
        if part.phase == PROWLER:
            asked = [*part.areas, *(CloudArea(one.arn, "", "") for one in part.resources)]
            return [_Look((one.target,), partial(self._prowler, walk, permit, one)) for one in asked]
        return [_Look((one.arn,), partial(self._resource, walk, permit, one)) for one in part.resources]

    def _looks_at_images(self, walk: _Walk, permit: Permit, part: Part) -> "list[_Look]":
        if part.phase == IMAGE:
            return [_Look((name,), partial(self._image, walk, permit, name)) for name in part.subjects]
        if part.phase == LAYERS:
            return [_Look((one.target,), partial(self._layer, walk, permit, one)) for one in part.layers]
        return [_Look((name,), partial(self._packages, walk, permit, part.contents)) for name in part.subjects]

    async def _missing(self, walk: _Walk, subject: str) -> Report:
        """What nothing here can look at, said for each engine that would."""
        toolbox, lines = self._means.apart.toolbox, list[Coverage]()
        for engine in _missing_engines(walk, walk.by_value[subject]):
            reason = toolbox.standing(engine).reason or "it was not there yet when the scan began"
            lines.append(Coverage(subject, engine.name, CoverageState.NOT_TESTED, reason))
        return Report(coverage=lines)

    async def _name(self, walk: _Walk, permit: Permit, domain: str) -> Report:
        target = walk.by_value[domain]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(domain, NAMES)
        report = await look_at_name(domain, self._means.resolve, has_compliance_rules=walk.profile.has_compliance_rules)
        prober, allowed = self._prober(permit, target), list[Host]()
        for host in report.hosts:
            if prober.may(ipaddress.ip_address(host.address)):
                allowed.append(host)
            else:
                reason = f"{host.address} is not within what was granted"
                report.coverage.append(Coverage(domain, SWEEP, CoverageState.NOT_TESTED, reason))
        if not report.hosts:
            reason = "no address of the name is known"
            report.coverage.append(Coverage(domain, SWEEP, CoverageState.NOT_REACHED, reason))
        report.hosts = allowed
        return report

    async def _sweep(self, walk: _Walk, permit: Permit, hosts: Sequence[Host]) -> Report:
        target = walk.by_value[hosts[0].target]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(target.value, SWEEP)
        report = await sweep(hosts, walk.profile, self._prober(permit, target))
        if target.kind is TargetKind.NETWORK:
            report.coverage = _without_the_silent(report.coverage)
        return report

    async def _service(self, walk: _Walk, permit: Permit, service: Service) -> Report:
        target = walk.by_value[service.host.target]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(service.host.asset, SERVICES, (place_of(service.port),))
        prober, profile = self._prober(permit, target), walk.profile
        named = await service_engine.name(service, profile, prober)
        report = service_engine.judge(service, named)
        if named.is_tls:
            report.add(await look_at_tls(service, profile, prober, now=self._means.clock.now()))
        if named.name in {"http", "https"}:
            report.add(await look_at_web(service, profile, prober, is_tls=named.is_tls))
        report.add(await self._means.apart.look(service, named, profile, prober=prober, absent=walk.absent))
        if self._means.apart.is_attacked(named, profile, absent=walk.absent):
            report.services.append(service)
        # What is no TLS any more, or no web server, has nothing left of what was seen of one.
        spoken = {TLS: named.is_tls, HTTP: named.name in {"http", "https"}}
        report.coverage += [
            Coverage(service.host.asset, engine, CoverageState.COVERED, "nothing to look at", (place_of(service.port),))
            for engine, is_spoken in spoken.items()
            if not is_spoken
        ]
        return report

    async def _attack(self, walk: _Walk, permit: Permit, service: Service) -> Report:
        target = walk.by_value[service.host.target]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(service.host.asset, WAPITI, (place_of(service.port),))
        prober, profile = self._prober(permit, target), walk.profile
        named = await service_engine.name(service, profile, prober)
        return await self._means.apart.attack(service, named, profile, prober=prober, absent=walk.absent)

    async def _account(self, walk: _Walk, permit: Permit, name: str) -> Report:
        target = walk.by_value[name]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(name, CLOUD)
        has_compliance_rules = walk.profile.has_compliance_rules
        return await look_at_account(target, self._means.accounts, has_compliance_rules=has_compliance_rules)

    async def _area(self, walk: _Walk, permit: Permit, area: CloudArea) -> Report:
        if _is_withdrawn(walk, permit, walk.by_value[area.target]):
            return _withdrawn(area.target, CLOUD, (area.place,))
        return await list_area(area, self._means.accounts)

    async def _resource(self, walk: _Walk, permit: Permit, resource: CloudResource) -> Report:
        if _is_withdrawn(walk, permit, walk.by_value[resource.target]):
            return _withdrawn(resource.arn, CLOUD)
        target, has_compliance_rules = parse_target(resource.arn), walk.profile.has_compliance_rules
        return await look_at_resource(target, self._means.accounts, has_compliance_rules=has_compliance_rules)

    async def _prowler(self, walk: _Walk, permit: Permit, area: CloudArea) -> Report:
        target = walk.by_value[area.target]
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(area.target, PROWLER)
        means, has_compliance_rules = self._means, walk.profile.has_compliance_rules
        return await look_by_prowler(
            target, area.kind, accounts=means.accounts, apart=means.apart, has_compliance_rules=has_compliance_rules
        )

    async def _image(self, walk: _Walk, permit: Permit, name: str) -> Report:
        target, profile = walk.by_value[name], walk.profile
        if _is_withdrawn(walk, permit, target):
            return _withdrawn(name, IMAGE)
        registry = self._means.registry(target)
        return await look_at_image(
            target, registry, now=self._means.clock.now(), has_compliance_rules=profile.has_compliance_rules
        )

    async def _layer(self, walk: _Walk, permit: Permit, layer: Layer) -> Report:
        target = walk.by_value[layer.target]
        if _is_withdrawn(walk, permit, target):
            report = _withdrawn(target.value, LAYERS)
            report.contents = [LayerContents(layer, (), "no grant covers it any longer")]
            return report
        return await look_at_layer(layer, self._means.registry(target))

    async def _packages(self, walk: _Walk, permit: Permit, contents: Sequence[LayerContents]) -> Report:
        name, known = contents[0].layer.target, self._means.advisories
        whole = Whole(None, Report([], [line for engine in WHOLE for line in _withdrawn(name, engine).coverage]))
        if not _is_withdrawn(walk, permit, walk.by_value[name]):
            layers, registry = [one.layer for one in contents], self._means.registry(walk.by_value[name])
            whole = await self._means.apart.look_at_whole(layers, registry, absent=walk.absent)
        report = await asyncio.to_thread(match_packages, name, contents, known, catalogue=whole.catalogue)
        report.add(whole.secrets)
        return report

    def _prober(self, permit: Permit, target: Target) -> Prober:
        may_reach = partial(permit.allows_address_of, target)
        return Prober(may_reach, has_loopback=self._grants.rules.has_loopback)


@dataclass(frozen=True, slots=True)
class _Look:
    """One thing that is done, and what it is about."""

    subjects: tuple[str, ...]
    work: Callable[[], Awaitable[Report]]


async def _safely(phase: str, look: _Look) -> Report:
    """A fault of one look, ours too, ends neither the scan nor the looks beside it, and is told as what failed."""
    try:
        return await look.work()
    except Problem:
        raise
    except EgressError as error:
        state, reason = CoverageState.NOT_TESTED, error.reason
    except Exception:  # noqa: BLE001 - hostile answers find faults that nobody has thought of
        _LOG.exception("bug in an engine", phase=phase)
        state, reason = CoverageState.FAILED, "a fault of ours; the log says more"
    return Report(coverage=[Coverage(subject, phase, state, reason) for subject in look.subjects])


async def _side_by_side(lane: Callable[[], Coroutine[None, None, None]], count: int) -> None:
    """Run so many; what ends one ends all, and is raised as it is: whoever runs the job knows it by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(lane()) for _ in range(count)]
    except ExceptionGroup as found:
        raise found.exceptions[0] from None
    for task in tasks:
        task.result()  # a group takes one that was cancelled for one that is done


def _missing_engines(walk: _Walk, target: Target) -> list[Engine]:
    return [one for one in engines_for(target.kind, is_pentest=walk.is_pentest) if one.name in walk.absent]


def _is_withdrawn(walk: _Walk, permit: Permit, target: Target) -> bool:
    return bool(permit.missing((target,), is_pentest=walk.is_pentest))


def _withdrawn(asset: str, engine: str, places: tuple[str, ...] = ()) -> Report:
    line = Coverage(asset, engine, CoverageState.NOT_TESTED, "no grant covers it any longer", places)
    return Report(coverage=[line])


def _without_the_silent(lines: Sequence[Coverage]) -> list[Coverage]:
    """Silent addresses of a network are one line: a range is mostly empty."""
    silent = [line for line in lines if line.state is CoverageState.NOT_REACHED]
    rest = [line for line in lines if line.state is not CoverageState.NOT_REACHED]
    if len(silent) <= 1:
        return [*rest, *silent]
    reason = f"{len(silent)} addresses on which no port answered"
    return [*rest, Coverage(f"{silent[0].asset} to {silent[-1].asset}", SWEEP, CoverageState.NOT_REACHED, reason)]
