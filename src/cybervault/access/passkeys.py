"""Passkeys: registered by members who have signed in, and a sign-in that is two factors in one."""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.names import name_of
from cybervault.access.relying_party import Claim, relying_party_of
from cybervault.access.second_factors import PASSKEY, SecondFactors, not_found
from cybervault.access.store.passkeys import Passkey, PasskeyStore
from cybervault.access.tickets import Purpose, Tickets
from cybervault.domain.principals import Member, MemberId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

PASSKEYS_MAX: Final = 20

_LOG: Final = structlog.get_logger("cybervault.passkeys")
_CHALLENGE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a browser is asked to do, and the ticket to come back with."""

    options: Mapping[str, Any]
    ticket: str


@dataclass(frozen=True, slots=True)
class Presented:
    """What a browser came back with: the ticket, and the credential in its JSON form."""

    ticket: str
    credential: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey, and the recovery codes that come with a first second factor, to be shown once."""

    passkey: Passkey
    codes: tuple[Secret, ...]


class Passkeys:
    """The passkeys of all members, bound to the host of `public_url`.

    Whoever calls a method that changes them has made sure that the member proved a short while ago who it is.
    """

    def __init__(
        self, store: PasskeyStore, second_factors: SecondFactors, *, tickets: Tickets, journal: Journal, public_url: str
    ) -> None:
        self._store = store
        self._second_factors = second_factors
        self._tickets = tickets
        self._journal = journal
        self._clock = journal.clock
        self._public_url = public_url

    async def options_to_register(self, member: Member) -> Ceremony:
        """What the browser of a member is to be given to make one.

        Raises `Problem` CONFLICT `passkeys_unavailable` or `too_many_passkeys`.
        """
        from cybervault.access.ceremonies import registration_options  # noqa: PLC0415 - loaded when first needed

        party = relying_party_of(self._public_url)
        known = await self._store.all(member.id)
        _refuse_more(known)
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        options = registration_options(
            party, member, challenge=challenge, known=[passkey.credential_id for passkey in known]
        )
        content = {"challenge": challenge.hex()}
        return Ceremony(options, self._tickets.issue(Purpose.PASSKEY_REGISTRATION, content, owner=member.id))

    async def register(self, member: Member, presented: Presented, *, name: str, actor: Actor) -> Registered:
        """Keep what the browser made.

        Raises `Problem` INVALID `invalid_name`, `attempt_expired` or `passkey_unusable`, CONFLICT
        `passkeys_unavailable`, `too_many_passkeys` or `passkey_exists`.
        """
        from cybervault.access.ceremonies import CeremonyError, registered  # noqa: PLC0415 - loaded when first needed

        party, name = relying_party_of(self._public_url), name_of(name)
        content = await self._tickets.spend(Purpose.PASSKEY_REGISTRATION, presented.ticket, owner=member.id)
        try:
            made = registered(party, bytes.fromhex(content["challenge"]), presented.credential)
        except CeremonyError as error:
            raise _unusable(str(error)) from None
        passkey = Passkey(
            made.id, member.id, member.tenant_id, made.public_key, made.uses, name, self._clock.now()
        )  # fmt: skip
        return Registered(passkey, await self._keep(passkey, actor))

    def options_to_sign_in(self) -> Ceremony:
        """What anybody's browser is to be given to sign in; `Problem` CONFLICT `passkeys_unavailable`."""
        from cybervault.access.ceremonies import sign_in_options  # noqa: PLC0415 - loaded when first needed

        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        options = sign_in_options(relying_party_of(self._public_url), challenge=challenge)
        return Ceremony(options, self._tickets.issue(Purpose.PASSKEY_SIGN_IN, {"challenge": challenge.hex()}))

    async def prove(self, presented: Presented) -> MemberId:
        """The member whose passkey signed this challenge.

        Raises `Problem` UNAUTHENTICATED `passkey_refused`, alike for unknown ones and wrong ones, INVALID
        `attempt_expired` or CONFLICT `passkeys_unavailable`. Who may sign in is for the caller to decide.
        """
        from cybervault.access.ceremonies import CeremonyError, claimed, proved  # noqa: PLC0415 - same

        party = relying_party_of(self._public_url)
        content = await self._tickets.spend(Purpose.PASSKEY_SIGN_IN, presented.ticket)
        try:
            passkey = await self._claimed(claimed(presented.credential))
            challenge = bytes.fromhex(content["challenge"])
            count = proved(party, challenge, credential=presented.credential, public_key=passkey.public_key)
        except CeremonyError as error:
            raise _refused(str(error)) from None
        if not await self._store.use(passkey.credential_id, count, self._clock.now()):
            # Two devices with one key, or an old answer again: whoever copied it must not get in.
            _LOG.warning("passkey count went back", member=passkey.member_id, passkey=passkey.name)
            raise _refused("the device's count of uses did not go on")
        return passkey.member_id

    async def list(self, member_id: MemberId) -> Sequence[Passkey]:
        """The passkeys of a member, oldest first."""
        return await self._store.all(member_id)

    async def remove(self, member_id: MemberId, id_text: str, *, actor: Actor) -> None:
        """Forget a passkey of this member, named as `id_text_of` spells it; NOT_FOUND `second_factor_not_found`."""
        credential_id = _credential_id(id_text)
        async with self._store.transaction():
            await self._store.lock()
            passkey = None if credential_id is None else await self._store.find(credential_id)
            if passkey is None or not await self._store.remove(passkey.credential_id, member_id):
                raise not_found()
            await self._second_factors.drop_lonely_codes(member_id)
            await self._record(Change.SECOND_FACTOR_REMOVED, passkey, actor)

    async def _claimed(self, claim: Claim) -> Passkey:
        passkey = await self._store.find(claim.credential_id)
        if passkey is None or passkey.member_id != claim.member:
            raise _refused("not known here, or another member's")
        return passkey

    async def _keep(self, passkey: Passkey, actor: Actor) -> tuple[Secret, ...]:
        async with self._store.transaction():
            await self._store.lock()
            _refuse_more(await self._store.all(passkey.member_id))
            if not await self._store.add(passkey):
                raise Problem(ProblemKind.CONFLICT, code="passkey_exists", message="This passkey is known already.")
            codes = await self._second_factors.first_codes(passkey.member_id)
            await self._record(Change.SECOND_FACTOR_ADDED, passkey, actor)
        return codes

    async def _record(self, change: Change, passkey: Passkey, actor: Actor) -> None:
        details = {"factor": PASSKEY, "name": passkey.name}
        await self._journal.record(Happening(change, actor, passkey.member_id, passkey.tenant_id, details))


def id_text_of(passkey: Passkey) -> str:
    """The id of a passkey's credential as browsers spell it."""
    return base64.urlsafe_b64encode(passkey.credential_id).decode().rstrip("=")


def _credential_id(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _refuse_more(known: Sequence[Passkey]) -> None:
    if len(known) >= PASSKEYS_MAX:
        raise Problem(
            ProblemKind.CONFLICT,
            code="too_many_passkeys",
            message=f"You have {PASSKEYS_MAX} passkeys. Remove one that you no longer use first.",
        )


def _unusable(detail: str) -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="passkey_unusable",
        message="The passkey cannot be used: it was not made for this attempt and this page, "
        "or the device did not verify you.",
        detail=detail,
    )


def _refused(detail: str) -> Problem:
    return Problem(
        ProblemKind.UNAUTHENTICATED,
        code="passkey_refused",
        message="This passkey does not open anything here.",
        detail=detail,
    )
