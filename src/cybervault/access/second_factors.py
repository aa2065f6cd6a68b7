"""Second factors: one-time codes by the clock, and recovery codes for who has lost them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.recovery import code_of, new_codes
from cybervault.access.sealing import Sealer, SealError
from cybervault.access.store.second_factors import Factors, SecondFactorStore
from cybervault.access.tickets import Purpose, Tickets
from cybervault.access.totp import is_code, matching_step, new_secret, secret_text, uri_of
from cybervault.domain.principals import MemberId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

TOTP: Final = "totp"
PASSKEY: Final = "passkey"
RECOVERY_CODE: Final = "recovery_code"

_ISSUER: Final = "CyberVault"
# The names under which things are sealed; another word would open nothing that is kept.
_SEALED_TOTP: Final = "member.totp_secret"
_RECOVERY: Final = "member.recovery_code"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a member puts into an authenticator, shown once: the secret, and the same as a QR code's address."""

    secret: Secret
    uri: Secret
    ticket: str


class SecondFactors:
    """The second factors of all members.

    Whoever calls a method that changes them has made sure that the member proved a short while ago who it is.
    """

    def __init__(self, store: SecondFactorStore, tickets: Tickets, *, sealer: Sealer, journal: Journal) -> None:
        self._store = store
        self._tickets = tickets
        self._sealer = sealer
        self._journal = journal
        self._clock = journal.clock

    async def needed(self, member_id: MemberId) -> frozenset[str]:
        """What completes a sign-in with a password, any one of them; empty where the password is enough."""
        factors = await self._store.factors(member_id)
        if factors is None or not factors.is_any:
            return frozenset()
        has = {
            TOTP: factors.totp_secret is not None,
            PASSKEY: factors.passkeys > 0,
            RECOVERY_CODE: factors.recovery_codes > 0,
        }
        return frozenset(word for word, is_there in has.items() if is_there)

    async def state(self, member_id: MemberId) -> Factors:
        """What a member has; `Problem` NOT_FOUND `member_not_found`."""
        return await self._factors(member_id)

    async def check(self, member_id: MemberId, code: str, *, actor: Actor | None = None) -> bool:
        """Whether this is a one-time code of now or a recovery code; either is used up by it.

        Opens a transaction of its own. The caller slows down who guesses. Raises `Problem` UNAVAILABLE
        `pepper_unusable` where the pepper that sealed the secret is gone.
        """
        factors = await self._store.factors(member_id)
        if factors is None or not factors.is_any:
            return False
        text = code.strip()
        if is_code(text.replace(" ", "")):
            return await self._check_totp(member_id, text.replace(" ", ""), factors)
        actor = actor or Actor(f"member:{member_id}", factors.tenant_id)
        return await self._check_recovery(member_id, text, factors=factors, actor=actor)

    async def begin(self, member_id: MemberId) -> Enrolment:
        """A new secret, of which nothing is kept until `confirm`.

        Raises `Problem` NOT_FOUND `member_not_found` or CONFLICT `second_factor_exists`.
        """
        factors = await self._factors(member_id)
        if factors.totp_secret is not None:
            raise _exists()
        secret = new_secret()
        text = secret_text(secret)
        ticket = self._tickets.issue(Purpose.TOTP, {"secret": secret.hex()}, owner=member_id)
        return Enrolment(Secret(text), Secret(uri_of(secret, issuer=_ISSUER, account=factors.email)), ticket)

    async def confirm(self, member_id: MemberId, ticket: str, code: str, *, actor: Actor) -> tuple[Secret, ...]:
        """Keep the secret of `begin`, now that a code shows that the authenticator has it.

        Gives the recovery codes that come with the first second factor, to be shown once. Raises `Problem` INVALID
        `attempt_expired` or `code_mismatch`, CONFLICT `second_factor_exists`.
        """
        secret = bytes.fromhex(self._tickets.read(Purpose.TOTP, ticket, owner=member_id).content["secret"])
        step = matching_step(secret, code.strip(), now=self._clock.now(), used=None)
        if step is None:
            raise _mismatch()
        async with self._store.transaction():
            await self._store.lock()
            await self._tickets.spend(Purpose.TOTP, ticket, owner=member_id)
            if not await self._store.set_totp(member_id, self._sealed(member_id, secret), step):
                raise _exists()
            codes = await self.first_codes(member_id)
            await self._record(Change.SECOND_FACTOR_ADDED, member_id, actor=actor, details={"factor": TOTP})
        return codes

    async def remove(self, member_id: MemberId, *, actor: Actor) -> None:
        """Forget the one-time codes; `Problem` NOT_FOUND `second_factor_not_found`."""
        async with self._store.transaction():
            await self._store.lock()
            if not await self._store.drop_totp(member_id):
                raise not_found()
            await self.drop_lonely_codes(member_id)
            await self._record(Change.SECOND_FACTOR_REMOVED, member_id, actor=actor, details={"factor": TOTP})

    async def remove_all(self, member_id: MemberId, *, actor: Actor) -> None:
        """Leave a member with the password alone, for who has lost everything and was recognised otherwise."""
        async with self._store.transaction():
            await self._store.lock()
            await self._store.drop_totp(member_id)
            await self._store.drop_passkeys(member_id)
            await self._store.drop_codes(member_id)
            await self._record(Change.SECOND_FACTOR_REMOVED, member_id, actor=actor, details={"factor": "all"})

    async def new_recovery_codes(self, member_id: MemberId, *, actor: Actor) -> tuple[Secret, ...]:
        """Ten new codes in the place of the old; `Problem` CONFLICT `second_factor_missing`."""
        async with self._store.transaction():
            await self._store.lock()
            if not (await self._factors(member_id)).is_any:
                raise Problem(
                    ProblemKind.CONFLICT,
                    code="second_factor_missing",
                    message="Recovery codes belong to a second factor. Add one first.",
                )
            codes = await self._new_codes(member_id)
            await self._record(Change.RECOVERY_CODES_MADE, member_id, actor=actor, details={})
        return codes

    async def first_codes(self, member_id: MemberId) -> tuple[Secret, ...]:
        """Ten recovery codes for a member who has none, else nothing. The caller holds transaction and lock."""
        factors = await self._factors(member_id)
        return () if factors.recovery_codes else await self._new_codes(member_id)

    async def drop_lonely_codes(self, member_id: MemberId) -> None:
        """Forget the recovery codes of a member who has no other factor left. The caller holds transaction and lock."""
        if not (await self._factors(member_id)).is_any:
            await self._store.drop_codes(member_id)

    async def _check_totp(self, member_id: MemberId, code: str, factors: Factors) -> bool:
        sealed = factors.totp_secret
        if sealed is None:
            return False
        try:
            secret = self._sealer.open(sealed, purpose=_SEALED_TOTP, owner=member_id)
        except SealError as error:
            raise _unreadable(str(error)) from None
        step = matching_step(secret, code, now=self._clock.now(), used=factors.totp_step)
        if step is None:
            return False
        # After a change of the pepper each secret moves to the new one as it is used.
        keep = sealed if self._sealer.is_current(sealed) else self._sealed(member_id, secret)
        return await self._store.use_step(member_id, step, read=sealed, keep=keep)

    async def _check_recovery(self, member_id: MemberId, text: str, *, factors: Factors, actor: Actor) -> bool:
        code = code_of(text)
        if code is None:
            return False
        async with self._store.transaction():
            digests = self._sealer.digests(code, purpose=_RECOVERY, owner=member_id)
            if not await self._store.use_code(member_id, digests, self._clock.now()):
                return False
            details = {"left": str(factors.recovery_codes - 1)}
            await self._record(Change.RECOVERY_CODE_USED, member_id, actor=actor, details=details)
        return True

    async def _new_codes(self, member_id: MemberId) -> tuple[Secret, ...]:
        codes = new_codes()
        digests = [self._sealer.digests(code, purpose=_RECOVERY, owner=member_id)[0] for code in codes]
        await self._store.keep_codes(member_id, digests)
        return codes

    async def _factors(self, member_id: MemberId) -> Factors:
        factors = await self._store.factors(member_id)
        if factors is None:
            raise Problem(ProblemKind.NOT_FOUND, code="member_not_found", message="There is no member of this id.")
        return factors

    async def _record(self, change: Change, member_id: MemberId, *, actor: Actor, details: Mapping[str, str]) -> None:
        tenant_id = (await self._factors(member_id)).tenant_id
        await self._journal.record(Happening(change, actor, member_id, tenant_id, dict(details)))

    def _sealed(self, member_id: MemberId, secret: bytes) -> bytes:
        return self._sealer.seal(secret, purpose=_SEALED_TOTP, owner=member_id)


def not_found() -> Problem:
    """What a caller is told who names a factor that is not there."""
    return Problem(ProblemKind.NOT_FOUND, code="second_factor_not_found", message="You have no such second factor.")


def _exists() -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="second_factor_exists",
        message="There are one-time codes already. Remove them first to set up another authenticator.",
    )


def _mismatch() -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="code_mismatch",
        message="That is not the code of now. Check the clock of the device and enter the next one.",
    )


def _unreadable(detail: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="pepper_unusable",
        message="The secret of the one-time codes cannot be read: the pepper that sealed it is gone.",
        detail=detail,
    )
