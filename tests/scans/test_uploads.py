"""What other tools saw, taken in as findings."""

import json
from dataclasses import dataclass

import pytest

from cybervault.domain.jobs import JobState
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Severity
from cybervault.scans.ledger import Ledger
from cybervault.scans.scan import FindingStatus, ScanFinding
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.uploads import Upload, Uploads
from cybervault.storage.database import Database
from tests.scans.desk import Desk, desk_on
from tests.scans.sarifs import gone, result, sarif

JSON = "application/json"


@dataclass(slots=True)
class Counter:
    """The service, on a desk."""

    desk: Desk
    uploads: Uploads

    async def take(self, body: bytes) -> Upload:
        found = await self.uploads.sarif(self.desk.ours, body, JSON, actor=self.desk.actor)
        self.desk.world.clock.advance(60)
        return found

    async def open(self) -> tuple[ScanFinding, ...]:
        return await self.desk.scans.all_findings(self.desk.ours, FindingStatus.OPEN, 1_000)


@pytest.fixture
async def counter(database: Database) -> Counter:
    desk = await desk_on(database)
    scans = ScanStore(database)
    ledger = Ledger(scans, ScanFindingStore(database), events=desk.told, clock=desk.world.clock)
    return Counter(desk, Uploads(scans, ledger, desk.world.journal, timeline=desk.timeline))


async def test_results_become_findings_of_a_scan_that_has_ended(counter: Counter) -> None:
    upload = await counter.take(sarif(result("S1", level="error"), result("S2")))
    assert (upload.findings, upload.opened, upload.faults) == (2, 2, ())
    scan = await counter.desk.scans.find(counter.desk.ours, upload.scan.id)
    assert (scan.state, scan.targets, scan.progress) == (JobState.COMPLETED, ("sarif:Semgrep",), 1.0)
    assert scan.finished_at == scan.created_at
    assert counter.desk.told.of(scan.id) == ["scan.completed"]
    found = await counter.desk.found(scan.id)
    assert [(one.rule, one.severity, one.asset, one.place, one.engines) for one in found] == [
        ("S1", Severity.HIGH, "src/app.py", "line 7", ("Semgrep",)),
        ("S2", Severity.MEDIUM, "src/app.py", "line 7", ("Semgrep",)),
    ]
    assert await counter.desk.lines(scan.id) == ()
    assert (await counter.desk.world.happened())[-1] == "scan.uploaded"
    details = json.loads(await counter.desk.world.last_payload())["details"]
    assert details == {"tools": "Semgrep", "findings": "2"}


async def test_the_same_file_twice_doubles_nothing_and_tells_nothing_again(counter: Counter) -> None:
    first = await counter.take(sarif(result(), result()))
    again = await counter.take(sarif(result(), result()))
    assert (first.findings, first.opened, again.findings, again.opened) == (1, 1, 1, 0)
    (finding,) = await counter.open()
    assert (finding.first_scan_id, finding.last_scan_id) == (first.scan.id, again.scan.id)
    assert finding.last_seen_at > finding.first_seen_at
    assert counter.desk.told.of(finding.id) == ["scan_finding.opened"]


async def test_two_tools_at_one_spot_are_one_finding_with_two_sources(counter: Counter) -> None:
    await counter.take(sarif(result(message={"text": "one"})))
    await counter.take(sarif(result(message={"text": "two"}), tool="CodeQL"))
    (finding,) = await counter.open()
    assert (finding.engines, finding.evidence) == (("CodeQL", "Semgrep"), ("two",))


async def test_what_a_later_file_does_not_name_stays_open(counter: Counter) -> None:
    """Nobody says that it was looked for again."""
    await counter.take(sarif(result("S1")))
    await counter.take(sarif(result("S2")))
    assert {one.rule for one in await counter.open()} == {"S1", "S2"}


async def test_what_its_only_tool_says_is_gone_is_resolved(counter: Counter) -> None:
    await counter.take(sarif(result("S1"), result("S2"), result("S3"), result("S4")))
    await counter.take(sarif(result("S2"), tool="CodeQL"))
    found = {one.rule: one.id for one in await counter.open()}
    passed = result("S3") | {"kind": "pass", "level": "none"}
    # What another tool has seen too, what is seen elsewhere in the file, and what nobody knows are left alone.
    upload = await counter.take(sarif(gone("S1"), gone("S2"), passed, gone("S4"), result("S4"), gone("S9")))
    assert (upload.findings, upload.opened, upload.resolved) == (1, 0, 2)
    assert {one.rule for one in await counter.open()} == {"S2", "S4"}
    assert counter.desk.told.of(found["S3"]) == ["scan_finding.opened", "scan_finding.resolved"]
    assert (await counter.take(sarif(gone("S1")))).resolved == 0


async def test_one_that_was_resolved_is_open_again(counter: Counter) -> None:
    await counter.take(sarif(result()))
    (finding,) = await counter.open()
    store = ScanFindingStore(counter.desk.world.database)
    await store.resolve(counter.desk.ours, [finding.id], counter.desk.world.clock.now())
    assert (await counter.take(sarif(result()))).opened == 1
    assert [one.id for one in await counter.open()] == [finding.id]


async def test_a_file_without_results_is_a_scan_that_saw_nothing(counter: Counter) -> None:
    upload = await counter.take(sarif())
    assert (upload.findings, upload.scan.targets) == (0, ("sarif:nothing",))


async def test_what_cannot_be_read_leaves_nothing(counter: Counter) -> None:
    with pytest.raises(Problem) as caught:
        await counter.take(b"{}")
    assert caught.value.code == "bad_sarif"
    assert await counter.desk.scans.page(counter.desk.ours, 9) == ()
