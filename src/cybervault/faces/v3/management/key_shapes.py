"""The wire forms of keys: what is wished, what is shown of a key, and the two answers that show a secret, once."""

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from cybervault.access.changes import FinishedRotation
from cybervault.access.life import Edit, Key, KeySecret, KeyState, NewExpiry
from cybervault.access.minting import MintedKey, NewKey
from cybervault.access.reports import Remark, readiness
from cybervault.access.store.usage import UsageRow
from cybervault.access.usage_steps import outcome_of
from cybervault.domain.principals import KeyKind, MemberId, Principal, Scope, ServiceAccountId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.language import Language, said
from cybervault.faces.moments import moment_in
from cybervault.faces.v3.management.networks import networks_in
from cybervault.faces.v3.management.office import PageQuery, Pagination
from cybervault.faces.v3.management.shapes import TEXT_CHARACTERS_MAX, Request, moment_of

KindWord: TypeAlias = Literal[
    "personal", "personal_test", "service_live", "service_test", "service_read", "classic_live", "classic_test"
]
KINDS: Final[dict[KindWord, KeyKind]] = {
    "personal": KeyKind.PERSONAL_LIVE,
    "personal_test": KeyKind.PERSONAL_TEST,
    "service_live": KeyKind.SERVICE_LIVE,
    "service_test": KeyKind.SERVICE_TEST,
    "service_read": KeyKind.SERVICE_READ,
    "classic_live": KeyKind.CLASSIC_LIVE,
    "classic_test": KeyKind.CLASSIC_TEST,
}
_WORDS: Final[dict[KeyKind, KindWord]] = {kind: word for word, kind in KINDS.items()}

OutcomeWord: TypeAlias = Literal["succeeded", "refused", "faulty", "failed"]

_Networks: TypeAlias = list[Annotated[str, Field(max_length=64)]]
_NETWORKS_MAX: Final = 100
_EXPIRY: Final = "A date, or a time with its zone, in ISO 8601; null: never."


class NewKeyRequest(Request):
    """Body of `POST /v3/keys`."""

    name: str = Field(max_length=TEXT_CHARACTERS_MAX, examples=["github-actions-prod"])
    kind: KindWord | None = Field(
        default=None, description="personal for people unless given, service_live for keys of no member."
    )
    scopes: frozenset[Scope] = Field(
        default=frozenset(), description="What it may do; none: of a personal key all that its owner may, else nothing."
    )
    ip_allow_list: _Networks = Field(
        default=[], max_length=_NETWORKS_MAX, description="From where it may be used; none: from anywhere."
    )
    expires_at: str | None = Field(default=None, description=_EXPIRY)
    service_account_id: str | None = Field(default=None, pattern=r"^sva_[0-9a-z]{12}$")

    def to_core(self, caller: Principal) -> NewKey:
        """The wish of this caller, who owns it where it is a personal key.

        Raises `Problem` INVALID `invalid_expiry` or `invalid_network`.
        """
        kind = KINDS[self.kind or ("service_live" if caller.member_id is None else "personal")]
        return NewKey(
            kind,
            self.name,
            self.scopes,
            networks_in(self.ip_allow_list),
            _expiry(self.expires_at),
            owner_id=caller.member_id if kind.is_personal else None,
            service_account_id=None if self.service_account_id is None else ServiceAccountId(self.service_account_id),
        )


class KeyEditRequest(Request):
    """Body of `PATCH /v3/keys/{key_id}`; what is left out stays as it is."""

    name: str | None = Field(default=None, max_length=TEXT_CHARACTERS_MAX)
    scopes: frozenset[Scope] | None = None
    ip_allow_list: _Networks | None = Field(default=None, max_length=_NETWORKS_MAX)
    expires_at: str | None = Field(default=None, description=_EXPIRY)
    confirm: bool = Field(default=False, description="Also where the list leaves out your own address.")

    def to_core(self) -> Edit:
        """The wish; fails as that for a new key."""
        return Edit(
            name=self.name,
            expiry=_new_expiry(self.expires_at, is_given="expires_at" in self.model_fields_set),
            scopes=self.scopes,
            networks=None if self.ip_allow_list is None else networks_in(self.ip_allow_list),
        )


class RotateRequest(Request):
    """Body of `POST /v3/keys/{key_id}/rotate`, which may be left out: then the key keeps its expiry."""

    expires_at: str | None = Field(default=None, description=_EXPIRY)

    def to_core(self) -> NewExpiry | None:
        """The expiry that is wished; None: as it is. `Problem` INVALID `invalid_expiry`."""
        return _new_expiry(self.expires_at, is_given="expires_at" in self.model_fields_set)


class RevokeRequest(Request):
    """Body of `POST /v3/keys/{key_id}/revoke`, which may be left out for keys of one's own."""

    reason: str = Field(
        default="",
        max_length=TEXT_CHARACTERS_MAX,
        description="For the audit; needed for somebody else's personal key.",
    )


class EmptyRequest(Request):
    """The body of what needs no words; it may be left out."""


class KeyQuery(PageQuery):
    """Query of `GET /v3/keys`."""

    owner: str | None = Field(default=None, description="`me`, or the id of a member.", max_length=64)
    state: KeyState | None = None


class KeyOwner(BaseModel):
    """The member whose rights a personal key has."""

    id: str
    name: str | None = Field(description="null for a member who was removed.")


class SecretReply(BaseModel):
    """What may be shown of a secret: never its text."""

    hint: str = Field(description="Its prefix and its last characters.", examples=["cbr_live_…Qx7a"])
    created_at: str
    ends_at: str | None = Field(description="The end of the overlap, during a rotation.")
    last_used_at: str | None
    last_used_ip: str | None
    is_old: bool = Field(description="Whether a newer secret replaces it.")

    @classmethod
    def of(cls, secret: KeySecret, *, is_old: bool) -> "SecretReply":
        """The secret."""
        return cls(
            hint=secret.hint,
            created_at=moment_of(secret.created_at),
            ends_at=_moment(secret.ends_at),
            last_used_at=_moment(secret.last_used_at),
            last_used_ip=secret.last_used_ip,
            is_old=is_old,
        )


class KeyReply(BaseModel):
    """A key."""

    id: str = Field(examples=["key_4f1k9x2m7q0z"])
    name: str
    kind: KindWord
    environment: Literal["production", "sandbox"]
    hint: str = Field(description="Prefix and last characters of the present secret.", examples=["cbr_live_…Qx7a"])
    state: Literal["active", "rotating", "expired", "revoked"]
    scopes: list[str]
    ip_allow_list: list[str]
    owner: KeyOwner | None
    service_account_id: str | None
    created_at: str
    created_by: str = Field(description="Who made it, as the audit names them.")
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="The last call, refused ones with the right secret too.")
    last_used_ip: str | None
    last_ip: str | None = Field(description="Where the last successful call came from.")
    exposed_at: str | None = Field(description="When its text was seen in the open.")
    exposed_where: str | None
    secrets: list[SecretReply] = Field(description="Those that have not ended, the old one first.")

    @classmethod
    def of(cls, key: Key, now: datetime, *, owner_name: str | None) -> "KeyReply":
        """The key as it stands now."""
        living = key.living(now)
        last = max(key.secrets, key=lambda one: one.last_used_at.timestamp() if one.last_used_at else 0.0)
        return cls(
            id=key.id,
            name=key.name,
            kind=_WORDS[key.kind],
            environment=key.kind.environment.value,
            hint=present_secret(key, now).hint,
            state=key.state(now).value,
            scopes=sorted(scope.value for scope in key.scopes),
            ip_allow_list=[str(network) for network in key.networks],
            owner=None if key.owner_id is None else KeyOwner(id=key.owner_id, name=owner_name),
            service_account_id=key.service_account_id,
            created_at=moment_of(key.created_at),
            created_by=key.created_by,
            expires_at=_moment(key.expires_at),
            revoked_at=_moment(key.revoked_at),
            last_used_at=_moment(last.last_used_at),
            last_used_ip=last.last_used_ip,
            last_ip=key.last_ip,
            exposed_at=_moment(key.exposed_at),
            exposed_where=key.exposed_where,
            secrets=[SecretReply.of(one, is_old=one is not living[-1]) for one in living],
        )


class KeyList(BaseModel):
    """Answer of `GET /v3/keys`, newest first."""

    data: list[KeyReply]
    pagination: Pagination


class ShownKeyReply(KeyReply):
    """A key with its new secret: shown this once and never again."""

    secret: str = Field(description="Keep it now. Whoever has lost it rotates the key.")

    @classmethod
    def shown(cls, minted: MintedKey, now: datetime, *, owner_name: str | None) -> "ShownKeyReply":
        """The answer that holds the secret."""
        reply = KeyReply.of(minted.key, now, owner_name=owner_name)
        return cls(**reply.model_dump(), secret=minted.secret.reveal())


class OldSecretReply(SecretReply):
    """The secret that a finished rotation has ended, and whether anybody still needed it."""

    last_use: str = Field(examples=["old secret last used 3 min ago from 203.0.113.9"])


class FinishedKeyReply(KeyReply):
    """A key whose rotation is finished."""

    old_secret: OldSecretReply

    @classmethod
    def finished(cls, done: FinishedRotation, now: datetime, *, owner_name: str | None) -> "FinishedKeyReply":
        """The key, and the last use of what it was opened with before."""
        reply, old = KeyReply.of(done.key, now, owner_name=owner_name), SecretReply.of(done.old, is_old=True)
        last = OldSecretReply(**old.model_dump(), last_use=readiness(done.old, now))
        return cls(**reply.model_dump(), old_secret=last)


class UseReply(BaseModel):
    """One call with a key."""

    at: str
    method: str
    path: str = Field(description="The template of the path, never what stood in its place.")
    status: int
    outcome: OutcomeWord = Field(description="What its status means.")
    milliseconds: int
    ip: str | None
    agent: str | None
    secret: str = Field(description="Which secret, by its hint.")
    is_old_secret: bool = Field(description="Whether it was not the one that the key has now.")
    request_id: str

    @classmethod
    def of(cls, row: UsageRow, key: Key, now: datetime) -> "UseReply":
        """The call."""
        return cls(
            at=moment_of(row.when),
            method=row.method,
            path=row.route,
            status=row.status,
            outcome=outcome_of(row.status).value,
            milliseconds=row.milliseconds,
            ip=row.ip,
            agent=row.agent,
            secret=row.hint,
            is_old_secret=row.hint != present_secret(key, now).hint,
            request_id=row.request_id,
        )


class UseList(BaseModel):
    """Answer of `GET /v3/keys/{key_id}/usage`, newest first."""

    data: list[UseReply]
    pagination: Pagination


class RemarkReply(BaseModel):
    """Why somebody should look at a key."""

    key_id: str
    name: str
    matter: Literal[
        "exposed", "refused", "two_networks", "old_secret_in_use", "expires_soon", "unused", "never_used", "no_expiry"
    ]
    text: str

    @classmethod
    def of(cls, remark: Remark, language: Language) -> "RemarkReply":
        """The remark."""
        text = said(remark.text, language)
        return cls(key_id=remark.key_id, name=remark.name, matter=remark.matter.value, text=text)


class KeyReport(BaseModel):
    """Answer of `GET /v3/keys/report`, the most urgent first."""

    data: list[RemarkReply]


def owner_asked(query: KeyQuery, caller: Principal) -> MemberId | None:
    """Whose keys are asked for; None: everybody's. `me` of a key without a member is nobody."""
    if query.owner == "me":
        return caller.member_id or MemberId("nobody")
    return None if query.owner is None else MemberId(query.owner)


def _new_expiry(text: str | None, *, is_given: bool) -> NewExpiry | None:
    return NewExpiry(_expiry(text)) if is_given else None


def _expiry(text: str | None) -> datetime | None:
    moment = None if text is None else moment_in(text)
    if text is not None and moment is None:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_expiry",
            message="An expiry is a date, or a time with its zone, such as 2027-01-31T12:00:00Z.",
        )
    return moment


def present_secret(key: Key, now: datetime) -> KeySecret:
    """The newest secret that works, or of a key that has none the last that did."""
    return (key.living(now) or key.secrets)[-1]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment_of(moment)
