"""What the frame knows of a request: who calls is found out once, and why that failed is kept for whoever asks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.domain.ids import RequestId
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem
from cybervault.faces.caller import Callers, Presented
from cybervault.faces.face import Face
from cybervault.faces.limiting import Limits, OverLimit
from cybervault.faces.proxies import Client
from cybervault.faces.rights import Rights, RouteRule
from cybervault.faces.visit import Desk, Visit
from tests.faces.framed import Framed

HERE = Client(ip_address("192.0.2.1"), ip_address("192.0.2.1"), "https")


def silent(_problem: Problem | None, _request_id: RequestId) -> Response:
    raise AssertionError


def visit_of(framed: Framed, headers: Mapping[str, str], callers: Callers | None = None) -> Visit:
    desk = Desk(callers or framed.callers, Rights(()))
    presented = Presented("GET", Headers(dict(headers)), HERE)
    return Visit(desk, Face("/v3", silent), RequestId("req_1"), presented, framed.clock.seconds())


async def test_who_calls_is_known_and_resolved(framed: Framed) -> None:
    visit = visit_of(framed, await framed.key())
    assert visit.client is HERE
    caller = await visit.resolve()
    assert caller is not None
    assert caller is visit.resolved is visit.known
    assert visit.refusal is None


async def test_why_nobody_is_known_is_kept(framed: Framed) -> None:
    visit = visit_of(framed, {"Authorization": "Bearer cv_live_sk_wrong"})
    assert await visit.resolve() is None
    assert visit.refusal is not None
    assert (visit.refusal.code, visit.known) == ("invalid_api_key", None)


async def test_the_right_secret_at_the_wrong_time_is_known_but_opens_nothing(framed: Framed) -> None:
    """Who tries an ended key is of interest to its owner."""
    key = await framed.key(expires_at=framed.clock.now() + timedelta(hours=1))
    framed.clock.advance(3_600)
    visit = visit_of(framed, key)
    assert await visit.resolve() is None
    assert visit.refusal is not None
    assert visit.refusal.code == "expired_api_key"
    assert visit.known is not None
    assert visit.known.tenant_id == framed.world.tenant.id


async def test_a_second_look_forgets_the_first(framed: Framed) -> None:
    key = await framed.key(expires_at=framed.clock.now() + timedelta(hours=1))
    visit = visit_of(framed, key)
    assert await visit.resolve() is not None
    framed.clock.advance(3_600)
    assert await visit.resolve() is None
    assert visit.resolved is None


async def test_only_what_decides_about_rights_and_who_waited_is_read_from_the_database(framed: Framed) -> None:
    asked: list[bool] = []

    class Listening:
        async def resolve(
            self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
        ) -> Principal:
            asked.append(is_fresh)
            return await framed.world.keys.resolve(text, address, agent=agent)

    visit = visit_of(framed, await framed.key(), Callers(Listening()))
    await visit.resolve()
    await visit.resolve(is_fresh=True)
    for is_power in (False, True):
        visit.rule = replace(RouteRule("GET", "/v3/x"), is_power=is_power)
        await visit.resolve()
    assert asked == [False, True, False, True]


async def test_a_call_that_stands_for_several_is_counted_for_each(framed: Framed) -> None:
    visit = visit_of(framed, await framed.key())
    caller = await visit.resolve()
    assert caller is not None
    await visit.charge_again(caller)  # nothing counts where nobody limits
    assert visit.charge is None
    visit.face = replace(visit.face, limits="v3")
    visit.limits = Limits(LocalLimiter(framed.clock), framed.clock)
    few = replace(caller, overrides=(LimitOverride("v3", CallClass.ANY, minute=2, burst_percent=0),))
    for _ in range(2):
        await visit.charge_again(few)
    with pytest.raises(OverLimit):
        await visit.charge_again(few)
    assert visit.charge is not None
    assert not visit.charge.decision.is_admitted
