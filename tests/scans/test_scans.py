"""Asking for scans: within what was granted, kept and audited together, followed to their end, seen by their tenant."""

import json
from datetime import timedelta

import pytest

from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import JobState
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.scans.admission import Why
from cybervault.scans.engines import PROWLER
from cybervault.scans.exports import Form
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import rules_of_control
from cybervault.scans.scan import FindingStatus, Phase, ScanSelection, SeenSelection
from cybervault.scans.scans import OPEN_MAX, NewScan
from cybervault.scans.seen import CoverageState
from cybervault.scans.store.scans import ScanStore
from cybervault.storage.database import Database
from cybervault.storage.ended_jobs import EndedJobs
from tests.access.statements import look
from tests.scans.desk import Desk, desk_on
from tests.scans.made import IMAGE, INVENTORY

NETWORK = "10.1.0.0/24"
STRANGER = TenantId("tv_2")


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = await desk_on(database, 80, 443)
    await desk.grant(NETWORK, "example.com", "arn:aws:s3:::bucket")
    return desk


async def code_of(work: object) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await work  # type: ignore[misc] # a coroutine of any result
    return caught.value.kind, caught.value.code


async def test_a_scan_is_kept_audited_and_queued(desk: Desk) -> None:
    scan = await desk.ask("10.1.0.7", "Example.com", "example.com")
    assert scan.id.startswith("scan_")
    assert (scan.state, scan.targets) == (JobState.QUEUED, ("10.1.0.7", "example.com"))
    assert await desk.scans.find(desk.ours, scan.id) == scan
    assert (await desk.world.happened())[-1] == "scan.asked"
    details = json.loads(await desk.world.last_payload())["details"]
    assert details == {"profile": "standard", "targets": "10.1.0.7, example.com", "max_duration": "60"}
    assert await look(desk.world.database, "SELECT kind, reference FROM jobs") == [("scan", scan.id)]
    assert desk.wakes == [1]
    assert desk.told.events == []


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (NewScan(()), (ProblemKind.INVALID, "invalid_target")),
        (NewScan(("nonsense",)), (ProblemKind.INVALID, "invalid_target")),
        (NewScan(("10.1.0.7",), minutes_max=0), (ProblemKind.INVALID, "invalid_parameter")),
        (NewScan(("10.1.0.7",), minutes_max=1_441), (ProblemKind.INVALID, "invalid_parameter")),
        (NewScan(("10.2.0.7",)), (ProblemKind.FORBIDDEN, "target_not_authorized")),
        (NewScan(("10.1.0.7", "other.example")), (ProblemKind.FORBIDDEN, "target_not_authorized")),
        (NewScan(("169.254.169.254",)), (ProblemKind.FORBIDDEN, "target_not_authorized")),
        (NewScan(("10.1.0.7",), ProfileName.PENTEST), (ProblemKind.FORBIDDEN, "target_not_authorized")),
    ],
)
async def test_what_may_not_be_scanned_leaves_nothing(
    desk: Desk, wish: NewScan, expected: tuple[ProblemKind, str]
) -> None:
    assert await code_of(desk.scans.initialize(desk.ours, wish, actor=desk.actor)) == expected
    assert await look(desk.world.database, "SELECT id FROM scans") == []
    assert await look(desk.world.database, "SELECT id FROM jobs") == []


async def test_a_preview_says_how_loud_it_would_be_and_what_would_not_be_tested(desk: Desk) -> None:
    preview = await desk.scans.preview(desk.ours, NewScan((NETWORK, "arn:aws:s3:::bucket"), minutes_max=1))
    assert (preview.minutes, preview.connections, preview.uncounted) == (1, 512 + 10, ())
    await desk.grant("oci://r.example/app")
    image = await desk.scans.preview(desk.ours, NewScan(("oci://r.example/app:1",)))
    assert (image.connections, image.uncounted) == (0, ("oci://r.example/app:1",))
    assert [one.engine.name for one in preview.missing] == ["ssh-audit", "sslyze", "nmap", PROWLER, "cloud"]
    assert "no account is connected" in preview.missing[-1].reason
    assert await look(desk.world.database, "SELECT id FROM scans") == []


async def test_a_preview_tells_what_would_be_refused_beside_what_would_not(desk: Desk) -> None:
    preview = await desk.scans.preview(desk.ours, NewScan(("10.1.0.7", "10.2.0.7", "10.1.0.5/8")))
    assert [target.value for target in preview.targets] == ["10.1.0.7"]
    assert [(one.target, one.why) for one in preview.refused] == [
        ("10.2.0.7", Why.NOT_GRANTED), ("10.1.0.5/8", Why.INVALID),
    ]  # fmt: skip
    for wish in (NewScan(()), NewScan(("10.1.0.7",) * 257), NewScan(("10.1.0.7",), minutes_max=0)):
        assert (await code_of(desk.scans.preview(desk.ours, wish)))[0] is ProblemKind.INVALID


async def test_an_end_is_kept_and_told_once(desk: Desk) -> None:
    scan = await desk.ask("arn:aws:s3:::bucket")
    await desk.work()
    ended = await desk.scans.find(desk.ours, scan.id)
    assert (ended.state, ended.progress) == (JobState.COMPLETED, 1.0)
    assert ended.finished_at is not None
    assert await desk.scans.find(desk.ours, scan.id) == ended
    assert desk.told.of(scan.id).count("scan.completed") == 1
    assert {event.tenant_id for event in desk.told.events} == {desk.ours}
    # The job may be swept away now: what is known of the scan stays.
    await EndedJobs(desk.world.database).forget((ended.finished_at + timedelta(seconds=1)).timestamp())
    assert await desk.scans.find(desk.ours, scan.id) == ended


async def test_an_end_that_nobody_looked_at_in_time_is_not_made_up(desk: Desk) -> None:
    scan = await desk.ask("arn:aws:s3:::bucket")
    await look(desk.world.database, "DELETE FROM jobs RETURNING id")
    lost = await desk.scans.find(desk.ours, scan.id)
    assert (lost.state, lost.problem_code) == (JobState.FAILED, "scan_lost")


class TestCancel:
    async def test_one_that_waits_ends_at_once(self, desk: Desk) -> None:
        scan = await desk.ask(NETWORK)
        cancelled = await desk.scans.cancel(desk.ours, scan.id, actor=desk.actor)
        assert cancelled.state is JobState.CANCELLED
        assert (await desk.world.happened())[-1] == "scan.cancelled"
        assert desk.told.events[-1].topic == "scan.cancelled"
        lines = await desk.scans.coverage(cancelled)
        assert [(line.asset, line.engine, line.state, line.reason) for line in lines] == [
            (NETWORK, engine, CoverageState.NOT_REACHED, "the scan ended before") for engine in ("ports", "services")
        ]

    async def test_one_that_runs_is_asked_to_stop(self, desk: Desk) -> None:
        scan = await desk.ask(NETWORK)
        run = await desk.claimed()
        assert (await desk.scans.cancel(desk.ours, scan.id, actor=desk.actor)).state is JobState.RUNNING
        assert (await desk.jobs.report(run.hold)).is_cancel_asked

    async def test_one_that_has_ended_stays_as_it_ended(self, desk: Desk) -> None:
        scan = await desk.scanned("arn:aws:s3:::bucket")
        cancelling = desk.scans.cancel(desk.ours, scan.id, actor=desk.actor)
        assert await code_of(cancelling) == (ProblemKind.CONFLICT, "scan_ended")


async def test_at_the_deadline_it_is_timed_out_with_what_it_saw(desk: Desk) -> None:
    scan = await desk.ask("example.com", NETWORK)
    run = await desk.claimed()
    await desk.jobs.time_out(run.hold)
    ended = await desk.scans.find(desk.ours, scan.id)
    assert (ended.state, desk.told.events[-1].topic) == (JobState.TIMED_OUT, "scan.timed_out")
    assert {line.state for line in await desk.scans.coverage(ended)} == {CoverageState.NOT_REACHED}


async def test_while_it_runs_the_rest_is_still_to_come(desk: Desk) -> None:
    scan = await desk.ask(NETWORK)
    lines = await desk.scans.coverage(await desk.scans.find(desk.ours, scan.id))
    assert [(line.engine, line.reason) for line in lines] == [("ports", "still to come"), ("services", "still to come")]


async def test_a_tenant_has_not_endless_scans_at_once(desk: Desk) -> None:
    for _ in range(OPEN_MAX):
        await desk.ask("arn:aws:s3:::bucket")
    assert await code_of(desk.ask("arn:aws:s3:::bucket")) == (ProblemKind.UNAVAILABLE, "queue_full")
    await desk.work()
    await desk.ask("arn:aws:s3:::bucket")


async def test_pages_are_newest_first_with_how_they_stand(desk: Desk) -> None:
    first = await desk.ask("arn:aws:s3:::bucket")
    desk.world.clock.advance(1)
    second = await desk.ask("arn:aws:s3:::bucket")
    await desk.work()
    page = await desk.scans.page(desk.ours, 10)
    # Which of the two was taken first is the queue's own affair.
    assert [scan.id for scan in page] == [second.id, first.id]
    assert {scan.state.value for scan in page} == {"queued", "completed"}
    assert [scan.id for scan in await desk.scans.page(desk.ours, 10, behind=page[0].place)] == [first.id]


async def test_pages_are_narrowed_to_how_scans_stand_now(desk: Desk) -> None:
    waiting = await desk.ask("arn:aws:s3:::bucket")
    await desk.scanned("arn:aws:s3:::bucket")
    stands = {one.id: one.state for one in await desk.scans.page(desk.ours, 10)}
    for state in (JobState.QUEUED, JobState.COMPLETED):
        found = await desk.scans.page(desk.ours, 10, wanted=ScanSelection(state))
        assert [one.id for one in found] == [name for name, stood in stands.items() if stood is state]
    assert await desk.scans.page(desk.ours, 10, wanted=ScanSelection(JobState.RUNNING)) == ()
    assert await desk.scans.page(desk.ours, 10, behind=(0.0, ""), wanted=ScanSelection(JobState.QUEUED)) == ()
    pentests = ScanSelection(JobState.QUEUED, ProfileName.PENTEST)
    assert await desk.scans.page(desk.ours, 10, wanted=pentests) == ()
    assert waiting.id in stands


async def test_what_came_of_a_scan_is_told_in_numbers(desk: Desk) -> None:
    scan = await desk.scanned("example.com")
    details = await desk.scans.details(scan, 100)
    assert details.severities == await desk.scans.severities(scan)
    assert details.coverage == await desk.scans.coverage(scan)
    assert sum(one.count for one in details.assets) == len(details.findings) > 0
    assert details.assets[0].worst in {Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFORMATIONAL}
    assert details.phases[:2] == (Phase("missing", 1, 1), Phase("names", 1, 1))
    assert set(details.controls.values()) <= set(range(1, len(details.findings) + 1))
    control = next(iter(details.controls))
    assert len(await desk.scans.findings(
        desk.ours, scan.id, skipped=0, most=100, wanted=SeenSelection(rules=rules_of_control(control))
    )) == details.controls[control]  # fmt: skip


async def test_what_all_scans_saw_is_one_list(desk: Desk) -> None:
    scan = await desk.scanned("example.com")
    found = await desk.found(scan.id)
    assert sum((await desk.scans.severities(scan)).values()) == len(found) > 0
    everything = await desk.scans.all_findings(desk.ours, FindingStatus.OPEN, 100)
    assert {one.id for one in everything} == {one.id for one in found}


async def test_the_packages_of_an_image_are_those_of_the_one_that_is_meant(desk: Desk) -> None:
    store, other = ScanStore(desk.world.database), "oci://r.example/other"
    await desk.grant(IMAGE, other)
    scan = await desk.ask(IMAGE, other)
    await store.keep_inventory(desk.ours, scan.id, INVENTORY)
    for spelled in (IMAGE, IMAGE.removeprefix("oci://")):
        document = json.loads(await desk.scans.file(scan, Form.CYCLONEDX, image=spelled))
        assert document["metadata"]["component"]["version"] == "1.4"
    none, unclear = (ProblemKind.NOT_FOUND, "no_packages"), (ProblemKind.INVALID, "missing_parameter")
    assert await code_of(desk.scans.file(scan, Form.CYCLONEDX)) == unclear
    assert await code_of(desk.scans.file(scan, Form.CYCLONEDX, image=other)) == none
    assert await code_of(desk.scans.file(scan, Form.CYCLONEDX, image="oci://r.example/third")) == none
    network = await desk.ask(NETWORK)
    assert await code_of(desk.scans.file(network, Form.CYCLONEDX)) == none
    assert json.loads(await desk.scans.file(network, Form.SARIF))["version"] == "2.1.0"


async def test_another_tenant_sees_nothing(desk: Desk) -> None:
    scan = await desk.ask(NETWORK)
    texts = set()
    for tenant_id, wanted in ((STRANGER, scan.id), (desk.ours, ScanId("scan_none"))):
        for work in (
            desk.scans.find(tenant_id, wanted),
            desk.scans.cancel(tenant_id, wanted, actor=desk.actor),
        ):
            with pytest.raises(Problem) as caught:
                await work
            texts.add((caught.value.kind, caught.value.code, caught.value.message))
    assert texts == {(ProblemKind.NOT_FOUND, "not_found", "There is no such scan.")}
    assert await desk.scans.page(STRANGER, 10) == ()
    assert await desk.scans.all_findings(STRANGER, FindingStatus.OPEN, 10) == ()
