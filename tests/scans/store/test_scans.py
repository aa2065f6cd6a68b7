"""The rows of scans and of their parts."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Job, JobId, JobState, NewJob
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import Chunk, ScanSelection
from cybervault.scans.seen import Coverage, CoverageState
from cybervault.scans.store.scans import ScanStore
from cybervault.storage.database import Database
from cybervault.storage.jobs import Jobs
from tests.scans.made import INVENTORY, NOW, OURS, SCAN, THEIRS

LATER = replace(SCAN, id=ScanId("scan_0000000000"), created_at=NOW + timedelta(microseconds=1))
FOREIGN = replace(SCAN, id=ScanId("scan_0000000009"), tenant_id=THEIRS)
DONE = Job(
    JobId("job_1"), OURS, "scan", SCAN.id, None, JobState.TIMED_OUT, 1, 0.4, "", "code", "Why.", NOW,
    started_at=NOW, finished_at=NOW + timedelta(minutes=60),
)  # fmt: skip


@pytest.fixture
async def store(database: Database) -> ScanStore:
    store = ScanStore(database)
    async with store.transaction():
        await store.lock(OURS)
        for scan in (SCAN, LATER, FOREIGN):
            await store.add(scan)
    return store


async def test_what_is_kept_comes_back_whole(store: ScanStore) -> None:
    assert await store.find(OURS, SCAN.id) == SCAN
    assert await store.find(THEIRS, SCAN.id) is None


async def test_pages_are_newest_first_and_go_on_behind_a_place(store: ScanStore) -> None:
    assert await store.page(OURS, 10) == (LATER, SCAN)
    assert await store.page(OURS, 1) == (LATER,)
    assert await store.page(OURS, 10, behind=LATER.place) == (SCAN,)
    assert await store.page(THEIRS, 10) == (FOREIGN,)


async def test_pages_are_narrowed_to_a_profile_and_to_an_end_that_was_kept(store: ScanStore) -> None:
    await store.settle(SCAN, DONE)
    timed_out, queued = ScanSelection(JobState.TIMED_OUT), ScanSelection(JobState.QUEUED)
    assert [scan.id for scan in await store.page(OURS, 10, wanted=timed_out)] == [SCAN.id]
    assert await store.page(OURS, 10, wanted=queued) == ()
    assert await store.page(OURS, 10, wanted=ScanSelection(profile=ProfileName.PENTEST)) == ()
    standard = ScanSelection(profile=ProfileName.STANDARD)
    assert [scan.id for scan in await store.page(OURS, 10, behind=LATER.place, wanted=standard)] == [SCAN.id]


async def test_an_end_is_kept_once(store: ScanStore) -> None:
    assert await store.settle(SCAN, DONE)
    assert not await store.settle(SCAN, replace(DONE, state=JobState.FAILED))
    assert await store.open(OURS) == (LATER,)
    assert await store.find(OURS, SCAN.id) == replace(
        SCAN, state=JobState.TIMED_OUT, progress=0.4, problem_code="code", problem_message="Why.", started_at=NOW,
        finished_at=NOW + timedelta(minutes=60),
    )  # fmt: skip


async def test_parts_are_planned_once_and_covered(store: ScanStore) -> None:
    chunks = [Chunk(0, "names", ("a.example",)), Chunk(1, "ports", ("10.1.0.0/26",))]
    await store.plan(OURS, SCAN.id, chunks)
    line = Coverage("a.example", "names", CoverageState.COVERED)
    await store.cover(SCAN.id, 0, [line])
    await store.plan(OURS, SCAN.id, chunks)
    assert await store.chunks(OURS, SCAN.id) == (Chunk(0, "names", ("a.example",), (line,)), chunks[1])
    assert await store.chunks(THEIRS, SCAN.id) == ()


async def test_a_beginning_is_kept_once(store: ScanStore) -> None:
    assert await store.begin(OURS, SCAN.id, NOW)
    assert not await store.begin(OURS, SCAN.id, NOW)
    assert not await store.begin(THEIRS, LATER.id, NOW)
    assert await store.find(OURS, SCAN.id) == replace(SCAN, state=JobState.RUNNING, started_at=NOW)
    assert await store.settle(LATER, DONE)
    assert not await store.begin(OURS, LATER.id, NOW)


async def test_progress_is_kept_by_tenths_and_never_goes_back(store: ScanStore) -> None:
    steps = [0.05, 0.1, 0.15, 0.2, 0.1, 0.95, 1.0]
    assert [await store.advance(OURS, SCAN.id, one) for one in steps] == [False, True, False, True, False, True, False]
    assert await store.settle(SCAN, DONE)
    assert not await store.advance(OURS, SCAN.id, 1.0)


async def test_ends_that_are_not_kept_yet_are_found_of_all_tenants(store: ScanStore, database: Database) -> None:
    jobs = Jobs(database)
    for scan in (SCAN, LATER, FOREIGN):
        job = await jobs.enqueue(NewJob("scan", tenant_id=scan.tenant_id, reference=scan.id))
        if scan is not LATER:
            await jobs.ask_cancel(scan.tenant_id, job.id)
    found = await store.unsettled(9)
    assert [(scan.id, job.state) for scan, job in found] == [
        (SCAN.id, JobState.CANCELLED), (FOREIGN.id, JobState.CANCELLED),
    ]  # fmt: skip
    assert [scan.id for scan, _ in await store.unsettled(1)] == [SCAN.id]
    for scan, job in found:
        assert await store.settle(scan, job)
    assert await store.unsettled(9) == ()


async def test_the_packages_of_an_image_are_kept_once_and_seen_by_their_tenant_alone(store: ScanStore) -> None:
    more = msgspec.structs.replace(INVENTORY, faults=("layer 1: it breaks off",))
    for one in (INVENTORY, more):
        await store.keep_inventory(OURS, SCAN.id, one)
    assert await store.inventory(OURS, SCAN.id, INVENTORY.image) == more
    for tenant_id, scan_id, image in (
        (THEIRS, SCAN.id, INVENTORY.image),
        (OURS, LATER.id, INVENTORY.image),
        (OURS, SCAN.id, "oci://r.example/other"),
    ):
        assert await store.inventory(tenant_id, scan_id, image) is None
