"""Why a rule in force fires on an event, or why not: nothing of the event that is sent is kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cybervault.detection.batch import BatchDetector, Fired
from cybervault.detection.explain import Explanation, explain
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.domain.problems import Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule on an event, which may be several records to it."""

    rule: Fired
    records: tuple[Explanation, ...]


class RuleQuestions:
    """Answered by the rules in force for batches."""

    def __init__(self, detector: BatchDetector) -> None:
        self._detector = detector

    async def explain(self, rule_id: str, event: Mapping[str, object]) -> Explained:
        """Each part of the rule's condition on the event, on a thread of its own.

        `Problem` NOT_FOUND `rule_not_found` where no rule of this id is in force, INVALID `invalid_parameter`.
        """
        return await asyncio.to_thread(self._explained, rule_id, event)

    def _explained(self, rule_id: str, event: Mapping[str, object]) -> Explained:
        rule = self._detector.rule(rule_id)
        if rule is None:
            raise Problem(
                ProblemKind.NOT_FOUND,
                code="rule_not_found",
                message="No rule of this id is in force. Of a correlation, ask about the rules that it counts.",
            )
        records = normalise(event)
        if isinstance(records, Unrecognised):
            details = (("event", records.reason),)
            raise Problem(
                ProblemKind.INVALID, code="invalid_parameter", message=f"event: {records.reason}", details=details
            )
        return Explained(Fired.of(rule), tuple(explain(rule, record) for record in records))
