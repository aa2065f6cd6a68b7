"""The rows of passkeys: of one member each, with a count that goes on only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.members import MemberStore
from cybervault.access.store.passkeys import Passkey, PasskeyStore
from cybervault.domain.principals import Member, MemberId, Role, TenantId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
ANA, BEN, TENANT = MemberId("usr_ana"), MemberId("usr_ben"), TenantId("tv_1")
LAPTOP = Passkey(b"\x01", ANA, TENANT, b"key 1", 3, "laptop", NOW)
PHONE = Passkey(b"\x02", ANA, TENANT, b"key 2", 0, "phone", NOW - timedelta(days=1))


@pytest.fixture
async def store(database: Database) -> PasskeyStore:
    for member_id in (ANA, BEN):
        member = Member(member_id, TENANT, f"{member_id}@acme.example", "A", Role.MEMBER, NOW)
        await MemberStore(database).add(member, None)
    store = PasskeyStore(database)
    assert await store.add(LAPTOP)
    assert await store.add(PHONE)
    return store


async def test_what_is_kept_comes_back_whole(store: PasskeyStore) -> None:
    assert await store.find(b"\x01") == LAPTOP
    assert await store.find(b"\x03") is None
    assert await store.all(ANA) == (PHONE, LAPTOP)
    assert await store.all(BEN) == ()


async def test_a_credential_stays_whose_it_is(store: PasskeyStore) -> None:
    assert not await store.add(replace(LAPTOP, member_id=BEN, public_key=b"theirs"))
    assert await store.find(b"\x01") == LAPTOP


@pytest.mark.parametrize(
    ("credential_id", "count", "is_taken"),
    [
        (b"\x01", 4, True),
        (b"\x01", 2**32 - 1, True),
        (b"\x01", 3, False),
        (b"\x01", 2, False),
        (b"\x01", 0, False),
        (b"\x02", 0, True),
        (b"\x02", 1, True),
        (b"\x03", 1, False),
    ],
)
async def test_a_count_goes_on_or_stays_at_zero(
    store: PasskeyStore,
    credential_id: bytes,
    count: int,
    is_taken: bool,  # noqa: FBT001 - a column
) -> None:
    assert await store.use(credential_id, count, NOW) == is_taken
    passkey = await store.find(credential_id)
    if is_taken:
        assert passkey is not None
        assert (passkey.uses, passkey.last_used_at) == (count, NOW)
    else:
        assert passkey in {None, LAPTOP}


async def test_only_its_member_forgets_it(store: PasskeyStore) -> None:
    async with store.transaction():
        await store.lock()
        assert not await store.remove(b"\x01", BEN)
        assert await store.remove(b"\x01", ANA)
        assert not await store.remove(b"\x01", ANA)
    assert await store.all(ANA) == (PHONE,)


async def test_of_a_removed_member_there_is_none(store: PasskeyStore, database: Database) -> None:
    gone = Member(ANA, TENANT, "a@acme.example", "A", Role.MEMBER, NOW, removed_at=NOW)
    await MemberStore(database).keep(gone)
    assert await store.find(b"\x01") is None
    assert await store.all(ANA) == ()
