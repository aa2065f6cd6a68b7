"""`cybervault batches`: the telemetry that tenants handed in, how it stands, ended and deleted by the operator."""

from typing import Annotated, Final, TypeAlias

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.app.product import Product
from cybervault.assessments.telemetry_batches import ListedBatch
from cybervault.cli.access import with_product
from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data, ForTenant
from cybervault.cli.tables import listing
from cybervault.domain.ids import BatchId
from cybervault.domain.jobs import Job
from cybervault.domain.principals import Tenant
from cybervault.faces.v3.telemetry_shapes import ListedBatchReply

batches: Final = typer.Typer(name="batches", help="Batches of telemetry that tenants handed in.", no_args_is_help=True)
WhichBatch: TypeAlias = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch, tel_...")]
_MOST: Final = 50


@batches.command("list", epilog="Example: cybervault batches list --tenant acme")
def show(  # noqa: PLR0917 - each argument is an option of the command
    tenant: ForTenant,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = _MOST,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the batches of a tenant that were looked through later, newest first."""

    async def listed(product: Product, owner: Tenant) -> tuple[ListedBatch, ...]:
        return await product.batches.listed(owner.id, most=limit)

    found = with_product(data, tenant, listed)
    if as_json:
        print_json({"batches": [ListedBatchReply.of_listed(one).model_dump() for one in found]})
        return
    table = listing("id", "state", "handed in", "events", "matches", "threats")
    for one in found:
        counts = ("", "", "") if one.counts is None else (one.counts.events, one.counts.matches, one.counts.threats)
        table.add_row(one.job.reference, one.job.state.value, f"{one.job.created_at:%Y-%m-%d %H:%M}", *map(str, counts))
    Console(markup=False).print(table if found else "The tenant has no batches.")


@batches.command(epilog="Example: cybervault batches cancel tel_4f1k9x2m7q --tenant acme")
def cancel(batch: WhichBatch, tenant: ForTenant, data: Data = None) -> None:
    """End a batch that waits or is looked through; one that has ended stays as it ended."""

    async def cancelled(product: Product, owner: Tenant) -> Job:
        return (await product.batches.cancel(owner.id, BatchId(batch), actor=OPERATOR))[0]

    job = with_product(data, tenant, cancelled)
    typer.echo(f"{batch} is {job.state.value}." if job.state.is_final else f"{batch} ends within two seconds.")


@batches.command(epilog="Example: cybervault batches delete tel_4f1k9x2m7q --tenant acme")
def delete(batch: WhichBatch, tenant: ForTenant, data: Data = None) -> None:
    """Delete a batch that has ended, with its matches and events; the threats that it opened stay."""

    async def removed(product: Product, owner: Tenant) -> None:
        await product.batches.remove(owner.id, BatchId(batch), actor=OPERATOR)

    with_product(data, tenant, removed)
    typer.echo(f"{batch} is deleted.")
