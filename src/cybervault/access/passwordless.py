"""Sign-in without a password: by a passkey, or through an identity provider; slowed down by failures, and audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.access.identity import Departure, Identities
from cybervault.access.limits.fixed import caller_of
from cybervault.access.passkeys import Passkeys, Presented
from cybervault.access.session_life import Session
from cybervault.access.sign_in import Doors, Place, SignIn
from cybervault.access.throttle import ADDRESS, Attempt, Slowdown
from cybervault.domain.principals import MemberId, Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

PASSKEY: Final = "passkey"
IDENTITY: Final = "identity"


@dataclass(frozen=True, slots=True)
class _FromPlace(Attempt):
    """Nobody is named before it is proved, so that only the address counts; many people may share it."""

    @property
    def counted(self) -> tuple[tuple[str, Slowdown], ...]:
        return ((self.account, ADDRESS),)


class Passwordless:
    """The other ways in. Either counts as all factors: devices verify their user, and providers have factors too."""

    def __init__(self, passkeys: Passkeys, identities: Identities | None, *, sign_in: SignIn, doors: Doors) -> None:
        self._passkeys = passkeys
        self._identities = identities
        self._sign_in = sign_in
        self._doors = doors

    @property
    def has_provider(self) -> bool:
        """Whether the operator configured an identity provider."""
        return self._identities is not None

    async def with_passkey(self, presented: Presented, place: Place) -> tuple[Secret, Session]:
        """A session, and the text of its cookie.

        Raises `Problem` UNAUTHENTICATED `passkey_refused` or `sign_in_failed`, INVALID `attempt_expired`, CONFLICT
        `passkeys_unavailable`, OVER_LIMIT `too_many_attempts`.
        """
        attempt = await self._enter(PASSKEY, place)
        try:
            member_id = await self._passkeys.prove(presented)
        except Problem as problem:
            await self._refused(PASSKEY, problem, attempt, place=place)
            raise
        return await self._admit(member_id, attempt, how=PASSKEY, place=place)

    async def prove(self, principal: Principal, presented: Presented, place: Place) -> Secret:
        """The text of a new cookie for a member who proves again by a passkey who it is.

        Raises `Problem` FORBIDDEN `wrong_proof`, also for another member's; else as `with_passkey`.
        """
        attempt = await self._enter(PASSKEY, place)
        try:
            member_id = await self._passkeys.prove(presented)
        except Problem as problem:
            await self._refused(PASSKEY, problem, attempt, place=place)
            if problem.kind is ProblemKind.UNAUTHENTICATED:
                raise _wrong_proof(problem.detail) from None
            raise
        if member_id != principal.member_id:
            raise _wrong_proof("another member's passkey")
        await self._doors.throttle.passed(attempt)
        member = await self._doors.members.find(member_id, None)
        return await self._doors.sessions.prove_again(principal, actor=place.actor(member))

    async def leave(self) -> Departure:
        """Where a browser goes to sign in; `Problem` NOT_FOUND `identity_off`, UPSTREAM `identity_provider_failed`."""
        return await self._provider().start()

    async def come_back(self, ticket: str, answer: Mapping[str, str], place: Place) -> tuple[Secret, Session]:
        """A session for who comes back from the identity provider, and the text of its cookie.

        Raises `Problem` NOT_FOUND `identity_off`, UNAUTHENTICATED `identity_refused` or `sign_in_failed`, FORBIDDEN
        `identity_unknown`, INVALID `attempt_expired`, UPSTREAM `identity_provider_failed`, OVER_LIMIT
        `too_many_attempts`.
        """
        provider = self._provider()
        attempt = await self._enter(IDENTITY, place)
        try:
            member_id = await provider.finish(ticket, answer)
        except Problem as problem:
            await self._refused(IDENTITY, problem, attempt, place=place)
            raise
        return await self._admit(member_id, attempt, how=IDENTITY, place=place)

    def _provider(self) -> Identities:
        if self._identities is None:
            raise Problem(
                ProblemKind.NOT_FOUND,
                code="identity_off",
                message="No identity provider is configured. Sign in with a password or a passkey.",
            )
        return self._identities

    async def _enter(self, how: str, place: Place) -> Attempt:
        attempt = _FromPlace(f"{how}:{caller_of(place.address)}", None)
        await self._doors.throttle.enter(attempt)
        return attempt

    async def _admit(self, member_id: MemberId, attempt: Attempt, *, how: str, place: Place) -> tuple[Secret, Session]:
        found = await self._sign_in.proved(member_id, how=how, address=place.address, agent=place.agent)
        await self._doors.throttle.passed(attempt)
        return found

    async def _refused(self, how: str, problem: Problem, attempt: Attempt, *, place: Place) -> None:
        """Write down who was refused; what says nothing of the caller (they fail, we fail) does not count."""
        if problem.kind in {ProblemKind.UNAVAILABLE, ProblemKind.UPSTREAM, ProblemKind.CONFLICT}:
            await self._doors.throttle.take_back(attempt)
        elif problem.kind in {ProblemKind.UNAUTHENTICATED, ProblemKind.FORBIDDEN}:
            await self._sign_in.refused(
                how=how, reason=problem.code, member_id=None, address=place.address, agent=place.agent
            )


def _wrong_proof(detail: str) -> Problem:
    return Problem(ProblemKind.FORBIDDEN, code="wrong_proof", message="That is not right.", detail=detail)
