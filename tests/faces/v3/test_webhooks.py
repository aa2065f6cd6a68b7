"""The paths of v3 by which events are sent to where a tenant wants to hear of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cybervault.domain.ids import WebhookId
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.settings import WebhookSettings
from cybervault.storage.outbox import Outbox
from tests.fakes.receiver import Receiver, answering, receiving
from tests.fakes.scanning import personal_key
from tests.fakes.serving import Setup
from tests.fakes.threats import ThreatWorld, threat_world

PATH = "/v3/webhooks"
UNKNOWN = f"{PATH}/hook_0000000000"
NOTHING = "wh_00000000-0000-4000-8000-000000000000"
ALL = (
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("POST", "/replay"),
    ("GET", "/deliveries"), ("GET", f"/deliveries/{NOTHING}"), ("POST", f"/deliveries/{NOTHING}/replay"),
)  # fmt: skip
BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("PATCH", ""): {"description": "x"},
    ("POST", "/replay"): {"since": "2026-11-01"},
}


@dataclass(slots=True)
class Hooked:
    """A server, a receiver that its operator allows, and a key that may manage."""

    world: ThreatWorld
    receiver: Receiver
    key: dict[str, str]

    async def ask(self, method: str, rest: str = "", **given: Any) -> Any:  # noqa: ANN401 - the client's
        return await self.world.ask(method, f"{PATH}{rest}", given.pop("key", self.key), **given)

    async def made(self, **body: object) -> dict[str, Any]:
        reply = await self.ask("POST", json={"url": self.receiver.url} | body)
        assert reply.status_code == 201, reply.text
        found: dict[str, Any] = reply.json()
        return found

    async def happens(self, topic: str, subject: str, **payload: str) -> None:
        tenant, outbox = await self.world.tenant(), Outbox(self.world.product.database)
        async with outbox.transaction():
            await outbox.append(Happened(topic, subject, tenant.id, payload))

    async def ended(self, webhook_id: str) -> dict[str, Any]:
        tenant, webhooks = await self.world.tenant(), self.world.product.hooks.webhooks
        async with asyncio.timeout(20):
            while (await webhooks.find(tenant.id, WebhookId(webhook_id))).disabled_at is None:  # noqa: ASYNC110 - the server sets no event of ours
                await asyncio.sleep(0.02)
        found: dict[str, Any] = (await self.ask("GET", f"/{webhook_id}")).json()
        return found


@pytest.fixture
async def hooked(setup: Setup) -> AsyncIterator[Hooked]:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        part = WebhookSettings(allowed_origins=(receiver.origin,))
        world = await stack.enter_async_context(threat_world(replace(setup, given={"webhooks": part})))
        yield Hooked(world, receiver, await world.key(Scope.KEYS_MANAGE))


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


async def test_one_is_made_shown_changed_and_removed(hooked: Hooked) -> None:
    made = await hooked.made(events=["scan.completed"], description="ours", min_severity="high")
    secret, where = made.pop("secret"), f"/{made['id']}"
    assert secret.startswith("whsec_")
    assert (made["events"], made["min_severity"], made["status"]) == (["scan.completed"], "high", "active")
    assert (await hooked.ask("GET")).json()["data"] == [made]
    assert (await hooked.ask("GET", where)).json() == made
    changed = (await hooked.ask("PATCH", where, json={"enabled": False})).json()
    assert changed == made | {"enabled": False, "status": "off"}
    assert (await hooked.ask("DELETE", where)).status_code == 204
    assert (await hooked.ask("GET")).json()["data"] == []


async def test_an_event_arrives_and_its_delivery_is_shown(hooked: Hooked) -> None:
    made = await hooked.made()
    await hooked.happens("finding.opened", "thr_1m4p7s0v3y", severity="high", target="198.51.100.42")
    (call,) = await hooked.receiver.until(1)
    listed = (await hooked.ask("GET", f"/{made['id']}/deliveries")).json()["data"]
    assert [one["id"] for one in listed] == [call.headers["webhook-id"]]
    shown = (await hooked.ask("GET", f"/{made['id']}/deliveries/{listed[0]['id']}")).json()
    assert shown["body"]["data"]["threat_id"] == "thr_1m4p7s0v3y"
    assert "secret" not in (await hooked.ask("GET", f"/{made['id']}")).json()


async def test_a_test_tells_what_came_of_it(hooked: Hooked) -> None:
    made = await hooked.made()
    hooked.receiver.behaviours = [answering(500, "oops")]
    tried = (await hooked.ask("POST", f"/{made['id']}/test")).json()
    assert (tried["event"], tried["state"], tried["reason"]) == ("webhook.test", "failed", "the receiver answered 500")
    assert [(one["status"], one["failure"], one["reply"]) for one in tried["log"]] == [(500, None, "oops")]
    failed = (await hooked.ask("GET", f"/{made['id']}/deliveries?state=failed")).json()
    assert [one["id"] for one in failed["data"]] == [tried["id"]]
    assert (await hooked.ask("GET", f"/{made['id']}/deliveries?state=pending")).json()["data"] == []


async def test_what_failed_is_sent_again(hooked: Hooked) -> None:
    made = await hooked.made()
    hooked.receiver.behaviours = [answering(500)]
    tried = (await hooked.ask("POST", f"/{made['id']}/test")).json()
    again = await hooked.ask("POST", f"/{made['id']}/deliveries/{tried['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    await hooked.receiver.until(2)
    hooked.receiver.behaviours = [answering(500)]
    await hooked.ask("POST", f"/{made['id']}/test")
    all_again = await hooked.ask("POST", f"/{made['id']}/replay", json={"since": "2026-10-31T00:00:00Z"})
    assert (all_again.status_code, all_again.json()) == (202, {"replayed": 1})
    await hooked.receiver.until(4)


async def test_a_secret_is_replaced_and_shown_once_even_where_the_call_is_repeated(hooked: Hooked) -> None:
    made = await hooked.made()
    once = hooked.key | {"Idempotency-Key": "once"}
    rotated = await hooked.ask("POST", f"/{made['id']}/rotate", key=once, json={"overlap_hours": 1})
    assert rotated.json()["secret"] not in {made["secret"], ""}
    assert rotated.json()["old_secret_until"] == "2026-11-01T01:00:00Z"
    repeated = await hooked.ask("POST", f"/{made['id']}/rotate", key=once, json={"overlap_hours": 1})
    assert code_of(repeated) == (409, "secret_already_shown")
    assert made["id"] in repeated.json()["error"]["message"]
    plain = await hooked.ask("POST", f"/{made['id']}/rotate")
    assert plain.json()["old_secret_until"] == "2026-11-02T00:00:00Z"


async def test_one_that_failed_says_why_and_is_enabled_again(hooked: Hooked) -> None:
    made = await hooked.made()
    hooked.receiver.behaviour = answering(410)
    await hooked.happens("scan.completed", "scan_1")
    await hooked.receiver.until(1)
    shown = await hooked.ended(made["id"])
    assert shown["disabled_reason"] == "the receiver answered 410: it wants nothing more"
    assert code_of(await hooked.ask("POST", f"/{made['id']}/replay", json={"since": "2026-11-01"})) == (
        409, "webhook_disabled",
    )  # fmt: skip
    enabled = (await hooked.ask("PATCH", f"/{made['id']}", json={"enabled": True})).json()
    assert (enabled["status"], enabled["disabled_reason"]) == ("active", None)


async def test_lists_come_in_pages(hooked: Hooked) -> None:
    made = []
    for _ in range(3):
        made.append((await hooked.made())["id"])
        hooked.world.clock.advance(1)
    first = (await hooked.ask("GET", "?limit=2")).json()
    second = (await hooked.ask("GET", f"?limit=2&cursor={first['pagination']['next_cursor']}")).json()
    assert [one["id"] for one in (*first["data"], *second["data"])] == made
    for _ in range(3):
        await hooked.ask("POST", f"/{made[0]}/test")
        hooked.world.clock.advance(1)
    where = f"/{made[0]}/deliveries?limit=2"
    first = (await hooked.ask("GET", where)).json()
    second = (await hooked.ask("GET", f"{where}&cursor={first['pagination']['next_cursor']}")).json()
    moments = [one["created_at"] for one in (*first["data"], *second["data"])]
    assert moments == sorted(moments, reverse=True)
    assert (len(moments), second["pagination"]["has_more"]) == (3, False)


@pytest.mark.parametrize(
    ("method", "rest", "body", "code"),
    [
        ("POST", "", {}, "missing_parameter"),
        ("POST", "", {"url": "https://10.0.0.5/"}, "invalid_webhook_url"),
        ("POST", "", {"url": "http://169.254.169.254/"}, "invalid_webhook_url"),
        ("POST", "", {"url": "https://hooks.example.com/", "events": []}, "invalid_parameter"),
        ("POST", "", {"url": "https://hooks.example.com/", "events": ["x"]}, "invalid_parameter"),
        ("POST", "", {"url": "https://hooks.example.com/", "more": 1}, "invalid_parameter"),
        ("POST", "", {"url": 7}, "invalid_parameter"),
        ("PATCH", "/{id}", {"min_severity": "awful"}, "invalid_parameter"),
        ("PATCH", "/{id}", {"url": "https://127.0.0.1/"}, "invalid_webhook_url"),
        ("POST", "/{id}/rotate", {"overlap_hours": 169}, "invalid_parameter"),
        ("POST", "/{id}/replay", {"since": "yesterday"}, "invalid_parameter"),
        ("POST", "/{id}/replay", {}, "missing_parameter"),
        ("GET", "/{id}/deliveries?state=odd", None, "invalid_parameter"),
    ],
)
async def test_malformed(hooked: Hooked, method: str, rest: str, body: dict[str, object] | None, code: str) -> None:
    where = rest.replace("{id}", (await hooked.made())["id"]) if "{id}" in rest else rest
    assert code_of(await hooked.ask(method, where, json=body)) == (400, code)


async def test_without_key(threats: ThreatWorld) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), *((method, f"{UNKNOWN}{rest}") for method, rest in ALL)):
        assert code_of(await threats.ask(method, path)) == (401, "missing_api_key")


async def test_key_lacks_scope(threats: ThreatWorld) -> None:
    key = await threats.key(*(scope for scope in Scope if scope is not Scope.KEYS_MANAGE))
    member = await personal_key(threats, Role.MEMBER)
    for method, path in (("GET", PATH), ("POST", PATH), *((method, f"{UNKNOWN}{rest}") for method, rest in ALL)):
        for caller in (key, member):
            assert code_of(await threats.ask(method, path, caller)) == (403, "invalid_scope")


async def test_a_test_key_is_told_that_it_sees_made_up_data_only(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_TEST)
    assert code_of(await threats.ask("GET", PATH, key)) == (403, "sandbox_restricted")


async def test_other_tenant_sees_nothing(hooked: Hooked) -> None:
    made = await hooked.made()
    tried = (await hooked.ask("POST", f"/{made['id']}/test")).json()
    other = await hooked.world.key(Scope.KEYS_MANAGE, tenant="other") | {"X-Request-ID": "req_same"}
    assert (await hooked.ask("GET", key=other)).json()["data"] == []
    for method, rest in ALL:
        body, place = BODIES.get((method, rest)), rest.replace(NOTHING, tried["id"])
        foreign = await hooked.ask(method, f"/{made['id']}{place}", key=other, json=body)
        unknown = await hooked.ask(method, f"/hook_0000000000{rest}", key=other, json=body)
        odd = await hooked.ask(method, f"/nonsense{rest}", key=other, json=body)
        assert foreign.status_code == 404
        assert foreign.content == unknown.content == odd.content
    missing = await hooked.ask("GET", f"/{made['id']}/deliveries/{NOTHING}")
    assert code_of(missing) == (404, "not_found")
    assert len(hooked.receiver.calls) == 1
