"""Work that outlives requests, put together: who does which job, and who is told of which event."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cybervault.domain.clock import Clock
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher, Handler, Pace, Subscriber
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox

_PACE: Final = Pace()
_NOBODY: Final[Mapping[str, Subscriber]] = MappingProxyType({})


def dispatcher_of(  # noqa: PLR0913 - each says something of its own, and the last two may be left out
    database: Database,
    clock: Clock,
    *,
    handlers: Mapping[str, Handler],
    woken: asyncio.Event,
    subscribers: Mapping[str, Subscriber] = _NOBODY,
    pace: Pace = _PACE,
) -> Dispatcher:
    """A dispatcher of this process. All who listen to events are subscribers of one of them."""
    return Dispatcher(
        Jobs(database), Outbox(database), handlers=handlers, subscribers=subscribers, clock=clock, pace=pace,
        woken=woken,
    )  # fmt: skip
