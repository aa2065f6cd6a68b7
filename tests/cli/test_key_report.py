"""`cybervault keys report`: the keys that somebody should look at."""

import asyncio
from pathlib import Path

import pytest

from cybervault.access.usage import Use
from cybervault.app.product import open_access
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyId, Plan, Principal
from cybervault.settings import Settings
from tests.cli.conftest import Run, document


@pytest.fixture
def key_id(run: Run) -> str:
    """A key without an expiry, created just now."""
    run("tenants", "create", "acme")
    words = ("keys", "create", "--tenant", "acme", "--name", "ci", "--scope", "threat:read", "--json")
    return str(document(run(*words))["key"]["id"])


def refuse(data: Path, key_id: str) -> None:
    """A call with the right secret that was refused."""

    async def call() -> None:
        async with open_access(Settings(data=data)) as access:
            (tenant,) = await access.tenants.list()
            (key,) = await access.keys.list(tenant.id)
            caller = Principal(tenant.id, frozenset(), Plan.STARTER, key_id=KeyId(key_id), hint=key.secrets[0].hint)
            now = SystemClock().now()
            access.usage.note(Use(caller, "GET", "/v3/threats", 403, 1, "203.0.113.9", None, "req_1", now))
            await access.usage.flush()

    asyncio.run(call())


def test_a_tenant_without_keys_has_nothing_to_look_at(run: Run) -> None:
    run("tenants", "create", "acme")
    assert run("keys", "report", "--tenant", "acme").stdout == "No key needs a look.\n"


def test_a_key_that_never_expires_is_told(run: Run, key_id: str) -> None:
    assert document(run("keys", "report", "--tenant", "acme", "--json"))["remarks"] == [
        {"key_id": key_id, "name": "ci", "matter": "no_expiry", "text": "never expires"}
    ]


def test_a_right_secret_that_was_refused_comes_first_with_its_place(run: Run, key_id: str, data: Path) -> None:
    refuse(data, key_id)
    printed = run("keys", "report", "--tenant", "acme").stdout
    assert "refused" in printed
    assert "right secret but refused once" in printed
    assert "from 203.0.113.9" in printed
    assert printed.index("refused") < printed.index("no_expiry")
