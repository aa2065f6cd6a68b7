"""`cybervault audit`: whether the record of changes is as it was written."""

import json
from typing import Annotated, Final

import typer

from cybervault.access.audit import Checkpoint
from cybervault.app import open_access
from cybervault.cli.options import AsJson, Data
from cybervault.settings import load_settings

audit: Final = typer.Typer(name="audit", help="The record of who changed what.", no_args_is_help=True)


@audit.callback()
def _about() -> None:
    """The record of who changed what."""


@audit.command()
def verify(
    kept: Annotated[
        str | None, typer.Option(help="A checkpoint kept elsewhere; without one a cut-off end cannot show.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Look at every row of the audit and print the newest checkpoint, to be kept on another machine.

    Exit status 1 when a row was changed, moved, taken out or cut off; each is named.
    """
    checkpoint = Checkpoint.of(kept) if kept else None
    with open_access(load_settings(data=data)) as access:
        found = access.audit.verify(checkpoint)
    newest = str(found.checkpoint) if found.checkpoint else None
    if as_json:
        document = {"rows": found.rows, "faults": list(found.faults), "checkpoint": newest}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for fault in found.faults:
            typer.echo(fault, err=True)
        typer.echo(f"{found.rows} rows, {len(found.faults) or 'no'} faults; checkpoint {newest or 'none yet'}")
    raise typer.Exit(1 if found.faults else 0)
