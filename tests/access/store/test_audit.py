"""The rows of the audit and its checkpoints."""

from dataclasses import replace

from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.proofs.payload import Copies
from cybervault.access.proofs.rows import AuditRow
from cybervault.access.store.audit import AuditStore, Wanted
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database
from tests.access.statements import tamper

ACME = TenantId("tv_1")


def row(number: int, payload: bytes | None = b"{}", **copies: object) -> AuditRow:
    salt = None if payload is None else b"salt"
    parts = Copies(**{"tenant_id": "tv_1", "action": "key.created", "at": float(number)} | copies)  # type: ignore[arg-type] # the fields
    return AuditRow(number, payload, salt, b"leaf", b"chain", "pepper", b"signature", parts)


async def all_of(store: AuditStore) -> list[AuditRow]:
    return [one async for page in store.rows() for one in page]


async def numbers(store: AuditStore, wanted: Wanted, before: int | None = None, most: int = 10) -> list[int]:
    return [one.number for one in await store.find(wanted, before, most)]


async def test_rows_come_back_whole_and_in_order(database: Database) -> None:
    store = AuditStore(database)
    assert (await store.last(), await all_of(store)) == (None, [])
    for number in (2, 1, 3):
        async with store.transaction():
            await store.lock()
            await store.add(row(number, None if number == 2 else b"{}"))
    assert await all_of(store) == [row(1), row(2, None), row(3)]
    assert await store.last() == row(3)
    assert [one.number async for page in store.rows(2) for one in page] == [3]


async def test_more_rows_than_a_page_are_read_to_the_end(database: Database) -> None:
    store = AuditStore(database)
    async with database.transaction():
        for number in range(1, 2_502):
            await store.add(row(number))
    assert [one.number for one in await all_of(store)] == list(range(1, 2_502))


async def test_a_column_of_another_type_is_read_all_the_same(database: Database) -> None:
    """Who tampers with a row must not be able to hide it by an error; PostgreSQL lets nobody put one there."""
    if database.is_shared:
        return
    store = AuditStore(database)
    await store.add(row(1))
    await tamper(
        database, "UPDATE audit SET payload = 'text', salt = 7, leaf = 1.5, pepper_id = 9, at = 'x', action = 3"
    )
    (found,) = await all_of(store)
    assert found == replace(
        row(1), payload=b"text", salt=b"7", leaf=b"1.5", pepper_id="9", copies=Copies("tv_1", "3", None)
    )


async def test_rows_are_found_newest_first_by_tenant_action_and_time(database: Database) -> None:
    store = AuditStore(database)
    for number in range(1, 7):
        await store.add(row(number, tenant_id="tv_1" if number % 2 else "tv_2", action=f"action{number % 3}"))
    await store.add(row(7, tenant_id=None, action=None, at=None))
    assert await numbers(store, Wanted(ACME)) == [5, 3, 1]
    assert await numbers(store, Wanted(None)) == [7, 6, 5, 4, 3, 2, 1]
    assert await numbers(store, Wanted(ACME, action="action0")) == [3]
    assert await numbers(store, Wanted(None, since=2.0, until=5.0)) == [4, 3, 2]
    assert await numbers(store, Wanted(ACME), before=5) == [3, 1]
    assert await numbers(store, Wanted(ACME), most=2) == [5, 3]
    assert await numbers(store, Wanted(TenantId("tv_9"))) == []


async def test_an_erased_row_keeps_what_binds_it(database: Database) -> None:
    store = AuditStore(database)
    for number in (1, 2):
        await store.add(row(number))
    await store.erase(1)
    assert await all_of(store) == [replace(row(1), payload=None, salt=None), row(2)]


async def test_checkpoints_are_kept_by_their_size_and_the_newest_signature_counts(database: Database) -> None:
    store = AuditStore(database)
    assert (await store.checkpoints(), await store.checkpoint(3)) == ((), None)
    for size, text in ((10, "ten"), (3, "three"), (3, "three again")):
        await store.add_checkpoint(Checkpoint(size, b"root", text), 1.0)
    assert await store.checkpoints() == ("three again", "ten")
    assert await store.checkpoint(3) == "three again"
