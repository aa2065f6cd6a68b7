"""Actions in response to threats: asked for with a reason, checked, handed to an executor, written down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.actions import CATALOGUE, ActionId, ActionRule, ActionType, read_target
from cybervault.domain.ids import FindingId, new_action_id
from cybervault.domain.jobs import Happened
from cybervault.domain.never import NOBODYS, Ground, refuse_never, refused
from cybervault.domain.observables import Observable, parse_observable
from cybervault.domain.principals import Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.response.executors import Executor, Outcome, Recorder
from cybervault.response.store import Action, ActionState, ActionStore

REASON_CHARACTERS_MAX: Final = 500
AllowedBy: TypeAlias = Callable[[Observable], str | None]
"""The name of the list of things that everybody needs which holds an observable; None where none does."""

# Of these the target is an observable, and whoever needs it is not asked.
_FOR_EVERYBODY: Final = frozenset(
    {ActionType.BLOCK_IP, ActionType.BLOCK_DOMAIN, ActionType.BLOCK_URL, ActionType.BLOCK_HASH}
)
RECORDED: Final = "action.recorded"
_DRY_RUN: Final = Outcome(
    ActionState.CHECKED, {"message": "A dry run: the action was checked, nothing was changed and nobody was told."}
)


class Events(Protocol):
    """Where others learn of it."""

    async def append(self, event: Happened) -> object:
        """Within the caller's transaction: keep an event until everybody who wants it was told."""


@dataclass(frozen=True, slots=True)
class NewAction:
    """What somebody wants done to what, and why; a dry run only checks whether it would be taken."""

    type: ActionType
    target: str
    reason: str
    is_dry_run: bool = False
    finding_id: FindingId | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A type of action and who would carry it out."""

    type: ActionType
    rule: ActionRule
    executor: str


class Actions:
    """The actions of all tenants, each seen by its own. The first of the executors that can takes an action over."""

    def __init__(  # noqa: PLR0913 - each says something of its own, and the last two may be left out
        self,
        store: ActionStore,
        executors: Sequence[Executor],
        journal: Journal,
        *,
        events: Events,
        ground: Ground = NOBODYS,
        allowed_by: AllowedBy = lambda _: None,
    ) -> None:
        self._ground = ground
        self._allowed_by = allowed_by
        self._store = store
        self._executors = (*executors, Recorder())
        self._journal = journal
        self._events = events

    async def request(self, wish: NewAction, *, by: Principal, actor: Actor) -> Action:
        """Have it done. Others are told of what is real, not of a dry run; both stand in the audit.

        Raises `Problem` FORBIDDEN `invalid_scope` or `action_refused`, INVALID `invalid_target`, `reason_required` or
        `invalid_parameter`.
        """
        if not by.has_scope(Scope.RESPONSE_WRITE):
            raise Problem(
                ProblemKind.FORBIDDEN,
                code="invalid_scope",
                message=f"An action needs the scope {Scope.RESPONSE_WRITE}.",
            )
        target, reason = read_target(wish.type, wish.target), reason_of(wish.reason)
        refuse_never(wish.type, target, self._ground)
        self._refuse_allowed(wish.type, target)
        executor = self._executor_of(wish.type)
        asked = Action(
            new_action_id(), by.tenant_id, wish.type, target, reason, wish.is_dry_run, _DRY_RUN.state, executor.name,
            self._journal.clock.now(), actor.name, wish.finding_id, _DRY_RUN.details,
        )  # fmt: skip
        async with self._store.transaction():
            action = asked if asked.is_dry_run else await self._executed(asked, executor)
            await self._store.add(action)
            if not action.is_dry_run:
                await self._tell(action)
            await self._journal.record(_happening(action, actor))
        return action

    async def find(self, tenant_id: TenantId, action_id: ActionId) -> Action:
        """The action of this id; `Problem` NOT_FOUND `not_found`."""
        action = await self._store.find(tenant_id, action_id)
        if action is None:
            raise action_not_found()
        return action

    async def page(
        self, tenant_id: TenantId, most: int, *, behind: tuple[float, str] | None = None
    ) -> tuple[Action, ...]:
        """Newest first, from behind the `place` of an action."""
        return await self._store.page(tenant_id, most, behind=behind)

    def catalogue(self) -> tuple[Offer, ...]:
        """All types."""
        return tuple(Offer(action, rule, self._executor_of(action).name) for action, rule in CATALOGUE.items())

    def _refuse_allowed(self, action: ActionType, target: str) -> None:
        title = self._allowed_by(parse_observable(target)) if action in _FOR_EVERYBODY else None
        if title is not None:
            raise refused(f"{target} is allow-listed ({title}): to block it would cut everybody off from it.")

    def _executor_of(self, action: ActionType) -> Executor:
        return next(executor for executor in self._executors if executor.can(action))

    @staticmethod
    async def _executed(asked: Action, executor: Executor) -> Action:
        outcome = await executor.execute(asked)
        return replace(asked, state=outcome.state, details=outcome.details)

    async def _tell(self, action: Action) -> None:
        payload = {
            "type": action.type.value,
            "target": action.target,
            "state": action.state.value,
            "executor": action.executor,
            "finding_id": action.finding_id or "",
        }
        await self._events.append(Happened(RECORDED, action.id, action.tenant_id, payload))


def reason_of(text: str) -> str:
    """A reason without blanks at its ends; `Problem` INVALID `reason_required` or `invalid_parameter`."""
    reason = text.strip()
    if not reason:
        raise Problem(
            ProblemKind.INVALID, code="reason_required", message="Say why: the reason is written to the audit."
        )
    if len(reason) > REASON_CHARACTERS_MAX or "\x00" in reason:
        rule = f"has 1 to {REASON_CHARACTERS_MAX} characters"
        raise Problem(
            ProblemKind.INVALID, code="invalid_parameter", message=f"reason {rule}.", details=(("reason", rule),)
        )
    return reason


def action_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such action.")


def _happening(action: Action, actor: Actor) -> Happening:
    details = {
        "type": action.type.value,
        "target": action.target,
        "reason": action.reason,
        "dry_run": "yes" if action.is_dry_run else "no",
        "state": action.state.value,
        "executor": action.executor,
    }
    if action.finding_id is not None:
        details["finding_id"] = action.finding_id
    return Happening(Change.ACTION_REQUESTED, actor, action.id, action.tenant_id, details)
