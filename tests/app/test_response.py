"""Who has actions done, put together."""

from cybervault.domain.actions import ActionType
from tests.fakes.threats import ThreatWorld


async def test_without_executors_every_action_is_one_that_can_be_asked_for(threats: ThreatWorld) -> None:
    offered = {offer.type for offer in threats.product.actions.catalogue()}
    assert offered == set(ActionType)
