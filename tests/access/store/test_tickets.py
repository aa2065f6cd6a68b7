"""Used tickets: the first use counts, expired ones go."""

from datetime import timedelta

import sqlalchemy as sa

from cybervault.access.store.invitations import Invitation, InvitationStore
from cybervault.access.store.tickets import TicketStore
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import INVITATIONS
from tests.fakes.clock import HandClock

NOW = HandClock().now()
MINUTE = timedelta(minutes=1)
SUBJECTS = sql(sa.select(INVITATIONS.c.subject).order_by(INVITATIONS.c.subject))


async def test_only_the_first_use_counts(database: Database) -> None:
    store = TicketStore(database)
    assert await store.spend(b"\x01", NOW + MINUTE, NOW)
    assert not await store.spend(b"\x01", NOW + MINUTE, NOW)
    assert await store.spend(b"\x02", NOW + MINUTE, NOW)


async def test_expired_ones_are_forgotten_and_other_tokens_stay(database: Database) -> None:
    invitations = InvitationStore(database)
    await invitations.keep(Invitation("usr_1", b"digest", NOW))
    await invitations.keep(Invitation("ticketless", b"other", NOW))
    await TicketStore(database).spend(b"\x01", NOW + MINUTE, NOW)
    await TicketStore(database).spend(b"\x02", NOW + 3 * MINUTE, NOW + 2 * MINUTE)
    assert await database.rows(SUBJECTS, {}) == [("ticket:02",), ("ticketless",), ("usr_1",)]


async def test_tickets_are_no_invitations(database: Database) -> None:
    """Nobody sets a password with the digest of a used ticket."""
    await TicketStore(database).spend(b"\x01", NOW + MINUTE, NOW)
    found = await InvitationStore(database).find(b"\x01")
    assert found is None or not found.works_at(NOW)
