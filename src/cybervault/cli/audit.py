"""`cybervault audit`: whether the record of changes is as it was written, for us and for anybody else."""

import json
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from cybervault.access.audit import OPERATOR
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.proofs.export import verify_lines
from cybervault.access.proofs.inclusion import proof_in
from cybervault.access.proofs.notes import Checkpoint, PublicKey, checkpoints_in
from cybervault.access.proofs.rows import Verification
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.options import AsJson, Data

audit: Final = typer.Typer(name="audit", help="The record of who changed what.", no_args_is_help=True)

Given: TypeAlias = Annotated[
    Path | None, typer.Option("--checkpoint", exists=True, dir_okay=False, help="Checkpoints that were kept elsewhere.")
]
Keys: TypeAlias = Annotated[
    list[str] | None, typer.Option("--key", help="A public key, as `audit key` printed it; may be repeated.")
]


@audit.callback()
def _about() -> None:
    """The record of who changed what."""


@audit.command()
def verify(  # noqa: PLR0917 - each argument is an option of the command
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="An export, verified with --key alone: no database, no pepper."),
    ] = None,
    key: Keys = None,
    checkpoint: Given = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Look at every row of the audit, or of an export of it.

    Exit status 1 when a row was changed, moved, put in, taken out or cut off; each is named. A cut-off end shows by the
    checkpoints in the database and in the file `audit-checkpoints.txt`; who could cut those too is found by a copy on
    another machine (--checkpoint). Prints the newest checkpoint.
    """
    keys = [PublicKey.of(text) for text in key or ()]
    kept = _text(checkpoint) if checkpoint else ""
    if file is None:
        found, newest = with_access(data, lambda access: _verified(access.checkpoints, kept, keys))
    else:
        if not keys:
            raise typer.BadParameter("an export is verified with the public key: give it with --key")
        with file.open(encoding="utf-8", errors="replace") as lines:
            found, newest = verify_lines(lines, keys, checkpoints_in(kept, keys)), None
    _show(found, newest, as_json=as_json)
    raise typer.Exit(1 if found.faults else 0)


@audit.command("key")
def public_key(data: Data = None) -> None:
    """Print the public key that checkpoints, exports and proofs are verified with. It changes with the pepper."""

    async def read(access: Access) -> str:
        return str(access.checkpoints.public_key)

    typer.echo(with_access(data, read))


@audit.command()
def export(
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for people, which proves nothing.")] = False,
    data: Data = None,
) -> None:
    """Print all rows as lines of JSON that anybody can verify: `cybervault audit verify --file FILE --key KEY`."""

    async def write(access: Access) -> None:
        async for part in access.checkpoints.table() if as_csv else access.checkpoints.export():
            typer.echo(part, nl=False)

    with_access(data, write)


@audit.command()
def prove(
    number: Annotated[int, typer.Argument(min=1, help="The number of the row.")],
    data: Data = None,
) -> None:
    """Print the proof that one row stands in the audit; it shows no other row."""
    typer.echo(str(with_access(data, lambda access: access.checkpoints.prove(number))), nl=False)


@audit.command("verify-proof")
def verify_proof(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `audit prove` printed.")],
    key: Annotated[list[str], typer.Option("--key", help="A public key, as `audit key` printed it.")],
) -> None:
    """Verify a proof with the public key alone, and print the row. Exit status 1 when it does not hold."""
    proof = proof_in(_text(file), [PublicKey.of(text) for text in key])
    if not proof.holds:
        typer.echo(f"Row {proof.row.number} is not proven by this.", err=True)
        raise typer.Exit(1)
    payload = proof.row.payload
    typer.echo("(erased)" if payload is None else payload.decode(errors="replace"))


@audit.command()
def erase(
    member: Annotated[str, typer.Option(help="The id of the member, usr_...")],
    data: Data = None,
) -> None:
    """Forget for good what rows say wherever they name a member; what binds the rows to one another stays."""
    count = with_access(data, lambda access: access.audit.erase(member, actor=OPERATOR))
    typer.echo(f"{count} rows erased; the audit still verifies.")


async def _verified(
    checkpoints: Checkpoints, kept: str, keys: list[PublicKey]
) -> tuple[Verification, Checkpoint | None]:
    found = await checkpoints.verify(checkpoints_in(kept, (*checkpoints.known_keys, *keys)))
    return found, None if found.faults else await checkpoints.seal()


def _show(found: Verification, newest: Checkpoint | None, *, as_json: bool) -> None:
    if as_json:
        document = {
            "rows": found.rows,
            "covered": found.covered,
            "faults": list(found.faults),
            "checkpoint": newest.text if newest else None,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for fault in found.faults:
        typer.echo(fault, err=True)
    typer.echo(f"{found.rows} rows, {len(found.faults) or 'no'} faults; signed before: {found.covered} rows")
    if newest is not None:
        typer.echo(f"\n{newest.text}", nl=False)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
