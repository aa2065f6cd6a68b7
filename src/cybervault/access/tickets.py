"""Tickets: what an exchange of several requests must remember, sealed and handed to the client that carries it.

So no node has to know what another one began. A ticket is for one purpose and owner, lives some minutes, counts once.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cybervault.access.sealing import Sealer, SealError
from cybervault.access.store.tickets import TicketStore
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind

TICKET_SECONDS: Final = 300

# Ours are much shorter; longer ones are not even looked at.
_CHARACTERS_MAX: Final = 4_096
_ENDS_AT: Final = "ends_at"


class Purpose(StrEnum):
    """What a ticket is for."""

    TOTP = "ticket.totp"
    PASSKEY_REGISTRATION = "ticket.passkey_registration"
    PASSKEY_SIGN_IN = "ticket.passkey_sign_in"
    IDENTITY = "ticket.identity"


@dataclass(frozen=True, slots=True)
class Ticket:
    """An opened ticket: what it carries, and until when it counts."""

    content: Mapping[str, str]
    ends_at: datetime
    digest: bytes


class Tickets:
    """Issues tickets and takes them back."""

    def __init__(self, store: TicketStore, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock

    def issue(
        self, purpose: Purpose, content: Mapping[str, str], *, owner: str = "", seconds: int = TICKET_SECONDS
    ) -> str:
        """A new one, as text that a cookie or a JSON body can hold."""
        ends_at = self._clock.now() + timedelta(seconds=seconds)
        data = json.dumps({**content, _ENDS_AT: ends_at.timestamp()}).encode()
        sealed = self._sealer.seal(data, purpose=purpose.value, owner=owner)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, purpose: Purpose, text: str, *, owner: str = "") -> Ticket:
        """What a ticket carries, without using it up.

        Raises `Problem` INVALID `attempt_expired` for one that is not ours, not of this purpose and owner, or too old.
        """
        if len(text) > _CHARACTERS_MAX:
            raise _expired("longer than ours are")
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            content: dict[str, object] = json.loads(self._sealer.open(sealed, purpose=purpose.value, owner=owner))
        except (SealError, binascii.Error, ValueError) as error:
            raise _expired(str(error)) from None
        ends_at = datetime.fromtimestamp(float(str(content.pop(_ENDS_AT))), UTC)
        if self._clock.now() >= ends_at:
            raise _expired("too old")
        # Of the bytes and not of the text: one ticket can be spelled in two ways.
        digest = hashlib.sha256(sealed).digest()
        return Ticket({name: str(value) for name, value in content.items()}, ends_at, digest)

    async def spend(self, purpose: Purpose, text: str, *, owner: str = "") -> Mapping[str, str]:
        """What a ticket carries, once; raises as `read`, and for one that was used before."""
        ticket = self.read(purpose, text, owner=owner)
        if not await self._store.spend(ticket.digest, ticket.ends_at, self._clock.now()):
            raise _expired("used before")
        return ticket.content


def _expired(detail: str) -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="attempt_expired",
        message="This attempt is too old, was used already, or was begun elsewhere. Begin it again.",
        detail=detail,
    )
