"""Who has actions done, put together: what no executor is set up for is recorded, and told to whoever listens."""

from cybervault.access.journal import Journal
from cybervault.response.actions import Actions
from cybervault.response.store import ActionStore
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox


def actions_of(database: Database, journal: Journal) -> Actions:
    """The service of actions, with the built-in executor alone."""
    return Actions(ActionStore(database), (), journal, events=Outbox(database))
