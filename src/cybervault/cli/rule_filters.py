"""`cybervault rules filters | add-filter | remove-filter`: exceptions of a tenant, in the form of Sigma."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.cli.documents import print_json
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.rule_choices import with_choices
from cybervault.cli.rules import shelf_in
from cybervault.cli.tables import listing
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.moments import spelled


def filters(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the filters of a tenant, oldest first."""
    found = with_choices(data, shelf_in(data), tenant=tenant, work=lambda choices, owner: choices.filters(owner))
    if as_json:
        rows = [
            {"id": one.id, "title": one.title, "text": one.text, "created_at": spelled(one.at), "created_by": one.by}
            for one in found
        ]
        print_json({"filters": rows})
        return
    table = listing("id", folded=("title", "since", "by"))
    for one in found:
        table.add_row(one.id, one.title, f"{one.at:%Y-%m-%d}", one.by)
    Console(markup=False).print(table if found else "The tenant has no filters.")


def add_filter(
    file: Annotated[Path, typer.Argument(help="A YAML file with one Sigma filter.", exists=True, dir_okay=False)],
    tenant: WhichTenant,
    data: Data = None,
) -> None:
    """Keep a filter for a tenant, instead of the one of its id; it holds from the next event on at every node."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Problem(
            ProblemKind.INVALID, code="bad_rule_filter", message=f"{file.name} is no text in UTF-8."
        ) from None
    made = with_choices(
        data,
        shelf_in(data),
        tenant=tenant,
        work=lambda choices, owner: choices.add_filter(owner, text, actor=OPERATOR),
    )
    typer.echo(f"In force for {tenant}: {made.title} ({made.id})")


def remove_filter(
    filter_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the filter.")],
    tenant: WhichTenant,
    data: Data = None,
) -> None:
    """Forget a filter of a tenant."""
    with_choices(
        data,
        shelf_in(data),
        tenant=tenant,
        work=lambda choices, owner: choices.remove_filter(owner, filter_id, actor=OPERATOR),
    )
    typer.echo(f"{filter_id} is removed.")
