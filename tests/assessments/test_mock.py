"""What test keys see: the same at each call, of every sort, and by the plain rule."""

from datetime import timedelta
from itertools import product

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import LookUp, Submission
from cybervault.assessments.findings import StatusChange
from cybervault.assessments.mock import BY, COUNT, SINCE, MockAnalyses, MockFindings
from cybervault.assessments.selection import Condition, Field, Operator, Order, Selection, holds, marks_of
from cybervault.assessments.targets import read_record, read_target
from cybervault.domain.assessments import Depth
from cybervault.domain.findings import OPEN, Act, Finding, Status
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import Environment, Plan, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity, Verdict
from tests.fakes.threats import BAD, SEED

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1", OURS)
ANALYSES, FINDINGS = MockAnalyses(), MockFindings()
READER = Principal(OURS, frozenset({Scope.THREAT_READ}), Plan.STARTER, Environment.SANDBOX)
WRITER = Principal(OURS, frozenset({Scope.THREAT_WRITE}), Plan.STARTER, Environment.SANDBOX)


def refused(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    return caught.value.kind, caught.value.code


async def all_findings(tenant_id: TenantId = OURS) -> list[Finding]:
    return list(await FINDINGS.select(tenant_id, Selection(is_descending=False)))


class TestAnalyses:
    async def test_the_same_target_has_the_same_answer_and_another_depth_another_id(self) -> None:
        submission = Submission(read_target(BAD), metadata={"case": "42"})
        one = await ANALYSES.analyze(submission, actor=ACTOR)
        assert one == await ANALYSES.analyze(submission, actor=ACTOR)
        assert (one.created_at, one.by, one.tenant_id, one.metadata) == (SINCE, BY, OURS, {"case": "42"})
        deep = await ANALYSES.analyze(Submission(read_target(BAD), Depth.DEEP), actor=ACTOR)
        assert deep.id != one.id
        assert deep.verdict is one.verdict

    async def test_the_address_of_the_documents_is_malicious(self) -> None:
        found = await ANALYSES.analyze(Submission(read_target(BAD)), actor=ACTOR)
        assert (found.verdict, found.severity, found.family) == (Verdict.MALICIOUS, Severity.CRITICAL, "cobalt_strike")
        assert found.countermeasures
        assert any("Made-up" in warning for warning in found.warnings)

    async def test_some_targets_are_good_and_some_are_bad(self) -> None:
        targets = [read_target(f"198.51.100.{number}") for number in range(32)]
        verdicts = {(await ANALYSES.analyze(Submission(one), actor=ACTOR)).verdict for one in targets}
        assert verdicts == set(Verdict)

    async def test_payloads_and_telemetry_are_assessed_too(self) -> None:
        payload = await ANALYSES.analyze(Submission(read_target(f"see {BAD} there")), actor=ACTOR)
        assert len(payload.parts) == 2
        record = read_record("endpoint_telemetry", SEED["payload"])  # type: ignore[arg-type] # a JSON object
        assert "T1571" in (await ANALYSES.analyze(Submission(record), actor=ACTOR)).techniques

    async def test_without_an_engine_there_is_no_sandbox_depth_here_either(self) -> None:
        with pytest.raises(Problem) as caught:
            await ANALYSES.analyze(Submission(read_target(BAD), Depth.SANDBOX), actor=ACTOR)
        assert refused(caught) == (ProblemKind.INVALID, "mode_unavailable")

    async def test_of_several_each_has_the_answer_that_it_has_alone(self) -> None:
        indicators = (parse_observable("203.0.113.42"), parse_observable("example.com"))
        found = await MockAnalyses().look_up(LookUp(indicators), actor=ACTOR)
        alone = [await MockAnalyses().analyze(one, actor=ACTOR) for one in LookUp(indicators).submissions()]
        assert found == alone
        assert [one.target.value for one in found] == ["203.0.113.42", "example.com"]

    async def test_nothing_is_kept(self) -> None:
        made = await ANALYSES.analyze(Submission(read_target(BAD), request_id="req_1"), actor=Actor("operator", None))
        with pytest.raises(Problem) as caught:
            await ANALYSES.find(OURS, AssessmentId(made.id))
        assert refused(caught) == (ProblemKind.NOT_FOUND, "not_found")
        with pytest.raises(Problem) as caught:
            await ANALYSES.of_request(OURS, "req_1")
        assert refused(caught) == (ProblemKind.NOT_FOUND, "not_found")
        assert await ANALYSES.page(OURS, 10, behind=None) == ()


class TestLists:
    async def test_there_are_two_dozen_of_every_severity_but_one_and_of_every_status(self) -> None:
        found = await all_findings()
        assert found == await all_findings()
        assert len({one.id for one in found}) == COUNT
        assert {one.severity for one in found} == set(Severity) - {Severity.INFORMATIONAL}
        assert {one.status for one in found} == set(Status)
        assert len({one.type for one in found}) == 4
        assert {one.tenant_id for one in await all_findings(THEIRS)} == {THEIRS}

    @pytest.mark.parametrize(
        "condition",
        [
            Condition(Field.SEVERITY, Operator.FROM, (4,)),
            Condition(Field.STATUS, Operator.IN, ("new", "closed")),
            Condition(Field.VALUE, Operator.CONTAINS, ("113.1",)),
            Condition(Field.SCORE, Operator.AFTER, (52,)),
            Condition(Field.CREATED_AT, Operator.TO, (SINCE.timestamp(),)),
            Condition(Field.INDICATORS, Operator.IS, ("domain:test-7.example",)),
            Condition(Field.ID, Operator.IS, ("thr_none",)),
        ],
    )
    async def test_a_list_is_narrowed_by_the_plain_rule_and_counted_so(self, condition: Condition) -> None:
        expected = {one.id for one in await all_findings() if holds(condition, one)}
        found = await FINDINGS.select(OURS, Selection((condition,)))
        assert {one.id for one in found} == expected
        assert await FINDINGS.count(OURS, (condition,)) == len(expected)
        assert await FINDINGS.count(OURS, ()) == COUNT

    @pytest.mark.parametrize(("order", "is_descending"), list(product(Order, (True, False))))
    async def test_pages_hold_each_finding_once_in_order(self, order: Order, *, is_descending: bool) -> None:
        expected = sorted(await all_findings(), key=lambda one: marks_of(one, order), reverse=is_descending)
        seen: list[Finding] = []
        behind = None
        while page := await FINDINGS.select(OURS, Selection((), order, is_descending, behind, most=5)):
            seen += page
            behind = marks_of(page[-1], order)
        assert seen == expected
        assert (
            list(await FINDINGS.select(OURS, Selection((), order, is_descending, offset=7, most=3))) == expected[7:10]
        )


async def test_the_numbers_are_those_of_the_list() -> None:
    found = await all_findings()
    summary = await FINDINGS.summary(OURS, 2)
    assert [summary.of_status(status) for status in Status] == [
        sum(one.status is status for one in found) for status in Status
    ]
    assert summary.days == ((SINCE.date() - timedelta(days=1), 0), (SINCE.date(), COUNT))
    assert summary.techniques == (("T1571", sum(one.status in OPEN for one in found)),)


class TestChanges:
    async def test_a_change_is_answered_and_not_kept(self) -> None:
        before = (await all_findings())[0]
        change = StatusChange(Status.CLOSED, " Done. ")
        after = await FINDINGS.change(before.id, change, by=WRITER, actor=ACTOR)
        assert (after.status, after.updated_by) == (Status.CLOSED, ACTOR.name)
        assert await FINDINGS.find(OURS, before.id) == before
        silent = await FINDINGS.change(before.id, StatusChange(Status.ACKNOWLEDGED), by=READER, actor=ACTOR)
        assert silent.status is Status.ACKNOWLEDGED

    async def test_the_history_says_that_it_was_opened(self) -> None:
        before = (await all_findings())[3]
        (step,) = await FINDINGS.steps(OURS, before.id)
        assert (step.number, step.at, step.act, step.new_status) == (1, before.created_at, Act.OPENED, Status.NEW)

    async def test_a_comment_is_answered_as_the_next_line(self) -> None:
        step = await FINDINGS.comment((await all_findings())[0].id, " Seen. ", by=READER, actor=ACTOR)
        assert (step.number, step.by, step.act, step.comment) == (2, ACTOR.name, Act.COMMENT, "Seen.")

    async def test_what_is_refused_in_earnest_is_refused_here(self) -> None:
        one = (await all_findings())[0]
        with pytest.raises(Problem) as caught:
            await FINDINGS.change(one.id, StatusChange(Status.CLOSED), by=READER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.FORBIDDEN, "invalid_scope")
        with pytest.raises(Problem) as caught:
            await FINDINGS.change(one.id, StatusChange(Status.CLOSED, " "), by=WRITER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")
        with pytest.raises(Problem) as caught:
            await FINDINGS.comment(one.id, "", by=WRITER, actor=ACTOR)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")

    async def test_another_id_is_not_found(self) -> None:
        nobody = FindingId("thr_none")
        with pytest.raises(Problem) as caught:
            await FINDINGS.find(OURS, nobody)
        assert refused(caught) == (ProblemKind.NOT_FOUND, "not_found")
        with pytest.raises(Problem, match="no such threat"):
            await FINDINGS.steps(OURS, nobody)
        with pytest.raises(Problem, match="no such threat"):
            await FINDINGS.change(nobody, StatusChange(Status.NEW), by=WRITER, actor=ACTOR)
        with pytest.raises(Problem, match="no such threat"):
            await FINDINGS.comment(nobody, "x", by=WRITER, actor=ACTOR)
