"""The wire forms of what was called with a key, in steps of time."""

from collections.abc import Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from cybervault.access.usage_steps import UsageStep
from cybervault.faces.v3.management.key_shapes import OutcomeWord
from cybervault.faces.v3.management.shapes import moment_of

_StepWord: TypeAlias = Literal["hour", "day"]
# How long a step is and how many are told: two days, and as long as calls are kept unless the operator says otherwise.
_STEPS: Final = MappingProxyType({"hour": (timedelta(hours=1), 48), "day": (timedelta(days=1), 90)})


class UsageSummaryQuery(BaseModel):
    """Query of `GET /v3/keys/{key_id}/usage/summary`."""

    step: _StepWord = Field(default="day", description="`hour`: the last 48 hours; `day`: the last 90 days, of UTC.")

    def to_core(self) -> tuple[timedelta, int]:
        """How long a step is, and how many of them."""
        return _STEPS[self.step]


class UsageCount(BaseModel):
    """Calls of a step that ended alike with the same secret."""

    outcome: OutcomeWord = Field(
        description="`refused`: 401, 403, 429; `faulty`: another of 400 to 499; `failed`: 500 and above."
    )
    is_old_secret: bool = Field(description="Whether it was not the one that the key has now.")
    calls: int


class UsageStepReply(BaseModel):
    """One step."""

    at: str = Field(description="Its beginning.")
    counts: list[UsageCount] = Field(description="Empty where nothing was called.")


class UsageSummary(BaseModel):
    """Answer of `GET /v3/keys/{key_id}/usage/summary`."""

    step: _StepWord
    calls: int
    data: list[UsageStepReply] = Field(description="Without a gap, oldest first; the last one is going on.")

    @classmethod
    def of(cls, steps: Sequence[UsageStep], step: _StepWord) -> "UsageSummary":
        """All steps."""
        data = [
            UsageStepReply(
                at=moment_of(one.at),
                counts=[
                    UsageCount(outcome=count.outcome.value, is_old_secret=count.is_old_secret, calls=count.calls)
                    for count in one.counts
                ],
            )
            for one in steps
        ]
        return cls(step=step, calls=sum(count.calls for one in steps for count in one.counts), data=data)
