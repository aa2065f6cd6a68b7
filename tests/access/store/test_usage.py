"""The rows of usage, and what keys and secrets keep of their last use."""

from dataclasses import replace
from datetime import UTC, datetime

from cybervault.access.store.usage import UsageRow, UsageStore
from cybervault.domain.principals import KeyId, TenantId
from cybervault.storage.database import Database
from tests.access.statements import look, tamper

ACME, BETA = TenantId("tv_1"), TenantId("tv_2")
KEY, OTHER = KeyId("key_1"), KeyId("key_2")


def row(number: int, key_id: KeyId = KEY, tenant_id: TenantId = ACME, **parts: object) -> UsageRow:
    made = UsageRow(
        f"p{number:04}", tenant_id, key_id, 1_000.0 + number, "cv_live_…abcd", "GET", "/v3/threats", 200, 7,
        "192.0.2.7", "curl/8", "req_1", is_test=False,
    )  # fmt: skip
    return replace(made, **parts)  # type: ignore[arg-type] # the fields of a row


async def with_key(database: Database) -> UsageStore:
    """A key with two secrets, none of them ever used."""
    await tamper(
        database,
        "INSERT INTO keys (id, tenant_id, kind, name, scopes, networks, created_at) "
        "VALUES ('key_1', 'tv_1', 'cv_live_', 'ci', '', '', 1.0)",
    )
    for hint in ("old", "new"):
        await tamper(
            database,
            "INSERT INTO key_secrets (digest, pepper_id, key_id, hint, created_at, is_ended) "
            "VALUES (:digest, 'p', 'key_1', :hint, 1.0, false)",
            digest=hint.encode(),
            hint=hint,
        )
    return UsageStore(database)


async def last_uses(database: Database) -> list[tuple[object, ...]]:
    return await look(database, "SELECT hint, last_used_at, last_used_ip FROM key_secrets ORDER BY hint DESC")


async def test_rows_come_back_as_they_were_kept_newest_first(database: Database) -> None:
    store = UsageStore(database)
    kept = [row(1), row(2, ip=None, agent=None, is_test=True, status=503)]
    await store.add(kept)
    assert await store.page(ACME, KEY, before=None, most=10) == tuple(reversed(kept))
    assert kept[0].when == datetime(1970, 1, 1, 0, 16, 41, tzinfo=UTC)


async def test_many_rows_are_kept_at_once_and_none_twice(database: Database) -> None:
    store = UsageStore(database)
    await store.add([row(number) for number in range(123)])
    assert len(await store.page(ACME, KEY, before=None, most=1_000)) == 123
    assert (await store.has("p0122"), await store.has("p0123")) == (True, False)


async def test_pages_go_on_where_the_last_one_ended_even_among_calls_of_one_moment(database: Database) -> None:
    store = UsageStore(database)
    await store.add([row(number, at=1_000.0 + number // 3) for number in range(10)])
    seen: list[str] = []
    before = None
    while page := await store.page(ACME, KEY, before=before, most=3):
        seen += [one.id for one in page]
        before = (page[-1].at, page[-1].id)
    assert seen == [f"p{number:04}" for number in range(9, -1, -1)]


async def test_nobody_sees_calls_of_another_key_or_tenant(database: Database) -> None:
    store = UsageStore(database)
    await store.add([row(1), row(2, OTHER), row(3, KEY, BETA)])
    assert [one.id for one in await store.page(ACME, KEY, before=None, most=10)] == ["p0001"]
    assert [one.id for one in await store.recent(ACME, since=0.0, most=10)] == ["p0002", "p0001"]
    assert [one.id for one in await store.recent(ACME, since=1_002.0, most=10)] == ["p0002"]
    assert [one.id for one in await store.recent(ACME, since=0.0, most=1)] == ["p0002"]


async def test_calls_are_counted_by_step_status_and_secret_of_one_key_and_tenant(database: Database) -> None:
    store = UsageStore(database)
    await store.add(
        [
            row(1, at=3_599.999, status=500),
            row(2, at=3_600.0),
            row(3, at=7_199.999),
            row(4, at=7_200.0, hint="old"),
            row(5, at=7_300.0, hint="old"),
            row(6, at=7_300.0, status=403),
            row(7, OTHER, at=7_300.0),
            row(8, KEY, BETA, at=7_300.0),
        ]
    )
    tallies = await store.tally(ACME, KEY, since=3_600.0, length=3_600.0, present="cv_live_…abcd")
    assert sorted((one.number, one.status, one.is_old_secret, one.calls) for one in tallies) == [
        (1, 200, False, 2), (2, 200, True, 2), (2, 403, False, 1),
    ]  # fmt: skip


async def test_the_last_use_of_a_secret_goes_forward_only(database: Database) -> None:
    store = await with_key(database)
    await store.used(KEY, "old", at=7.0, ip="192.0.2.7")
    await store.used(KEY, "old", at=5.0, ip="192.0.2.5")
    await store.used(OTHER, "new", at=9.0, ip="192.0.2.9")
    assert await last_uses(database) == [("old", 7.0, "192.0.2.7"), ("new", None, None)]


async def test_the_last_success_goes_forward_only_whichever_node_is_late(database: Database) -> None:
    store = await with_key(database)
    await store.add([row(1, at=5.0), row(2, at=9.0, status=403)])
    for at, ip in ((7.0, "192.0.2.7"), (4.0, "192.0.2.4")):
        await store.succeeded(KEY, at=at, ip=ip, refused=400)
    assert await look(database, "SELECT last_ip FROM keys") == [("192.0.2.7",)]
