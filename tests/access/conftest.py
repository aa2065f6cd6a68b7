"""A database of its own, a clock that a test moves, and the keys upon them."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR, Audit
from cybervault.access.keys import Keys, MintedKey, NewKey
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.tenants import Tenants
from cybervault.access.tokens import Pepper
from cybervault.domain.principals import KeyKind, Plan, Scope, Tenant
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

PEPPER = Pepper.of(Secret("a pepper that is long enough for tests"))


@dataclass(frozen=True, slots=True)
class World:
    """All parts of access on one database."""

    database: Database
    clock: HandClock
    tenants: Tenants
    keys: Keys
    audit: Audit
    tenant: Tenant

    def mint(self, name: str = "ci", kind: KeyKind = KeyKind.SERVICE_LIVE) -> MintedKey:
        """A key that may read threats."""
        return self.keys.mint(self.tenant, NewKey(kind, name, frozenset({Scope.THREAT_READ})), actor=OPERATOR)


def world_on(database: Database, pepper: Pepper = PEPPER) -> World:
    """Put the parts together, with one tenant."""
    clock = HandClock()
    audit = Audit(AuditStore(database), clock, pepper)
    tenants = Tenants(TenantStore(database), clock, audit)
    keys = Keys(KeyStore(database), clock, pepper, audit=audit)
    found = tenants.list()
    tenant = found[0] if found else tenants.create("acme", Plan.PROFESSIONAL, actor=OPERATOR)
    return World(database, clock, tenants, keys, audit, tenant)


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cybervault.db"
        Database.open(file).close()
        return file.read_bytes()


def empty_database(folder: Path) -> Database:
    """A file of its own, whose tables were made once for all tests."""
    file = folder / "cybervault.db"
    file.write_bytes(_migrated())
    return Database.open(file)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = empty_database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database) -> World:
    return world_on(database)
