"""The wire forms of v3 for what a tenant may scan."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.faces.moments import spelled
from cybervault.faces.v3.management.office import Pagination
from cybervault.scans.grant import Grant
from cybervault.scans.grants import DAYS_MAX, NOTE_CHARACTERS_MAX, NewGrant
from cybervault.scans.proof import FILE_PATH, TXT_LABEL
from cybervault.scans.targets import TARGET_CHARACTERS_MAX, TargetKind


class GrantRequest(BaseModel):
    """Body of `POST /v3/scans/grants`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    target: str = Field(
        max_length=TARGET_CHARACTERS_MAX,
        description="A domain, which is then to be proved; a private network where the operator lets owners grant one.",
        examples=["example.com"],
    )
    note: str = Field(
        default="", max_length=NOTE_CHARACTERS_MAX * 2, description="On what ground, at most 500 characters."
    )
    allow_pentest: bool = Field(default=False, description="Whether scans of the profile `pentest` may use it.")
    days: int | None = Field(
        default=None, ge=1, le=DAYS_MAX, description="When it ends; a proved domain counts for 30 days."
    )

    def to_core(self) -> NewGrant:
        """The wish."""
        return NewGrant(self.target, self.note, self.allow_pentest, self.days)


class ChallengeReply(BaseModel):
    """What proves a domain: the text as a TXT record, or in a file."""

    text: str = Field(examples=["cybervault-challenge=4k1x..."])
    txt_record: str = Field(examples=["_cybervault-challenge.example.com"])
    file: str = Field(examples=["https://example.com/.well-known/cybervault-challenge.txt"])


class GrantReply(BaseModel):
    """One scope that may be scanned, or that waits for its proof."""

    id: str = Field(examples=["sgr_4f1k9x2m7q"])
    target: str = Field(examples=["10.1.0.0/16"])
    kind: TargetKind
    basis: Literal["operator", "owner", "proof"] = Field(description="Who vouches for it.")
    granted: bool = Field(description="False while its proof is missing.")
    allow_pentest: bool
    note: str
    challenge: ChallengeReply | None
    granted_at: str | None
    expires_at: str | None
    created_at: str
    created_by: str

    @classmethod
    def of(cls, grant: Grant) -> "GrantReply":
        """The grant."""
        return cls(
            id=grant.id,
            target=grant.target.value,
            kind=grant.target.kind,
            basis=grant.basis.value,
            granted=grant.granted_at is not None,
            allow_pentest=grant.allows_pentest,
            note=grant.note,
            challenge=None if grant.challenge is None else _challenge(grant.target.value, grant.challenge),
            granted_at=None if grant.granted_at is None else spelled(grant.granted_at),
            expires_at=None if grant.expires_at is None else spelled(grant.expires_at),
            created_at=spelled(grant.created_at),
            created_by=grant.created_by,
        )


class GrantList(BaseModel):
    """Answer of `GET /v3/scans/grants`, oldest first."""

    data: list[GrantReply]
    pagination: Pagination


def _challenge(domain: str, text: str) -> ChallengeReply:
    return ChallengeReply(text=text, txt_record=f"{TXT_LABEL}.{domain}", file=f"https://{domain}{FILE_PATH}")
