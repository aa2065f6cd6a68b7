"""One-time tokens: for the first administrator, and for a member who is to choose a password."""

import secrets
from datetime import timedelta
from typing import Final

from cybervault.access.store.invitations import Invitation, InvitationStore
from cybervault.access.tokens import Peppers
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

_TOKEN_BYTES: Final = 32


def new_token() -> Secret:
    """256 random bits as text that an address and a cookie may hold."""
    return Secret(secrets.token_urlsafe(_TOKEN_BYTES))


def digests_of(token: Secret, peppers: Peppers) -> tuple[bytes, ...]:
    """Under what a token may be kept: as new ones are, then as before the pepper was changed."""
    return tuple(token.keyed_digest(pepper.key) for pepper in (peppers.current, peppers.previous) if pepper is not None)


class OneTimeTokens:
    """Issued for one subject, which has at most one that works; used once, before it expires."""

    def __init__(self, store: InvitationStore, clock: Clock, peppers: Peppers) -> None:
        self._store = store
        self._clock = clock
        self._peppers = peppers

    async def issue(self, subject: str, lifetime: timedelta) -> Secret:
        """A new token, in the place of the subject's older one. The caller may hold a transaction."""
        token = new_token()
        await self._store.keep(Invitation(subject, digests_of(token, self._peppers)[0], self._clock.now() + lifetime))
        return token

    async def subject_of(self, token: Secret) -> str:
        """Whose token it is, without using it; fails as `redeem`."""
        return (await self._living(token)).subject

    async def redeem(self, token: Secret) -> str:
        """Whose token it is, which from now on works no more; found by its digest, so that no compare can leak it.

        The caller holds the transaction: where the rest fails, the token stays good. Raises `Problem` INVALID
        `invalid_token`, the same for unknown, used and expired ones.
        """
        found = await self._living(token)
        if not await self._store.use(found.digest, self._clock.now()):  # of two that come at once only one marks it
            raise invalid_token()
        return found.subject

    async def withdraw(self, subject: str) -> None:
        """Let the subject's token open nothing any more."""
        await self._store.forget(subject)

    async def _living(self, token: Secret) -> Invitation:
        now = self._clock.now()
        for digest in digests_of(token, self._peppers):
            found = await self._store.find(digest)
            if found is not None and found.works_at(now):
                return found
        raise invalid_token()


def invalid_token() -> Problem:
    """What is said of a token that opens nothing, whatever the reason."""
    return Problem(
        ProblemKind.INVALID,
        code="invalid_token",
        message="This one-time token is unknown, was used already or has expired. Ask for a new one.",
    )
