"""Work that outlives requests, put together: who does which job, and who is told of which event."""

import asyncio
from collections.abc import Mapping

from cybervault.domain.clock import Clock
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher, Handler
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox


def dispatcher_of(
    database: Database, clock: Clock, *, handlers: Mapping[str, Handler], woken: asyncio.Event
) -> Dispatcher:
    """The dispatcher of this process; nobody listens to events yet, so that they are only marked as told."""
    return Dispatcher(Jobs(database), Outbox(database), handlers=handlers, subscribers={}, clock=clock, woken=woken)
