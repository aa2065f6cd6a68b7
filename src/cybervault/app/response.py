"""Who has actions done, put together: what no executor is set up for is recorded, and told to whoever listens."""

from cybervault.access.journal import Journal
from cybervault.app.shelf import Shelf
from cybervault.domain.never import Ground
from cybervault.domain.observables import Observable
from cybervault.response.actions import Actions
from cybervault.response.store import ActionStore
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox


def actions_of(database: Database, journal: Journal, shelf: Shelf, *, ground: Ground) -> Actions:
    """The service of actions, with the built-in executor alone; `ground` is what is our own."""

    def allowed_by(observable: Observable) -> str | None:
        knowledge = shelf.current()
        told = () if knowledge is None else knowledge.answer(observable).evidence
        return next((str(one.value) for one in told if one.item == "standing"), None)

    return Actions(
        ActionStore(database), (), journal, events=Outbox(database), ground=ground, allowed_by=allowed_by
    )  # fmt: skip
