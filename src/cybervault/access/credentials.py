"""Passwords of members: chosen by a one-time token, changed by their owner, reset by the operator."""

import secrets
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.one_time import OneTimeTokens, invalid_token
from cybervault.access.sign_in import Doors, Place, Proof, SignIn
from cybervault.access.subjects import of_member
from cybervault.domain.principals import Member, MemberId, Principal, SessionId
from cybervault.domain.secrets import Secret

_GENERATED_BYTES: Final = 18


def generated_password() -> Secret:
    """24 characters from a random source, 144 bits."""
    return Secret(secrets.token_urlsafe(_GENERATED_BYTES))


class Credentials:
    """Sets passwords; each new one ends the member's other sessions."""

    def __init__(self, doors: Doors, sign_in: SignIn, *, tokens: OneTimeTokens, journal: Journal) -> None:
        self._doors = doors
        self._sign_in = sign_in
        self._tokens = tokens
        self._journal = journal

    async def accept(self, token: Secret, password: Secret, place: Place) -> Member:
        """Choose a password by a one-time token. It opens no session: a second factor would be passed by.

        Raises `Problem` INVALID `invalid_token` or `weak_password`; then the token stays good.
        """
        member = await self._member_of(await self._tokens.subject_of(token))
        kept = await self._hash(member, password)
        async with self._doors.members.transaction():
            await self._member_of(await self._tokens.redeem(token))
            await self._keep(member, kept, actor=place.actor(member), but=None)
        return member

    async def change(self, principal: Principal, current: Secret, new: Secret, *, place: Place) -> Secret:
        """The text of the caller's new cookie, after it has shown its password and chosen another.

        Raises `Problem` FORBIDDEN `wrong_proof`, INVALID `weak_password`, OVER_LIMIT `too_many_attempts`.
        """
        member = await self._sign_in.check(principal, Proof(current), place)
        kept, session_id = await self._hash(member, new), principal.session_id or SessionId("")
        async with self._doors.members.transaction():
            token = await self._doors.sessions.renew(session_id)
            await self._keep(member, kept, actor=place.actor(member), but=session_id)
        return token

    async def reset(self, member: Member, password: Secret, *, actor: Actor) -> None:
        """Give a member a password and end all its sessions; `Problem` INVALID `weak_password`."""
        kept = await self._hash(member, password)
        async with self._doors.members.transaction():
            await self._keep(member, kept, actor=actor, but=None)

    async def _member_of(self, subject: str) -> Member:
        member = await self._doors.members.find(MemberId(subject), None)
        if member is None or not member.is_active:
            raise invalid_token()
        return member

    async def _hash(self, member: Member, password: Secret) -> str:
        return await self._doors.passwords.hash(password, about=about(member.email, member.name))

    async def _keep(self, member: Member, kept: str, *, actor: Actor, but: SessionId | None) -> None:
        doors = self._doors
        await doors.members.set_password(member.id, kept)
        await doors.session_rows.end_all(member.id, self._journal.clock.now(), but=but)
        happening = Happening(Change.PASSWORD_CHANGED, actor, member.id, member.tenant_id)
        await self._journal.record(happening, of_member(member.id))


def about(email: str, name: str) -> tuple[str, ...]:
    """What a member's password must not be."""
    return email, email.partition("@")[0], name
