"""What batches find becomes threats: one for each rule and entity, seen again by the next batch, bounded and told."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cybervault.access.audit import Actor
from cybervault.assessments import batch_findings as module
from cybervault.assessments.batch_findings import KIND, BatchFindings, Drawn
from cybervault.assessments.findings import Findings, StatusChange
from cybervault.assessments.selection import Selection
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.store.findings import FindingStore
from cybervault.detection.batch import Fired, Tally
from cybervault.detection.sightings import Sighting
from cybervault.domain.assessments import Category
from cybervault.domain.findings import Act, Finding, Status
from cybervault.domain.never import ground_of
from cybervault.domain.principals import Plan, Principal, Scope, TenantId
from cybervault.domain.verdicts import Confidence, Severity, Verdict
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox
from tests.access.conftest import world_on
from tests.fakes.clock import HandClock

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS, request_id="req_1")
WRITER = Principal(OURS, frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}), Plan.STARTER)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fired(id_: str, level: Severity, *tags: str, confidence: float = 0.9) -> Fired:
    return Fired(
        id=id_, title=f"Rule {id_}", level=level, author="Somebody", pack="starter", confidence=confidence,
        techniques=tuple(tag for tag in tags if tag.startswith("T")),
        tactics=tuple(tag for tag in tags if not tag.startswith("T")),
    )  # fmt: skip


RULES = {
    "h": fired("h", Severity.HIGH, "command-and-control", "T1571"),
    "m": fired("m", Severity.MEDIUM, "credential-access", "T1110.001"),
    "l": fired("l", Severity.LOW),
    "guess": fired("guess", Severity.HIGH, confidence=0.4),
}


def seen(rule: str, host: str = "pc-7", user: str = "eve", minutes: int = 0, count: int = 1) -> Sighting:
    at = NOON + timedelta(minutes=minutes)
    return Sighting(rule, host, user, is_certain=True, count=count, first=at, last=at)


class Desk:
    """Findings of batches on one database."""

    def __init__(self, database: Database, findings: Findings) -> None:
        self.database = database
        self.findings = findings
        self.store = AssessmentStore(database)
        ours = ground_of(["mail.acme.example"])
        self.book = BatchFindings(self.store, findings, clock=HandClock(), ground=ours)

    def drawn(self, *sightings: Sighting, actor: Actor = ACTOR) -> list[Drawn]:
        return self.book.drawn(Tally(rules=RULES), sightings, actor)

    async def sent(self, *sightings: Sighting, actor: Actor = ACTOR) -> list[Finding]:
        """What a batch with these leaves, by its ids."""
        ids = await self.book.keep(self.drawn(*sightings, actor=actor), actor)
        return [await self.findings.find(actor.tenant_id or OURS, id_) for id_ in ids]


@pytest.fixture
async def desk(database: Database) -> Desk:
    world = await world_on(database)
    return Desk(database, Findings(FindingStore(database), world.journal, Outbox(database)))


@pytest.mark.parametrize("host", ["mail", "MAIL.acme.example", "dc01"])
async def test_nothing_of_our_own_and_no_domain_controller_is_to_be_cut_off(desk: Desk, host: str) -> None:
    (drawn,) = desk.drawn(seen("h", host))
    assert "isolate_endpoint" not in {one.type for one in drawn.assessment.countermeasures}


async def test_a_rule_on_a_host_is_one_threat_that_says_what_was_seen(desk: Desk) -> None:
    (finding,) = await desk.sent(seen("h", count=3), seen("h", "PC-7", "ann", 90))
    assert (finding.kind, finding.value) == (KIND, "Rule h (h), host pc-7")
    assert (finding.severity, finding.score, finding.verdict) == (Severity.HIGH, 73, Verdict.MALICIOUS)
    assert (finding.type, finding.status, finding.sightings) == (Category.COMMAND_AND_CONTROL, Status.NEW, 1)
    assert (finding.indicators, finding.techniques) == (("rule:Rule h", "host:pc-7"), ("T1571",))
    assessment = await desk.store.find(OURS, finding.assessment_id)
    assert assessment is not None
    assert assessment.summary == (
        "Malicious, 73 of 100. The rule Rule h fired 4 times on the host pc-7 from 2026-03-01 12:00:00 to "
        "2026-03-01 13:30:00, in a batch of telemetry."
    )
    assert (assessment.confidence, assessment.by, assessment.request_id) == (Confidence.HIGH, ACTOR.name, "req_1")
    assert [(one.rule_id, one.author, one.is_certain) for one in assessment.detections] == [("h", "Somebody", True)]
    assert "isolate_endpoint" in {one.type for one in assessment.countermeasures}
    (step,) = await desk.findings.steps(OURS, finding.id)
    assert (step.act, step.by) == (Act.OPENED, ACTOR.name)
    events = [one.event for one in await Outbox(desk.database).untold(9)]
    assert [(one.topic, one.subject, one.tenant_id) for one in events] == [("finding.opened", finding.id, OURS)]


async def test_the_next_batch_sees_it_again_and_what_was_closed_comes_anew(desk: Desk) -> None:
    (first,) = await desk.sent(seen("h"))
    (again,) = await desk.sent(seen("h"))
    assert (again.id, again.sightings) == (first.id, 2)
    await desk.findings.change(first.id, StatusChange(Status.CLOSED), by=WRITER, actor=ACTOR)
    (anew,) = await desk.sent(seen("h"))
    assert anew.id != first.id


async def test_without_a_host_it_is_about_the_user_and_without_both_about_the_rule(desk: Desk) -> None:
    found = await desk.sent(seen("m", ""), seen("m", "", ""), seen("m", "pc-7"))
    assert {finding.value for finding in found} == {"Rule m (m), user eve", "Rule m (m)", "Rule m (m), host pc-7"}
    assert {finding.type for finding in found} == {Category.BRUTE_FORCE}
    assert {finding.verdict for finding in found} == {Verdict.SUSPICIOUS}
    assert ("rule:Rule m",) in {finding.indicators for finding in found}


async def test_what_is_low_or_says_too_little_is_no_threat(desk: Desk) -> None:
    assert await desk.sent(seen("l"), seen("guess")) == []


async def test_what_is_not_certain_says_so(desk: Desk) -> None:
    doubtful = msgspec.structs.replace(seen("h"), is_certain=False, first=None, last=None)
    (finding,) = await desk.sent(doubtful)
    assessment = await desk.store.find(OURS, finding.assessment_id)
    assert assessment is not None
    assert assessment.confidence is Confidence.MEDIUM
    assert assessment.summary.endswith(
        "once on the host pc-7, in a batch of telemetry. What would exclude it was not told."
    )


async def test_what_is_kept_again_after_a_crash_changes_nothing(desk: Desk) -> None:
    drawn = msgspec.msgpack.decode(msgspec.msgpack.encode(desk.drawn(seen("h"), seen("m"))), type=list[Drawn])
    first, second = [await desk.book.keep(drawn, ACTOR) for _ in range(2)]
    assert first == second
    assert [(await desk.findings.find(OURS, one)).sightings for one in first] == [1, 1]


async def test_two_batches_that_find_the_same_at_once_open_one_threat_each(desk: Desk) -> None:
    one, other = [desk.drawn(*(seen("h", f"pc-{number}") for number in numbers)) for numbers in ((1, 2), (2, 1))]
    first, second = await asyncio.gather(desk.book.keep(one, ACTOR), desk.book.keep(list(reversed(other)), ACTOR))
    assert sorted(first) == sorted(second)
    assert [(await desk.findings.find(OURS, id_)).sightings for id_ in first] == [2, 2]


async def test_the_worst_are_opened_and_it_is_told_that_there_were_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINDINGS_MAX", 2)
    tally = Tally(rules=RULES)
    drawn = desk.book.drawn(tally, [seen("m", "a"), seen("m", "b", count=2), seen("h", "c")], ACTOR)
    assert [one.tags[1] for one in drawn] == ["host:c", "host:b"]
    assert tally.warnings == ["The first 2 of 3 threats were opened, the worst ones."]


async def test_tenants_never_see_each_other(desk: Desk) -> None:
    (ours,) = await desk.sent(seen("h"))
    (theirs,) = await desk.sent(seen("h"), actor=Actor("key:key_2", THEIRS))
    assert ours.id != theirs.id
    assert [one.id for one in await desk.findings.select(OURS, Selection())] == [ours.id]
    assert [one.id for one in await desk.findings.select(THEIRS, Selection())] == [theirs.id]


async def test_a_batch_without_a_tenant_is_a_fault(desk: Desk) -> None:
    with pytest.raises(ValueError, match="belongs to a tenant"):
        desk.drawn(seen("h"), actor=Actor("operator", None))
