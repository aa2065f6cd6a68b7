"""`cybervault scans`: what tenants may scan, granted and withdrawn by the operator; their scans, and what they saw."""

from typing import Annotated, Any, Final

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.app.product import Product
from cybervault.cli.access import with_product
from cybervault.cli.advisories import advisories, update_advisories
from cybervault.cli.documents import print_json
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.scan_engines import engines
from cybervault.cli.scan_results import diff, export, show_all
from cybervault.cli.scan_schedules import reschedule, schedule, schedules, unschedule
from cybervault.cli.tables import listing
from cybervault.domain.ids import GrantId
from cybervault.domain.principals import Tenant
from cybervault.faces.moments import spelled
from cybervault.scans.grant import Grant
from cybervault.scans.grants import NewGrant

scans: Final = typer.Typer(
    name="scans",
    help="What tenants may scan (nothing, until it is granted), what was seen, and what is known of packages.",
    no_args_is_help=True,
)


scans.add_typer(engines)
scans.command("list", epilog="Example: cybervault scans list --tenant acme")(show_all)
scans.command("export", epilog="Example: cybervault scans export scan_9x4m2k1pq7 --tenant acme -o report.html")(export)
scans.command("diff", epilog="Example: cybervault scans diff scan_4f1k9x2m7q scan_9x4m2k1pq7 --tenant acme")(diff)
scans.command(
    "schedule",
    epilog='Example: cybervault scans schedule 10.1.0.0/24 --tenant acme --name Office --cron "30 3 * * 1" '
    "--timezone Europe/Madrid",
)(schedule)
scans.command("schedules", epilog="Example: cybervault scans schedules --tenant acme")(schedules)
scans.command("reschedule", epilog="Example: cybervault scans reschedule sch_4f1k9x2m7q --tenant acme --pause")(
    reschedule
)
scans.command("unschedule", epilog="Example: cybervault scans unschedule sch_4f1k9x2m7q --tenant acme")(unschedule)
scans.command("advisories", epilog="Example: cybervault scans advisories")(advisories)
scans.command("update-advisories", epilog="Example: cybervault scans update-advisories --ecosystem Debian")(
    update_advisories
)


@scans.command(epilog='Example: cybervault scans grant 10.1.0.0/16 --tenant acme --note "Change 4711, signed by IT"')
def grant(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    target: Annotated[str, typer.Argument(help="A CIDR range, address, domain, ARN, or oci://host/repository.")],
    tenant: WhichTenant,
    note: Annotated[str, typer.Option(help="On what ground; it is written to the audit.")],
    pentest: Annotated[bool, typer.Option("--pentest", help="Scans of the profile pentest may use it too.")] = False,
    days: Annotated[int | None, typer.Option(help="When it ends; without it, never.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Grant a scope to a tenant; a grant of the same target is replaced."""
    wish = NewGrant(target, note, pentest, days)

    async def given(product: Product, owner: Tenant) -> Grant:
        return await product.scanning.grants.give(owner.id, wish, actor=OPERATOR)

    made = with_product(data, tenant, given)
    if as_json:
        print_json({"grant": _document(made)})
    else:
        typer.echo(made.id)


@scans.command("grants", epilog="Example: cybervault scans grants --tenant acme")
def show(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List what a tenant may scan, with what waits for its proof."""

    async def listed(product: Product, owner: Tenant) -> tuple[Grant, ...]:
        return await product.scanning.grants.list(owner.id)

    found = with_product(data, tenant, listed)
    if as_json:
        print_json({"grants": [_document(one) for one in found]})
        return
    table = listing("id", folded=("target", "by", "pentest", "until", "note"))
    for one in found:
        until = "waits for its proof" if one.granted_at is None else _day(one)
        table.add_row(one.id, one.target.value, one.basis.value, "yes" if one.allows_pentest else "", until, one.note)
    Console(markup=False).print(table if found else "Nothing was granted.")


@scans.command(epilog="Example: cybervault scans withdraw sgr_4f1k9x2m7q --tenant acme")
def withdraw(
    grant_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the grant, sgr_...")],
    tenant: WhichTenant,
    data: Data = None,
) -> None:
    """Withdraw a grant; what runs by it stops before its next part."""

    async def withdrawn(product: Product, owner: Tenant) -> None:
        await product.scanning.grants.withdraw(owner.id, GrantId(grant_id), actor=OPERATOR)

    with_product(data, tenant, withdrawn)
    typer.echo(f"{grant_id} is withdrawn.")


def _day(one: Grant) -> str:
    return "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}"


def _document(one: Grant) -> dict[str, Any]:
    return {
        "id": one.id,
        "target": one.target.value,
        "kind": one.target.kind.value,
        "basis": one.basis.value,
        "note": one.note,
        "allow_pentest": one.allows_pentest,
        "granted_at": None if one.granted_at is None else spelled(one.granted_at),
        "expires_at": None if one.expires_at is None else spelled(one.expires_at),
    }
