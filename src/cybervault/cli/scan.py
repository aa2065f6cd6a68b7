"""`cybervault scan`: scan what a tenant was granted, and watch it."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cybervault.access.audit import OPERATOR
from cybervault.app.product import Product, put_together
from cybervault.cli.documents import print_json
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.principals import TenantId
from cybervault.faces.scan_shapes import ScanDetailReply, ScanReply
from cybervault.logs import set_up_logs
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import Scan
from cybervault.scans.scans import MINUTES_MAX, NewScan
from cybervault.settings import load_settings

_LOOK_SECONDS: Final = 0.5
_FINDINGS_MAX: Final = 10_000


def scan(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    targets: Annotated[list[str], typer.Argument(help="CIDR ranges, addresses, domains, ARNs, oci://host/repository.")],
    tenant: WhichTenant,
    profile: Annotated[ProfileName, typer.Option(help="How deep and how loud.")] = ProfileName.STANDARD,
    max_duration: Annotated[int, typer.Option(min=1, max=MINUTES_MAX, help="Minutes until it ends.")] = 60,
    watch: Annotated[bool, typer.Option("--watch", help="Work here, show how far it is, then what was seen.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Scan what a tenant was granted. Without --watch a running server does it, and the id is printed."""
    wish = NewScan(tuple(targets), profile, max_duration)
    set_up_logs("WARNING")
    found = asyncio.run(_scanned(data, tenant, wish, is_watched=watch))
    if not watch:
        print_json({"scan": found.model_dump(mode="json")}) if as_json else typer.echo(found.id)
    elif as_json or not isinstance(found, ScanDetailReply):
        print_json({"scan": found.model_dump(mode="json")})
    else:
        _show(found)


async def _scanned(data: Path | None, tenant: str, wish: NewScan, *, is_watched: bool) -> ScanReply | ScanDetailReply:
    async with put_together(load_settings(data=data)) as product:
        owner, scans = await product.access.tenants.find(tenant), product.scanning.scans
        asked = await scans.initialize(owner.id, wish, actor=OPERATOR)
        if not is_watched:
            return ScanReply.of(asked, {})
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(product.scanning.dispatcher.run(stop))
            group.create_task(product.scanning.helper.run(stop))
            try:
                ended = await _watched(product, owner.id, asked)
            finally:
                stop.set()
        return ScanDetailReply.of_all(ended, await scans.details(ended, _FINDINGS_MAX))


async def _watched(product: Product, tenant_id: TenantId, scan: Scan) -> Scan:
    """The scan when it has ended; until then a bar on standard error says how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(scan.id, total=1.0)
        while not scan.state.is_final:
            await asyncio.sleep(_LOOK_SECONDS)
            scan = await product.scanning.scans.find(tenant_id, scan.id)
            progress.update(bar, completed=scan.progress, description=f"{scan.id} {scan.state.value}")
    return scan


def _show(found: ScanDetailReply) -> None:
    console = Console(markup=False)
    table = listing("severity", folded=("asset", "place", "finding", "evidence"))
    for one in found.findings:
        table.add_row(one.severity, one.asset, one.place, one.title, "; ".join(one.evidence))
    nothing = "Nothing was found." if found.coverage_counts.get("covered") else "Nothing could be looked at."
    console.print(table if found.findings else nothing)
    counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in found.coverage_counts.items())
    console.print(f"\n{found.id} is {found.status.replace('_', ' ')}. Looked at: {counts}.")
    for line in found.coverage:
        if line.state != "covered":
            console.print(f"  {line.state.replace('_', ' ')}: {line.asset} ({line.engine}): {line.reason}")
