"""How keys and secrets stand in their rows."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cybervault.access.life import Key, KeySecret
from cybervault.access.store import key_rows
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Scope, ServiceAccountId, TenantId
from cybervault.storage.tables import KEY_SECRETS, KEYS

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
SECRET = KeySecret(
    b"digest", "pepper", "cv_live_sk_…abcd", NOW, NOW + timedelta(days=1), is_ended=True, last_used_at=NOW,
    last_used_ip="10.0.0.1",
)  # fmt: skip
PLAIN = Key(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.SERVICE_LIVE, "ci", frozenset(), (),
    created_at=NOW, expires_at=None, revoked_at=None, secrets=(SECRET,),
)  # fmt: skip
FULL = replace(
    PLAIN, scopes=frozenset({Scope.THREAT_READ, Scope.ASSET_READ}), networks=(ipaddress.ip_network("10.0.0.0/8"),),
    expires_at=NOW + timedelta(days=2), revoked_at=NOW, last_ip="10.0.0.2", owner_id=MemberId("usr_1"),
    service_account_id=ServiceAccountId("sva_1"), created_by="operator", is_decoy=True, exposed_at=NOW,
    exposed_where="a log", version=7,
)  # fmt: skip


def test_a_key_comes_back_from_its_row_whole() -> None:
    for key in (PLAIN, FULL):
        row = key_rows.columns_of(key)
        assert set(row) == set(KEYS.c.keys())
        assert key_rows.key_of(tuple(row[name] for name in KEYS.c.keys()), (SECRET,)) == key  # noqa: SIM118 - columns


def test_a_secret_comes_back_from_its_row_whole() -> None:
    plain = replace(SECRET, ends_at=None, is_ended=False, last_used_at=None, last_used_ip=None)
    for secret in (SECRET, plain):
        row = key_rows.columns_of_secret(PLAIN, secret, 2)
        assert set(row) == set(KEY_SECRETS.c.keys())
        values = tuple(row[name] for name in KEY_SECRETS.c.keys())  # noqa: SIM118 - columns
        assert key_rows.secret_of(values) == ("key_1", secret)
        assert row["number"] == 2


def test_lists_stand_in_one_order() -> None:
    assert key_rows.columns_of(FULL)["scopes"] == "asset:read threat:read"
    assert key_rows.scopes_of("") == frozenset()
    assert key_rows.networks_of("") == ()


def test_what_steps_change_is_a_part_of_the_row() -> None:
    changing = key_rows.changing_columns_of(FULL)
    assert set(changing) == {"name", "scopes", "networks", "expires_at", "revoked_at", "version"}
    assert changing.items() <= key_rows.columns_of(FULL).items()
