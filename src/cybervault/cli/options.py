"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Data: TypeAlias = Annotated[
    Path | None, typer.Option("--data", help="Folder that holds all state.", metavar="DIR", show_default=False)
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
PasswordOnInput: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]
ForTenant: TypeAlias = Annotated[
    str, typer.Option("--tenant", help="For this tenant alone: its id or name.", show_default=False)
]
