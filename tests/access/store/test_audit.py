"""The rows of the audit."""

from cybervault.access.store.audit import AuditRow, AuditStore
from cybervault.storage.database import Database


def row(number: int, payload: bytes | None = b"{}") -> AuditRow:
    salt = None if payload is None else b"salt"
    return AuditRow(number, payload, salt, b"leaf", b"chain", "pepper", b"signature")


def test_rows_come_back_whole_and_in_order(database: Database) -> None:
    store = AuditStore(database)
    assert (store.last(), list(store.rows())) == (None, [])
    for number in (2, 1, 3):
        store.add(row(number, None if number == 2 else b"{}"))
    assert list(store.rows()) == [row(1), row(2, None), row(3)]
    assert store.last() == row(3)


def test_more_rows_than_a_page_are_read_to_the_end(database: Database) -> None:
    store = AuditStore(database)
    with database.transaction():
        for number in range(1, 2_502):
            store.add(row(number))
    assert [one.number for one in store.rows()] == list(range(1, 2_502))


def test_a_column_of_another_type_is_read_all_the_same(database: Database) -> None:
    """Who tampers with a row must not be able to hide it by an error."""
    store = AuditStore(database)
    store.add(row(1))
    database.run("UPDATE audit SET payload = 'text', salt = 7, leaf = 1.5, pepper_id = 9", {})
    assert list(store.rows()) == [AuditRow(1, b"text", b"7", b"1.5", b"chain", "9", b"signature")]
