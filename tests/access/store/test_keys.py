"""The rows of keys and secrets."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.entries import Account, Entry, Owner
from cybervault.access.life import Key, KeySecret, KeyState, Step, after
from cybervault.access.store.keys import Holder, KeyStore, KeysWanted
from cybervault.access.store.members import MemberStore
from cybervault.access.store.service_accounts import ServiceAccount, ServiceAccountStore
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import (
    KeyId,
    KeyKind,
    Member,
    MemberId,
    Plan,
    Role,
    Scope,
    ServiceAccountId,
    Tenant,
    TenantId,
)
from cybervault.domain.problems import Problem
from cybervault.storage.database import Database
from tests.access.conftest import raw

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TENANT = TenantId("tv_1")
OLD = KeySecret(b"old", "pepper", "cv_read_sk_…abcd", NOW, LATER)
NEW = KeySecret(b"new", "pepper", "cv_read_sk_…efgh", NOW)
KEY = Key(
    KeyId("key_1"), TENANT, KeyKind.SERVICE_READ, "ci", frozenset({Scope.SCAN_READ, Scope.ASSET_READ}),
    (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")),
    created_at=NOW, expires_at=LATER, revoked_at=None, secrets=(OLD, NEW), created_by="operator",
)  # fmt: skip
OTHER = replace(
    KEY, id=KeyId("key_2"), name="other", scopes=frozenset(), networks=(), created_at=LATER, expires_at=None,
    secrets=(KeySecret(b"other", "salt", "cv_read_sk_…ijkl", LATER),), is_decoy=True,
)  # fmt: skip
MEMBER = Member(MemberId("usr_1"), TENANT, "m@example.org", "M", Role.MEMBER, NOW)
PERSONAL = replace(
    OTHER, id=KeyId("key_3"), kind=KeyKind.PERSONAL_LIVE, owner_id=MEMBER.id, is_decoy=False,
    secrets=(KeySecret(b"personal", "pepper", "cbr_live_…mnop", LATER),),
)  # fmt: skip
ACCOUNT = ServiceAccount(
    ServiceAccountId("sva_1"), TENANT, "robot", "", frozenset({Scope.SCAN_READ}), created_by="x", created_at=NOW
)
OF_ACCOUNT = replace(
    KEY, id=KeyId("key_4"), service_account_id=ACCOUNT.id, created_at=NOW - timedelta(hours=1),
    secrets=(KeySecret(b"account", "pepper", "cv_read_sk_…qrst", NOW),),
)  # fmt: skip


@pytest.fixture
async def store(database: Database) -> KeyStore:
    await TenantStore(database).add(Tenant(TENANT, "acme", Plan.STARTER, NOW))
    await MemberStore(database).add(MEMBER, None)
    await ServiceAccountStore(database).add(ACCOUNT)
    store = KeyStore(database)
    for key in (KEY, OTHER, PERSONAL, OF_ACCOUNT):
        await store.add(key)
    return store


async def entry_of(store: KeyStore, digest: bytes) -> Entry:
    entry = await store.entry(digest)
    assert entry is not None
    return entry


async def test_what_is_kept_comes_back_whole(store: KeyStore) -> None:
    assert await store.find(KEY.id, None) == await store.find(KEY.id, TENANT) == KEY
    assert await store.all(TENANT) == (OTHER, PERSONAL, KEY, OF_ACCOUNT)


async def test_another_tenant_finds_nothing(store: KeyStore) -> None:
    stranger = TenantId("tv_2")
    assert await store.find(KEY.id, stranger) is None
    assert await store.find(KeyId("key_nobody"), None) is None
    assert await store.all(stranger) == ()
    assert await store.holder(stranger) is None


async def test_a_key_whose_secrets_are_not_read_yet_is_left_out(store: KeyStore, database: Database) -> None:
    await database.run(raw("DELETE FROM key_secrets WHERE key_id = 'key_2'"), {})
    assert await store.all(TENANT) == (PERSONAL, KEY, OF_ACCOUNT)


async def test_pages_hold_every_key_once_in_the_order_of_the_list(store: KeyStore) -> None:
    for most in (1, 2, 3, 5):
        seen: list[Key] = []
        before: tuple[float, str] | None = None
        while page := await store.page(KeysWanted(TENANT), NOW, before=before, most=most):
            seen += page
            before = page[-1].created_at.timestamp(), page[-1].id
        assert tuple(seen) == await store.all(TENANT)


async def test_a_page_is_of_one_tenant_and_one_member_where_that_is_wanted(store: KeyStore) -> None:
    async def found(tenant: str, owner: str | None) -> tuple[Key, ...]:
        wanted = KeysWanted(TenantId(tenant), None if owner is None else MemberId(owner))
        return await store.page(wanted, NOW, before=None, most=9)

    assert await found("tv_1", MEMBER.id) == (PERSONAL,)
    assert await found("tv_1", "usr_nobody") == await found("tv_2", None) == await found("tv_2", MEMBER.id) == ()


@pytest.mark.parametrize("passed", [timedelta(), timedelta(minutes=59), timedelta(hours=1), timedelta(days=9)])
async def test_a_page_of_one_state_is_what_the_life_of_keys_says(store: KeyStore, passed: timedelta) -> None:
    """The state is told twice, in SQL for the page and in `Key.state`: they agree at every moment."""
    await store.keep(after(PERSONAL, Step.REVOKE, NOW))
    now, everything = NOW + passed, await store.all(TENANT)
    for state in KeyState:
        expected = tuple(key for key in everything if key.state(now) is state)
        assert await store.page(KeysWanted(TENANT, state=state), now, before=None, most=9) == expected, state


async def test_one_read_tells_what_a_secret_opens(store: KeyStore) -> None:
    entry = Entry(
        KEY.id, TENANT, KEY.kind, Plan.STARTER, KEY.scopes, KEY.networks, LATER, revoked_at=None, secret=OLD
    )  # fmt: skip
    assert await store.entry(b"old") == entry
    assert await store.entry(b"new") == entry._replace(secret=NEW)
    assert await store.entry(b"nothing") is None
    assert (await entry_of(store, b"other")).is_decoy


async def test_the_read_tells_whose_it_is_as_they_stand_now(store: KeyStore, database: Database) -> None:
    assert (await entry_of(store, b"personal")).owner == Owner(MEMBER.id, Role.MEMBER)
    account = Account(ACCOUNT.id, ACCOUNT.scopes)
    assert (await entry_of(store, b"account")).account == account
    for change in (
        "UPDATE members SET role = 'admin', suspended_at = 1, removed_at = 1",
        "UPDATE service_accounts SET removed_at = 1",
        "UPDATE tenants SET plan = 'enterprise', suspended_at = 1",
    ):
        await database.run(raw(change), {})
    personal = await entry_of(store, b"personal")
    assert personal.owner == Owner(MEMBER.id, Role.ADMIN, is_suspended=True, is_removed=True)
    assert (personal.plan, personal.is_tenant_suspended) == (Plan.ENTERPRISE, True)
    assert (await entry_of(store, b"account")).account == replace(account, is_removed=True)


async def test_who_is_not_there_any_more_counts_as_removed(store: KeyStore, database: Database) -> None:
    for table in ("members", "service_accounts"):
        await database.run(raw(f"DELETE FROM {table}"), {})  # noqa: S608 - our own
    owner, account = (await entry_of(store, b"personal")).owner, (await entry_of(store, b"account")).account
    assert owner is not None
    assert owner.is_removed
    assert account is not None
    assert account.is_removed


async def test_the_read_brings_all_limits_of_the_tenants_own(store: KeyStore, database: Database) -> None:
    limits = (LimitOverride("v2", CallClass.ANY, hour=7), LimitOverride("v3", CallClass.READ, 5, None, 0))
    for limit in limits:
        await TenantStore(database).set_limit(TENANT, limit)
    entry = await entry_of(store, b"old")
    assert sorted(entry.overrides, key=lambda one: one.face) == list(limits)
    assert entry.secret == OLD


async def test_a_step_changes_what_steps_change_and_nothing_else(store: KeyStore) -> None:
    ended, third = replace(OLD, is_ended=True), KeySecret(b"third", "pepper", "cv_read_sk_…mnop", LATER)
    changed = replace(
        KEY, name="new", scopes=frozenset(), networks=(), expires_at=None, revoked_at=LATER,
        secrets=(ended, replace(NEW, ends_at=LATER), third),
    )  # fmt: skip
    kept = await store.keep(changed)
    assert kept == replace(changed, version=2) == await store.find(KEY.id, None)
    assert await store.find(OTHER.id, None) == OTHER
    with pytest.raises(Problem) as caught:
        await store.keep(changed)
    assert caught.value.code == "conflict"


async def test_secrets_of_the_same_moment_keep_their_order(store: KeyStore) -> None:
    more = tuple(KeySecret(bytes([number]), "pepper", f"…{number}", NOW) for number in range(9, 0, -1))
    await store.keep(replace(KEY, secrets=(OLD, NEW, *more)))
    found = await store.find(KEY.id, None)
    assert found is not None
    assert found.secrets == (OLD, NEW, *more)


async def test_a_step_does_not_undo_the_note_of_a_use(store: KeyStore, database: Database) -> None:
    used = "UPDATE key_secrets SET last_used_at = 5, last_used_ip = '10.0.0.1' WHERE hint = 'cv_read_sk_…abcd'"
    await database.run(raw(used), {})
    await store.keep(replace(KEY, secrets=(replace(OLD, is_ended=True), NEW)))
    found = await store.find(KEY.id, None)
    assert found is not None
    at = datetime.fromtimestamp(5, UTC)
    assert found.secrets[0] == replace(OLD, is_ended=True, last_used_at=at, last_used_ip="10.0.0.1")


async def test_whose_a_key_is_to_be(store: KeyStore) -> None:
    member, account = Owner(MEMBER.id, Role.MEMBER), Account(ACCOUNT.id, ACCOUNT.scopes)
    assert await store.holder(TENANT) == Holder(Plan.STARTER, None, None)
    found = await store.holder(TENANT, owner_id=MEMBER.id, service_account_id=ACCOUNT.id)
    assert found == Holder(Plan.STARTER, member, account)
    assert found.role is Role.MEMBER
    nobody = await store.holder(TENANT, owner_id=MemberId("usr_2"), service_account_id=ServiceAccountId("sva_2"))
    assert nobody == Holder(Plan.STARTER, None, None)
    assert nobody.role is None


async def test_names_count_by_owner_while_their_key_lives(store: KeyStore) -> None:
    def named(key: Key, name: str) -> Key:
        return replace(key, id=KeyId("key_x"), name=name)

    assert await store.is_name_taken(named(KEY, "ci"), NOW)
    assert not await store.is_name_taken(KEY, NOW)
    assert not await store.is_name_taken(named(KEY, "ci"), LATER)
    assert not await store.is_name_taken(named(PERSONAL, "ci"), NOW)
    assert await store.is_name_taken(named(PERSONAL, "other"), NOW)
    assert await store.is_name_taken(named(OF_ACCOUNT, "ci"), NOW)
    assert not await store.is_name_taken(named(replace(KEY, tenant_id=TenantId("tv_2")), "ci"), NOW)
    async with store.transaction():
        await store.lock_names(TENANT)


async def test_all_keys_of_a_member_or_an_account_are_revoked_together(store: KeyStore) -> None:
    assert await store.count_of(MEMBER.id, NOW) == 1
    async with store.transaction():
        assert await store.revoke_all_of(MEMBER.id, NOW) == (PERSONAL.id,)
        assert await store.revoke_all_of(MEMBER.id, LATER) == ()
        assert await store.revoke_all_of_account(ACCOUNT.id, NOW) == (OF_ACCOUNT.id,)
    assert await store.count_of(MEMBER.id, NOW) == 0
    assert await store.find(PERSONAL.id, None) == replace(PERSONAL, revoked_at=NOW, version=2)
    assert await store.find(KEY.id, None) == KEY


async def test_only_the_first_sighting_in_the_open_is_kept(store: KeyStore) -> None:
    assert await store.expose(KEY.id, NOW, "a log")
    assert not await store.expose(KEY.id, LATER, "another log")
    found = await store.find(KEY.id, None)
    assert found == replace(KEY, exposed_at=NOW, exposed_where="a log")


async def test_a_secret_moves_under_another_digest_and_counts_as_changed(store: KeyStore) -> None:
    entry = await entry_of(store, b"new")
    async with store.transaction():
        assert await store.digest_again(entry, b"newer", "salt")
    assert await store.entry(b"new") is None
    assert (await entry_of(store, b"newer")).secret == replace(NEW, digest=b"newer", pepper_id="salt")
    found = await store.find(KEY.id, None)
    assert found is not None
    assert found.version == 2
    async with store.transaction():
        assert not await store.digest_again(entry, b"newest", "salt")
        assert not await store.digest_again(entry._replace(key_id=KeyId("key_nobody")), b"newest", "salt")


async def test_keys_and_the_living_secrets_of_each_pepper_are_counted(store: KeyStore) -> None:
    assert await store.count() == 4
    assert await store.count_by_pepper(NOW) == {"pepper": 4, "salt": 1}
    assert await store.count_by_pepper(LATER) == {"pepper": 1, "salt": 1}
    await store.keep(replace(OTHER, revoked_at=NOW))
    await store.keep(replace(KEY, secrets=(replace(OLD, is_ended=True), NEW)))
    assert await store.count_by_pepper(NOW) == {"pepper": 3}
