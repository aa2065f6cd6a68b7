"""How sources stand: what would keep each from being asked, and what is left of its quota."""

import pytest

from cybervault.domain.secrets import Secret
from cybervault.egress.breaker import FAILURES_TO_OPEN, OPEN_SECONDS, Breaker
from cybervault.egress.budget import Budget, MemoryBudgetStore
from cybervault.enrichment.connector import KeyRule, Quota, SourceSetup
from cybervault.enrichment.lookup import quota_rules
from cybervault.enrichment.standing import SourceState, Standing, Standings
from tests.enrichment.test_lookup import source
from tests.fakes.clock import HandClock

KEY = Secret("k0")
FREE = source("free", quota=(Quota(3, 86_400),))
KEYED = source("keyed", key=KeyRule.REQUIRED, quota=(Quota(1, 60), Quota(9, 86_400)))


class Watched:
    """Two sources, and what is spent and met of them."""

    def __init__(self, **setups: SourceSetup) -> None:
        self.clock = HandClock()
        self.budget, self.breaker = Budget(MemoryBudgetStore(), self.clock), Breaker(self.clock)
        self._standings = Standings((FREE, KEYED), setups, budget=self.budget, breaker=self.breaker)

    async def see(self, name: str) -> Standing:
        (found,) = [one for one in await self._standings.all() if one.source.name == name]
        return found


@pytest.mark.parametrize(
    ("setups", "state"),
    [
        ({}, SourceState.OFF),
        ({"keyed": SourceSetup("")}, SourceState.NO_KEY),
        ({"keyed": SourceSetup("", may_ask_anonymously=True)}, SourceState.READY),
        ({"keyed": SourceSetup("", key=KEY)}, SourceState.READY),
    ],
)
async def test_what_the_operator_decided(setups: dict[str, SourceSetup], state: SourceState) -> None:
    standing = await Watched(**setups).see("keyed")
    assert (standing.state, standing.has_key) == (state, any(setup.key for setup in setups.values()))


async def test_a_quota_is_told_as_it_is_spent_and_is_there_again_with_the_next_window() -> None:
    watched = Watched(keyed=SourceSetup("", key=KEY))
    await watched.budget.take("keyed", KEY.fingerprint, quota_rules(KEYED))
    standing = await watched.see("keyed")
    assert standing.state is SourceState.EXHAUSTED
    assert [(one.limit, one.remaining) for one in standing.left] == [(1, 0), (9, 8)]
    watched.clock.advance(60)
    assert (await watched.see("keyed")).state is SourceState.READY


async def test_what_is_not_metered_has_no_quota() -> None:
    watched = Watched(free=SourceSetup("", is_metered=False))
    assert await watched.see("free") == Standing(FREE, SourceState.READY, has_key=False, left=())


async def test_a_source_that_does_not_answer_is_failing_until_it_does() -> None:
    watched = Watched(free=SourceSetup(""))
    for _ in range(FAILURES_TO_OPEN):
        watched.breaker.failed("free", "")
    assert (await watched.see("free")).state is SourceState.FAILING
    watched.clock.advance(OPEN_SECONDS)
    assert (await watched.see("free")).state is SourceState.FAILING
    watched.breaker.succeeded("free", "")
    assert (await watched.see("free")).state is SourceState.READY
