"""The tables."""

from cybervault.storage.tables import ANSWERS, BUDGETS


def test_answers_are_kept_apart_by_key() -> None:
    assert "key_fingerprint" in ANSWERS.primary_key.columns
    assert "key_fingerprint" in BUDGETS.primary_key.columns
