"""The audit: each change of what was written shows, rows are found again, and what they say can be forgotten."""

import asyncio
import json
from dataclasses import dataclass

import pytest

from cybervault.access import audit as audit_module
from cybervault.access.audit import OPERATOR, Actor, Audit, Change, Happening, actor_of
from cybervault.access.proofs.rows import Verification
from cybervault.access.store.audit import AuditStore, Wanted
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.principals import KeyId, MemberId, Plan, Principal, TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.statements import look, tamper
from tests.fakes.clock import HandClock

ACME, BETA = TenantId("tv_1"), TenantId("tv_2")
PEPPER = Pepper.of(Secret("a pepper that is long enough for tests"))
OTHER_PEPPER = Pepper.of(Secret("another pepper, long enough as well"))
MARY = Actor("member:usr_1", ACME, "192.0.2.7", "curl/8", "req_1")


@dataclass(frozen=True, slots=True)
class Record:
    """An audit with what it stands on."""

    store: AuditStore
    clock: HandClock
    audit: Audit
    database: Database

    async def add(self, number: int, actor: Actor = MARY, tenant_id: TenantId | None = ACME) -> None:
        """Write down that a key was created, a second after the one before."""
        async with self.store.transaction():
            happening = Happening(Change.KEY_CREATED, actor, f"key_{number}", tenant_id, {"name": "ñ"})
            await self.audit.record(happening)
        self.clock.advance(1)


def record_on(database: Database, peppers: Peppers) -> Record:
    clock, store = HandClock(), AuditStore(database)
    return Record(store, clock, Audit(store, clock, peppers), database)


@pytest.fixture
async def record(database: Database) -> Record:
    """An audit of five rows."""
    record = record_on(database, Peppers(PEPPER))
    for number in range(1, 6):
        await record.add(number)
    return record


async def test_an_audit_that_nobody_touched_has_no_faults(record: Record) -> None:
    assert await record.audit.verify() == Verification(5, 0, ())
    assert record.audit.recorded == 5


async def test_a_change_outside_the_database_has_a_row_of_its_own(record: Record) -> None:
    await record.audit.record_alone(Happening(Change.RULES_UPDATED, OPERATOR, "sigmahq", None))
    assert await record.audit.verify() == Verification(6, 0, ())


async def test_an_empty_audit_is_in_order(database: Database) -> None:
    assert await record_on(database, Peppers(PEPPER)).audit.verify() == Verification(0, 0, ())


async def test_a_row_tells_who_changed_what_when_and_from_where(record: Record) -> None:
    rows = await look(record.database, "SELECT payload, tenant_id, action, at FROM audit WHERE number = 2")
    payload, *copies = rows[0]
    assert isinstance(payload, bytes)
    assert json.loads(payload) == {
        "version": 1,
        "occurred_at": "2026-11-01T00:00:01+00:00",
        "action": "key.created",
        "actor": "member:usr_1",
        "targets": ["key_2"],
        "tenant_id": "tv_1",
        "context": {"ip": "192.0.2.7", "agent": "curl/8", "request_id": "req_1"},
        "details": {"name": "ñ"},
    }
    assert copies == ["tv_1", "key.created", 1793491201.0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET payload = :part WHERE number = 3", "row 3: its content was changed"),
        ("UPDATE audit SET salt = :part WHERE number = 3", "row 3: its content was changed"),
        ("UPDATE audit SET leaf = :part WHERE number = 3", "row 3: its content was changed"),
        ("UPDATE audit SET chain = :part WHERE number = 3", "row 3: it does not follow from the row before it"),
        ("UPDATE audit SET signature = :part WHERE number = 3", "row 3: its signature is not ours"),
    ],
)
async def test_a_changed_part_of_a_row_is_found(record: Record, change: str, fault: str) -> None:
    await tamper(record.database, change, part=b"other")
    assert fault in (await record.audit.verify()).faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET tenant_id = 'tv_2' WHERE number = 3", "row 3: what it is searched by is not what it says"),
        ("UPDATE audit SET action = NULL WHERE number = 3", "row 3: what it is searched by is not what it says"),
        ("UPDATE audit SET pepper_id = 'x' WHERE number = 3", "row 3: it was signed with another pepper (x)"),
        ("DELETE FROM audit WHERE number = 3", "row 3 is missing"),
        ("UPDATE audit SET number = 9 WHERE number = 5", "rows 5 to 8 are missing"),
        ("UPDATE audit SET number = -9 WHERE number = 5", "row -9: it stands twice or out of order"),
    ],
)
async def test_a_row_that_was_hidden_moved_or_taken_out_is_named(record: Record, change: str, fault: str) -> None:
    await tamper(record.database, change)
    assert fault in (await record.audit.verify()).faults


async def test_another_pepper_is_told_at_every_row_and_the_one_before_is_known(record: Record) -> None:
    other = record_on(record.database, Peppers(OTHER_PEPPER))
    assert len((await other.audit.verify()).faults) == 5
    rotated = record_on(record.database, Peppers(OTHER_PEPPER, PEPPER))
    await rotated.add(6)
    assert await rotated.audit.verify() == Verification(6, 0, ())


async def test_writers_at_the_same_time_leave_no_gap_and_no_fork(database: Database) -> None:
    record = record_on(database, Peppers(PEPPER))
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(record.add(number))
    assert await record.audit.verify() == Verification(20, 0, ())


async def test_a_change_that_fails_leaves_no_row(record: Record) -> None:
    with pytest.raises(ZeroDivisionError):
        async with record.store.transaction():
            await record.audit.record(Happening(Change.KEY_REVOKED, MARY, "key_1", ACME))
            raise ZeroDivisionError
    assert await record.audit.verify() == Verification(5, 0, ())


async def test_a_page_shows_the_newest_first_and_where_the_next_begins(record: Record) -> None:
    page = await record.audit.page(Wanted(ACME), most=2)
    assert ([row.number for row in page.rows], page.before) == ([5, 4], 4)
    assert page.rows[0].entry.targets == ("key_5",)
    page = await record.audit.page(Wanted(ACME), before=page.before, most=2)
    assert ([row.number for row in page.rows], page.before) == ([3, 2], 2)
    page = await record.audit.page(Wanted(ACME), before=page.before, most=2)
    assert ([row.number for row in page.rows], page.before) == ([1], None)
    assert (await record.audit.page(Wanted(BETA))).rows == ()


@pytest.mark.parametrize("actor", ["key_9", "key:key_9", "key:key_9 (cv_live_sk_…abcd)"])
async def test_a_page_of_one_actor_holds_nothing_of_others(record: Record, actor: str) -> None:
    key = Actor("key:key_9 (cv_live_sk_…abcd)", ACME)
    for number in (6, 7, 8):
        await record.add(number, key)
    page = await record.audit.page(Wanted(ACME), actor=actor, most=2)
    assert ([row.number for row in page.rows], page.before) == ([8, 7], 7)
    page = await record.audit.page(Wanted(ACME), actor=actor, before=7, most=2)
    assert ([row.number for row in page.rows], page.before) == ([6], None)
    assert (await record.audit.page(Wanted(ACME), actor="key_")).rows == ()


async def test_a_rare_actor_costs_a_bounded_look_and_the_search_goes_on(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "PAGE_ROWS", 2)
    monkeypatch.setattr(audit_module, "_ROWS_LOOKED_THROUGH_MAX", 4)
    page = await record.audit.page(Wanted(ACME), actor="usr_9")
    assert (page.rows, page.before) == ((), 2)


async def test_what_names_a_member_is_forgotten_and_the_chain_holds(record: Record) -> None:
    await record.add(6, Actor("member:usr_2", BETA), BETA)
    assert await record.audit.erase("usr_1", actor=OPERATOR) == 5
    assert await record.audit.verify() == Verification(7, 0, ())
    rows = await look(record.database, "SELECT number, payload, salt FROM audit WHERE payload IS NULL ORDER BY number")
    assert rows == [(number, None, None) for number in range(1, 6)]
    page = await record.audit.page(Wanted(ACME))
    assert [(row.number, row.is_erased, row.entry.actor) for row in page.rows] == [
        (7, False, "operator"), *((number, True, "") for number in (5, 4, 3, 2, 1)),
    ]  # fmt: skip
    assert (page.rows[0].entry.action, page.rows[0].entry.details) == ("audit.erased", {"rows": "5"})
    assert page.rows[-1].entry.action == "key.created"


async def test_each_tenant_hears_of_what_was_forgotten(record: Record) -> None:
    await record.add(6, MARY, BETA)
    await record.add(7, MARY, None)
    assert await record.audit.erase("usr_1", actor=OPERATOR) == 7
    for tenant_id, count in ((ACME, "5"), (BETA, "1")):
        (newest, *_) = (await record.audit.page(Wanted(tenant_id))).rows
        assert newest.entry.details == {"rows": count}


async def test_what_nobody_wrote_cannot_be_forgotten_nor_that_it_was(record: Record) -> None:
    await record.audit.erase("usr_1", actor=OPERATOR)
    for subject in ("usr_1", "usr_9"):
        with pytest.raises(Problem) as caught:
            await record.audit.erase(subject, actor=OPERATOR)
        assert caught.value.code == "nothing_to_erase"


def test_a_caller_is_named_by_its_key_and_else_as_a_member() -> None:
    context = {"ip": "192.0.2.7", "agent": "curl/8", "request_id": "req_1"}
    person = Principal(ACME, frozenset(), Plan.STARTER, member_id=MemberId("usr_1"))
    assert actor_of(person, **context) == MARY
    key = Principal(
        ACME, frozenset(), Plan.STARTER, key_id=KeyId("key_9"), hint="cbr_live_…abcd", member_id=MemberId("usr_1")
    )
    assert actor_of(key, **context).name == "key:key_9 (cbr_live_…abcd)"


def test_the_operator_belongs_to_no_tenant() -> None:
    assert OPERATOR.tenant_id is None
