"""The wire forms of second factors and passkeys. What is shown once leaves us here, and nowhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cybervault.access.passkeys import Ceremony, Presented, Registered, id_text_of
from cybervault.access.second_factors import Enrolment
from cybervault.access.store.passkeys import Passkey
from cybervault.access.store.second_factors import Factors
from cybervault.domain.secrets import Secret

_TICKET: int = 4_096


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ConfirmRequest(_Request):
    """Body of `POST /api/console/totp/confirm`."""

    ticket: str = Field(max_length=_TICKET)
    code: str = Field(max_length=64, description="What the authenticator shows now.")


class PasskeyRequest(_Request):
    """Body of `POST /api/console/passkeys/sign-in` and `/proof`."""

    ticket: str = Field(max_length=_TICKET)
    credential: dict[str, Any] = Field(description="What `navigator.credentials.get` gave, as JSON.")

    def to_core(self) -> Presented:
        """What the browser came back with."""
        return Presented(self.ticket, self.credential)


class RegisterRequest(PasskeyRequest):
    """Body of `POST /api/console/passkeys/register`."""

    name: str = Field(max_length=1_024, description="How the member calls the device.")


class FactorsReply(BaseModel):
    """Answer of `GET /api/console/second-factors`."""

    totp: bool = Field(description="Whether there are one-time codes.")
    passkeys: int
    recovery_codes: int = Field(description="How many are left.")

    @classmethod
    def of(cls, factors: Factors) -> "FactorsReply":
        return cls(
            totp=factors.totp_secret is not None, passkeys=factors.passkeys, recovery_codes=factors.recovery_codes
        )


class EnrolmentReply(BaseModel):
    """Answer of `POST /api/console/totp/begin`; shown once."""

    secret: str = Field(description="To be typed into an authenticator.")
    uri: str = Field(description="The same for a QR code.")
    ticket: str = Field(description="For the confirmation.")

    @classmethod
    def of(cls, enrolment: Enrolment) -> "EnrolmentReply":
        return cls(secret=enrolment.secret.reveal(), uri=enrolment.uri.reveal(), ticket=enrolment.ticket)


class CodesReply(BaseModel):
    """Recovery codes, shown once; none where the member has some already."""

    recovery_codes: list[str]

    @classmethod
    def of(cls, codes: Sequence[Secret]) -> "CodesReply":
        return cls(recovery_codes=[code.reveal() for code in codes])


class CeremonyReply(BaseModel):
    """What a browser is asked to do."""

    options: dict[str, Any] = Field(description="For `navigator.credentials`, in its JSON form.")
    ticket: str = Field(description="To come back with.")

    @classmethod
    def of(cls, ceremony: Ceremony) -> "CeremonyReply":
        return cls(options=dict(ceremony.options), ticket=ceremony.ticket)


class PasskeyReply(BaseModel):
    """One passkey."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyReply":
        used = None if passkey.last_used_at is None else _moment(passkey.last_used_at)
        return cls(id=id_text_of(passkey), name=passkey.name, created_at=_moment(passkey.created_at), last_used_at=used)


class PasskeyList(BaseModel):
    """Answer of `GET /api/console/passkeys`, oldest first."""

    passkeys: list[PasskeyReply]


class RegisteredReply(BaseModel):
    """Answer of `POST /api/console/passkeys/register`."""

    passkey: PasskeyReply
    recovery_codes: list[str] = Field(description="With the first second factor; shown once.")

    @classmethod
    def of(cls, made: Registered) -> "RegisteredReply":
        return cls(passkey=PasskeyReply.of(made.passkey), recovery_codes=[code.reveal() for code in made.codes])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
