"""Tickets: for one purpose and owner, for some minutes, once, on whatever node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.sealing import Sealer
from cybervault.access.store.tickets import TicketStore
from cybervault.access.tickets import TICKET_SECONDS, Purpose, Tickets
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

SEALER = Sealer(Peppers(Pepper.of(Secret("a pepper that is long enough for tests"))))


def tickets_on(database: Database, clock: HandClock) -> Tickets:
    return Tickets(TicketStore(database), SEALER, clock)


def refused(caught: pytest.ExceptionInfo[Problem]) -> str:
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "attempt_expired")
    return caught.value.detail


async def test_a_ticket_carries_what_it_was_given(database: Database) -> None:
    tickets = tickets_on(database, HandClock())
    text = tickets.issue(Purpose.TOTP, {"secret": "canary"}, owner="usr_1")
    assert "canary" not in text
    assert tickets.read(Purpose.TOTP, text, owner="usr_1").content == {"secret": "canary"}
    assert await tickets.spend(Purpose.TOTP, text, owner="usr_1") == {"secret": "canary"}


async def test_a_ticket_counts_once_on_all_nodes(database: Database) -> None:
    """What an eavesdropper sees of a finished sign-in opens nothing again."""
    clock = HandClock()
    text = tickets_on(database, clock).issue(Purpose.IDENTITY, {})
    await tickets_on(database, clock).spend(Purpose.IDENTITY, text)
    for spelled in (text, text + "="):
        with pytest.raises(Problem) as caught:
            await tickets_on(database, clock).spend(Purpose.IDENTITY, spelled)
        assert refused(caught) == "used before"


async def test_a_ticket_ends_with_its_time_and_used_ones_are_then_forgotten(database: Database) -> None:
    clock = HandClock()
    tickets = tickets_on(database, clock)
    first = tickets.issue(Purpose.TOTP, {})
    await tickets.spend(Purpose.TOTP, first)
    clock.advance(TICKET_SECONDS - 0.001)
    tickets.read(Purpose.TOTP, first)
    clock.advance(0.001)
    with pytest.raises(Problem) as caught:
        tickets.read(Purpose.TOTP, first)
    assert refused(caught) == "too old"
    longer = tickets.issue(Purpose.TOTP, {}, seconds=2 * TICKET_SECONDS)
    clock.advance(TICKET_SECONDS)
    assert await tickets.spend(Purpose.TOTP, longer) == {}


@pytest.mark.parametrize(
    ("purpose", "owner"), [(Purpose.IDENTITY, "usr_1"), (Purpose.TOTP, "usr_2"), (Purpose.TOTP, "")]
)
async def test_a_ticket_of_something_else_is_none(database: Database, purpose: Purpose, owner: str) -> None:
    tickets = tickets_on(database, HandClock())
    text = tickets.issue(Purpose.TOTP, {}, owner="usr_1")
    with pytest.raises(Problem) as caught:
        await tickets.spend(purpose, text, owner=owner)
    refused(caught)


@given(st.text(max_size=60) | st.just("A" * 5_000) | st.just("A" * 200))
def test_strange_texts_are_no_tickets(text: str) -> None:
    with pytest.raises(Problem) as caught:
        Tickets(None, SEALER, HandClock()).read(Purpose.TOTP, text)  # type: ignore[arg-type] # reads no rows
    refused(caught)
