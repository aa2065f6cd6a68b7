"""The life of a session as pure rules: it ends when unused, when old, when somebody ends it, and with its member."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cybervault.access.subjects import Subject, of_member, of_session, of_tenant
from cybervault.domain.limits import LimitOverride
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    Environment,
    Member,
    MemberId,
    Plan,
    Principal,
    SessionId,
)
from cybervault.domain.problems import Problem, ProblemKind

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
# How long a proof of identity counts for what wants a fresh one (contract 1.5.3).
FRESH: Final = timedelta(minutes=5)
SEEN_WRITTEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A member's stay since signing in; `seen_at` is kept to the minute."""

    id: SessionId
    member_id: MemberId
    created_at: datetime
    seen_at: datetime
    proved_at: datetime
    ended_at: datetime | None = None
    ip: str | None = None
    agent: str | None = None

    @property
    def expires_at(self) -> datetime:
        """When it ends if it is not used again."""
        return min(self.seen_at + IDLE, self.created_at + ABSOLUTE)

    def lives_at(self, now: datetime) -> bool:
        """Whether it has not ended; from the very moment of its end it has."""
        return self.ended_at is None and now < self.expires_at

    def is_fresh_at(self, now: datetime) -> bool:
        """Whether the member proved who it is a short while ago."""
        return now < self.proved_at + FRESH


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session with its member and tenant, as they stand at this request."""

    session: Session
    member: Member
    plan: Plan
    tenant_suspended_at: datetime | None = None
    overrides: tuple[LimitOverride, ...] = ()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Whose changes make this entry untrue."""
        return of_session(self.session.id), of_member(self.member.id), of_tenant(self.member.tenant_id)

    def seen(self, at: datetime) -> "SessionEntry":
        """The same, used later than its row says."""
        return replace(self, session=replace(self.session, seen_at=at))

    @property
    def principal(self) -> Principal:
        """The caller that it names, with the rights of its role now."""
        return Principal(
            self.member.tenant_id,
            SCOPES_OF_ROLE[self.member.role],
            self.plan,
            Environment.PRODUCTION,
            member_id=self.member.id,
            role=self.member.role,
            session_id=self.session.id,
            overrides=self.overrides,
        )


def refuse_ended(entry: SessionEntry, now: datetime) -> None:
    """Raise `Problem` UNAUTHENTICATED `session_ended` or FORBIDDEN `tenant_suspended`."""
    if not entry.member.is_active or not entry.session.lives_at(now):
        raise Problem(
            ProblemKind.UNAUTHENTICATED, code="session_ended", message="This session has ended. Sign in again."
        )
    if entry.tenant_suspended_at is not None:
        raise Problem(ProblemKind.FORBIDDEN, code="tenant_suspended", message="This tenant is suspended.")


def refuse_stale(session: Session, now: datetime) -> None:
    """Raise `Problem` FORBIDDEN `reauth_required` where the last proof of identity is too old."""
    if not session.is_fresh_at(now):
        raise reauth_required()


def reauth_required() -> Problem:
    """What a caller is told who has to prove again who it is."""
    return Problem(
        ProblemKind.FORBIDDEN,
        code="reauth_required",
        message="Enter your password or a code of your second factor again, then repeat this within five minutes.",
    )


def sign_in_required() -> Problem:
    """What a caller is told who has not signed in, or whose cookie is none of ours."""
    return Problem(ProblemKind.UNAUTHENTICATED, code="sign_in_required", message="Sign in first.")
