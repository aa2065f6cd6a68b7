"""Webhooks of the whole server, verified by others' code; a server that is killed between two attempts."""

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from cybervault.access.audit import OPERATOR
from cybervault.app.product import Product, put_together
from cybervault.domain.clock import SystemClock
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import Plan, Tenant
from cybervault.response.webhooks.webhooks import MintedWebhook, NewWebhook
from cybervault.scans.grants import NewGrant
from cybervault.scans.scans import NewScan
from cybervault.settings import Settings, WebhookSettings
from cybervault.storage.outbox import Outbox
from tests.fakes.processes import family, served
from tests.fakes.receiver import Received, Receiver, answering, hanging, receiving

GUIDE: Final = Path(__file__).parents[2] / "docs" / "guides" / "webhooks.md"
NOTHING: Final = '{"id": "wh_1"}'


def verify_of_the_guide() -> Callable[..., bool]:
    """The function that the guide shows."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is what readers are told to run
    found: Callable[..., bool] = names["verified"]
    return found


async def opened(data: Path, receiver: Receiver) -> Product:
    part = WebhookSettings(allowed_origins=(receiver.origin,))
    return put_together(Settings(data=data, webhooks=part), SystemClock())


async def made(product: Product, receiver: Receiver) -> tuple[Tenant, MintedWebhook]:
    tenant = await product.access.tenants.create("acme", Plan.ENTERPRISE, actor=OPERATOR)
    return tenant, await product.hooks.webhooks.create(tenant.id, NewWebhook(receiver.url), actor=OPERATOR)


async def happens(product: Product, tenant: Tenant, subject: str) -> None:
    outbox = Outbox(product.database)
    async with outbox.transaction():
        await outbox.append(Happened("scan.completed", subject, tenant.id, {"profile": "standard"}))


def by_the_library(secret: str, call: Received) -> bool:
    try:
        Verifier(secret).verify(call.body, dict(call.headers))
    except WebhookVerificationError:
        return False
    return True


async def test_a_receiver_verifies_what_it_gets_by_the_library_and_by_the_code_of_the_guide(
    tmp_path: Path, prepared_state: Path
) -> None:
    data = Path(shutil.copytree(prepared_state, tmp_path / "state"))
    verified = verify_of_the_guide()
    async with receiving() as receiver, await opened(data, receiver) as product:
        tenant, minted = await made(product, receiver)
        tried = await product.hooks.courier.test(minted.webhook, actor=OPERATOR)
        rotated = await product.hooks.webhooks.rotate(tenant.id, minted.webhook.id, overlap_hours=1, actor=OPERATOR)
        await product.hooks.courier.test(rotated.webhook, actor=OPERATOR)
        first, second = receiver.calls
    old, new = minted.secret.reveal(), rotated.secret.reveal()
    assert tried.delivery.id == json.loads(first.body)["id"]
    for check in (by_the_library, lambda secret, call: verified(secret, call.headers, call.body)):
        assert [check(old, first), check(new, first)] == [True, False]
        assert [check(old, second), check(new, second)] == [True, True]
        assert not check(old, replace(first, body=first.body + b" "))
        assert not check(old, replace(first, headers={**first.headers, "webhook-id": "wh_other"}))
    later = int(first.headers["webhook-timestamp"]) + 301
    assert not verified(old, first.headers, first.body, later)


async def test_a_server_killed_between_two_attempts_loses_nothing_and_sends_nothing_it_did_not_have_to(
    tmp_path: Path, prepared_state: Path
) -> None:
    """What was answered with 200 is not sent again; what was under way or waited is, under the same id."""
    data = Path(shutil.copytree(prepared_state, tmp_path / "state"))
    async with receiving() as receiver:
        env = {"CYBERVAULT_WEBHOOKS__ALLOWED_ORIGINS": json.dumps([receiver.origin])}
        async with await opened(data, receiver) as product:
            tenant, _ = await made(product, receiver)
            for subject in ("taken", "under way"):
                await happens(product, tenant, subject)
        receiver.behaviours = [answering(200), hanging]
        await _serving(data, env, tmp_path / "first", lambda: _both(receiver), kills=True)
        before = {json.loads(call.body)["id"] for call in receiver.calls}
        await _serving(data, env, tmp_path / "second", lambda: receiver.until(3, 60), kills=False)
    subjects = [json.loads(call.body)["data"]["scan_id"] for call in receiver.calls]
    assert sorted(subjects[:2]) == ["taken", "under way"]
    hung = json.loads(receiver.calls[1].body)["id"]
    assert [json.loads(call.body)["id"] for call in receiver.calls[2:]] == [hung]
    assert len(before) == 2


async def _both(receiver: Receiver) -> None:
    """Both came, and the answer to the first was written down."""
    await receiver.until(2, 60)
    await asyncio.sleep(1)


async def _serving(
    data: Path, env: dict[str, str], output: Path, until: Callable[[], Awaitable[object]], *, kills: bool
) -> None:
    """A server as a process of its own, until something has come."""
    context = served(data, env, output)
    server = await asyncio.to_thread(context.__enter__)
    try:
        await until()
        if kills:
            for pid in family(server.pid):
                os.kill(pid, signal.SIGKILL)
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def test_a_scan_is_told_from_its_beginning_to_its_end(tmp_path: Path, prepared_state: Path) -> None:
    """Asked for, run and ended by the server, with nobody who looks at it meanwhile."""
    data = Path(shutil.copytree(prepared_state, tmp_path / "state"))
    async with receiving() as receiver:
        async with await opened(data, receiver) as product:
            tenant, minted = await made(product, receiver)
            grant = NewGrant("arn:aws:s3:::bucket", "tests")
            await product.scanning.grants.give(tenant.id, grant, actor=OPERATOR)
            wish = NewScan(("arn:aws:s3:::bucket",))
            scan = await product.scanning.scans.initialize(tenant.id, wish, actor=OPERATOR)
        env = {"CYBERVAULT_WEBHOOKS__ALLOWED_ORIGINS": json.dumps([receiver.origin])}
        await _serving(data, env, tmp_path / "output", lambda: _told(receiver, "scan.completed"), kills=False)
    told = [json.loads(call.body) for call in receiver.calls]
    assert {one["data"]["scan_id"] for one in told} == {scan.id}
    assert sorted(one["event"] for one in told if one["event"] != "scan.progress") == ["scan.completed", "scan.started"]
    assert all(by_the_library(minted.secret.reveal(), call) for call in receiver.calls)


async def _told(receiver: Receiver, event: str) -> None:
    count = 1
    while event not in {json.loads(call.body)["event"] for call in await receiver.until(count, 60)}:
        count += 1


@pytest.mark.parametrize("headers", [{}, {"webhook-timestamp": "soon"}, {"webhook-timestamp": "-1"}])
def test_the_code_of_the_guide_refuses_what_is_not_signed(headers: dict[str, str]) -> None:
    assert not verify_of_the_guide()("whsec_eA==", headers, NOTHING.encode())
