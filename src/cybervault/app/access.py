"""Who may: tenants, members, keys, sign-in, audit and usage, put together."""

from dataclasses import dataclass
from typing import Final

from cybervault.access.arrivals import Arrivals, NewcomerRule, Newcomers
from cybervault.access.audit import Audit
from cybervault.access.changes import KeyChanges
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.credentials import Credentials
from cybervault.access.entries import Gate
from cybervault.access.epoch import StoredEpoch
from cybervault.access.exposure import Exposure
from cybervault.access.idempotency import Idempotency
from cybervault.access.journal import Journal
from cybervault.access.keybook import KeyBook
from cybervault.access.keys import Keys
from cybervault.access.members import Belongings, Members
from cybervault.access.minting import Minting
from cybervault.access.one_time import OneTimeTokens
from cybervault.access.passkeys import Passkeys
from cybervault.access.passwords import Passwords
from cybervault.access.pepper import load_peppers
from cybervault.access.retention import Retention
from cybervault.access.sealing import Sealer
from cybervault.access.second_factors import SecondFactors
from cybervault.access.service_accounts import ServiceAccounts
from cybervault.access.sessions import Sessions
from cybervault.access.setup import Ground, Setup
from cybervault.access.sign_in import Doors, SignIn
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.epoch import EpochStore
from cybervault.access.store.idempotency import IdempotencyStore
from cybervault.access.store.identities import IdentityStore
from cybervault.access.store.invitations import InvitationStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.passkeys import PasskeyStore
from cybervault.access.store.retention import RetentionStore
from cybervault.access.store.second_factors import SecondFactorStore
from cybervault.access.store.service_accounts import ServiceAccountStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.store.sign_in_failures import FailureStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.store.tickets import TicketStore
from cybervault.access.store.usage import UsageStore
from cybervault.access.sync import Sync
from cybervault.access.tenants import Tenants
from cybervault.access.throttle import Throttle
from cybervault.access.tickets import Tickets
from cybervault.access.tokens import Peppers
from cybervault.access.usage import Usage
from cybervault.app.shared import Shared
from cybervault.domain.principals import Role
from cybervault.faces.paging import Cursors
from cybervault.response.webhooks.store.deliveries import DeliveryStore
from cybervault.settings import Settings
from cybervault.storage.database import Database
from cybervault.storage.ended_jobs import EndedJobs
from cybervault.storage.outbox import Outbox

PEPPER_FILE: Final = "pepper"
SETUP_FILE: Final = "setup-token"
CHECKPOINTS_FILE: Final = "audit-checkpoints.txt"


@dataclass(frozen=True, slots=True)
class People:
    """Members, and how they sign in."""

    members: Members
    sessions: Sessions
    passwords: Passwords
    second_factors: SecondFactors
    sign_in: SignIn
    credentials: Credentials
    setup: Setup
    passkeys: Passkeys
    doors: Doors
    tickets: Tickets
    arrivals: Arrivals


@dataclass(frozen=True, slots=True)
class Access:
    """Who may: tenants, their keys, and the audit of every change of them."""

    tenants: Tenants
    keys: Keys
    minting: Minting
    key_changes: KeyChanges
    service_accounts: ServiceAccounts
    exposure: Exposure
    audit: Audit
    checkpoints: Checkpoints
    usage: Usage
    retention: Retention
    idempotency: Idempotency
    people: People
    gate: Gate
    cursors: Cursors
    journal: Journal
    sealer: Sealer


def access_of(settings: Settings, database: Database, shared: Shared) -> Access:
    """All services of access on one database.

    Raises `Problem` for a pepper that cannot be used.
    """
    clock = shared.sync.date
    peppers = load_peppers(settings.folder / PEPPER_FILE, settings.pepper, settings.previous_pepper)
    audit_store = AuditStore(database)
    audit = Audit(audit_store, clock, peppers)
    journal = Journal(clock, audit, StoredEpoch(EpochStore(database), clock, shared.sync.noted))
    store = KeyStore(database)
    book = KeyBook(store, journal)
    gate = Gate(settings.starter_api_access == "service", f"{settings.base_url}/settings/billing")
    return Access(
        tenants=Tenants(TenantStore(database), journal),
        keys=Keys(book, peppers, entries=shared.sync.verifier(store), gate=gate),
        minting=Minting(book, peppers, gate=gate),
        key_changes=KeyChanges(book),
        service_accounts=ServiceAccounts(ServiceAccountStore(database), store, journal),
        exposure=Exposure(book, peppers),
        audit=audit,
        checkpoints=Checkpoints(audit, audit_store, clock, peppers=peppers, file=settings.folder / CHECKPOINTS_FILE),
        usage=Usage(UsageStore(database), clock),
        retention=Retention(
            RetentionStore(database),
            clock,
            usage_days=settings.usage_days,
            work={
                "jobs": EndedJobs(database).forget,
                "told_events": Outbox(database).forget,
                "webhook_deliveries": DeliveryStore(database).forget,
            },
        ),
        idempotency=Idempotency(IdempotencyStore(database), clock, peppers),
        people=_people(settings, shared.sync, Ledger(database, journal, peppers)),
        gate=gate,
        cursors=Cursors(peppers.current.key),
        journal=journal,
        sealer=Sealer(peppers),
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where changes of members are written, and under what their secrets are kept."""

    database: Database
    journal: Journal
    peppers: Peppers


def _people(settings: Settings, sync: Sync, ledger: Ledger) -> People:
    database, journal, peppers = ledger.database, ledger.journal, ledger.peppers
    clock, sealer, passwords = journal.clock, Sealer(peppers), Passwords(breached=settings.breached_passwords)
    rows, session_rows = MemberStore(database), SessionStore(database)
    tokens = OneTimeTokens(InvitationStore(database), clock, peppers)
    tickets = Tickets(TicketStore(database), sealer, clock)
    second_factors = SecondFactors(SecondFactorStore(database), tickets, sealer=sealer, journal=journal)
    sessions = Sessions(session_rows, sync.verifier(session_rows), journal=journal, peppers=peppers)
    throttle = Throttle(FailureStore(database), clock)
    doors = Doors(rows, session_rows, sessions, passwords, throttle, second_factors)
    members = Members(rows, Belongings(session_rows, tokens, KeyStore(database).revoke_all_of), journal)
    sign_in = SignIn(doors, journal)
    newcomers = Newcomers(members, Tenants(TenantStore(database), journal), _newcomer_rule(settings))
    ground = Ground(members, rows, TenantStore(database), tokens, passwords)
    return People(
        members=members,
        sessions=sessions,
        passwords=passwords,
        second_factors=second_factors,
        sign_in=sign_in,
        credentials=Credentials(doors, sign_in, tokens=tokens, journal=journal),
        setup=Setup(ground, journal, settings.folder / SETUP_FILE),
        passkeys=Passkeys(
            PasskeyStore(database), second_factors, tickets=tickets, journal=journal, public_url=settings.base_url
        ),
        doors=doors,
        tickets=tickets,
        arrivals=Arrivals(IdentityStore(database), rows, newcomers=newcomers, journal=journal),
    )


def _newcomer_rule(settings: Settings) -> NewcomerRule:
    part = settings.identity
    return NewcomerRule(part.tenant, frozenset(part.domains), Role(part.default_role))
