"""Sign-in: with a password and, where the member has one, a second factor; slowed down by failures, and audited."""

import unicodedata
from dataclasses import dataclass
from typing import Final, Protocol

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.passwords import Passwords
from cybervault.access.session_life import Session, sign_in_required
from cybervault.access.sessions import Sessions
from cybervault.access.store.members import MemberStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.throttle import Attempt, Throttle, attempt_of
from cybervault.domain.observables import Address
from cybervault.domain.principals import Member, MemberId, Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

_EMAIL_CHARACTERS_MAX: Final = 254
_NOBODY: Final = "unknown"


class SecondFactors(Protocol):
    """What sign-in asks of second factors."""

    async def needed(self, member_id: MemberId) -> frozenset[str]:
        """The words of those that the member has; one of them is needed beside a password."""

    async def check(self, member_id: MemberId, code: str, *, actor: Actor | None = None) -> bool:
        """Whether the code is right now; it counts once."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What sign-in looks at and opens."""

    members: MemberStore
    session_rows: SessionStore
    sessions: Sessions
    passwords: Passwords
    throttle: Throttle
    second_factors: SecondFactors


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows to prove who it is: a password, a code of a second factor, or both."""

    password: Secret | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody calls."""

    address: Address | None = None
    agent: str | None = None
    request_id: str | None = None

    def actor(self, member: Member | None) -> Actor:
        """How the audit names who is there: a member who has proved it, or nobody known."""
        ip = None if self.address is None else str(self.address)
        name, tenant_id = ("anonymous", None) if member is None else (f"member:{member.id}", member.tenant_id)
        return Actor(name, tenant_id, ip=ip, agent=self.agent, request_id=self.request_id)


class SignIn:
    """How people come in, prove again who they are, and go."""

    def __init__(self, doors: Doors, journal: Journal) -> None:
        self._doors = doors
        self._journal = journal

    async def with_password(self, email: str, proof: Proof, place: Place) -> tuple[Secret, Session]:
        """A session, and the text of its cookie.

        Raises `Problem` UNAUTHENTICATED `sign_in_failed` (whatever of address and password is wrong, and for members
        who are suspended), `second_factor_required` or `wrong_code`; OVER_LIMIT `too_many_attempts`.
        """
        doors, email = self._doors, unicodedata.normalize("NFC", email.strip()).lower()[:_EMAIL_CHARACTERS_MAX]
        attempt = await self._enter(email, place)
        member, kept = await doors.members.find_by_email(email) or (None, None)
        is_active = member is not None and member.is_active
        with_taken_back = _TakingBack(doors.throttle, attempt)
        async with with_taken_back:
            match = await doors.passwords.verify(proof.password or Secret(""), kept if is_active else None)
        if member is None or not match.is_right:
            await self._refuse(place, member, how="password", reason="unknown" if member is None else "wrong")
            raise _failed()
        async with with_taken_back:
            await self._require_second_factor(member, proof, place)
        async with doors.members.transaction():
            await doors.throttle.passed(attempt)
            if match.newer is not None:
                await doors.members.set_password(member.id, match.newer)
            return await self._admit(member, place, how="password")

    async def proved(
        self, member_id: MemberId, *, how: str, address: Address | None, agent: str | None
    ) -> tuple[Secret, Session]:
        """A session for a member who was proved otherwise, by a passkey or an identity provider.

        Raises `Problem` UNAUTHENTICATED `sign_in_failed` for one who is suspended or removed.
        """
        place, member = Place(address, agent), await self._doors.members.find(member_id, None)
        if member is None or not member.is_active:
            await self._refuse(place, member, how=how, reason="not active")
            raise _failed()
        async with self._doors.members.transaction():
            return await self._admit(member, place, how=how)

    async def refused(
        self, *, how: str, reason: str, member_id: MemberId | None, address: Address | None, agent: str | None
    ) -> None:
        """Write down that somebody did not come in by a passkey or an identity provider."""
        member = None if member_id is None else await self._doors.members.find(member_id, None)
        await self._refuse(Place(address, agent), member, how=how, reason=reason)

    async def prove(self, principal: Principal, proof: Proof, place: Place) -> Secret:
        """The text of a new cookie for a member who proves again, by password or code, who it is.

        Raises `Problem` FORBIDDEN `wrong_proof`, OVER_LIMIT `too_many_attempts`.
        """
        member = await self.check(principal, proof, place)
        return await self._doors.sessions.prove_again(principal, actor=place.actor(member))

    async def check(self, principal: Principal, proof: Proof, place: Place) -> Member:
        """The member behind a session, who has shown a right password or code; fails as `prove`."""
        doors = self._doors
        member = None if principal.member_id is None else await doors.members.find(principal.member_id, None)
        if member is None:
            raise sign_in_required()
        # Whoever holds a session is no stranger: failures elsewhere do not slow it down.
        attempt = attempt_of(member.email, place.address, is_known_address=True)
        await doors.throttle.enter(attempt)
        async with _TakingBack(doors.throttle, attempt):
            is_right = await self._is_right(member, proof, place)
        if not is_right:
            await self._refuse(place, member, how="proof", reason="wrong")
            raise Problem(ProblemKind.FORBIDDEN, code="wrong_proof", message="That is not right.")
        await doors.throttle.passed(attempt)
        return member

    async def sign_out(self, principal: Principal, place: Place) -> None:
        """End the caller's session."""
        member = None if principal.member_id is None else await self._doors.members.find(principal.member_id, None)
        if principal.session_id is None:
            raise sign_in_required()
        await self._doors.sessions.end(
            principal.session_id, by=principal, actor=place.actor(member), change=Change.SIGNED_OUT
        )

    async def _enter(self, email: str, place: Place) -> Attempt:
        ip = "" if place.address is None else str(place.address)
        is_known = await self._doors.session_rows.has_been_at(email, ip)
        attempt = attempt_of(email, place.address, is_known_address=is_known)
        await self._doors.throttle.enter(attempt)
        return attempt

    async def _require_second_factor(self, member: Member, proof: Proof, place: Place) -> None:
        needed = await self._doors.second_factors.needed(member.id)
        if not needed:
            return
        if not proof.code:
            raise _SecondFactorRequired(needed)
        if not await self._doors.second_factors.check(member.id, proof.code, actor=place.actor(member)):
            await self._refuse(place, member, how="second_factor", reason="wrong")
            raise Problem(
                ProblemKind.UNAUTHENTICATED, code="wrong_code", message="This code is not right, or was used."
            )

    async def _is_right(self, member: Member, proof: Proof, place: Place) -> bool:
        doors = self._doors
        if proof.password is not None:
            return (await doors.passwords.verify(proof.password, await doors.members.password(member.id))).is_right
        if proof.code and await doors.second_factors.needed(member.id):
            return await doors.second_factors.check(member.id, proof.code, actor=place.actor(member))
        return False

    async def _admit(self, member: Member, place: Place, *, how: str) -> tuple[Secret, Session]:
        token, session = await self._doors.sessions.begin(member.id, address=place.address, agent=place.agent)
        details = {"how": how, "session": session.id}
        happening = Happening(Change.SIGN_IN_SUCCEEDED, place.actor(member), member.id, member.tenant_id, details)
        await self._journal.record(happening)
        return token, session

    async def _refuse(self, place: Place, member: Member | None, *, how: str, reason: str) -> None:
        """The same work whether there is such a member or not; what was typed as an address may be a password."""
        target, tenant_id = (_NOBODY, None) if member is None else (member.id, member.tenant_id)
        details = {"how": how, "reason": reason}
        async with self._doors.members.transaction():
            await self._journal.record(Happening(Change.SIGN_IN_FAILED, place.actor(None), target, tenant_id, details))


class _SecondFactorRequired(Problem):
    def __init__(self, needed: frozenset[str]) -> None:
        super().__init__(
            ProblemKind.UNAUTHENTICATED,
            code="second_factor_required",
            message=f"The password is right. A second factor is needed too, one of: {', '.join(sorted(needed))}.",
        )


class _TakingBack:
    """An attempt that was neither right nor wrong, since nobody could tell yet, is not counted."""

    def __init__(self, throttle: Throttle, attempt: Attempt) -> None:
        self._throttle = throttle
        self._attempt = attempt

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _SecondFactorRequired) or (
            isinstance(error, Problem) and error.kind is ProblemKind.UNAVAILABLE
        ):
            await self._throttle.take_back(self._attempt)


def _failed() -> Problem:
    return Problem(
        ProblemKind.UNAUTHENTICATED, code="sign_in_failed", message="The e-mail address or the password is not right."
    )
