"""`cybervault scans engines`: what this server can look with, and the environments of those that are not part of it."""

from typing import Annotated, Any, Final

import typer
from rich.console import Console

from cybervault.app.scans import toolbox_of
from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.scans.engines import ENGINES
from cybervault.scans.installing import Installer, installable
from cybervault.scans.toolbox import EngineState, Standing, Toolbox
from cybervault.settings import load_settings

_NAMES: Final = ", ".join(engine.name for engine in ENGINES if engine.is_installed_by_us)

engines: Final = typer.Typer(
    name="engines",
    help="What this server can look with. Some engines are programs of others, with licences of their own.",
    no_args_is_help=True,
)


@engines.command("list", epilog="Example: cybervault scans engines list")
def show(as_json: AsJson = False, data: Data = None) -> None:
    """List all engines: what they look at, whether they are here, and how to get those that are not."""
    found = _toolbox(data).standings()
    if as_json:
        print_json({"engines": [_document(one) for one in found]})
        return
    table = listing("engine", "state", "version", folded=("looks at", "licence"))
    for one in found:
        engine = one.engine
        table.add_row(engine.name, one.state.value.replace("_", " "), engine.version, engine.summary, engine.licence)
    console = Console(markup=False)
    console.print(table)
    for one in found:
        if one.reason:
            console.print(f"{one.engine.name}: {one.reason}", soft_wrap=True)


@engines.command(epilog="Example: cybervault scans engines install ssh-audit")
def install(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help=f"Any of: {_NAMES}.")],
    again: Annotated[bool, typer.Option("--again", help="Make those anew that are here already.")] = False,
    data: Data = None,
) -> None:
    """Install engines from the package index, each in an environment of its own below the data folder.

    Each package is pinned, and its file compared with a digest. A running server uses them from its next scan on.
    """
    toolbox, wanted = _toolbox(data), [installable(name) for name in dict.fromkeys(names)]
    installer = Installer(toolbox)
    for engine in wanted:
        if toolbox.standing(engine).state is EngineState.READY and not again:
            typer.echo(f"{engine.name} {engine.version} is here already.")
            continue
        with Console(stderr=True).status(f"Installing {engine.name} {engine.version}"):
            installer.install(engine)
        typer.echo(f"{engine.name} {engine.version} is installed ({engine.licence}).")


def _toolbox(data: Data) -> Toolbox:
    return toolbox_of(load_settings(data=data))


def _document(one: Standing) -> dict[str, Any]:
    return {
        "name": one.engine.name,
        "state": one.state.value,
        "version": one.engine.version,
        "looks_at": one.engine.summary,
        "licence": one.engine.licence,
        "reason": one.reason,
        "command": one.command,
    }
