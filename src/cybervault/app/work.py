"""Work that outlives requests, put together: who does which job, and who is told of which event."""

from cybervault.domain.clock import Clock
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox


def dispatcher_of(database: Database, clock: Clock) -> Dispatcher:
    """The dispatcher of this process; nobody listens to events yet, so that they are only marked as told."""
    return Dispatcher(Jobs(database), Outbox(database), handlers={}, subscribers={}, clock=clock)
