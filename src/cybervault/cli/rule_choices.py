"""What a tenant chooses among the rules, for the commands of the operator."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from cybervault.access.audit import OPERATOR
from cybervault.app.product import open_choices
from cybervault.app.rules import RuleShelf
from cybervault.detection.choices import Choices
from cybervault.detection.rules.catalogue import Catalogue
from cybervault.detection.rules.choice import Choice
from cybervault.detection.rules.pack import by_id
from cybervault.domain.principals import TenantId
from cybervault.logs import set_up_logs
from cybervault.settings import load_settings

_Found = TypeVar("_Found")


def choice_of(data: Path | None, shelf: RuleShelf, tenant: str) -> Choice:
    """What a tenant chose; `Problem` NOT_FOUND `tenant_not_found`."""
    return with_choices(data, shelf, tenant=tenant, work=lambda choices, tenant_id: choices.of(tenant_id))


def disable_for(data: Path | None, shelf: RuleShelf, tenant: str, *, rule_id: str, reason: str) -> None:
    """Disable a rule for a tenant, from the next event on at every node."""
    with_choices(
        data,
        shelf,
        tenant=tenant,
        work=lambda choices, tenant_id: choices.disable(tenant_id, rule_id, reason, actor=OPERATOR),
    )


def enable_for(data: Path | None, shelf: RuleShelf, tenant: str, *, rule_id: str) -> None:
    """Enable it again."""
    with_choices(
        data, shelf, tenant=tenant, work=lambda choices, tenant_id: choices.enable(tenant_id, rule_id, actor=OPERATOR)
    )


def with_choices(
    data: Path | None, shelf: RuleShelf, *, tenant: str, work: Callable[[Choices, TenantId], Awaitable[_Found]]
) -> _Found:
    """What comes of work with the choices of a tenant; `Problem` NOT_FOUND `tenant_not_found`."""
    set_up_logs("WARNING")  # on standard error: what a command prints is read by programs
    catalogue = Catalogue()
    catalogue.use(by_id(shelf.packs()), shelf.profile())

    async def opened() -> _Found:
        async with open_choices(load_settings(data=data), catalogue) as (access, choices):
            return await work(choices, (await access.tenants.find(tenant)).id)

    return asyncio.run(opened())
