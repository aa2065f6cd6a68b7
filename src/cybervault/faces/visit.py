"""What the frame knows of one request on its way, and the parts behind it that calls need."""

from dataclasses import dataclass
from typing import Final

from cybervault.access.entries import RefusedKey
from cybervault.access.idempotency import Idempotency
from cybervault.access.streams import Streams
from cybervault.domain.ids import RequestId
from cybervault.domain.principals import KeyId, Principal
from cybervault.domain.problems import Problem
from cybervault.faces.caller import Callers, Presented
from cybervault.faces.face import Face
from cybervault.faces.limiting import Charge, Limits, refuse
from cybervault.faces.proxies import Client
from cybervault.faces.rights import Rights, RouteRule

VISIT: Final = "visit"
"""Where it lies in the state of a connection."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What calls need of the parts behind the frame."""

    callers: Callers
    rights: Rights
    idempotency: Idempotency | None = None
    streams: Streams | None = None


@dataclass(slots=True)
class Visit:
    """What the frame knows of one request: filled in on its way, kept in the state of the connection.

    `known` is whose secret it is, also where the call was refused.
    """

    desk: Desk
    face: Face
    request_id: RequestId
    presented: Presented
    started: float
    rule: RouteRule | None = None
    template: str | None = None
    resolved: Principal | None = None
    refusal: Problem | None = None
    known: Principal | None = None
    principal: Principal | None = None
    charge: Charge | None = None
    limits: Limits | None = None
    content: bytes | None = None
    shown_key_id: KeyId | None = None
    status: int | None = None

    @property
    def client(self) -> Client:
        """Who sent it."""
        return self.presented.client

    @property
    def wrong_key(self) -> Problem | None:
        """Why the key that was presented does not count, where no route asks for one: it is told all the same."""
        is_asked_for = self.rule is not None or self.face.limits is None
        return None if is_asked_for or not self.presented.has_key else self.refusal

    async def charge_again(self, principal: Principal) -> None:
        """Count one more call of this caller, for each further thing that one request asks for.

        Raises `OverLimit`. For faces on which no call waits for its turn.
        """
        if self.limits is not None and self.face.limits is not None:
            self.charge = await self.limits.charge(self.face.limits, self.presented.method, principal)
            refuse(self.charge)

    async def resolve(self, *, is_fresh: bool = False) -> Principal | None:
        """Find out who calls by what the route wants; why that failed is kept for whoever asks for the caller."""
        self.resolved = self.refusal = None
        is_fresh = is_fresh or (self.rule is not None and self.rule.is_power)
        try:
            self.resolved = await self.desk.callers.caller_of(self.presented, self.rule, is_fresh=is_fresh)
        except Problem as problem:
            self.refusal = problem
        self.known = self.refusal.principal if isinstance(self.refusal, RefusedKey) else self.resolved
        return self.resolved
