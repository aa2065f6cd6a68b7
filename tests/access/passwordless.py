"""Passkeys and an identity provider, beside the people of a test."""

from dataclasses import dataclass
from typing import Final

from cybervault.access.arrivals import Arrivals, NewcomerRule, Newcomers
from cybervault.access.identity import Identities
from cybervault.access.passkeys import Passkeys
from cybervault.access.passwordless import Passwordless
from cybervault.access.provider import Provider, ProviderSetup
from cybervault.access.sealing import Sealer
from cybervault.access.store.identities import IdentityStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.passkeys import PasskeyStore
from cybervault.access.store.tickets import TicketStore
from cybervault.access.tickets import Tickets
from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from tests.access.people import PEPPERS, People
from tests.access.test_arrivals import Tenants
from tests.fakes.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

ORIGIN: Final = "https://vault.example"


@dataclass(frozen=True, slots=True)
class OtherDoors:
    """The ways in without a password."""

    passkeys: Passkeys
    passwordless: Passwordless


def tickets_of(people: People) -> Tickets:
    """Tickets on the rows of these people."""
    return Tickets(TicketStore(people.database), Sealer(PEPPERS), people.clock)


def passkeys_of(people: People, public_url: str = ORIGIN) -> Passkeys:
    """Passkeys for a server that is reached there."""
    return Passkeys(
        PasskeyStore(people.database),
        people.second_factors,
        tickets=tickets_of(people),
        journal=people.journal,
        public_url=public_url,
    )


def identities_of(people: People, outside: IdentityProvider, egress: Egress) -> Identities:
    """Sign-in through a provider, as one node of ours has it."""
    setup = ProviderSetup(outside.url, CLIENT_ID, Secret(CLIENT_SECRET), f"{ORIGIN}/api/console/identity/return")
    arrivals = Arrivals(
        IdentityStore(people.database),
        MemberStore(people.database),
        newcomers=Newcomers(people.members, Tenants(people.database), NewcomerRule()),
        journal=people.journal,
    )
    return Identities(Provider(egress, setup, people.clock), arrivals, tickets=tickets_of(people), clock=people.clock)


def other_doors_of(people: People, identities: Identities | None = None, public_url: str = ORIGIN) -> OtherDoors:
    """All of it put together as `app` does."""
    passkeys = passkeys_of(people, public_url)
    return OtherDoors(passkeys, Passwordless(passkeys, identities, sign_in=people.sign_in, doors=people.doors))
