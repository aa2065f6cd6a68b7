"""The wire forms of v3 for why a rule fires on an event, or why not."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cybervault.assessments.rule_questions import Explained
from cybervault.detection.explain import Explanation, Said, Step, Verdict
from cybervault.faces.v3.telemetry_shapes import FiredRuleReply


class ExplainRequest(BaseModel):
    """Body of `POST /v3/telemetry/explain`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    rule_id: str = Field(min_length=1, max_length=200, examples=["5db09bd8-f6e8-48fe-9596-314f112e5c2e"])
    event: dict[str, Any] = Field(description="The event as it would stand on a line of a batch.")


class PartReply(BaseModel):
    """A part of a condition and what the event says of it: it asks about a field, or is made `of` other parts."""

    outcome: Said = Field(description="Whether it holds; unknown where the event does not tell enough.")
    sign: str = Field(description="and, or, not; asks where it looks at the event.", examples=["asks"])
    name: str | None = Field(description="As the rule calls it, such as a selection.")
    of: list["PartReply"]
    field: str | None = Field(description="None too where any field of the event will do.")
    kind: str | None = Field(description="How it asks.", examples=["ends"])
    pattern: str | None = Field(description="What it asks for, as the rule has it.")
    is_cased: bool | None
    value: list[str] = Field(description="What the field holds, shortened; nothing where it is absent.")
    matched: list[str] = Field(description="Those of the values that hold.")
    note: str | None = Field(description="Why something is not known.")

    @classmethod
    def of_step(cls, step: Step) -> "PartReply":
        """One part with all below it."""
        predicate = step.part.predicate
        return cls(
            outcome=step.said,
            sign=step.part.sign.value,
            name=step.part.name or None,
            of=[cls.of_step(one) for one in step.of],
            field=None if predicate is None else predicate.field or None,
            kind=None if predicate is None else predicate.kind.value,
            pattern=None if predicate is None else step.part.pattern,
            is_cased=None if predicate is None else predicate.is_cased,
            value=list(step.value),
            matched=list(step.matched),
            note=step.note or None,
        )


class RecordReply(BaseModel):
    """What a rule says of one record of the event."""

    verdict: Verdict = Field(
        description="fires; fires_uncertain: what would exclude the event is not told; undecided: it might fire if "
        "more were told; silent; not_asked: the rule is for another log source."
    )
    condition: PartReply

    @classmethod
    def of(cls, found: Explanation) -> "RecordReply":
        """One record."""
        return cls(verdict=found.verdict, condition=PartReply.of_step(found.root))


class ExplainedReply(BaseModel):
    """Answer of `POST /v3/telemetry/explain`."""

    rule: FiredRuleReply
    records: list[RecordReply] = Field(description="Most events are one record; one with several connections is more.")

    @classmethod
    def of(cls, found: Explained) -> "ExplainedReply":
        """The whole."""
        return cls(rule=FiredRuleReply.of(found.rule), records=[RecordReply.of(one) for one in found.records])
