"""The rows of what scans saw."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.verdicts import Severity
from cybervault.scans.scan import FindingStatus
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.storage.database import Database
from tests.scans.made import FINDING, NOW, OURS, SCAN, THEIRS

WORSE = replace(
    FINDING, id=ScanFindingId("sfn_0000000000"), fingerprint="f2", rule="redis_without_password",
    severity=Severity.CRITICAL, place="6379/tcp",
)  # fmt: skip
FOREIGN = replace(FINDING, id=ScanFindingId("sfn_0000000009"), tenant_id=THEIRS)
NEXT = ScanId("scan_0000000002")


@pytest.fixture
async def store(database: Database) -> ScanFindingStore:
    store = ScanFindingStore(database)
    async with store.transaction():
        await store.lock(OURS)
        for finding in (FINDING, WORSE, FOREIGN):
            await store.see(finding, SCAN.id)
    return store


async def test_what_is_kept_comes_back_whole_to_its_tenant(store: ScanFindingStore) -> None:
    assert await store.by_fingerprint(OURS, "f1") == FINDING
    assert await store.by_fingerprint(OURS, "f9") is None
    assert await store.by_fingerprint(THEIRS, "f1") == FOREIGN
    assert await store.open_of_asset(THEIRS, "10.1.0.7") == (FOREIGN,)


async def test_what_one_scan_saw_comes_worst_first(store: ScanFindingStore) -> None:
    assert await store.of_scan(OURS, SCAN.id, skipped=0, most=10) == (WORSE, FINDING)
    assert await store.of_scan(OURS, SCAN.id, skipped=1, most=1) == (FINDING,)
    assert (await store.count_of_scan(OURS, SCAN.id), await store.count_of_scan(OURS, NEXT)) == (2, 0)
    assert await store.of_scan(THEIRS, SCAN.id, skipped=0, most=10) == (FOREIGN,)


async def test_the_same_spot_seen_again_keeps_its_id_and_its_first_time(store: ScanFindingStore) -> None:
    await store.resolve(OURS, {FINDING.id}, NOW)
    later = NOW + timedelta(days=1)
    again = replace(FINDING, last_seen_at=later, last_scan_id=NEXT, evidence=("new",), id=ScanFindingId("sfn_other"))
    await store.see(again, NEXT)
    assert await store.by_fingerprint(OURS, "f1") == replace(again, id=FINDING.id)
    assert await store.count_of_scan(OURS, NEXT) == 1


async def test_what_is_resolved_stands_no_longer(store: ScanFindingStore) -> None:
    await store.resolve(THEIRS, {FINDING.id}, NOW)
    assert len(await store.open_of_asset(OURS, "10.1.0.7")) == 2
    await store.resolve(OURS, {FINDING.id}, NOW)
    assert await store.open_of_asset(OURS, "10.1.0.7") == (WORSE,)
    gone = replace(FINDING, status=FindingStatus.RESOLVED, resolved_at=NOW)
    assert await store.page(OURS, FindingStatus.RESOLVED, 10) == (gone,)


async def test_pages_go_on_behind_a_mark(store: ScanFindingStore) -> None:
    first = await store.page(OURS, FindingStatus.OPEN, 1)
    assert first == (FINDING,)
    assert await store.page(OURS, FindingStatus.OPEN, 10, behind=first[0].mark) == (WORSE,)
