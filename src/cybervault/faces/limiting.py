"""How often a caller may ask: each call is charged to its bucket before it is routed, and may have to wait its turn."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.types import Message, Receive

from cybervault.access.limits.decision import Decision
from cybervault.access.limits.headers import fields
from cybervault.access.limits.limiter import Limiter
from cybervault.access.limits.tables import CallClass, Standing, standing_of, standing_of_address
from cybervault.domain.clock import Clock
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.rights import READING

WAITING_MAX: Final = 1_000
# What of a body is read ahead while its request waits: more would let many that wait fill the memory.
_READ_AHEAD_BYTES: Final = 64 * 1024

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


class OverLimit(Problem):
    """The caller has asked too often; `violated` names the windows that were full."""

    def __init__(self, decision: Decision) -> None:
        window = decision.tightest.window
        super().__init__(
            ProblemKind.OVER_LIMIT,
            code="rate_limit_exceeded",
            message=f"Too many requests. Limit: {window.published} requests per {window.name}.",
            retry_after_seconds=decision.retry_after_seconds,
        )
        self.violated = decision.violated


@dataclass(frozen=True, slots=True)
class Charge:
    """A call that was counted: where, and what came of it."""

    bucket: str
    decision: Decision


class Limits:
    """Charges calls. `queue_wait_seconds` is how long one above its limit may wait, on faces whose table says so."""

    def __init__(
        self, limiter: Limiter, clock: Clock, *, queue_wait_seconds: float = 10.0, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._limiter = limiter
        self._clock = clock
        self._queue_wait_seconds = queue_wait_seconds
        self._sleep = sleep
        self._waiting = 0
        self.waiting_max = WAITING_MAX

    async def charge(self, face: str, method: str, caller: Principal | Address | None) -> Charge:
        """Count a call of this caller, or of this address where no valid key was presented.

        What it says of a refusal is left to `refuse`: the headers of the refusal need it too.
        """
        standing = self._standing(face, method, caller)
        allowance = standing.allowance.waiting(self._queue_wait_seconds)
        decision = await self._limiter.admit(standing.bucket, allowance)
        if decision.wait_seconds and self._waiting >= self.waiting_max:
            await self._limiter.give_back(standing.bucket, decision)
            decision = _refused(decision)
        return Charge(standing.bucket, decision)

    def fields(self, charge: Charge) -> dict[str, str]:
        """What an answer says of the caller's limits."""
        return fields(charge.decision, self._clock.now())

    async def wait(self, charge: Charge, mailbox: "Mailbox") -> bool:
        """Wait for the turn of a call; False where the caller left first, and its place may be somebody else's."""
        self._waiting += 1
        try:
            async with asyncio.TaskGroup() as group:
                turn = group.create_task(_whole(self._sleep(charge.decision.wait_seconds)))
                gone = group.create_task(mailbox.until_gone())
                await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
                turn.cancel()
                gone.cancel()
        finally:
            self._waiting -= 1
        if mailbox.is_gone:
            await self._limiter.give_back(charge.bucket, charge.decision)
        return not mailbox.is_gone

    @staticmethod
    def _standing(face: str, method: str, caller: Principal | Address | None) -> Standing:
        if isinstance(caller, Principal):
            call_class = CallClass.READ if method in READING else CallClass.WRITE
            return standing_of(caller, face, call_class, overrides=caller.overrides)
        return standing_of_address(caller)


def refuse(charge: Charge) -> None:
    """Raise `OverLimit` for a call that was not admitted."""
    if not charge.decision.is_admitted:
        raise OverLimit(charge.decision)


async def _whole(sleeping: Awaitable[None]) -> None:
    await sleeping


def _refused(decision: Decision) -> Decision:
    """The same call where there is no place to wait in this process."""
    tightest = decision.tightest
    later = tightest._replace(resets_in_seconds=decision.wait_seconds)
    return decision._replace(
        is_admitted=False,
        states=tuple(later if state is tightest else state for state in decision.states),
        wait_seconds=0.0,
        retry_after_seconds=max(1, math.ceil(decision.wait_seconds)),
        violated=(tightest.window.name,),
    )


class Mailbox:
    """The messages of a request, some of them read ahead to see whether its caller is still there.

    Nothing is lost: a read that is on its way when nobody waits any more is kept for the next who asks.
    """

    def __init__(self, receive: Receive, group: asyncio.TaskGroup) -> None:
        self._receive = receive
        self._group = group
        self._kept: deque[Message] = deque()
        self._reading: asyncio.Task[Message] | None = None
        self.is_gone = False

    async def receive(self) -> Message:
        """The next message, as the application asks for it."""
        if self._kept:
            return self._kept.popleft()
        return await self._next()

    async def until_gone(self) -> None:
        """Read until the caller has left, or for ever."""
        bytes_kept = 0
        while not self.is_gone:
            message = await self._next()
            self._kept.append(message)
            bytes_kept += len(message.get("body", b""))
            if bytes_kept > _READ_AHEAD_BYTES:
                await asyncio.Event().wait()

    def close(self) -> None:
        """Nobody asks any more."""
        if self._reading is not None:
            self._reading.cancel()

    async def _next(self) -> Message:
        if self._reading is None:
            self._reading = self._group.create_task(self._read())
        # Shielded: who waits may be cancelled, the read itself may not, or its message is lost.
        message = await asyncio.shield(self._reading)
        self._reading = None
        self.is_gone = self.is_gone or message["type"] == "http.disconnect"
        return message

    async def _read(self) -> Message:
        return await self._receive()
