"""`cybervault keys pepper` and `rotate-pepper`: what keys the digests of secrets, and its replacement."""

from typing import Annotated

import typer

from cybervault.access.audit import OPERATOR
from cybervault.access.pepper import rotate_pepper
from cybervault.app.access import PEPPER_FILE
from cybervault.cli.access import with_access
from cybervault.cli.documents import print_json
from cybervault.cli.keys import keys
from cybervault.cli.options import AsJson, Data
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.settings import load_settings


@keys.command("pepper")
def pepper(as_json: AsJson = False, data: Data = None) -> None:
    """Tell how many living secrets are kept under the present pepper, the one before it, and others.

    Those of others open nothing. One-time codes and recovery codes of members are kept under a pepper too, and are not
    counted: look after them before the previous pepper is taken away.
    """
    current, previous, lost = with_access(data, lambda access: access.keys.count_by_pepper())
    if as_json:
        print_json({"current": current, "previous": previous, "lost": lost})
        return
    typer.echo(f"{current} under the present pepper, {previous} under the previous one, {lost} lost.")


@keys.command("rotate-pepper")
def rotate(
    force: Annotated[
        bool, typer.Option("--force", help="Give up secrets that nobody used since the last time.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a new pepper into the folder of state and keep the old one beside it; every key goes on working.

    Each secret moves to the new pepper when it is used. Restart all servers of this folder at once: until then they
    do not know keys that are made after this. A pepper that the settings give is rotated there.
    """
    settings = load_settings(data=data)
    if settings.pepper is not None or settings.previous_pepper is not None:
        raise Problem(
            ProblemKind.CONFLICT,
            code="pepper_in_settings",
            message="The pepper comes from the settings: move it to CYBERVAULT_PREVIOUS_PEPPER and set a new "
            "CYBERVAULT_PEPPER.",
        )
    _, previous, _ = with_access(data, lambda access: access.keys.count_by_pepper())
    if previous and not force:
        raise Problem(
            ProblemKind.CONFLICT,
            code="pepper_in_use",
            message=f"{previous} living secrets are still kept under the pepper before this one and would be lost. "
            "Wait until they were used or revoke them; --force gives them up.",
        )
    turned = rotate_pepper(settings.folder / PEPPER_FILE)
    with_access(data, lambda access: access.keys.pepper_rotated(turned.current, actor=OPERATOR))
    if as_json:
        print_json({"pepper_id": turned.current.id, "given_up": previous})
    else:
        typer.echo(f"The pepper is {turned.current.id} now. Restart the server.")
