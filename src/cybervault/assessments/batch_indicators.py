"""What is known here of the addresses, domains and hashes of a batch; as with single events nobody is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import Submission, assessment_of
from cybervault.assessments.assess import Assess
from cybervault.assessments.batch_findings import Drawn
from cybervault.assessments.conclude import conclude
from cybervault.assessments.known_bad import BadIndicator
from cybervault.assessments.targets import Reading
from cybervault.detection.batch import Tally
from cybervault.detection.mentions import Mention, Mentions, on_mentions
from cybervault.domain.assessments import Assessment, Part, Sort, Target
from cybervault.domain.clock import Clock
from cybervault.domain.never import NOBODYS, Ground
from cybervault.domain.observables import Observable
from cybervault.enrichment.recollection import SourceAnswer

INDICATORS_MAX: Final = 50
"""So many bad ones of a batch become threats; that there were more is told."""

Remembered: TypeAlias = Mapping[Observable, Sequence[SourceAnswer]]


class BatchIndicators:
    """Looks up what batches name, in the lists and in the answers that are remembered."""

    def __init__(self, assess: Assess, *, clock: Clock, ground: Ground = NOBODYS) -> None:
        self._assess = assess
        self._clock = clock
        self._ground = ground

    async def remembered(self, mentions: Iterable[Mention]) -> Remembered:
        """The answers that are remembered, by a few statements."""
        return await self._assess.remembered_of(one.observable for one in mentions)

    def bad(self, tally: Tally, mentions: Mentions, remembered: Remembered) -> list[BadIndicator]:
        """Those that are bad, the worst first; the tally is told how many were looked up."""
        tally.indicators = len(mentions)
        tally.warnings += on_mentions(mentions)
        answers = {observable: [one.answer for one in some] for observable, some in remembered.items()}
        return self._assess.knowing().bad_among(mentions, answers)

    def drawn(self, tally: Tally, bad: Sequence[BadIndicator], *, actor: Actor) -> list[Drawn]:
        """An assessment for each; the tally is told where there are more than become threats."""
        if len(bad) > INDICATORS_MAX:
            tally.warnings.append(f"The first {INDICATORS_MAX} of {len(bad):,} bad indicators became threats.")
        return [Drawn(self._assessment(one.part, actor), _tags(one.mention)) for one in bad[:INDICATORS_MAX]]

    def _assessment(self, part: Part, actor: Actor) -> Assessment:
        if actor.tenant_id is None:
            raise ValueError("an assessment belongs to a tenant")
        observable = part.observable
        reading = Reading(Target(Sort.INDICATOR, observable.kind.value, observable.value), (observable,))
        submission = Submission(reading, request_id=actor.request_id or "")
        found = conclude(reading, (part,), ground=self._ground)
        made = assessment_of(submission, found, (part,), tenant_id=actor.tenant_id)
        family = None if found.family is None else self._assess.family_word(found.family)
        return replace(made, created_at=self._clock.now(), by=actor.name, family=family)


def _tags(one: Mention) -> tuple[str, ...]:
    return tuple(f"host:{host.casefold()}" for host in one.hosts)
