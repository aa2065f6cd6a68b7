"""`cybervault tenants`: the tenants of this installation."""

import json
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from cybervault.access.audit import OPERATOR
from cybervault.app import open_access
from cybervault.cli.options import AsJson, Data
from cybervault.domain.principals import Plan, Tenant
from cybervault.settings import load_settings

tenants: Final = typer.Typer(name="tenants", help="The tenants of this installation.", no_args_is_help=True)


@tenants.command()
def create(  # noqa: PLR0917 - each argument is an option of the command
    name: Annotated[str, typer.Argument(help="Its name, 1 to 64 characters.")],
    plan: Annotated[Plan, typer.Option(help="What it has subscribed to.")] = Plan.STARTER,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Create a tenant and print its id."""
    with open_access(load_settings(data=data)) as access:
        tenant = access.tenants.create(name, plan, actor=OPERATOR)
    typer.echo(json.dumps({"tenant": _document(tenant)}, ensure_ascii=False, indent=2) if as_json else tenant.id)


@tenants.command("list")
def show(as_json: AsJson = False, data: Data = None) -> None:
    """List all tenants."""
    with open_access(load_settings(data=data)) as access:
        found = access.tenants.list()
    if as_json:
        typer.echo(json.dumps({"tenants": [_document(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    table = Table("id", "name", "plan", "created", box=None, header_style="dim", pad_edge=False)
    for tenant in found:
        table.add_row(tenant.id, tenant.name, tenant.plan.value, f"{tenant.created_at:%Y-%m-%d}")
    Console(markup=False).print(table)


def _document(tenant: Tenant) -> dict[str, str]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan.value,
        "created_at": f"{tenant.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
