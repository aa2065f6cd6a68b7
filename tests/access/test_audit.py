"""The audit: every change of what was written shows, and the row is named."""

import json
from collections.abc import Callable

import pytest

from cybervault.access.audit import OPERATOR, Actor, Change, Checkpoint, Happening, chain_of, leaf_of
from cybervault.access.tokens import Pepper
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.conftest import World, world_on

TENANT = TenantId("tv_1")


@pytest.fixture
def written(world: World) -> World:
    """An audit of five rows: one of the tenant, four of keys."""
    for number in range(4):
        happening = Happening(Change.KEY_CREATED, Actor("someone", TENANT), f"key_{number}", TENANT, {"name": "ñ"})
        world.audit.record(happening)
        world.clock.advance(1)
    return world


def kept(world: World) -> Checkpoint:
    checkpoint = world.audit.checkpoint()
    assert checkpoint is not None
    return checkpoint


def test_an_audit_that_nobody_touched_has_no_faults(written: World) -> None:
    found = written.audit.verify(kept(written))
    assert (found.rows, found.faults, found.checkpoint) == (5, (), kept(written))


def test_an_empty_audit_is_in_order(database: Database) -> None:
    world = world_on(database)
    database.run("DELETE FROM audit", {})
    found = world.audit.verify()
    assert (found.rows, found.checkpoint, found.faults) == (0, None, ())


def test_a_row_tells_who_changed_what_and_when(written: World) -> None:
    (payload,) = written.database.rows("SELECT payload FROM audit WHERE number = 3", {})[0]
    assert isinstance(payload, bytes)
    assert json.loads(payload) == {
        "actor": "someone",
        "at": "2026-11-01T00:00:01+00:00",
        "change": "key.created",
        "details": {"name": "ñ"},
        "target": "key_1",
        "tenant_id": "tv_1",
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET payload = replace(payload, 'someone', 'nobody!') WHERE number = 3", "row 3: its content"),
        ("UPDATE audit SET salt = zeroblob(16) WHERE number = 3", "row 3: its content"),
        ("UPDATE audit SET salt = NULL WHERE number = 3", "row 3: its content"),
        ("UPDATE audit SET leaf = zeroblob(32) WHERE number = 3", "row 3: it does not follow"),
        ("UPDATE audit SET chain = zeroblob(32) WHERE number = 3", "row 4: it does not follow"),
        ("UPDATE audit SET signature = zeroblob(32) WHERE number = 3", "row 3: its signature"),
        ("UPDATE audit SET pepper_id = 'other' WHERE number = 3", "row 3: it was signed with another pepper (other)"),
        ("DELETE FROM audit WHERE number = 3", "row 3 is missing"),
        ("DELETE FROM audit WHERE number < 4", "rows 1 to 3 are missing"),
        ("UPDATE audit SET number = number + 5 WHERE number = 5", "rows 5 to 9 are missing"),
        ("UPDATE audit SET number = 0 WHERE number = 2", "row 2 is missing"),
    ],
)
def test_one_changed_moved_or_missing_row_is_named(written: World, change: str, fault: str) -> None:
    written.database.run(change, {})
    assert any(one.startswith(fault) for one in written.audit.verify().faults)


def test_two_rows_that_changed_places_are_named(written: World) -> None:
    for step in ("-3 WHERE number = 3", "3 WHERE number = 4", "4 WHERE number = -3"):
        written.database.run(f"UPDATE audit SET number = {step}", {})  # noqa: S608 - our own text
    faults = written.audit.verify().faults
    assert any(fault.startswith("row 3: ") for fault in faults)
    assert any(fault.startswith("row 4: ") for fault in faults)


def test_a_chain_that_was_made_anew_without_the_pepper_is_found(written: World) -> None:
    """Who can write every row, but has no pepper, cannot write another past."""
    salt, payload = bytes(16), b"{}"
    row = written.database.rows("SELECT chain FROM audit WHERE number = 4", {})[0]
    assert isinstance(row[0], bytes)
    leaf = leaf_of(salt, payload)
    forged = {"payload": payload, "salt": salt, "leaf": leaf, "chain": chain_of(row[0], 5, leaf)}
    written.database.run(
        "UPDATE audit SET payload = :payload, salt = :salt, leaf = :leaf, chain = :chain WHERE number = 5", forged
    )
    assert written.audit.verify().faults == ("row 5: its signature is not ours",)


def test_a_cut_off_end_shows_to_who_kept_a_checkpoint_and_to_nobody_else(written: World) -> None:
    checkpoint = kept(written)
    written.database.run("DELETE FROM audit WHERE number = 5", {})
    assert written.audit.verify().faults == ()
    assert "5 rows is not of this audit, or rows were cut off" in written.audit.verify(checkpoint).faults[0]


def test_a_checkpoint_holds_while_the_audit_grows(written: World) -> None:
    checkpoint = kept(written)
    written.mint()
    assert written.audit.verify(checkpoint).faults == ()


def test_a_payload_can_be_erased_without_breaking_the_chain(written: World) -> None:
    written.database.run("UPDATE audit SET payload = NULL, salt = NULL WHERE number = 3", {})
    assert written.audit.verify().faults == ()


def test_another_pepper_is_told_at_every_row(written: World) -> None:
    other = world_on(written.database, Pepper.of(Secret("another pepper, long enough as well")))
    assert len(other.audit.verify().faults) == 5


def test_a_checkpoint_is_read_as_it_was_printed(written: World) -> None:
    checkpoint = kept(written)
    assert Checkpoint.of(f" {checkpoint}\n") == checkpoint


@pytest.mark.parametrize("spoil", [lambda text: text[:-1], lambda text: text.replace(":", " "), lambda _: "0:aa:bb"])
def test_what_is_no_checkpoint_is_refused(written: World, spoil: Callable[[str], str]) -> None:
    with pytest.raises(Problem) as caught:
        Checkpoint.of(spoil(str(kept(written))))
    assert caught.value.code == "bad_checkpoint"


def test_the_operator_belongs_to_no_tenant() -> None:
    assert OPERATOR.tenant_id is None
