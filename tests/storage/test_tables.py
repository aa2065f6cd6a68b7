"""The tables."""

from cybervault.storage.tables import ANSWERS, AUDIT, BUDGETS, KEY_SECRETS, KEYS


def test_answers_are_kept_apart_by_key() -> None:
    assert "key_fingerprint" in ANSWERS.primary_key.columns
    assert "key_fingerprint" in BUDGETS.primary_key.columns


def test_no_table_of_keys_has_a_place_for_a_readable_secret() -> None:
    assert set(KEYS.columns.keys()) & {"secret", "text", "token"} == set()
    assert [column.name for column in KEY_SECRETS.primary_key] == ["digest"]


def test_the_content_of_an_audit_row_can_be_erased_and_what_binds_it_cannot() -> None:
    copies = {"tenant_id", "action", "at"}
    assert {column.name for column in AUDIT.columns if column.nullable} - copies == {"payload", "salt"}
