"""What may be scanned, put together."""

from cybervault.access.journal import Journal
from cybervault.egress.client import Egress
from cybervault.scans.grants import GrantRules, Grants
from cybervault.scans.proof import DomainProof
from cybervault.scans.store.grants import GrantStore
from cybervault.settings import Settings
from cybervault.storage.database import Database


def grants_of(settings: Settings, database: Database, journal: Journal, *, egress: Egress) -> Grants:
    """The grants of all tenants, under the operator's rules."""
    part = settings.scans
    rules = GrantRules(part.loopback, part.owners_grant_networks)
    return Grants(GrantStore(database), journal, proof=DomainProof(egress), rules=rules)
