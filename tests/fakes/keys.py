"""Keys for tests, made by the real services."""

from typing import Any

from cybervault.access.audit import OPERATOR
from cybervault.access.minting import MintedKey, NewKey
from cybervault.app.access import Access
from cybervault.domain.principals import KeyKind, Plan


async def minted(access: Access, kind: KeyKind = KeyKind.SERVICE_LIVE, **wish: Any) -> MintedKey:  # noqa: ANN401 - NewKey's
    """A new key of the one tenant of this name; `wish` are the fields of `NewKey`."""
    tenants = {tenant.name: tenant for tenant in await access.tenants.list()}
    tenant = tenants.get("Acme") or await access.tenants.create("Acme", Plan.PROFESSIONAL, actor=OPERATOR)
    name = wish.pop("name", f"key {len(await access.keys.list(tenant.id))}")
    return await access.minting.mint(tenant, NewKey(kind, name, **wish), by=None, actor=OPERATOR)


async def secret_of(access: Access, kind: KeyKind = KeyKind.SERVICE_LIVE, **wish: Any) -> str:  # noqa: ANN401 - NewKey's
    """The text of a new key."""
    return (await minted(access, kind, **wish)).secret.reveal()


def bearer(secret: str) -> dict[str, str]:
    """The header that presents a key."""
    return {"Authorization": f"Bearer {secret}"}
