"""Callers for the paths of scans: who runs a tenant, and who only works or looks in it; and the end of a scan."""

import asyncio
from typing import Any, Final

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.minting import NewKey
from cybervault.domain.principals import KeyKind, Role
from tests.fakes.keys import bearer
from tests.fakes.threats import ThreatWorld

PATIENCE_SECONDS: Final = 60.0


async def personal_key(world: ThreatWorld, role: Role, tenant: str = "acme") -> dict[str, str]:
    """The header of the key of a new member with this role."""
    access, owner = world.product.access, await world.tenant(tenant)
    name = f"{tenant}-{role.value}{len(await access.people.members.list(owner.id))}"
    wish = NewMember(f"{name}@example.org", name, role)
    member = await access.people.members.create(owner, wish, by=None, actor=OPERATOR)
    key = NewKey(KeyKind.PERSONAL_LIVE, name, owner_id=member.id)
    minted = await access.minting.mint(owner, key, by=None, actor=OPERATOR)
    return bearer(minted.secret.reveal())


async def ended(world: ThreatWorld, where: str, key: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """How a scan stands when it has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            body = (await world.ask("GET", where, key)).json()
            if body["status"] not in {"queued", "running"}:
                return body
            await asyncio.sleep(0.05)
