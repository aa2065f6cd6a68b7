"""`cybervault scans schedule` and its kin: scans that are asked for again and again, by the operator."""

from typing import Annotated

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.app.product import Product
from cybervault.cli.access import with_product
from cybervault.cli.documents import print_json
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.ids import ScheduleId
from cybervault.domain.principals import Tenant
from cybervault.faces.scan_schedule_shapes import ScheduleReply
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scans import MINUTES_MAX
from cybervault.scans.schedule import NewSchedule, Schedule, ScheduleEdit

_CRON = "Minute, hour, day of the month, month, day of the week, as in crontab."
_ZONE = "In which times are read, such as Europe/Madrid or UTC."

WhichSchedule = Annotated[str, typer.Argument(metavar="ID", help="Id of the schedule, sch_...")]
Minutes = Annotated[int, typer.Option("--max-duration", min=1, max=MINUTES_MAX, help="Minutes of each scan.")]


def schedule(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    targets: Annotated[list[str], typer.Argument(help="CIDR ranges, addresses, domains, ARNs, oci://host/repository.")],
    tenant: WhichTenant,
    name: Annotated[str, typer.Option(help="What it is called.")],
    cron: Annotated[str, typer.Option(help=_CRON)],
    timezone: Annotated[str, typer.Option(help=_ZONE)],
    profile: Annotated[ProfileName, typer.Option(help="How deep and how loud.")] = ProfileName.STANDARD,
    max_duration: Minutes = 60,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Have what a tenant was granted scanned again and again, by a running server."""
    wish = NewSchedule(name, tuple(targets), cron, timezone, profile, max_duration)

    async def made(product: Product, owner: Tenant) -> Schedule:
        return await product.scanning.schedules.create(owner.id, wish, actor=OPERATOR)

    _print(with_product(data, tenant, made), as_json=as_json)


def schedules(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the schedules of a tenant, with when each is due and how its last turn went."""

    async def listed(product: Product, owner: Tenant) -> tuple[Schedule, ...]:
        return await product.scanning.schedules.list(owner.id)

    found = [ScheduleReply.of(one) for one in with_product(data, tenant, listed)]
    if as_json:
        print_json({"schedules": [one.model_dump(mode="json") for one in found]})
        return
    table = listing("id", "next", "last scan", folded=("when", "name", "targets"))
    for one in found:
        when, targets = f"{one.cron} {one.timezone}", ", ".join(one.targets)
        table.add_row(one.id, one.next_at or "paused", one.last_scan_id or "", when, one.name, targets)
    console = Console(markup=False)
    console.print(table if found else "Nothing is scheduled.")
    for one in found:
        if one.error is not None:
            console.print(f"{one.id} began no scan at {one.last_at}: {one.error.message}")


def reschedule(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    schedule_id: WhichSchedule,
    tenant: WhichTenant,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    cron: Annotated[str | None, typer.Option(help=_CRON)] = None,
    timezone: Annotated[str | None, typer.Option(help=_ZONE)] = None,
    targets: Annotated[list[str] | None, typer.Option("--target", help="Instead of all; may be repeated.")] = None,
    enabled: Annotated[bool | None, typer.Option("--resume/--pause", help="Whether it comes at all.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Change, pause or resume a schedule; what is not named stays."""
    edit = ScheduleEdit(name, tuple(targets) if targets else None, cron, timezone, is_enabled=enabled)

    async def edited(product: Product, owner: Tenant) -> Schedule:
        return await product.scanning.schedules.edit(owner.id, ScheduleId(schedule_id), edit, actor=OPERATOR)

    _print(with_product(data, tenant, edited), as_json=as_json)


def unschedule(schedule_id: WhichSchedule, tenant: WhichTenant, data: Data = None) -> None:
    """Remove a schedule; the scans that it began stay."""

    async def removed(product: Product, owner: Tenant) -> None:
        await product.scanning.schedules.remove(owner.id, ScheduleId(schedule_id), actor=OPERATOR)

    with_product(data, tenant, removed)
    typer.echo(f"{schedule_id} is removed.")


def _print(found: Schedule, *, as_json: bool) -> None:
    reply = ScheduleReply.of(found)
    if as_json:
        print_json({"schedule": reply.model_dump(mode="json")})
    else:
        typer.echo(f"{reply.id} is due next at {reply.next_at}." if reply.next_at else f"{reply.id} is paused.")
