"""The tables of scans."""

from cybervault.storage.database import REAL_TABLES
from cybervault.storage.scan_tables import (
    SCAN_CHUNKS,
    SCAN_FINDINGS,
    SCAN_GRANTS,
    SCAN_INVENTORIES,
    SCAN_SCHEDULES,
    SCAN_SIGHTINGS,
    SCANS,
)

TABLES = (SCAN_GRANTS, SCANS, SCAN_CHUNKS, SCAN_INVENTORIES, SCAN_FINDINGS, SCAN_SIGHTINGS, SCAN_SCHEDULES)


def test_every_row_names_its_tenant() -> None:
    assert all(not table.c.tenant_id.nullable for table in TABLES)


def test_every_index_that_lists_begins_with_the_tenant() -> None:
    # The server itself looks for those that have ended, and for what is due, of all tenants.
    of_server = {"ix_scans_open", "ix_scan_schedules_due"}
    found = [index for table in TABLES for index in table.indexes if index.name not in of_server]
    assert all(next(iter(index.columns)).name == "tenant_id" for index in found)


def test_no_scan_is_touched_while_a_test_key_is_answered() -> None:
    assert {table.name for table in TABLES} <= REAL_TABLES


def test_a_tenant_has_one_grant_for_a_target_and_one_finding_for_a_spot() -> None:
    indexes = [(table, index) for table in TABLES for index in table.indexes if index.unique]
    unique = {table.name: [column.name for column in index.columns] for table, index in indexes}
    assert unique == {
        "scan_grants": ["tenant_id", "kind", "value"],
        "scan_findings": ["tenant_id", "fingerprint"],
    }
