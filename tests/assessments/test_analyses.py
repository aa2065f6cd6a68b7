"""Analyses: what is known here or asked of the sources, kept with all its evidence, and the finding that follows."""

from dataclasses import replace
from typing import Any

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import DEEP_OBSERVABLES_MAX, Analyses, LookUp, Submission
from cybervault.assessments.findings import Events, Findings
from cybervault.assessments.selection import Selection
from cybervault.assessments.store.assessments import AssessmentStore, Behind
from cybervault.assessments.store.entity_risks import EntityRiskStore
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.targets import read_record, read_target
from cybervault.assessments.telemetry_risks import TelemetryRisks
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.domain.assessments import Assessment, Category, Depth
from cybervault.domain.ids import AssessmentId, new_assessment_id
from cybervault.domain.jobs import Happened
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox
from tests.access.conftest import World, world_on
from tests.detection.chosen import SERVICE_HOST, choices_on
from tests.fakes.threats import BAD, SEED, ThreatWorld
from tests.fakes.upstream import Behaviour

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS)
QUICK, DEEP = Submission(read_target(BAD)), Submission(read_target(BAD), Depth.DEEP)
SAMPLE = Submission(read_record("endpoint_telemetry", SEED["payload"]))  # type: ignore[arg-type] # a JSON object


class Desk:
    """Analyses on a database of each engine, with the sources of the server in this process."""

    def __init__(self, world: World, threats: ThreatWorld) -> None:
        self.world = world
        self.threats = threats
        self.choices = choices_on(world)
        self.findings = self.findings_with(Outbox(world.database))
        self.analyses = self.analyses_with(self.findings)

    def findings_with(self, events: Events) -> Findings:
        return Findings(FindingStore(self.world.database), self.world.journal, events)

    def analyses_with(self, findings: Findings, seconds: float = 25.0) -> Analyses:
        store = AssessmentStore(self.world.database)
        risks = TelemetryRisks(EntityRiskStore(self.world.database))
        return Analyses(
            self.threats.product.assess, store, findings, risks=risks, detector=Detector(Engine([SERVICE_HOST])),
            choices=self.choices, clock=self.threats.clock, seconds=seconds,
        )  # fmt: skip

    async def analyze(self, submission: Submission) -> Assessment:
        return await self.analyses.analyze(replace(submission, id=new_assessment_id()), actor=ACTOR)


@pytest.fixture
async def desk(database: Database, threats: ThreatWorld) -> Desk:
    return Desk(await world_on(database), threats)


def refused(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    return caught.value.kind, caught.value.code


class TestDepths:
    async def test_a_quick_look_asks_nobody_and_names_who_was_not_heard(self, desk: Desk) -> None:
        found = await desk.analyze(QUICK)
        assert desk.threats.calls() == 0
        assert "virustotal" in found.missing
        assert (found.depth, len(found.parts)) == (Depth.QUICK, 1)

    async def test_a_deep_look_asks_the_sources_and_a_quick_one_remembers_what_they_said(self, desk: Desk) -> None:
        deep = await desk.analyze(DEEP)
        asked = desk.threats.calls()
        assert (deep.verdict, deep.depth) == (Verdict.MALICIOUS, Depth.DEEP)
        assert deep.parts[0].weighing.terms
        assert asked > 0
        await desk.threats.product.answers.settle()
        quick = await desk.analyze(QUICK)
        assert desk.threats.calls() == asked
        assert quick.verdict is Verdict.MALICIOUS
        assert quick.score == deep.score

    async def test_what_sources_say_of_it_is_kept_once_each(self, desk: Desk) -> None:
        labels = (await desk.analyze(DEEP)).parts[0].labels
        assert labels
        assert len(labels) == len(set(labels))

    async def test_beyond_the_deadline_a_deep_look_names_what_is_missing(self, desk: Desk) -> None:
        hurried = desk.analyses_with(desk.findings, seconds=0)
        found = await hurried.analyze(DEEP, actor=ACTOR)
        assert {"virustotal", "abuseipdb", "greynoise"} <= {*found.missing}
        assert found.verdict is not Verdict.MALICIOUS
        assert await hurried.find(OURS, found.id) == found

    async def test_beyond_the_deadline_what_is_remembered_still_counts(self, desk: Desk) -> None:
        await desk.analyze(DEEP)
        asked = desk.threats.calls()
        await desk.threats.product.answers.settle()
        hurried = desk.analyses_with(desk.findings, seconds=0)
        assert (await hurried.analyze(DEEP, actor=ACTOR)).verdict is Verdict.MALICIOUS
        assert desk.threats.calls() == asked

    async def test_a_source_that_hangs_is_missing_and_the_others_are_heard(self, desk: Desk) -> None:
        desk.threats.farm.set("greynoise", Behaviour.HANG)
        hurried = desk.analyses_with(desk.findings, seconds=3.0)
        found = await hurried.analyze(DEEP, actor=ACTOR)
        assert "greynoise" in found.missing
        assert "virustotal" not in found.missing
        assert found.verdict is Verdict.MALICIOUS

    async def test_of_many_observables_the_first_are_asked_about_and_the_reader_is_told(self, desk: Desk) -> None:
        names = [f"host{number}.example" for number in range(DEEP_OBSERVABLES_MAX)]
        reading = read_target("\n".join(names))
        found = await desk.analyze(Submission(reading, Depth.DEEP))
        assert any(f"first {DEEP_OBSERVABLES_MAX} observables only" in warning for warning in found.warnings)
        assert [part.observable for part in found.parts] == list(reading.observables)
        asked = {call.path for call in desk.threats.farm.calls("virustotal")}
        assert any(names[-2] in path for path in asked)
        assert not any(names[-1] in path for path in asked)
        short = await desk.analyze(Submission(read_target("\n".join(names[:-1])), Depth.DEEP))
        assert not any("observables only" in warning for warning in short.warnings)
        quick = await desk.analyze(Submission(reading))
        assert not any("observables only" in warning for warning in quick.warnings)

    async def test_of_several_indicators_each_is_an_assessment_with_its_own_finding(self, desk: Desk) -> None:
        indicators = (parse_observable(BAD), parse_observable("quiet.example"))
        bad, quiet = await desk.analyses.look_up(LookUp(indicators, Depth.DEEP, "req_many"), actor=ACTOR)
        assert (bad.target.value, bad.verdict, bad.request_id) == (BAD, Verdict.MALICIOUS, "req_many")
        assert quiet.target.value == "quiet.example"
        assert quiet.id != bad.id
        kept = await desk.analyses.page(OURS, 10, behind=None, target=BAD)
        assert [one.id for one in kept] == [bad.id]
        assert [one.assessment_id for one in await desk.findings.select(OURS, Selection(()))][:1] == [bad.id]

    async def test_without_an_engine_the_sandbox_is_refused_and_nothing_is_kept(self, desk: Desk) -> None:
        with pytest.raises(Problem, match="No sandbox engine") as caught:
            await desk.analyze(replace(DEEP, depth=Depth.SANDBOX))
        assert refused(caught) == (ProblemKind.INVALID, "mode_unavailable")
        assert desk.threats.calls() == 0
        assert await desk.analyses.page(OURS, 10, behind=None) == ()


class TestRulesOfTenants:
    async def test_a_rule_that_a_tenant_disabled_is_silent_for_it_from_the_next_event_on(self, desk: Desk) -> None:
        assert [one.rule_id for one in (await desk.analyze(SAMPLE)).detections] == [SERVICE_HOST.id]
        await desk.choices.disable(OURS, SERVICE_HOST.id, "Ours.", actor=ACTOR)
        assert (await desk.analyze(SAMPLE)).detections == ()
        await desk.choices.enable(OURS, SERVICE_HOST.id, actor=ACTOR)
        assert (await desk.analyze(SAMPLE)).detections != ()

    async def test_what_another_tenant_chose_changes_nothing(self, desk: Desk) -> None:
        await desk.choices.disable(THEIRS, SERVICE_HOST.id, "Theirs.", actor=replace(ACTOR, tenant_id=THEIRS))
        await desk.choices.set_level(THEIRS, Severity.CRITICAL, actor=replace(ACTOR, tenant_id=THEIRS))
        assert [one.rule_id for one in (await desk.analyze(SAMPLE)).detections] == [SERVICE_HOST.id]


class TestWhatIsKnown:
    """What this machine knows of the addresses, names and hashes of an event, by its lists and what it remembers."""

    @staticmethod
    def seen(address: str, name: str = "notepad.exe") -> Submission:
        connections = [{"dst_ip": address, "port": 443}]
        return Submission(read_record("endpoint_telemetry", {"process_name": name, "network_connections": connections}))

    async def test_a_bad_address_enters_the_score_as_evidence_of_its_own(self, desk: Desk) -> None:
        await desk.analyze(DEEP)
        await desk.threats.product.answers.settle()
        asked = desk.threats.calls()
        bad, plain = await desk.analyze(self.seen(BAD)), await desk.analyze(self.seen("203.0.113.77"))
        assert desk.threats.calls() == asked
        (sign,) = [one for one in bad.signs if one.name == "malicious_ipv4"]
        assert sign.reason.startswith(f"Seen ip:{BAD}")
        assert bad.verdict is Verdict.MALICIOUS
        assert plain.signs == ()
        assert ("block_ip", BAD) in {(one.type, one.target) for one in bad.countermeasures}

    async def test_it_adds_to_what_the_rules_say(self, desk: Desk) -> None:
        await desk.analyze(DEEP)
        await desk.threats.product.answers.settle()
        by_rule = await desk.analyze(self.seen("203.0.113.77", "svchost.exe"))
        by_list = await desk.analyze(self.seen(BAD))
        both = await desk.analyze(self.seen(BAD, "svchost.exe"))
        assert by_rule.score is not None
        assert by_list.score is not None
        assert both.score is not None
        assert by_rule.score > 0
        assert both.score > max(by_rule.score, by_list.score) or both.score == 100
        assert {"malicious_ipv4", f"rule_{SERVICE_HOST.id}"} <= {one.name for one in both.signs}


class TestWhatComesOfIt:
    async def test_telemetry_adds_up_for_its_host_and_the_same_again_adds_nothing(self, desk: Desk) -> None:
        seed: Any = SEED["payload"]
        payload = seed | {"hostname": "Finance-07"}
        submission = Submission(read_record("endpoint_telemetry", payload))
        first = await desk.analyze(submission)
        assert [(one.kind, one.value) for one in first.entities] == [("host", "finance-07")]
        assert first.entities[0].score > 0
        assert (await desk.analyze(submission)).entities == first.entities
        assert (await desk.analyze(QUICK)).entities == ()

    async def test_the_printed_sample_gives_a_technique_actions_and_a_finding(self, desk: Desk) -> None:
        found = await desk.analyze(SAMPLE)
        assert "T1571" in found.techniques
        assert found.category is Category.COMMAND_AND_CONTROL
        assert found.countermeasures
        assert all(one.target for one in found.countermeasures)
        (finding,) = await desk.findings.select(OURS, Selection())
        assert (finding.assessment_id, finding.kind) == (found.id, "endpoint_telemetry")
        assert "T1571" in finding.techniques

    async def test_a_bad_target_seen_twice_is_two_assessments_and_one_finding(self, desk: Desk) -> None:
        first, second = await desk.analyze(DEEP), await desk.analyze(DEEP)
        (finding,) = await desk.findings.select(OURS, Selection())
        assert (finding.sightings, finding.assessment_id) == (2, second.id)
        assert {one.id for one in await desk.analyses.page(OURS, 10, behind=None)} == {first.id, second.id}

    async def test_what_is_well_known_opens_no_finding(self, desk: Desk) -> None:
        found = await desk.analyze(Submission(read_target("8.8.8.8"), Depth.DEEP))
        assert found.verdict is Verdict.BENIGN
        assert await desk.findings.count(OURS, ()) == 0

    async def test_the_words_of_the_test_file_are_critical(self, desk: Desk) -> None:
        found = await desk.analyze(Submission(read_target("X EICAR-STANDARD-ANTIVIRUS-TEST-FILE")))
        assert (found.verdict, found.severity) == (Verdict.MALICIOUS, Severity.CRITICAL)

    async def test_a_family_goes_by_its_usual_name_in_snake_case(self, desk: Desk) -> None:
        found = await desk.analyze(Submission(read_target("44d88612fea8a8f36de82e1278abb02f"), Depth.DEEP))
        assert found.family
        assert found.family == found.family.lower()
        assert not {*found.family} & {*" /."}

    async def test_who_asked_and_the_own_tags_are_kept(self, desk: Desk) -> None:
        tagged = replace(QUICK, request_id="req_1", metadata={"case": "42", "n": None})
        found = await desk.analyze(tagged)
        assert (found.by, found.tenant_id, found.created_at) == (ACTOR.name, OURS, desk.threats.clock.now())
        assert (found.request_id, found.metadata) == ("req_1", {"case": "42", "n": None})
        assert await desk.analyses.find(OURS, found.id) == found

    async def test_an_assessment_without_a_tenant_is_a_fault_and_leaves_nothing(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="belongs to a tenant"):
            await desk.analyses.analyze(QUICK, actor=Actor("operator", None))
        assert await desk.analyses.page(OURS, 10, behind=None) == ()

    async def test_where_the_event_cannot_be_kept_there_is_no_assessment_either(self, desk: Desk) -> None:
        class Full:
            async def append(self, event: Happened) -> object:
                raise OSError(event.topic)

        failing = desk.analyses_with(desk.findings_with(Full()))
        with pytest.raises(OSError, match=r"finding\.opened"):
            await failing.analyze(SAMPLE, actor=ACTOR)
        assert await desk.analyses.page(OURS, 10, behind=None) == ()
        assert await desk.findings.count(OURS, ()) == 0


class TestTwice:
    async def test_what_was_kept_under_an_id_is_given_to_who_comes_later_with_it(self, desk: Desk) -> None:
        first = await desk.analyses.analyze(SAMPLE, actor=ACTOR)
        desk.threats.clock.advance(1)
        assert await desk.analyses.analyze(SAMPLE, actor=ACTOR) == first
        (finding,) = await desk.findings.select(OURS, Selection())
        assert finding.sightings == 1


class TestReading:
    async def test_of_two_requests_with_one_id_the_newest_is_found(self, desk: Desk) -> None:
        await desk.analyze(replace(QUICK, request_id="req_1"))
        desk.threats.clock.advance(1)
        newer = await desk.analyze(replace(QUICK, request_id="req_1"))
        assert await desk.analyses.of_request(OURS, "req_1") == newer

    async def test_pages_go_from_new_to_old(self, desk: Desk) -> None:
        made = []
        for _ in range(3):
            made.append(await desk.analyze(QUICK))
            desk.threats.clock.advance(1)
        newest = await desk.analyses.page(OURS, 2, behind=None)
        assert list(newest) == made[:0:-1]
        behind = Behind(newest[-1].created_at.timestamp(), newest[-1].id)
        assert list(await desk.analyses.page(OURS, 2, behind=behind)) == made[:1]

    async def test_a_foreign_tenant_finds_nothing(self, desk: Desk) -> None:
        made = await desk.analyze(replace(QUICK, request_id="req_1"))
        for asked in (
            desk.analyses.find(THEIRS, made.id),
            desk.analyses.of_request(THEIRS, "req_1"),
            desk.analyses.find(OURS, AssessmentId("asm_none")),
        ):
            with pytest.raises(Problem, match="nothing at this path") as caught:
                await asked
            assert refused(caught) == (ProblemKind.NOT_FOUND, "not_found")
        assert await desk.analyses.page(THEIRS, 10, behind=None) == ()
