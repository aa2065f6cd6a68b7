"""The tables of threats."""

from cybervault.storage.database import REAL_TABLES
from cybervault.storage.tables import METADATA
from cybervault.storage.threat_tables import ACTIONS, ASSESSMENTS, ENTITY_RISKS, FINDING_CHANGES, FINDING_TAGS, FINDINGS

TABLES = (ASSESSMENTS, FINDINGS, FINDING_TAGS, FINDING_CHANGES, ENTITY_RISKS, ACTIONS)


def test_every_row_names_its_tenant() -> None:
    assert all(not table.c.tenant_id.nullable for table in TABLES)


def test_every_index_that_lists_begins_with_the_tenant() -> None:
    assert all(next(iter(index.columns)).name == "tenant_id" for table in TABLES for index in table.indexes)


def test_what_test_keys_must_not_touch_are_tables_of_ours() -> None:
    assert {table.name for table in TABLES} <= REAL_TABLES <= set(METADATA.tables)
