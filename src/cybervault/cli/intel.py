"""`cybervault intel`: the local knowledge."""

from typing import Final

import typer
from rich.console import Console
from rich.progress import Progress

from cybervault.app.shelf import KNOWLEDGE_FOLDER
from cybervault.cli.options import Data
from cybervault.domain.clock import SystemClock
from cybervault.intel.compile import Packages, compile_knowledge
from cybervault.settings import load_settings

intel: Final = typer.Typer(name="intel", help="What CyberVault knows without asking anybody.", no_args_is_help=True)


@intel.command()
def build(data: Data = None) -> None:
    """Compile the local knowledge anew; a running server takes it up at its next start."""
    folder = load_settings(data=data).folder / KNOWLEDGE_FOLDER
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Preparing the local knowledge")
        state = compile_knowledge(
            folder,
            Packages.installed(),
            built_at=SystemClock().now(),
            report=lambda done, total, what: progress.update(task, completed=done, total=total, description=what),
        )
    console.print(f"Local knowledge is ready: {state.generation} in {folder}")
