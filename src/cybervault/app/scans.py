"""Scans and what may be scanned, put together."""

import asyncio
from dataclasses import dataclass

from cybervault.access.journal import Journal
from cybervault.app.work import dispatcher_of
from cybervault.domain.clock import Clock
from cybervault.egress.client import Egress
from cybervault.scans.grants import GrantRules, Grants
from cybervault.scans.ledger import Ledger
from cybervault.scans.profiles import load_profiles
from cybervault.scans.proof import DomainProof
from cybervault.scans.scans import Rows, Scans
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.worker import KIND, Means, ScanWorker
from cybervault.settings import Settings
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class ScanParts:
    """Who may scan what, the scans, and who runs them: apart from other jobs, which must not wait for hours."""

    grants: Grants
    scans: Scans
    dispatcher: Dispatcher


def scans_of(settings: Settings, database: Database, journal: Journal, *, egress: Egress, clock: Clock) -> ScanParts:
    """The scans of all tenants, under the operator's rules."""
    part, woken = settings.scans, asyncio.Event()
    rules = GrantRules(part.loopback, part.owners_grant_networks)
    grants = Grants(GrantStore(database), journal, proof=DomainProof(egress), rules=rules)
    rows = Rows(ScanStore(database), ScanFindingStore(database), Jobs(database))
    profiles = load_profiles(part.extra_ports)
    worker = ScanWorker(
        rows.scans,
        Ledger(rows.scans, rows.findings, clock),
        grants,
        means=Means(egress.resolve, profiles, clock),
    )
    scans = Scans(rows, grants, journal, profiles=profiles, events=Outbox(database), wake=woken.set)
    return ScanParts(grants, scans, dispatcher_of(database, clock, handlers={KIND: worker.work}, woken=woken))
