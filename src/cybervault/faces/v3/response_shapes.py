"""The wire forms of v3's response: actions that are asked for, and the catalogue of what there is."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.domain.actions import CATALOGUE, ActionType
from cybervault.domain.ids import FindingId
from cybervault.faces.language import ENGLISH, Language, said
from cybervault.faces.moments import spelled
from cybervault.faces.v3.management.office import Pagination
from cybervault.response.actions import NewAction, Offer
from cybervault.response.store import Action

_TARGET_CHARACTERS_MAX: Final = 4_096
_REASON_CHARACTERS_MAX: Final = 1_024
_FINDING_ID: Final = r"^thr_[0-9a-z]{10}$"


class ActionRequest(BaseModel):
    """Body of `POST /v3/response/actions`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    type: ActionType = Field(examples=["block_ip"])
    target: str = Field(
        max_length=_TARGET_CHARACTERS_MAX,
        description="What to do it to, of the kind that the catalogue names; addresses and names may be defanged.",
        examples=["198.51.100.42"],
    )
    reason: str = Field(
        max_length=_REASON_CHARACTERS_MAX,
        description="Why, 1 to 500 characters: it is written to the audit.",
        examples=["Beacons of finance-07 go there."],
    )
    dry_run: bool = Field(default=False, description="Check only: nothing is changed, and nobody is told.")
    finding_id: str | None = Field(
        default=None, pattern=_FINDING_ID, description="The threat that it answers.", examples=["thr_1m4p7s0v3y"]
    )

    def to_core(self) -> NewAction:
        """The wish."""
        finding_id = None if self.finding_id is None else FindingId(self.finding_id)
        return NewAction(self.type, self.target, self.reason, self.dry_run, finding_id)


class ActionReply(BaseModel):
    """An action that was asked for."""

    id: str = Field(examples=["act_8h2k5n9q1t"])
    type: str = Field(examples=["block_ip"])
    target: str
    reason: str
    dry_run: bool
    state: Literal["checked", "recorded"] = Field(
        description="`checked`: a dry run. `recorded`: written down, nothing was changed."
    )
    executor: str = Field(description="Who took it over; `recorder` only writes down.")
    finding_id: str | None
    is_reversible: bool
    undo: str | None = Field(description="How it is taken back; null where nothing does.")
    details: dict[str, str] = Field(description="What the executor says of it.")
    created_at: str
    created_by: str = Field(description="Who asked, as the audit names them.")

    @classmethod
    def of(cls, action: Action) -> "ActionReply":
        """The action."""
        rule = CATALOGUE[action.type]
        return cls.model_validate(
            {
                "id": action.id,
                "type": action.type.value,
                "target": action.target,
                "reason": action.reason,
                "dry_run": action.is_dry_run,
                "state": action.state.value,
                "executor": action.executor,
                "finding_id": action.finding_id,
                "is_reversible": rule.is_reversible,
                "undo": rule.undo,
                "details": dict(action.details),
                "created_at": spelled(action.created_at),
                "created_by": action.created_by,
            }
        )


class ActionList(BaseModel):
    """Answer of `GET /v3/response/actions`, newest first."""

    data: list[ActionReply]
    pagination: Pagination


class OfferReply(BaseModel):
    """One type of action."""

    type: str = Field(examples=["block_ip"])
    summary: str
    target_kind: str = Field(examples=["ip"])
    is_reversible: bool
    undo: str | None = Field(description="How it is taken back; null where nothing does.")
    blast_radius: str = Field(description="What else it touches.")
    d3fend_id: str | None = Field(description="MITRE D3FEND.", examples=["D3-OTF"])
    react_id: str | None = Field(description="RE&CT.", examples=["RA3101"])
    executor: str = Field(description="Who would take it over; `recorder` only writes down.")

    @classmethod
    def of(cls, offer: Offer, language: Language = ENGLISH) -> "OfferReply":
        """The type."""
        rule = offer.rule
        return cls(
            type=offer.type.value,
            summary=said(rule.summary, language),
            target_kind=rule.target.value,
            is_reversible=rule.is_reversible,
            undo=None if rule.undo is None else said(rule.undo, language),
            blast_radius=said(rule.blast_radius, language),
            d3fend_id=rule.d3fend,
            react_id=rule.react,
            executor=offer.executor,
        )


class CatalogueReply(BaseModel):
    """Answer of `GET /v3/response/catalogue`."""

    data: list[OfferReply]
