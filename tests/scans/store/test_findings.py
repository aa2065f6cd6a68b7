"""The rows of what scans saw."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.verdicts import Severity
from cybervault.scans.scan import AssetTally, FindingStatus, ScanFinding, SeenSelection
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
    assert await store.of_scan(THEIRS, SCAN.id, skipped=0, most=10) == (FOREIGN,)


async def test_what_one_scan_saw_is_counted_for_its_tenant(store: ScanFindingStore) -> None:
    assert await store.severities_of_scan(OURS, SCAN.id) == {Severity.CRITICAL: 1, Severity.HIGH: 1}
    assert await store.severities_of_scan(OURS, NEXT) == {}
    assert await store.rules_of_scan(OURS, SCAN.id) == {"redis_without_password": 1, "telnet_open": 1}
    assert await store.rules_of_scan(THEIRS, SCAN.id) == {"telnet_open": 1}


async def test_assets_come_by_the_worst_that_was_seen_of_them(store: ScanFindingStore) -> None:
    other = replace(FINDING, id=ScanFindingId("sfn_0000000003"), fingerprint="f3", asset="10.1.0.1")
    await store.see(other, SCAN.id)
    worst = AssetTally("10.1.0.7", Severity.CRITICAL, 2)
    assert await store.assets_of_scan(OURS, SCAN.id, 10) == (worst, AssetTally("10.1.0.1", Severity.HIGH, 1))
    assert await store.assets_of_scan(OURS, SCAN.id, 1) == (worst,)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (SeenSelection(frozenset({Severity.HIGH})), (FINDING,)),
        (SeenSelection(frozenset({Severity.HIGH, Severity.CRITICAL})), (WORSE, FINDING)),
        (SeenSelection(frozenset({Severity.LOW})), ()),
        (SeenSelection(asset="10.1.0.7", rules=frozenset({"redis_without_password"})), (WORSE,)),
        (SeenSelection(asset="10.1.0.8"), ()),
        (SeenSelection(rules=frozenset()), ()),
    ],
)
async def test_what_one_scan_saw_is_narrowed(
    store: ScanFindingStore, wanted: SeenSelection, expected: tuple[ScanFinding, ...]
) -> None:
    assert await store.of_scan(OURS, SCAN.id, skipped=0, most=10, wanted=wanted) == expected


async def test_the_same_spot_seen_again_keeps_its_id_and_its_first_time(store: ScanFindingStore) -> None:
    await store.resolve(OURS, {FINDING.id}, NOW)
    later = NOW + timedelta(days=1)
    again = replace(FINDING, last_seen_at=later, last_scan_id=NEXT, evidence=("new",), id=ScanFindingId("sfn_other"))
    await store.see(again, NEXT)
    assert await store.by_fingerprint(OURS, "f1") == replace(again, id=FINDING.id)
    assert await store.severities_of_scan(OURS, NEXT) == {Severity.HIGH: 1}


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
