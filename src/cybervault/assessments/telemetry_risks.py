"""What telemetry says of its host and user, with what it said of them before: kept by tenant, and halved by time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cybervault.assessments.store.entity_risks import EntityRiskStore
from cybervault.assessments.targets import Reading
from cybervault.detection.entities import HOST, USER
from cybervault.detection.entity_risk import Entity, EntityRisk, EntityRisks, RiskSum, apart
from cybervault.detection.risk import Hit
from cybervault.domain.assessments import Assessment, EntityAtRisk


@dataclass(frozen=True, slots=True)
class Risen:
    """An assessment with the risk of its host and user, and what is to be kept of them."""

    assessment: Assessment
    sums: Mapping[Entity, RiskSum]


class TelemetryRisks:
    """The risk of the hosts and users of all tenants. The caller holds one transaction around both of its verbs."""

    def __init__(self, store: EntityRiskStore) -> None:
        self._store = store

    async def after(self, assessment: Assessment, reading: Reading, hits: Sequence[Hit]) -> Risen:
        """The same assessment with the risk of its host and user, as it is with these hits.

        Only telemetry tells whom it is about, and names that all hosts share are nobody.
        """
        telemetry, at = reading.telemetry, assessment.created_at
        if telemetry is None:
            return Risen(assessment, {})
        named = [(HOST, telemetry.host), (USER, telemetry.user)]
        entities = list(apart((kind, value) for kind, value in named if value))
        risks = EntityRisks()
        risks.recall(await self._store.held(assessment.tenant_id, entities))
        risks.add(entities, hits, at)
        shown = tuple(_shown(risks.of(entity, at)) for entity in entities)
        return Risen(replace(assessment, entities=shown), risks.known() if hits else {})

    async def keep(self, risen: Risen) -> None:
        """Remember it for the next event."""
        if risen.sums:
            await self._store.keep(risen.assessment.tenant_id, risen.sums, risen.assessment.created_at)


def _shown(risk: EntityRisk) -> EntityAtRisk:
    (kind, value), points = risk.entity, tuple((name, round(left, 1)) for name, left in risk.rules)
    return EntityAtRisk(kind, value, round(risk.score, 1), risk.is_incident, risk.tactics, points)
