"""Sessions of people who have signed in: begun, resolved at each request, proved again, listed and ended."""

from collections import OrderedDict
from datetime import datetime
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.one_time import digests_of, new_token
from cybervault.access.session_life import (
    SEEN_WRITTEN_EVERY,
    Session,
    SessionEntry,
    reauth_required,
    refuse_ended,
    refuse_stale,
    sign_in_required,
)
from cybervault.access.store.sessions import SessionStore
from cybervault.access.subjects import of_member, of_session
from cybervault.access.tokens import Peppers
from cybervault.access.verify import Verifying
from cybervault.domain.ids import new_session_id
from cybervault.domain.observables import Address
from cybervault.domain.principals import Member, MemberId, Principal, SessionId, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

_AGENT_CHARACTERS_MAX: Final = 256
# Longer than any cookie of ours, so that a huge one costs no hashing.
_COOKIE_CHARACTERS_MAX: Final = 128
_REMEMBERED_MAX: Final = 10_000


class Sessions:
    """The sessions of all members. A cookie is 256 random bits, of which only a digest is kept."""

    def __init__(
        self, store: SessionStore, entries: Verifying[SessionEntry], *, journal: Journal, peppers: Peppers
    ) -> None:
        self._store = store
        self._entries = entries
        self._journal = journal
        self._clock = journal.clock
        self._peppers = peppers
        # When each was last seen here: a remembered entry does not know of the uses since it was read.
        self._seen: OrderedDict[SessionId, datetime] = OrderedDict()

    async def begin(self, member_id: MemberId, *, address: Address | None, agent: str | None) -> tuple[Secret, Session]:
        """A new session and the text of its cookie, told this once. The caller may hold a transaction, and audits."""
        now, token = self._clock.now(), new_token()
        ip = None if address is None else str(address)
        session = Session(
            new_session_id(), member_id, created_at=now, seen_at=now, proved_at=now,
            ip=ip, agent=None if agent is None else agent[:_AGENT_CHARACTERS_MAX],
        )  # fmt: skip
        await self._store.add(session, digests_of(token, self._peppers)[0])
        return token, session

    async def resolve(self, cookie_text: str, *, is_fresh: bool = False) -> Principal:
        """The member behind a cookie, with the rights of its role now.

        Raises `Problem` UNAUTHENTICATED `sign_in_required` (no cookie of ours) or `session_ended`, FORBIDDEN
        `tenant_suspended`.
        """
        entry, now = await self._entry(cookie_text, is_fresh=is_fresh), self._clock.now()
        if not is_fresh and not entry.session.lives_at(now):
            # It may have been used on another node since this was remembered.
            entry = await self._entry(cookie_text, is_fresh=True)
        refuse_ended(entry, now)
        await self._note_seen(entry.session, now)
        return entry.principal

    async def renew(self, session_id: SessionId) -> Secret:
        """Put a new cookie in the place of the old one, and count this moment as a fresh proof of identity.

        The caller holds the transaction, audits, and tells the other nodes that the old cookie has ended.
        """
        token = new_token()
        await self._store.proved(session_id, digests_of(token, self._peppers)[0], self._clock.now())
        return token

    async def prove_again(self, principal: Principal, *, actor: Actor) -> Secret:
        """A new cookie for a caller who has just proved who it is; for five minutes that proof is fresh."""
        member_id, session_id = _of_session(principal)
        async with self._store.transaction():
            token = await self.renew(session_id)
            happening = Happening(Change.PROOF_GIVEN, actor, member_id, principal.tenant_id, {"session": session_id})
            await self._journal.record(happening, of_session(session_id))
        return token

    async def require_fresh(self, principal: Principal) -> None:
        """Raise `Problem` FORBIDDEN `reauth_required` unless the member proved who it is within five minutes.

        Read from the database, whatever is remembered. A key cannot prove anything.
        """
        session = None if principal.session_id is None else await self._store.find(principal.session_id)
        if session is None:
            raise reauth_required()
        refuse_stale(session, self._clock.now())

    async def present(self, principal: Principal) -> Session:
        """The session in which the caller is now."""
        _, session_id = _of_session(principal)
        session = await self._store.find(session_id)
        if session is None:
            raise sign_in_required()
        return session

    async def list(self, member_id: MemberId) -> tuple[Session, ...]:
        """The sessions of a member that have not ended, newest first."""
        now = self._clock.now()
        return tuple(one for one in await self._store.of_member(member_id) if one.lives_at(now))

    async def end(
        self, session_id: SessionId, *, by: Principal, actor: Actor, change: Change = Change.SESSION_ENDED
    ) -> None:
        """End one of the caller's own sessions; another's is `Problem` NOT_FOUND `session_not_found`."""
        session = await self._store.find(session_id)
        if session is None or session.member_id != by.member_id:
            raise Problem(ProblemKind.NOT_FOUND, code="session_not_found", message="You have no session of this id.")
        async with self._store.transaction():
            await self._store.end(session_id, self._clock.now())
            happening = Happening(change, actor, session.member_id, by.tenant_id, {"session": session_id})
            await self._journal.record(happening, of_session(session_id))

    async def end_others(self, by: Principal, *, actor: Actor) -> int:
        """End all sessions of the caller but its present one; how many there were."""
        member_id, session_id = _of_session(by)
        return await self._end_all(member_id, by.tenant_id, actor=actor, but=session_id)

    async def end_all(self, member: Member, *, actor: Actor) -> int:
        """End all sessions of a member; how many there were. Keys stay (contract 1.5.2)."""
        return await self._end_all(member.id, member.tenant_id, actor=actor)

    async def _end_all(
        self, member_id: MemberId, tenant_id: TenantId, *, actor: Actor, but: SessionId | None = None
    ) -> int:
        async with self._store.transaction():
            ended = await self._store.end_all(member_id, self._clock.now(), but=but)
            details = {"sessions": str(ended), "kept": but or ""}
            happening = Happening(Change.SESSION_ENDED, actor, member_id, tenant_id, details)
            await self._journal.record(happening, of_member(member_id))
        return ended

    async def _entry(self, cookie_text: str, *, is_fresh: bool) -> SessionEntry:
        if 0 < len(cookie_text) <= _COOKIE_CHARACTERS_MAX:
            for digest in digests_of(Secret(cookie_text), self._peppers):
                entry = await self._entries.entry(digest, is_fresh=is_fresh)
                if entry is not None:
                    return self._with_seen(entry)
        raise sign_in_required()

    def _with_seen(self, entry: SessionEntry) -> SessionEntry:
        seen_at = self._seen.get(entry.session.id)
        return entry if seen_at is None or seen_at <= entry.session.seen_at else entry.seen(seen_at)

    async def _note_seen(self, session: Session, now: datetime) -> None:
        if now - session.seen_at < SEEN_WRITTEN_EVERY:
            return
        await self._store.seen(session.id, now)
        self._seen[session.id] = now
        self._seen.move_to_end(session.id)
        if len(self._seen) > _REMEMBERED_MAX:
            self._seen.popitem(last=False)


def _of_session(principal: Principal) -> tuple[MemberId, SessionId]:
    if principal.member_id is None or principal.session_id is None:
        raise sign_in_required()
    return principal.member_id, principal.session_id
