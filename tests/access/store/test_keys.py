"""The rows of keys and secrets."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.entries import Entry
from cybervault.access.life import Key, KeySecret
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.principals import KeyId, KeyKind, Plan, Scope, Tenant, TenantId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TENANT = TenantId("tv_1")
OLD = KeySecret(b"old", "pepper", "cv_read_sk_…abcd", NOW, LATER)
NEW = KeySecret(b"new", "pepper", "cv_read_sk_…efgh", NOW)
KEY = Key(
    KeyId("key_1"), TENANT, KeyKind.SERVICE_READ, "ci", frozenset({Scope.SCAN_READ, Scope.ASSET_READ}),
    (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")),
    created_at=NOW, expires_at=LATER, revoked_at=None, secrets=(OLD, NEW),
)  # fmt: skip
OTHER = replace(
    KEY, id=KeyId("key_2"), name="other", scopes=frozenset(), networks=(), created_at=LATER, expires_at=None,
    secrets=(KeySecret(b"other", "salt", "cv_read_sk_…ijkl", LATER),),
)  # fmt: skip


@pytest.fixture
def store(database: Database) -> KeyStore:
    TenantStore(database).add(Tenant(TENANT, "acme", Plan.STARTER, NOW))
    store = KeyStore(database)
    for key in (KEY, OTHER):
        store.add(key)
    return store


def test_what_is_kept_comes_back_whole(store: KeyStore) -> None:
    assert store.find(KEY.id, None) == store.find(KEY.id, TENANT) == KEY
    assert store.all(TENANT) == (OTHER, KEY)


def test_another_tenant_finds_nothing(store: KeyStore) -> None:
    stranger = TenantId("tv_2")
    assert store.find(KEY.id, stranger) is None
    assert store.find(KeyId("key_nobody"), None) is None
    assert store.all(stranger) == ()


def test_one_read_tells_what_a_secret_opens(store: KeyStore) -> None:
    entry = Entry(
        KEY.id, TENANT, KEY.kind, Plan.STARTER, KEY.scopes, KEY.networks, LATER, revoked_at=None, secret=OLD
    )  # fmt: skip
    assert store.entry(b"old") == entry
    assert store.entry(b"new") == replace(entry, secret=NEW)
    assert store.entry(b"nothing") is None


def test_a_step_changes_ends_and_nothing_else(store: KeyStore) -> None:
    ended, third = replace(OLD, is_ended=True), KeySecret(b"third", "pepper", "cv_read_sk_…mnop", LATER)
    changed = replace(KEY, revoked_at=LATER, secrets=(ended, replace(NEW, ends_at=LATER), third))
    store.keep(changed)
    assert store.find(KEY.id, None) == changed
    assert store.find(OTHER.id, None) == OTHER


def test_a_step_does_not_undo_the_note_of_a_use(store: KeyStore) -> None:
    store.used(b"old", LATER, "10.0.0.1")
    store.keep(replace(KEY, secrets=(replace(OLD, is_ended=True), NEW)))
    found = store.find(KEY.id, None)
    assert found is not None
    assert found.secrets[0] == replace(OLD, is_ended=True, last_used_at=LATER, last_used_ip="10.0.0.1")


def test_an_earlier_use_never_hides_a_later_one(store: KeyStore) -> None:
    store.used(b"new", LATER, "10.0.0.1")
    store.used(b"new", NOW, "10.0.0.2")
    entry = store.entry(b"new")
    assert entry is not None
    assert (entry.secret.last_used_at, entry.secret.last_used_ip) == (LATER, "10.0.0.1")


def test_the_place_of_the_last_success_is_kept_by_key(store: KeyStore) -> None:
    for ip in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        store.succeeded(KEY.id, ip)
    assert [key.last_ip for key in store.all(TENANT)] == [None, "10.0.0.2"]


def test_keys_and_lost_secrets_are_counted(store: KeyStore) -> None:
    assert store.count() == 2
    assert (store.count_of_other_peppers("pepper"), store.count_of_other_peppers("salt")) == (1, 1)


def test_a_lost_secret_that_was_replaced_or_revoked_is_counted_no_more(store: KeyStore) -> None:
    store.keep(replace(KEY, secrets=(OLD, replace(NEW, is_ended=True))))
    store.keep(replace(OTHER, revoked_at=LATER))
    assert store.count_of_other_peppers("none of them") == 0


def test_a_digest_is_kept_once(store: KeyStore, database: Database) -> None:
    store.keep(KEY)
    assert database.rows("SELECT count(*) FROM key_secrets", {}) == [(3,)]
