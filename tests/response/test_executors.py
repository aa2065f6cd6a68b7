"""The executor that is built in: it takes everything over, and says that it changed nothing."""

from datetime import UTC, datetime

import pytest

from cybervault.domain.actions import ActionId, ActionType
from cybervault.domain.principals import TenantId
from cybervault.response.executors import Executor, Outcome, Recorder
from cybervault.response.store import Action, ActionState


@pytest.mark.parametrize("action_type", ActionType)
async def test_the_recorder_takes_every_type_and_claims_nothing(action_type: ActionType) -> None:
    """Nobody is told that something was contained that was not."""
    recorder: Executor = Recorder()
    action = Action(
        ActionId("act_1"), TenantId("tv_1"), action_type, "x", "y", False, ActionState.CHECKED, recorder.name,  # noqa: FBT003 - in the order of its fields
        datetime(2026, 11, 1, tzinfo=UTC), "operator",
    )  # fmt: skip
    assert recorder.can(action_type)
    assert await recorder.execute(action) == Outcome(
        ActionState.RECORDED,
        {"message": "No executor is configured for this action: it was recorded, nothing was changed."},
    )
