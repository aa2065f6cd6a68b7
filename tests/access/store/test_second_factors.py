"""The rows of second factors: one change wins, and what is of one member is of no other."""

from datetime import UTC, datetime

import pytest

from cybervault.access.store.members import MemberStore
from cybervault.access.store.passkeys import Passkey, PasskeyStore
from cybervault.access.store.second_factors import Factors, SecondFactorStore
from cybervault.domain.principals import Member, MemberId, Role, TenantId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ANA, BEN = MemberId("usr_ana"), MemberId("usr_ben")
TENANT = TenantId("tv_1")


@pytest.fixture
async def store(database: Database) -> SecondFactorStore:
    for member_id in (ANA, BEN):
        member = Member(member_id, TENANT, f"{member_id}@acme.example", "A", Role.MEMBER, NOW)
        await MemberStore(database).add(member, None)
    return SecondFactorStore(database)


async def test_at_first_there_is_nothing(store: SecondFactorStore) -> None:
    assert await store.factors(ANA) == Factors(TENANT, "usr_ana@acme.example", None, None, 0, 0)
    assert await store.factors(MemberId("usr_nobody")) is None


async def test_a_secret_is_set_once_and_dropped_once(store: SecondFactorStore) -> None:
    assert await store.set_totp(ANA, b"sealed", 7)
    assert not await store.set_totp(ANA, b"other", 8)
    factors = await store.factors(ANA)
    assert factors is not None
    assert (factors.totp_secret, factors.totp_step, factors.is_any) == (b"sealed", 7, True)
    assert await store.drop_totp(ANA)
    assert not await store.drop_totp(ANA)
    assert not await store.set_totp(MemberId("usr_nobody"), b"sealed", 7)


async def test_steps_go_on_only_and_with_the_secret_that_was_read(store: SecondFactorStore) -> None:
    """Also beyond what 32 bits hold."""
    far = 2**40
    await store.set_totp(ANA, b"old", far)
    assert not await store.use_step(ANA, far, read=b"old", keep=b"old")
    assert not await store.use_step(ANA, far + 1, read=b"another", keep=b"old")
    assert await store.use_step(ANA, far + 1, read=b"old", keep=b"resealed")
    factors = await store.factors(ANA)
    assert factors is not None
    assert (factors.totp_secret, factors.totp_step) == (b"resealed", far + 1)


async def test_codes_are_used_once_and_by_their_member(store: SecondFactorStore) -> None:
    await store.keep_codes(ANA, [b"one", b"two"])
    assert not await store.use_code(BEN, [b"one"], NOW)
    assert await store.use_code(ANA, [b"unknown", b"one"], NOW)
    assert not await store.use_code(ANA, [b"unknown", b"one"], NOW)
    factors = await store.factors(ANA)
    assert factors is not None
    assert (factors.recovery_codes, factors.is_any) == (1, False)


async def test_new_codes_take_the_place_of_the_old(store: SecondFactorStore) -> None:
    await store.keep_codes(ANA, [b"one"])
    await store.keep_codes(BEN, [b"theirs"])
    await store.keep_codes(ANA, [b"two"])
    assert not await store.use_code(ANA, [b"one"], NOW)
    await store.drop_codes(ANA)
    assert not await store.use_code(ANA, [b"two"], NOW)
    assert await store.use_code(BEN, [b"theirs"], NOW)


async def test_passkeys_are_counted_and_dropped(store: SecondFactorStore, database: Database) -> None:
    for name in ("one", "two"):
        await PasskeyStore(database).add(Passkey(name.encode(), ANA, TENANT, b"key", 0, name, NOW))
    factors = await store.factors(ANA)
    assert factors is not None
    assert (factors.passkeys, factors.is_any) == (2, True)
    async with store.transaction():
        await store.lock()
        assert await store.drop_passkeys(ANA) == 2
    factors = await store.factors(ANA)
    assert factors is not None
    assert factors.passkeys == 0


async def test_of_a_removed_member_there_is_nothing(store: SecondFactorStore, database: Database) -> None:
    member = Member(ANA, TENANT, "a@acme.example", "A", Role.MEMBER, NOW, removed_at=NOW)
    await store.set_totp(ANA, b"sealed", 7)
    await MemberStore(database).keep(member)
    assert await store.factors(ANA) is None
    assert not await store.use_step(ANA, 8, read=b"sealed", keep=b"sealed")
