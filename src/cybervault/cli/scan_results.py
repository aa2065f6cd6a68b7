"""`cybervault scans list|export|diff`: the scans of a tenant, what one saw as a file, what changed between two."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from cybervault.app.product import Product
from cybervault.cli.access import with_product
from cybervault.cli.documents import print_json, whole_file
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.ids import ScanId
from cybervault.domain.principals import Tenant
from cybervault.faces.scan_difference import DifferenceReply
from cybervault.faces.scan_shapes import ScanFindingReply, ScanReply
from cybervault.scans.exports import Form

_LIST_MOST: Final = 1_000
_TARGETS_SHOWN: Final = 3

WhichScan = Annotated[str, typer.Argument(metavar="ID", help="Id of the scan, scan_...")]


def show_all(  # noqa: PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    limit: Annotated[int, typer.Option(min=1, max=_LIST_MOST, help="How many at most.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the scans of a tenant, newest first."""

    async def listed(product: Product, owner: Tenant) -> list[ScanReply]:
        scans = product.scanning.scans
        return [ScanReply.of(scan, await scans.severities(scan)) for scan in await scans.page(owner.id, limit)]

    found = with_product(data, tenant, listed)
    if as_json:
        print_json({"scans": [one.model_dump(mode="json") for one in found]})
        return
    table = listing("id", "state", "asked for", "findings", folded=("targets",))
    for one in found:
        more = len(one.targets) - _TARGETS_SHOWN
        targets = ", ".join(one.targets[:_TARGETS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        table.add_row(one.id, one.status.replace("_", " "), one.created_at, str(one.findings_total), targets)
    Console(markup=False).print(table if found else "Nothing was scanned.")


def export(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    scan: WhichScan,
    tenant: WhichTenant,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="A page to read and to print, the same as PDF where there is a browser, SARIF 2.1.0, a table, or the "
            "packages of an image (CycloneDX 1.6).",
        ),
    ] = Form.HTML,
    image: Annotated[str, typer.Option(help="Of which image the packages are, where the scan looked at several.")] = "",
    file: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Where to; standard output unless given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write what a scan saw and, as a page and SARIF, what it did not look at; a file is there when it is whole."""

    async def made(product: Product, owner: Tenant) -> bytes:
        scans = product.scanning.scans
        return await scans.file(await scans.find(owner.id, ScanId(scan)), form, image=image)

    content = with_product(data, tenant, made)
    with whole_file(file) as out:
        out.write(content)


def diff(  # noqa: PLR0917 - each argument is an option of the command
    before: Annotated[str, typer.Argument(help="Id of the earlier scan, scan_...")],
    after: Annotated[str, typer.Argument(help="Id of the later scan, scan_...")],
    tenant: WhichTenant,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what is new and what is gone from one scan to another, and of what one of them cannot speak."""

    async def compared(product: Product, owner: Tenant) -> DifferenceReply:
        found = await product.scanning.scans.compared(owner.id, ScanId(after), ScanId(before))
        return DifferenceReply.of(found)

    found = with_product(data, tenant, compared)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    console = Console(markup=False)
    _tell(console, "New", found.new)
    _tell(console, "Gone", found.gone)
    _tell(
        console,
        "Cannot be compared",
        [one.finding for one in found.unknown],
        reasons=[one.reason for one in found.unknown],
    )
    counts = found.counts
    console.print(
        f"{counts.new:,} new, {counts.gone:,} gone, {counts.unchanged:,} unchanged, "
        f"{counts.unknown:,} of which only one scan can speak."
    )


def _tell(
    console: Console, title: str, found: Sequence[ScanFindingReply], *, reasons: Sequence[str] | None = None
) -> None:
    table = listing("severity", folded=("asset", "place", "finding", *(() if reasons is None else ("why",))))
    for place, one in enumerate(found):
        why = () if reasons is None else (reasons[place],)
        table.add_row(one.severity, one.asset, one.place, one.title, *why)
    if table.row_count:
        console.print(f"{title}:")
        console.print(table)
        console.print()
