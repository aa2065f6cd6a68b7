"""How long things are kept: usage, addresses, ended sessions and the like go when their time is over."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

import structlog

from cybervault.access.rhythm import every
from cybervault.access.store.retention import Kept, RetentionStore
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem

_LOG: Final = structlog.get_logger("cybervault.access")
_SECONDS_BETWEEN: Final = 3_600.0
# An address names a household or a person; later its network is enough.
_WHOLE_ADDRESS: Final = timedelta(days=90)
_SESSIONS: Final = timedelta(days=30)
_INVITATIONS: Final = timedelta(days=30)
_REPLIES: Final = timedelta(hours=24)
_FAILURES: Final = timedelta(days=1)
_EVENTS: Final = timedelta(days=1)
_CHECKPOINTS: Final = timedelta(days=30)
_WORK: Final = timedelta(days=7)
_NETWORK_BITS: Final = {4: 24, 6: 48}

Forget: TypeAlias = Callable[[float], Awaitable[int]]
"""Delete what ended before a moment (Unix seconds); how many rows."""


class Retention:
    """Sweeps each hour; twice at once, on two nodes, does no harm. `work` is kept for seven days behind its end."""

    def __init__(
        self,
        store: RetentionStore,
        clock: Clock,
        *,
        usage_days: int,
        work: Mapping[str, Forget] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._clock = clock
        self._work = work
        self._usage = timedelta(days=usage_days)

    async def sweep(self) -> dict[str, int]:
        """Delete and cut what is older than it may be; how many rows of what."""
        now = self._clock.now()
        kept = Kept(
            usage=(now - self._usage).timestamp(),
            sessions=(now - _SESSIONS).timestamp(),
            invitations=(now - _INVITATIONS).timestamp(),
            replies=(now - _REPLIES).timestamp(),
            failures=(now - _FAILURES).timestamp(),
            events=(now - _EVENTS).timestamp(),
            checkpoints=(now - _CHECKPOINTS).timestamp(),
        )
        deleted = await self._store.delete(kept)
        for name, forget in self._work.items():
            deleted[name] = await forget((now - _WORK).timestamp())
        return deleted | {"addresses": await self._cut((now - _WHOLE_ADDRESS).timestamp())}

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep each hour until `stop` is set."""
        async for _ in every(_SECONDS_BETWEEN, stop):
            if stop.is_set():
                return
            try:
                swept = await self.sweep()
            except Problem as problem:
                _LOG.warning("retention not kept", code=problem.code)
            else:
                _LOG.info("retention kept", **{name: count for name, count in swept.items() if count})

    async def _cut(self, before: float) -> int:
        count = 0
        while found := await self._store.whole_addresses(before):
            async with self._store.transaction():
                for row_id, ip in found:
                    await self._store.cut(row_id, network_of(ip))
            count += len(found)
        return count


def network_of(ip: str) -> str:
    """The network that stays of an address: 256 of IPv4, a site of IPv6."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "0.0.0.0/0"  # what cannot be read could be from anywhere
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS[address.version]}", strict=False))
