"""Scans on a database of each engine, with a worker's hands, before servers on loopback."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from cybervault.access.audit import OPERATOR, Actor
from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import TenantId
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin, origin_of
from cybervault.egress.message import DnsQuestion, DnsReply
from cybervault.scans.apart import Apart
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.contents import Layer
from cybervault.scans.grants import GrantRules, Grants, NewGrant
from cybervault.scans.hands import Hands
from cybervault.scans.ledger import Ledger
from cybervault.scans.osv import advisory_of
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.registry import Registry
from cybervault.scans.scan import Scan, ScanFinding
from cybervault.scans.scans import NewScan, Rows, Scans
from cybervault.scans.seen import Coverage
from cybervault.scans.store.advisories import Advisories, Concern, Loaded
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.targets import Target, parse_target
from cybervault.scans.timeline import Timeline
from cybervault.scans.toolbox import Toolbox
from cybervault.scans.worker import KIND, Means, ScanWorker
from cybervault.storage.database import Database
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs
from tests.access.conftest import World, world_on
from tests.fakes.advisories import ALL, LOG4J, raw
from tests.fakes.registry import Shelves, digest_of, registry_of
from tests.scans.made import NOW

NO_ENGINES: Final = Toolbox(Path("/nowhere"), find=lambda _name: None)
NOBODY: Final = "nothing is published here"


@dataclass(slots=True)
class Zone:
    """Names and their addresses; `asked` are the names that were asked for an address, `hangs_at` never answers."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hangs_at: str = ""
    breaks_at: str = ""
    log: Path | None = None
    """Where each question for an address is noted, which then takes a third of a second."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def resolve(self, question: DnsQuestion) -> DnsReply:
        """One answer."""
        if question.record_type == "A":
            self.asked.append(question.name)
            await self._noted(question.name)
        if question.name == self.hangs_at:
            self.reached.set()
            await asyncio.Event().wait()
        if question.name == self.breaks_at:
            raise ValueError("no engine is without fault")
        found = self.addresses.get(question.name, ()) if question.record_type == "A" else ()
        return DnsReply(code=0 if question.name in self.addresses else 3, records=found)

    async def _noted(self, name: str) -> None:
        if self.log is not None:
            with self.log.open("a") as out:
                out.write(f"{name} {os.getpid()}\n")
            await asyncio.sleep(0.3)


@dataclass(slots=True)
class Told:
    """The events that were appended."""

    events: list[Happened] = field(default_factory=list)

    async def append(self, event: Happened) -> None:
        """One more."""
        self.events.append(event)

    def of(self, subject: str) -> list[str]:
        """What was told of it, in order."""
        return [event.topic for event in self.events if event.subject == subject]


@dataclass(slots=True)
class Shelving:
    """How registries are asked ("": none was set up), and which advisories there are."""

    egress: Egress | None = None
    plain: frozenset[Origin] = frozenset()
    kept: Advisories | None = None

    def registry(self, target: Target) -> Registry:
        """The one of an image."""
        assert self.egress is not None
        return Registry(self.egress, target.image, self.plain)

    def loaded(self) -> tuple[Loaded, ...]:
        """Which ecosystems there are."""
        return () if self.kept is None else self.kept.loaded()

    def about(self, ecosystem: str, names: Iterable[str]) -> dict[str, tuple[Concern, ...]]:
        """What is said of packages."""
        return {} if self.kept is None else self.kept.about(ecosystem, names)


class _NoProof:
    async def is_published(self, domain: str, challenge: str) -> bool:  # noqa: ARG002 - that of the real one
        return False


@dataclass(slots=True)
class Desk:
    """The services, and what stands around them."""

    world: World
    zone: Zone
    told: Told
    grants: Grants
    jobs: Jobs
    scans: Scans
    worker: ScanWorker
    shelving: "Shelving"
    accounts: Accounts
    timeline: Timeline
    wakes: list[int] = field(default_factory=list)

    @property
    def ours(self) -> TenantId:
        """The tenant."""
        return self.world.tenant.id

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return Actor("key:key_1 (cv_live_sk_…)", self.ours, request_id="req_1")

    async def grant(self, *targets: str, allows_pentest: bool = False) -> None:
        """Let these be scanned."""
        for target in targets:
            await self.grants.give(self.ours, NewGrant(target, "tests", allows_pentest), actor=OPERATOR)

    async def ask(self, *targets: str, profile: ProfileName = ProfileName.STANDARD, minutes: int = 60) -> Scan:
        """A scan of these."""
        return await self.scans.initialize(self.ours, NewScan(targets, profile, minutes), actor=self.actor)

    async def claimed(self) -> JobRun:
        """The job of the scan that waits longest, in a worker's hands."""
        (one,) = await self.jobs.claim("one", [KIND], most=1, lease_seconds=30)
        run = JobRun(self.jobs, one, self.world.clock)
        await run.recall()
        return run

    async def work(self) -> None:
        """Run one scan to its end."""
        run = await self.claimed()
        await self.worker.work(run)
        await self.jobs.complete(run.hold)

    async def scanned(self, *targets: str, profile: ProfileName = ProfileName.STANDARD) -> Scan:
        """A scan of these that has come to its end."""
        scan = await self.ask(*targets, profile=profile)
        await self.work()
        return await self.scans.find(self.ours, scan.id)

    async def found(self, scan_id: ScanId) -> tuple[ScanFinding, ...]:
        """What it saw."""
        return await self.scans.findings(self.ours, scan_id, skipped=0, most=1_000)

    async def lines(self, scan_id: ScanId) -> tuple[Coverage, ...]:
        """What it looked at."""
        return await self.scans.coverage(await self.scans.find(self.ours, scan_id))


def profiles_of(*ports: int, parts_at_once: int = 1) -> Mapping[ProfileName, Profile]:
    """All profiles with these ports alone, and short waits."""
    return {
        name: Profile(
            name, "For tests.", ports, 64, 5.0, 0.7, name is not ProfileName.STANDARD, parts_at_once=parts_at_once
        )
        for name in ProfileName
    }


async def desk_on(database: Database, *ports: int, toolbox: Toolbox = NO_ENGINES, parts_at_once: int = 1) -> Desk:
    """Put the parts together; this machine may be scanned where it is granted."""
    world, zone, told = await world_on(database), Zone(), Told()
    grants = Grants(GrantStore(database), world.journal, proof=_NoProof(), rules=GrantRules(has_loopback=True))
    rows = Rows(ScanStore(database), ScanFindingStore(database), Jobs(database, first_pause_seconds=0))
    profiles, wakes = profiles_of(*ports, parts_at_once=parts_at_once), list[int]()
    timeline, hands = Timeline(rows.scans, told, world.clock), Hands(rows.jobs, lambda: None)
    scans = Scans(
        rows, grants, world.journal, profiles=profiles, timeline=timeline, toolbox=toolbox, hands=hands,
        wake=lambda: wakes.append(1),
    )  # fmt: skip
    ledger = Ledger(rows.scans, rows.findings, events=told, clock=world.clock)
    shelves = Shelving()
    accounts = Accounts(cast("Egress", None), {}, world.clock, pause_seconds=0)
    means = Means(zone.resolve, shelves.registry, accounts, shelves, profiles, world.clock, Apart(toolbox))
    worker = ScanWorker(rows.scans, ledger, grants, means=means, timeline=timeline, hands=hands)
    return Desk(world, zone, told, grants, rows.jobs, scans, worker, shelves, accounts, timeline, wakes)


@asynccontextmanager
async def before_registry(
    database: Database, shelves: Shelves, folder: Path, toolbox: Toolbox = NO_ENGINES
) -> AsyncIterator[tuple[Desk, str]]:
    """A worker that may read one registry, and the name of an image of it."""
    kept = Advisories(folder / "osv.sqlite")
    kept.load((one for record in (*ALL, LOG4J) if (one := advisory_of(raw(record))) is not None), at=NOW)
    with registry_of(shelves) as place:
        origin = origin_of(f"http://{place}")
        async with Egress(Guard([origin])) as egress:
            desk = await desk_on(database, 80, toolbox=toolbox)
            desk.shelving.egress, desk.shelving.plain, desk.shelving.kept = egress, frozenset({origin}), kept
            await desk.grant(f"oci://{place}/app")
            yield desk, f"oci://{place}/app:1"


@asynccontextmanager
async def reading(shelves: Shelves, *layers: bytes) -> AsyncIterator[tuple[list[Layer], Registry]]:
    """The layers of an image from the top, and the registry on loopback that has them."""
    with registry_of(shelves) as place:
        origin, target = origin_of(f"http://{place}"), parse_target(f"oci://{place}/app:1", has_loopback=True)
        async with Egress(Guard([origin])) as egress:
            listed = [Layer(target.value, number, digest_of(raw), len(raw)) for number, raw in enumerate(layers)]
            yield listed[::-1], Registry(egress, target.image, frozenset({origin}))


def stored(*layers: bytes) -> Shelves:
    """A registry with one image of these layers, `app:1`."""
    shelves = Shelves()
    shelves.push("app:1", layers)
    return shelves


async def spots(desk: Desk, scan: Scan) -> dict[tuple[str, str], str]:
    return {(one.rule, one.place): one.status.value for one in await desk.found(scan.id)}
