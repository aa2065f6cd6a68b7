"""Scans and what may be scanned, put together."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cybervault.access.journal import Journal
from cybervault.app.work import dispatcher_of
from cybervault.domain.clock import Clock
from cybervault.egress.client import Egress
from cybervault.egress.guard import origin_of
from cybervault.egress.signing import AwsKey
from cybervault.scans.apart import Apart
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.cloud.client import Account
from cybervault.scans.engines import NMAP, TRIVY
from cybervault.scans.grants import GrantRules, Grants
from cybervault.scans.hands import KIND as PART
from cybervault.scans.hands import Hands
from cybervault.scans.ledger import Ledger
from cybervault.scans.profiles import load_profiles
from cybervault.scans.proof import DomainProof
from cybervault.scans.registry import Registry, RegistryAccount
from cybervault.scans.scans import Rows, Scans
from cybervault.scans.scheduler import Scheduler
from cybervault.scans.schedules import Schedules
from cybervault.scans.store.advisories import Advisories
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.store.schedules import ScheduleStore
from cybervault.scans.targets import Target
from cybervault.scans.timeline import Timeline
from cybervault.scans.toolbox import Toolbox
from cybervault.scans.uploads import Uploads
from cybervault.scans.worker import KIND, Means, ScanWorker
from cybervault.setting_parts import ScanSettings
from cybervault.settings import Settings
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox

ADVISORIES_FILE: Final = Path("advisories") / "osv.sqlite"
"""Within the folder of state."""


@dataclass(frozen=True, slots=True)
class ScanParts:
    """Who may scan what, the scans, what asks for them, and who runs them: other jobs must not wait for hours."""

    grants: Grants
    scans: Scans
    uploads: Uploads
    timeline: Timeline
    schedules: Schedules
    scheduler: Scheduler
    dispatcher: Dispatcher
    helper: Dispatcher
    """Does the parts of scans that are handed out: those who wait for parts must not take their places."""


def scans_of(settings: Settings, database: Database, journal: Journal, *, egress: Egress, clock: Clock) -> ScanParts:
    """The scans of all tenants, under the operator's rules."""
    part, woken, handed = settings.scans, asyncio.Event(), asyncio.Event()
    rules = GrantRules(part.loopback, part.owners_grant_networks, frozenset(part.aws))
    grants = Grants(GrantStore(database), journal, proof=DomainProof(egress), rules=rules)
    rows = Rows(ScanStore(database), ScanFindingStore(database), Jobs(database))
    profiles = load_profiles(part.extra_ports, part.parts_at_once)
    toolbox = toolbox_of(settings)
    means = Means(
        egress.resolve,
        registry_reader(egress, part),
        Accounts(egress, accounts_of(part), clock),
        Advisories(settings.folder / ADVISORIES_FILE),
        profiles,
        clock,
        Apart(toolbox),
    )
    events = Outbox(database)
    timeline, ledger = (
        Timeline(rows.scans, events, clock),
        Ledger(rows.scans, rows.findings, events=events, clock=clock),
    )
    hands = Hands(rows.jobs, handed.set)
    worker = ScanWorker(rows.scans, ledger, grants, means=means, timeline=timeline, hands=hands)
    scans = Scans(
        rows, grants, journal, profiles=profiles, timeline=timeline, toolbox=toolbox, hands=hands, wake=woken.set
    )
    dispatcher = dispatcher_of(database, clock, handlers={KIND: worker.work}, woken=woken)
    helper = dispatcher_of(database, clock, handlers={PART: worker.take}, woken=handed)
    store = ScheduleStore(database)
    return ScanParts(
        grants,
        scans,
        Uploads(rows.scans, ledger, journal, timeline=timeline),
        timeline,
        Schedules(store, scans, journal),
        Scheduler(store, scans, clock),
        dispatcher,
        helper,
    )


def accounts_of(settings: ScanSettings) -> dict[str, Account]:
    """The accounts of AWS that are connected, by their number."""
    return {
        number: Account(
            number,
            AwsKey(part.access_key_id, part.secret_access_key),
            part.role_arn,
            part.external_id,
            part.regions,
            part.endpoint_url or "",
        )
        for number, part in settings.aws.items()
        if part.secret_access_key is not None  # settings refuse an account without
    }


def toolbox_of(settings: Settings) -> Toolbox:
    """The engines of this server: below its folder of state, or where the operator says."""
    named = {NMAP: settings.scans.nmap, TRIVY: settings.scans.trivy}
    return Toolbox(settings.folder, find=lambda program: shutil.which(named.get(program, program)))


def registry_reader(egress: Egress, settings: ScanSettings) -> Callable[[Target], Registry]:
    """How the registry of an image is asked; without TLS, or with a name, only where the operator said so."""
    plain = frozenset(origin_of(url) for url in settings.registries if url.startswith("http:"))
    accounts = {
        part.registry: RegistryAccount(
            part.username, part.password, origin_of(part.token_url) if part.token_url else None
        )
        for part in settings.registry_accounts.values()
        if part.password is not None  # settings refuse an account without
    }

    def reader(target: Target) -> Registry:
        image = target.image
        place = image.host if image.port is None else f"{image.host}:{image.port}"
        return Registry(egress, image, plain, accounts.get(place))

    return reader
