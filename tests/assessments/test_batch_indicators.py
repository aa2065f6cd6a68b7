"""What batches name is weighed by what is remembered, nobody is asked, and the worst become assessments."""

from contextlib import aclosing
from datetime import datetime

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments import batch_indicators as module
from cybervault.assessments.assess import Inquiry
from cybervault.assessments.batch_findings import Drawn
from cybervault.assessments.batch_indicators import BatchIndicators
from cybervault.detection.batch import Tally
from cybervault.detection.mentions import Mention, Mentions
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Verdict
from tests.fakes.threats import BAD, ThreatWorld

ACTOR = Actor("key:key_1 (cv_live_sk_…)", TenantId("tv_1"), request_id="req_1")
OTHER = "evil.example"


def mentions(at: datetime | None = None) -> Mentions:
    found = Mentions()
    for text in (BAD, OTHER, "198.51.100.7", "8.8.8.8"):
        found.add(Mention(parse_observable(text), 3, ("PC-7", "pc-8"), (at, None)))
    return found


async def drawn(threats: ThreatWorld, tally: Tally, actor: Actor = ACTOR) -> list[Drawn]:
    book, named = BatchIndicators(threats.product.assess, clock=threats.clock), mentions()
    return book.drawn(tally, book.bad(tally, named, await book.remembered(named)), actor=actor)


async def hear(threats: ThreatWorld, text: str) -> None:
    async with aclosing(threats.product.assess.gather(Inquiry(parse_observable(text), model=""))) as parts:
        async for _ in parts:
            pass


async def test_what_nobody_said_anything_about_is_no_threat(threats: ThreatWorld) -> None:
    tally = Tally()
    assert await drawn(threats, tally) == []
    assert (tally.indicators, tally.warnings) == (4, [])
    assert threats.farm.calls("virustotal") == []


async def test_a_bad_one_is_assessed_with_its_evidence_and_the_hosts_that_name_it(threats: ThreatWorld) -> None:
    await hear(threats, BAD)
    asked = len(threats.farm.calls("virustotal"))
    (one,) = await drawn(threats, Tally())
    assessment = one.assessment
    assert (assessment.target.value, assessment.verdict) == (BAD, Verdict.MALICIOUS)
    assert (assessment.by, assessment.request_id, assessment.created_at) == (ACTOR.name, "req_1", threats.clock.now())
    assert assessment.signs
    assert one.tags == ("host:pc-7", "host:pc-8")
    assert len(threats.farm.calls("virustotal")) == asked
    with pytest.raises(ValueError, match="belongs to a tenant"):
        await drawn(threats, Tally(), Actor("operator", None))


async def test_a_bad_one_speaks_against_the_hosts_that_name_it(threats: ThreatWorld) -> None:
    await hear(threats, BAD)
    book, named = BatchIndicators(threats.product.assess, clock=threats.clock), mentions(threats.clock.now())
    (bad,) = book.bad(Tally(), named, await book.remembered(named))
    score = bad.part.weighing.score
    assert [(one.host, one.hit.name, one.hit.points, one.at) for one in bad.noticed()] == [
        ("PC-7", "malicious_ipv4", score, threats.clock.now()),
        ("pc-8", "malicious_ipv4", score, None),
    ]


async def test_more_than_become_threats_are_told(threats: ThreatWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INDICATORS_MAX", 1)
    await hear(threats, BAD)
    await hear(threats, OTHER)
    tally = Tally()
    assert len(await drawn(threats, tally)) == 1
    assert tally.warnings == ["The first 1 of 2 bad indicators became threats."]
