"""Who has actions done, put together."""

import pytest

from cybervault.access.audit import Actor
from cybervault.domain.actions import ActionType
from cybervault.domain.principals import Plan, Principal, Scope
from cybervault.domain.problems import Problem
from cybervault.response.actions import NewAction
from tests.fakes.threats import ThreatWorld


async def test_without_executors_every_action_is_one_that_can_be_asked_for(threats: ThreatWorld) -> None:
    offered = {offer.type for offer in threats.product.actions.catalogue()}
    assert offered == set(ActionType)


@pytest.mark.parametrize(
    ("action", "target", "words"),
    [
        (ActionType.BLOCK_IP, "9.9.9.9", "allow-listed (Well-known public DNS resolvers)"),
        (ActionType.BLOCK_DOMAIN, "a.root-servers.net", "allow-listed (DNS root servers)"),
        (ActionType.ISOLATE_ENDPOINT, "127.0.0.1", "this server"),
        (ActionType.BLOCK_URL, "http://127.0.0.1:8000/", "our own server"),
    ],
)
async def test_what_everybody_needs_and_this_server_itself_are_left_alone(
    threats: ThreatWorld, action: ActionType, target: str, words: str
) -> None:
    tenant = await threats.tenant()
    by, actor = Principal(tenant.id, frozenset({Scope.RESPONSE_WRITE}), Plan.ENTERPRISE), Actor("key:key_1", tenant.id)
    with pytest.raises(Problem) as caught:
        await threats.product.actions.request(NewAction(action, target, "Why not?"), by=by, actor=actor)
    assert caught.value.code == "action_refused"
    assert words in caught.value.message
