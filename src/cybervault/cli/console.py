"""`cybervault console`: the built web console."""

import json
from pathlib import Path
from typing import Final

import typer

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.console.pages import CONSOLE_DIST

console: Final = typer.Typer(name="console", help="The web console that ships with the server.", no_args_is_help=True)


@console.command()
def status() -> None:
    """Print whether the console is built, from which sources, or why not."""
    typer.echo(status_of(CONSOLE_DIST))


def status_of(dist: Path) -> str:
    """One line about a built console; `Problem` UNAVAILABLE `console_not_built` with reason and repair otherwise."""
    try:
        built = json.loads((dist / "build.json").read_text())
    except (OSError, ValueError):
        reason = dist / "FAILED.txt"
        why = reason.read_text().strip() if reason.is_file() else "it was left out of this installation"
        raise Problem(
            ProblemKind.UNAVAILABLE,
            code="console_not_built",
            message=f"The web console is not built: {why}. Repair: uv sync --reinstall-package cybervault",
        ) from None
    return f"built, fingerprint {built['fingerprint'][:12]}"
