"""The tables of webhooks."""

from cybervault.storage.database import REAL_TABLES
from cybervault.storage.webhook_tables import WEBHOOK_ATTEMPTS, WEBHOOK_DELIVERIES, WEBHOOKS

TABLES = (WEBHOOKS, WEBHOOK_DELIVERIES, WEBHOOK_ATTEMPTS)


def test_every_row_names_its_tenant() -> None:
    assert all(not table.c.tenant_id.nullable for table in TABLES)


def test_no_webhook_is_touched_while_a_test_key_is_answered() -> None:
    assert {table.name for table in TABLES} <= REAL_TABLES


def test_one_event_is_sent_to_a_webhook_once() -> None:
    (unique,) = [index for index in WEBHOOK_DELIVERIES.indexes if index.unique]
    assert [column.name for column in unique.columns] == ["webhook_id", "event_id"]
