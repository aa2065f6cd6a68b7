"""What a command works on, opened, used and closed within one event loop: tenants, keys and audit, or everything."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from cybervault.app.access import Access
from cybervault.app.product import Product, open_access, put_together
from cybervault.domain.principals import Tenant
from cybervault.logs import set_up_logs
from cybervault.settings import load_settings

_Found = TypeVar("_Found")


def with_access(data: Path | None, work: Callable[[Access], Awaitable[_Found]]) -> _Found:
    """What `work` gives, done on the state in `data` (None: where the settings say)."""
    set_up_logs("WARNING")  # on standard error: what a command prints is read by programs

    async def opened() -> _Found:
        async with open_access(load_settings(data=data)) as access:
            return await work(access)

    return asyncio.run(opened())


def with_product(data: Path | None, tenant: str, work: Callable[[Product, Tenant], Awaitable[_Found]]) -> _Found:
    """What `work` gives, done for a tenant with all services; `Problem` NOT_FOUND `tenant_not_found`."""
    set_up_logs("WARNING")

    async def opened() -> _Found:
        async with put_together(load_settings(data=data)) as product:
            return await work(product, await product.access.tenants.find(tenant))

    return asyncio.run(opened())
