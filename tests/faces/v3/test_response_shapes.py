"""The wire forms of response: what is read of a body, and how actions and types are written."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from cybervault.domain.actions import CATALOGUE, ActionId, ActionType
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.faces.v3.response_shapes import ActionReply, ActionRequest, OfferReply
from cybervault.response.actions import NewAction, Offer
from cybervault.response.store import Action, ActionState

ACTION = Action(
    ActionId("act_8h2k5n9q1t"), TenantId("tv_1"), ActionType.KILL_PROCESS, "evil.exe", "It beacons.", True,  # noqa: FBT003 - in the order of its fields
    ActionState.CHECKED, "recorder", datetime(2026, 11, 1, tzinfo=UTC), "operator",
)  # fmt: skip


def test_a_body_is_a_wish_that_is_real_unless_said() -> None:
    plain = ActionRequest.model_validate_json('{"type":"patch","target":"finance-07","reason":"old"}', strict=True)
    assert plain.to_core() == NewAction(ActionType.PATCH, "finance-07", "old")
    dry = ActionRequest(type=ActionType.PATCH, target="x", reason="y", dry_run=True, finding_id="thr_1m4p7s0v3y")
    assert dry.to_core() == NewAction(
        ActionType.PATCH, "x", "y", is_dry_run=True, finding_id=FindingId("thr_1m4p7s0v3y")
    )


@pytest.mark.parametrize("finding_id", ["thr_1", "asm_1m4p7s0v3y", "thr_1m4p7s0v3y\n", ""])
def test_only_ids_of_threats_are_taken(finding_id: str) -> None:
    with pytest.raises(ValidationError):
        ActionRequest(type=ActionType.PATCH, target="x", reason="y", finding_id=finding_id)


def test_an_action_that_nothing_takes_back_says_so() -> None:
    reply = ActionReply.of(ACTION)
    assert (reply.is_reversible, reply.undo, reply.state, reply.dry_run) == (False, None, "checked", True)
    assert (reply.created_at, reply.finding_id, reply.details) == ("2026-11-01T00:00:00Z", None, {})


@pytest.mark.parametrize("action_type", ActionType)
def test_every_type_and_state_has_its_form(action_type: ActionType) -> None:
    for state in ActionState:
        assert ActionReply.of(replace(ACTION, type=action_type, state=state)).type == action_type.value
    offer = OfferReply.of(Offer(action_type, CATALOGUE[action_type], "recorder"))
    assert (offer.type, offer.is_reversible, offer.executor) == (action_type.value, offer.undo is not None, "recorder")
