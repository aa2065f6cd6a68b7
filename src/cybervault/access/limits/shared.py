"""Count for all nodes at one server, and by each node's share for as long as the server is gone.

A lost server costs no caller an error. Its return is believed only after this node has told it what it admitted
meanwhile (everything it still counts, where the server was started anew); until the other nodes have had time to do
the same, both the server and this node's share must agree.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from cybervault.access.limits.decision import Decision
from cybervault.access.limits.denials import Denials
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.server import CALLS_AT_ONCE, Debt, LimitServer, ScriptsGone, ServerGone
from cybervault.access.limits.share import Shares
from cybervault.access.limits.tables import Allowance
from cybervault.domain.clock import Clock
from cybervault.storage.redis import heed_cancellation

PROBE_SECONDS: Final = 0.5
SETTLE_SECONDS: Final = 5.0
"""All nodes try the server every half second: by then each has come back."""

_LOG: Final = structlog.get_logger("cybervault.access.limits")


class SharedLimiter:
    """A `Limiter` over a server of the Redis protocol. `nodes` gives how many nodes are known to be alive."""

    def __init__(
        self,
        server: LimitServer,
        clock: Clock,
        nodes: Callable[[], int],
        *,
        probe_seconds: float = PROBE_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._server = server
        self._clock = clock
        self._shares = Shares(nodes)
        self._denials = Denials()
        self._probe_seconds = probe_seconds
        self._settle_seconds = settle_seconds
        self._mark: bytes | None = None
        self._is_connected = False
        self._next_probe = 0.0
        self._settled_at = 0.0
        self._returning = asyncio.Lock()

    @property
    def is_connected(self) -> bool:
        """Whether the server counts at present; without it the node's share does."""
        return self._is_connected

    async def admit(self, bucket: str, allowance: Allowance) -> Decision:
        denied = self._denials.find(bucket, allowance, now=self._clock.seconds())
        if denied is not None:
            return denied
        while await self._reach():
            try:
                return await self._ask(bucket, allowance)
            except ServerGone as error:
                self._lose(is_back=isinstance(error, ScriptsGone))
        return self._shares.decide(bucket, allowance, now=self._now())

    async def give_back(self, bucket: str, decision: Decision) -> None:
        self._denials.forget(bucket)
        if not decision.ticket or not self._is_connected:
            return
        allowance = Allowance(tuple(state.window for state in decision.states))
        try:
            await self._server.give_back(bucket, allowance, decision.ticket)
        except ServerGone as error:
            self._lose(is_back=isinstance(error, ScriptsGone))

    async def used(self, bucket: str, allowance: Allowance) -> tuple[int, ...]:
        """As the server counts; while it is gone, what this node itself has counted."""
        while await self._reach():
            try:
                return await self._server.used(bucket, allowance)
            except ServerGone as error:
                self._lose(is_back=isinstance(error, ScriptsGone))
        return self._shares.used(bucket, allowance, now=self._now())

    async def watch(self) -> None:
        """For ever: look after the server, so that its loss and return are noticed where nobody calls."""
        while True:
            if await self._reach():
                try:
                    if await self._server.mark() != self._mark:
                        self._lose(is_back=True)
                except ServerGone:
                    self._lose(is_back=False)
            heed_cancellation()
            await asyncio.sleep(self._probe_seconds)

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._server.close()

    async def _ask(self, bucket: str, allowance: Allowance) -> Decision:
        if self._clock.seconds() < self._settled_at:
            return await self._ask_both(bucket, allowance)
        self._shares.restore()
        decision = await self._server.admit(bucket, allowance)
        self._shares.note(bucket, allowance, decision, now=self._now())
        return self._remembered(bucket, allowance, decision)

    async def _ask_both(self, bucket: str, allowance: Allowance) -> Decision:
        share = self._shares.decide(bucket, allowance, now=self._now())
        if not share.is_admitted:
            return share
        try:
            decision = await self._server.admit(bucket, allowance)
        except ServerGone as error:
            # Counted by the share already, and owed.
            self._lose(is_back=isinstance(error, ScriptsGone))
            return share
        self._shares.confirm(bucket, allowance, decision)
        return self._remembered(bucket, allowance, decision)

    def _remembered(self, bucket: str, allowance: Allowance, decision: Decision) -> Decision:
        if not decision.is_admitted:
            self._denials.keep(bucket, allowance, decision, now=self._clock.seconds())
        return decision

    def _lose(self, *, is_back: bool) -> None:
        """Go on alone; `is_back`: the server answers already, but has to be told first."""
        self._shares.lose(self._now())
        self._denials.clear()
        if self._is_connected:
            _LOG.warning("limits by share: the server of limits is gone")
        self._is_connected = False
        self._next_probe = self._clock.seconds() + (0 if is_back else self._probe_seconds)

    async def _reach(self) -> bool:
        """Whether the server can be asked. While it is lost one call at a time tries; before the first, all wait."""
        if self._is_connected:
            return True
        if self._returning.locked() and self._mark is not None:
            return False
        async with self._returning:
            return await self._return()

    async def _return(self) -> bool:
        if self._is_connected or self._clock.seconds() < self._next_probe:
            return self._is_connected
        try:
            mark = await self._server.open()
            await self._tell(is_all=mark != self._mark)
            # A node that has only just started owes nothing, and nobody waits for it.
            if self._mark is not None:
                self._settled_at = self._clock.seconds() + self._settle_seconds
                _LOG.info("limits by the server again")
            self._mark = mark
            self._is_connected = True
            # What was admitted while it was being told.
            await self._tell(is_all=False)
        except ServerGone:
            self._lose(is_back=False)
        return self._is_connected

    async def _tell(self, *, is_all: bool) -> None:
        debts = list(self._shares.debts(self._now(), is_all=is_all))
        for start in range(0, len(debts), CALLS_AT_ONCE):
            told = await asyncio.gather(
                *map(self._charge, debts[start : start + CALLS_AT_ONCE]), return_exceptions=True
            )
            for failure in told:
                if failure is not None:
                    raise failure

    async def _charge(self, debt: Debt) -> None:
        self._shares.pay(debt, await self._server.charge(debt))

    def _now(self) -> int:
        return round(self._clock.seconds() * SECOND)
