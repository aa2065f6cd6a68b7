"""Executors: who carries actions out. The one that is built in writes them down and changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from cybervault.domain.actions import ActionType
from cybervault.response.store import Action, ActionState

NOTHING_CHANGED: Final = "No executor is configured for this action: it was recorded, nothing was changed."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an executor did with an action, and what it says of it; `details` hold no secret."""

    state: ActionState
    details: Mapping[str, str]


class Executor(Protocol):
    """Who carries actions of some types out."""

    @property
    def name(self) -> str:
        """How rows and answers name it."""

    def can(self, action: ActionType) -> bool:
        """Whether it carries actions of this type out."""

    async def execute(self, action: Action) -> Outcome:
        """Take an action over, within the transaction that writes it down.

        What reaches out of this database is only begun here, as a job, and done once the transaction has held: else
        something could be done that no row tells of.
        """


class Recorder:
    """Takes every action over by writing it down."""

    name: Final = "recorder"

    def can(self, _action: ActionType) -> bool:
        """Whether it takes actions of this type: all."""
        return True

    async def execute(self, _action: Action) -> Outcome:
        """Say that nothing was changed."""
        return Outcome(ActionState.RECORDED, {"message": NOTHING_CHANGED})
