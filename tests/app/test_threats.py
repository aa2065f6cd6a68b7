"""The threat services, put together."""

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import Submission
from cybervault.assessments.selection import Selection
from cybervault.assessments.targets import read_target
from cybervault.domain.assessments import Depth
from cybervault.storage.outbox import Outbox
from tests.fakes.threats import BAD, ThreatWorld

DEEP = Submission(read_target(BAD), Depth.DEEP)


async def test_what_production_assesses_is_kept_and_told(threats: ThreatWorld) -> None:
    tenant = await threats.tenant()
    production = threats.product.threats.production
    made = await production.analyst.analyze(DEEP, actor=Actor("key:key_1", tenant.id))
    assert await production.analyst.find(tenant.id, made.id) == made
    (finding,) = await production.findings.select(tenant.id, Selection())
    assert finding.assessment_id == made.id
    assert threats.calls() > 0
    (kept,) = await Outbox(threats.product.database).untold(10)
    assert kept.event.subject == finding.id


async def test_what_the_sandbox_assesses_leaves_no_trace_and_asks_nobody(threats: ThreatWorld) -> None:
    tenant = await threats.tenant()
    environments = threats.product.threats
    await environments.sandbox.analyst.analyze(DEEP, actor=Actor("key:key_1", tenant.id))
    assert threats.calls() == 0
    assert await environments.production.analyst.page(tenant.id, 10, behind=None) == ()
    assert await environments.production.findings.count(tenant.id, ()) == 0
    assert await Outbox(threats.product.database).untold(10) == ()
