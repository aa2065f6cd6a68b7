"""Batches of telemetry: nothing is lost and nothing comes twice, whatever happens to the process that works on one."""

import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cybervault.access.audit import Actor
from cybervault.assessments import telemetry_batches as module
from cybervault.assessments.findings import Findings
from cybervault.assessments.selection import Selection
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.telemetry_batches import Counts, Looked
from cybervault.detection import batch as detection
from cybervault.detection.batch import Hit
from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.engine import Engine
from cybervault.detection.rules.choice import Choice, Switch
from cybervault.domain.ids import BatchId
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from cybervault.storage.job_run import Ending, RunEnded
from cybervault.storage.outbox import Outbox
from tests.access.conftest import world_on
from tests.access.statements import look
from tests.assessments.batch_desk import ACTOR, APART, EVENT, LINES, LONG, MANY, OURS, THEIRS, WHOAMI, Desk


@pytest.fixture
async def desk(database: Database) -> Desk:
    journal = (await world_on(database)).journal
    return Desk(database, Findings(FindingStore(database), journal, Outbox(database)), journal)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of seven lines."""
    monkeypatch.setattr(detection, "PORTION_LINES", 7)


async def changes(desk: Desk) -> list[tuple[object, ...]]:
    """What the audit says of batches."""
    return await look(desk.database, "SELECT action, tenant_id FROM audit WHERE action LIKE 'batch.%' ORDER BY number")


async def test_a_rule_that_a_tenant_disabled_counts_in_none_of_its_batches_and_in_those_of_others(desk: Desk) -> None:
    desk.chosen.by[OURS] = Choice(off={WHOAMI.id: Switch("Ours.", desk.clock.now(), "operator")})
    assert (await desk.now(LINES)).tally.matches == 0
    batch_id = await desk.later(LINES)
    await desk.work()
    assert (await desk.tally(batch_id)).matches == 0
    theirs = await desk.batches.take(LINES, actor=Actor("key:key_2", THEIRS), is_later=False)
    assert isinstance(theirs, Looked)
    assert theirs.tally.matches == 16


async def test_a_small_batch_is_answered_at_once_and_leaves_no_row(desk: Desk) -> None:
    found = await desk.now(LINES)
    assert (found.tally.events, found.tally.matched, found.tally.unread) == (32, 16, 8)
    assert [hit.line for hit in found.hits][:3] == [2, 4, 8]
    assert await look(desk.database, "SELECT id FROM jobs") == []


@pytest.mark.usefixtures("short")
async def test_a_large_batch_comes_to_what_it_comes_to_at_once(desk: Desk) -> None:
    at_once = await desk.now(LINES)
    batch_id = await desk.later(LINES)
    assert desk.wakes == 1
    (threat,) = await desk.threats()
    assert threat == (f"A rule ({WHOAMI.id}), host finance-07", 1)
    assert [one.value for one in at_once.tally.entities] == ["finance-07"]
    job, report = await desk.batches.find(OURS, batch_id)
    assert (job.state, job.request_id, report) == (JobState.QUEUED, "req_1", None)
    await desk.work()
    assert await desk.tally(batch_id) == at_once.tally
    assert await desk.threats() == [(threat[0], 2)]
    for most in (1, 3, 200):
        assert tuple(await desk.hits(batch_id, most)) == at_once.hits


async def test_what_is_longer_than_a_mebibyte_unpacked_comes_later(desk: Desk) -> None:
    content = LINES * 200
    for sent in (content, gzip.compress(content)):
        assert isinstance(await desk.batches.take(sent, actor=ACTOR, is_later=False), Job)
    await desk.work()
    await desk.work()


async def test_what_was_sent_is_kept_small_and_is_gone_when_it_has_ended(desk: Desk) -> None:
    content = LINES * 100
    await desk.later(content)
    ((payload,),) = await look(desk.database, "SELECT payload FROM jobs")
    assert isinstance(payload, bytes)
    assert len(payload) < len(content) / 10
    await desk.work()
    assert await look(desk.database, "SELECT payload FROM jobs") == [(b"",)]


@pytest.mark.usefixtures("short")
async def test_it_says_how_far_it_is_and_goes_on_there_after_a_crash(desk: Desk) -> None:
    at_once = await desk.now(LONG)
    batch_id = await desk.later(LONG)
    desk.detector.asked, desk.detector.dies_at = 0, 20
    run = await desk.claimed()
    with pytest.raises(MemoryError):
        await desk.batches.work(run)
    job, report = await desk.batches.find(OURS, batch_id)
    assert (job.state, job.doing, report) == (JobState.RUNNING, "16 events looked at", None)
    assert 0.3 < job.progress < 0.6
    await desk.jobs.retry_later(run.hold, "job_failed", "It failed.")
    desk.detector.asked = desk.detector.dies_at = 0
    await desk.work()
    # Sixteen were kept before; what was asked of the next portion was lost with the process.
    assert desk.detector.asked == 16
    assert await desk.tally(batch_id) == at_once.tally
    assert tuple(await desk.hits(batch_id)) == at_once.hits


async def test_who_dies_before_the_end_of_the_job_counts_nothing_twice(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    run = await desk.claimed()
    await desk.batches.work(run)
    await desk.jobs.give_back(run.hold)
    asked = desk.detector.asked
    await desk.work()
    assert desk.detector.asked == asked
    assert (await desk.tally(batch_id)).matched == 16


def bursts_of(hits: Sequence[Hit]) -> list[tuple[int, int, tuple[int, ...]]]:
    return [(hit.line, hit.burst.count, hit.burst.lines) for hit in hits if hit.burst is not None]


@pytest.mark.usefixtures("short")
async def test_what_events_of_several_portions_say_together_is_told_once_whatever_happens_between(desk: Desk) -> None:
    desk.detector.use(Engine([WHOAMI]), plan_of([MANY], [WHOAMI]))
    told = [(4, 3, (4, 12, 35)), (1, 3, (1, 19, 30))]
    at_once = await desk.now(APART)
    assert bursts_of(at_once.hits) == bursts_of(at_once.tally.bursts) == told
    assert (at_once.tally.matched, at_once.tally.matches, at_once.tally.silenced) == (0, 2, 6)
    assert at_once.tally.warnings == ["6 matches of rules that correlations count are not told by themselves."]
    batch_id = await desk.later(APART)
    desk.detector.asked, desk.detector.dies_at = 0, 4
    run = await desk.claimed()
    with pytest.raises(MemoryError):
        await desk.batches.work(run)
    await desk.jobs.give_back(run.hold)
    desk.detector.dies_at = 0
    await desk.work()
    assert await desk.tally(batch_id) == at_once.tally
    for most in (1, 2, 3):
        assert bursts_of(await desk.hits(batch_id, most)) == told


async def test_pages_go_from_matches_of_events_to_those_of_correlations(desk: Desk) -> None:
    desk.detector.use(Engine([WHOAMI]), plan_of([msgspec.structs.replace(MANY, generates=True)], [WHOAMI]))
    batch_id = await desk.later(APART)
    await desk.work()
    for most in (1, 4, 5, 6, 7, 8, 9):
        assert [hit.line for hit in await desk.hits(batch_id, most)] == [1, 4, 12, 19, 30, 35, 4, 1]


async def test_what_correlations_have_no_room_for_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIGNAL_BYTES_MAX", 200)
    monkeypatch.setattr(detection, "PORTION_SIGNAL_BYTES", 1)
    desk.detector.use(Engine([WHOAMI]), plan_of([MANY], [WHOAMI]))
    batch_id = await desk.later(APART)
    await desk.work()
    tally = await desk.tally(batch_id)
    assert (tally.bursts, tally.uncounted) == ([], 5)
    assert "5 matches were too many to be kept for correlations." in tally.warnings


async def test_hits_beyond_what_is_kept_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HITS_MAX", 10)
    monkeypatch.setattr(detection, "PORTION_HITS", 4)
    found, batch_id = await desk.now(LINES), await desk.later(LINES)
    await desk.work()
    assert len(found.hits) == len(await desk.hits(batch_id)) == 10
    assert found.tally.matches == (await desk.tally(batch_id)).matches == 16


async def test_another_tenant_sees_nothing_of_it(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    for tenant, wanted in ((THEIRS, batch_id), (OURS, BatchId("none"))):
        with pytest.raises(Problem) as caught:
            await desk.batches.find(tenant, wanted)
        assert caught.value.kind is ProblemKind.NOT_FOUND
        with pytest.raises(Problem) as caught:
            await desk.batches.hits(tenant, wanted, first=0, most=1)
        assert caught.value.kind is ProblemKind.NOT_FOUND


async def test_hits_are_there_when_it_is_done(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    with pytest.raises(Problem) as caught:
        await desk.batches.hits(OURS, batch_id, first=0, most=1)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "batch_unfinished")
    await desk.work()
    assert len((await desk.batches.hits(OURS, batch_id, first=0, most=1)).hits) == 1
    assert (await desk.batches.hits(OURS, batch_id, first=99, most=1)).hits == ()


async def test_hits_of_one_rule_come_alone_from_where_the_page_before_ended(desk: Desk) -> None:
    desk.detector.use(Engine([WHOAMI]), plan_of([msgspec.structs.replace(MANY, generates=True)], [WHOAMI]))
    batch_id = await desk.later(APART)
    await desk.work()
    page = await desk.batches.hits(OURS, batch_id, first=0, most=1, rule_id=MANY.rule.id)
    assert ([hit.line for hit in page.hits], page.next) == ([4], 7)
    rest = await desk.batches.hits(OURS, batch_id, first=page.next or 0, most=1, rule_id=MANY.rule.id)
    assert ([hit.line for hit in rest.hits], rest.next) == ([1], None)


async def test_the_first_events_of_a_rule_are_kept_in_so_many_bytes_over_all_portions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "PORTION_LINES", 3)
    length = len(LINES.splitlines()[1])
    monkeypatch.setattr(module, "EVENT_BYTES_MAX", 4 * length + length // 2)
    batch_id = await desk.later(LINES)
    await desk.work()
    hits = await desk.hits(batch_id)
    assert [json.loads(hit.event)["Image"] for hit in hits if hit.event] == [
        f"C:\\{hit.line - 1}\\whoami.exe" for hit in hits[:4]
    ]
    assert not any(hit.event for hit in hits[4:])


async def test_a_tenant_keeps_only_so_many_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_MAX", 1)
    await desk.later(LINES)
    with pytest.raises(Problem) as caught:
        await desk.later(LINES)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "queue_full")
    assert caught.value.retry_after_seconds
    await desk.later(LINES, Actor("key:key_2", THEIRS))


async def test_a_long_document_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "DOCUMENT_BYTES_MAX", 100)
    with pytest.raises(Problem) as caught:
        await desk.now(json.dumps([EVENT], indent=1).encode())
    assert (caught.value.kind, caught.value.code) == (ProblemKind.TOO_LARGE, "payload_too_large")


async def test_a_batch_without_a_tenant_is_a_fault(desk: Desk) -> None:
    with pytest.raises(ValueError, match="belongs to a tenant"):
        await desk.later(LINES, Actor("operator", None))


async def test_a_full_disk_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(Problem) as caught:
        await desk.now(LINES)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")


async def test_an_array_counts_as_one_line_of_progress(desk: Desk) -> None:
    events: list[Any] = [EVENT] * 3
    batch_id = await desk.later(json.dumps(events).encode())
    await desk.work()
    assert (await desk.tally(batch_id)).matched == 3


@pytest.mark.usefixtures("short")
async def test_progress_never_goes_back_after_a_crash(desk: Desk) -> None:
    batch_id = await desk.later(LONG)
    desk.detector.asked, desk.detector.dies_at = 0, 20
    run = await desk.claimed()
    with pytest.raises(MemoryError):
        await desk.batches.work(run)
    before, _ = await desk.batches.find(OURS, batch_id)
    await desk.jobs.give_back(run.hold)
    desk.detector.asked, desk.detector.dies_at = 0, 7
    with pytest.raises(MemoryError):
        await desk.batches.work(await desk.claimed())
    after, _ = await desk.batches.find(OURS, batch_id)
    assert after.progress == before.progress


async def test_a_batch_that_waits_is_cancelled_at_once_and_what_was_sent_is_gone(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    job, report = await desk.batches.cancel(OURS, batch_id, actor=ACTOR)
    assert (job.state, report) == (JobState.CANCELLED, None)
    assert await look(desk.database, "SELECT payload FROM jobs") == [(b"",)]
    await desk.batches.cancel(OURS, batch_id, actor=ACTOR)
    assert await changes(desk) == [("batch.cancelled", OURS)]


@pytest.mark.usefixtures("short")
async def test_one_that_runs_ends_at_its_next_step(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    run = await desk.claimed()
    await desk.batches.cancel(OURS, batch_id, actor=ACTOR)
    with pytest.raises(RunEnded) as caught:
        await desk.batches.work(run)
    assert caught.value.ending is Ending.CANCELLED


async def test_one_that_has_ended_stays_and_others_cannot_cancel_it(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    with pytest.raises(Problem) as caught:
        await desk.batches.cancel(THEIRS, batch_id, actor=ACTOR)
    assert caught.value.kind is ProblemKind.NOT_FOUND
    await desk.work()
    job, report = await desk.batches.cancel(OURS, batch_id, actor=ACTOR)
    assert job.state is JobState.COMPLETED
    assert report is not None
    assert await changes(desk) == []


async def test_one_that_has_ended_is_removed_with_all_that_was_kept_of_it_and_its_threats_stay(desk: Desk) -> None:
    batch_id = await desk.later(LINES)
    for tenant_id, told in ((THEIRS, "not_found"), (OURS, "batch_unfinished")):
        with pytest.raises(Problem) as caught:
            await desk.batches.remove(tenant_id, batch_id, actor=ACTOR)
        assert caught.value.code == told
    await desk.work()
    threats = await desk.threats()
    with pytest.raises(Problem):
        await desk.batches.remove(THEIRS, batch_id, actor=ACTOR)
    assert await changes(desk) == []
    await desk.batches.remove(OURS, batch_id, actor=ACTOR)
    assert await look(desk.database, "SELECT id FROM jobs UNION SELECT job_id FROM job_steps") == []
    assert await desk.threats() == threats != []
    assert await changes(desk) == [("batch.removed", OURS)]


async def test_batches_are_listed_newest_first_with_their_counts(desk: Desk) -> None:
    done = await desk.later(LINES)
    await desk.work()
    waiting = await desk.later(LINES)
    await desk.later(LINES, Actor("key:key_2", THEIRS))
    found = await desk.batches.listed(OURS, most=9)
    assert {one.job.reference: one.counts for one in found} == {done: Counts(32, 16, 8, 0, 16, 0, 1), waiting: None}
    first = await desk.batches.listed(OURS, most=1)
    second = await desk.batches.listed(OURS, most=9, behind=first[0].place)
    assert (*first, *second) == found


async def test_who_dies_while_threats_are_opened_opens_none_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_AT_ONCE", 1)
    hosts = b"".join(json.dumps(EVENT | {"Computer": f"pc-{number}"}).encode() + b"\n" for number in range(3))
    batch_id = await desk.later(hosts)
    run = await desk.claimed()
    kept, opened = run.step, list[str]()

    async def dying(name: str, *given: Any, **more: Any) -> bytes:  # noqa: ANN401 - those of the step
        output = await kept(name, *given, **more)
        opened.append(name)
        if name == "threats from 1":
            raise MemoryError
        return output

    monkeypatch.setattr(run, "step", dying)
    with pytest.raises(MemoryError):
        await desk.batches.work(run)
    assert len(await desk.threats()) == 2
    await desk.jobs.give_back(run.hold)
    await desk.work()
    assert [seen for _, seen in await desk.threats()] == [1, 1, 1]
    assert sorted((await desk.tally(batch_id)).threats) == sorted(
        one.id for one in await desk.findings.select(OURS, Selection())
    )
