"""`cybervault service-accounts`: what programs call with, and the most that their keys may."""

from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.access.service_accounts import AccountEdit, NewServiceAccount, RemovedAccount
from cybervault.access.store.service_accounts import ServiceAccount
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.documents import print_json
from cybervault.cli.key_view import moment_of
from cybervault.cli.keys import Scopes, WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing

service_accounts: Final = typer.Typer(
    name="service-accounts", help="What programs call with: the owners of service keys.", no_args_is_help=True
)
WhichAccount: TypeAlias = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id or name of the service account.")]
Description: TypeAlias = Annotated[str | None, typer.Option("--description", help="What it does.")]


@service_accounts.command(epilog="Example: cybervault service-accounts create robot --tenant acme --scope scan:read")
def create(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    name: Annotated[str, typer.Argument(help="Its name, 1 to 64 characters.")],
    tenant: WhichTenant,
    scope: Scopes = None,
    description: Description = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Create a service account; its scopes are the most that any of its keys may have."""
    wish = NewServiceAccount(name, frozenset(scope or ()), description or "")

    async def made(access: Access) -> ServiceAccount:
        found = await access.tenants.find(tenant)
        return await access.service_accounts.create(found.id, wish, by=None, actor=OPERATOR)

    account = with_access(data, made)
    if as_json:
        print_json({"service_account": _document(account)})
    else:
        typer.echo(account.id)


@service_accounts.command("list")
def show(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the service accounts of a tenant, oldest first."""

    async def listed(access: Access) -> tuple[ServiceAccount, ...]:
        return await access.service_accounts.list((await access.tenants.find(tenant)).id)

    found = with_access(data, listed)
    if as_json:
        print_json({"service_accounts": [_document(one) for one in found]})
        return
    table = listing("id", folded=("name", "scopes", "description"))
    for one in found:
        table.add_row(one.id, one.name, " ".join(sorted(one.scopes)) or "none", one.description)
    Console(markup=False).print(table)


@service_accounts.command(epilog="Example: cybervault service-accounts edit robot --tenant acme --no-scopes")
def edit(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    account: WhichAccount,
    tenant: WhichTenant,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    scope: Scopes = None,
    no_scopes: Annotated[bool, typer.Option("--no-scopes", help="No scopes: none of its keys may anything.")] = False,
    description: Description = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Change a service account; fewer scopes hold for all its keys at once, more give them nothing."""
    wish = AccountEdit(name, frozenset(scope or ()) if scope or no_scopes else None, description)

    async def changed(access: Access) -> ServiceAccount:
        found = await access.service_accounts.find(account, (await access.tenants.find(tenant)).id)
        return await access.service_accounts.edit(found, wish, by=None, actor=OPERATOR)

    after = with_access(data, changed)
    if as_json:
        print_json({"service_account": _document(after)})
    else:
        typer.echo(f"{after.name} may give its keys {' '.join(sorted(after.scopes)) or 'nothing'}.")


@service_accounts.command()
def remove(  # noqa: PLR0917 - each argument is an option of the command
    account: WhichAccount, tenant: WhichTenant, as_json: AsJson = False, data: Data = None
) -> None:
    """Remove a service account for good, and revoke all its keys."""

    async def removed(access: Access) -> RemovedAccount:
        found = await access.service_accounts.find(account, (await access.tenants.find(tenant)).id)
        return await access.service_accounts.remove(found, by=None, actor=OPERATOR)

    gone = with_access(data, removed)
    if as_json:
        print_json({"service_account": _document(gone.account), "revoked_keys": list(gone.revoked)})
    else:
        typer.echo(f"{gone.account.name} is removed, and {len(gone.revoked)} of its keys are revoked.")


def _document(account: ServiceAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "tenant_id": account.tenant_id,
        "name": account.name,
        "description": account.description,
        "scopes": sorted(account.scopes),
        "created_by": account.created_by,
        "created_at": moment_of(account.created_at),
        "removed_at": moment_of(account.removed_at),
    }
