"""`cybervault tenants`: the tenants of this installation, their plans and the limits of their own."""

import json
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.access.tenants import CLASSES_OF_FACE
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Tenant

tenants: Final = typer.Typer(
    name="tenants",
    help="The tenants of this installation. A change holds at once, in a running server too.",
    no_args_is_help=True,
)
WhichTenant: TypeAlias = Annotated[str, typer.Argument(metavar="TENANT", help="Id or name of the tenant.")]
WhichFace: TypeAlias = Annotated[str, typer.Option("--face", help=f"One of {', '.join(CLASSES_OF_FACE)}.")]
WhichClass: TypeAlias = Annotated[
    CallClass, typer.Option("--calls", help="Which calls; v3 alone counts reading and writing apart.")
]


@tenants.command()
def create(  # noqa: PLR0917 - each argument is an option of the command
    name: Annotated[str, typer.Argument(help="Its name, 1 to 64 characters.")],
    plan: Annotated[Plan, typer.Option(help="What it has subscribed to.")] = Plan.STARTER,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Create a tenant and print its id."""
    tenant = with_access(data, lambda access: access.tenants.create(name, plan, actor=OPERATOR))
    typer.echo(_json({"tenant": _document(tenant)}) if as_json else tenant.id)


@tenants.command("list")
def show(as_json: AsJson = False, data: Data = None) -> None:
    """List all tenants."""
    found = with_access(data, lambda access: access.tenants.list())
    if as_json:
        typer.echo(_json({"tenants": [_document(one) for one in found]}))
        return
    table = listing("id", folded=("name", "plan", "created", "state"))
    for tenant in found:
        table.add_row(tenant.id, tenant.name, tenant.plan.value, f"{tenant.created_at:%Y-%m-%d}", _state(tenant))
    Console(markup=False).print(table)


@tenants.command("set-plan", epilog="Example: cybervault tenants set-plan acme enterprise")
def set_plan(  # noqa: PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    plan: Annotated[Plan, typer.Argument(help="What it has subscribed to now.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Give a tenant another plan; on starter its personal keys are refused until it has a larger one again."""

    async def changed(access: Access) -> Tenant:
        return await access.tenants.set_plan((await access.tenants.find(tenant)).id, plan, actor=OPERATOR)

    _show(with_access(data, changed), as_json=as_json)


@tenants.command()
def suspend(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """Refuse all keys and members of a tenant, until it is resumed."""

    async def changed(access: Access) -> Tenant:
        return await access.tenants.suspend((await access.tenants.find(tenant)).id, actor=OPERATOR)

    _show(with_access(data, changed), as_json=as_json)


@tenants.command()
def resume(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """Let the keys and members of a suspended tenant in again."""

    async def changed(access: Access) -> Tenant:
        return await access.tenants.resume((await access.tenants.find(tenant)).id, actor=OPERATOR)

    _show(with_access(data, changed), as_json=as_json)


@tenants.command()
def limits(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the limits that a tenant has of its own."""
    _show_limits(with_access(data, lambda access: _limits(access, tenant)), as_json=as_json)


@tenants.command("set-limit", epilog="Example: cybervault tenants set-limit acme --face v3 --calls read --minute 2000")
def set_limit(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    face: WhichFace,
    calls: WhichClass = CallClass.ANY,
    minute: Annotated[int | None, typer.Option(min=1, help="Calls a minute.")] = None,
    hour: Annotated[int | None, typer.Option(min=1, help="Calls an hour.")] = None,
    burst: Annotated[int | None, typer.Option(min=0, help="Percent above the calls a minute that pass too.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Give a tenant a limit of its own; what is not named is as its plan says."""
    limit = LimitOverride(face, calls, minute, hour, burst)

    async def changed(access: Access) -> tuple[LimitOverride, ...]:
        await access.tenants.set_limit((await access.tenants.find(tenant)).id, limit, actor=OPERATOR)
        return await _limits(access, tenant)

    _show_limits(with_access(data, changed), as_json=as_json)


@tenants.command("clear-limit")
def clear_limit(  # noqa: PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    face: WhichFace,
    calls: WhichClass = CallClass.ANY,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Take away a limit of a tenant's own: its plan counts again."""

    async def changed(access: Access) -> tuple[LimitOverride, ...]:
        await access.tenants.clear_limit((await access.tenants.find(tenant)).id, face, calls, actor=OPERATOR)
        return await _limits(access, tenant)

    _show_limits(with_access(data, changed), as_json=as_json)


async def _limits(access: Access, tenant: str) -> tuple[LimitOverride, ...]:
    return await access.tenants.limits((await access.tenants.find(tenant)).id)


def _show(tenant: Tenant, *, as_json: bool) -> None:
    text = f"{tenant.name} is {_state(tenant)} on the plan {tenant.plan.value}."
    typer.echo(_json({"tenant": _document(tenant)}) if as_json else text)


def _show_limits(found: tuple[LimitOverride, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(_json({"limits": [_limit_document(one) for one in found]}))
        return
    table = listing("face", folded=("calls", "a minute", "an hour", "burst"))
    for one in found:
        burst = "" if one.burst_percent is None else f"{one.burst_percent} %"
        table.add_row(one.face, one.call_class.value, str(one.minute or ""), str(one.hour or ""), burst)
    Console(markup=False).print(table if found else "As the plan says.")


def _state(tenant: Tenant) -> str:
    return "active" if tenant.suspended_at is None else "suspended"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _document(tenant: Tenant) -> dict[str, str | None]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan.value,
        "created_at": f"{tenant.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "suspended_at": None if tenant.suspended_at is None else f"{tenant.suspended_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _limit_document(limit: LimitOverride) -> dict[str, str | int | None]:
    return {
        "face": limit.face,
        "calls": limit.call_class.value,
        "minute": limit.minute,
        "hour": limit.hour,
        "burst_percent": limit.burst_percent,
    }
