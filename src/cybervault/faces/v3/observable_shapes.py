"""The wire forms of v3's observables: many looked up by one call, each with an answer or a failure of its own."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.domain.assessments import Assessment
from cybervault.domain.problems import Problem
from cybervault.faces.language import Language
from cybervault.faces.v3.threat_shapes import TEXT, AssessmentReply

OBSERVABLES_MAX: Final = 20
_CHARACTERS_MAX: Final = 4_096

Text = Annotated[str, Field(max_length=_CHARACTERS_MAX, pattern=TEXT)]


class LookUpRequest(BaseModel):
    """Body of `POST /v3/observables/lookup`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    observables: list[Text] = Field(
        min_length=1,
        max_length=OBSERVABLES_MAX,
        description="Addresses, domains, URLs, hashes ..., defanged or not. Each that is new counts as a call.",
        examples=[["203.0.113.42", "hxxps://evil[.]example/a"]],
    )
    depth: Literal["quick", "deep"] = Field(
        default="quick", description="quick asks nobody; deep asks the sources too, at most 25 seconds for all of them."
    )


class LookUpFailure(BaseModel):
    """Why one was not assessed."""

    code: str = Field(examples=["unknown_observable"])
    message: str
    retry_after_seconds: int | None = Field(description="Set where the call's limit is used up.")

    @classmethod
    def of(cls, problem: Problem) -> "LookUpFailure":
        """A problem of one of many."""
        return cls(code=problem.code, message=problem.message, retry_after_seconds=problem.retry_after_seconds)


class LookedUp(BaseModel):
    """What came of one; two spellings of the same observable have the same assessment."""

    observable: str = Field(description="As it was sent.")
    assessment: AssessmentReply | None
    error: LookUpFailure | None

    @classmethod
    def of(cls, text: str, came: Assessment | Problem, language: Language) -> "LookedUp":
        """An answer or a failure."""
        failure = LookUpFailure.of(came) if isinstance(came, Problem) else None
        reply = None if isinstance(came, Problem) else AssessmentReply.of(came, language)
        return cls(observable=text, assessment=reply, error=failure)


class LookUpReply(BaseModel):
    """Answer of `POST /v3/observables/lookup`, in the order of what was sent."""

    data: list[LookedUp]
