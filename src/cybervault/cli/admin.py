"""`cybervault admin`: the administrators of this installation, made on the shell and nowhere else by default."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cybervault.access.audit import OPERATOR
from cybervault.access.credentials import generated_password
from cybervault.access.setup import NewAdmin
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.options import AsJson, Data, PasswordOnInput
from cybervault.domain.principals import Member, Plan
from cybervault.domain.secrets import Secret

admin: Final = typer.Typer(name="admin", help="Administrators, whom no page lets in first.", no_args_is_help=True)


@admin.command()
def create(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="What others see, 1 to 64 characters.")],
    tenant: Annotated[
        str | None, typer.Option(help="Id or name of the tenant; made if there is none.", show_default="the only one")
    ] = None,
    plan: Annotated[Plan, typer.Option(help="Plan of a tenant that is made.")] = Plan.ENTERPRISE,
    password_stdin: PasswordOnInput = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Make an Owner of a tenant; a password that was not given is made up and printed, this once."""
    password = password_on_input() if password_stdin else generated_password()
    wish = NewAdmin(email, name, password, tenant, plan)
    member = with_access(data, lambda access: access.people.setup.create_admin(wish, actor=OPERATOR))
    show_member(member, None if password_stdin else password, as_json=as_json)


@admin.command("setup-token")
def setup_token(as_json: AsJson = False, data: Data = None) -> None:
    """Print a new one-time token by which the first administrator is made, good for an hour."""
    token = with_access(data, offered)
    if token is None:
        typer.echo("There is a member already: make further Owners with `cybervault admin create`.", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps({"token": token.reveal()}) if as_json else token.reveal())


async def offered(access: Access) -> Secret | None:
    """A new token, also left in its file, which only its owner may read; None once there is a member."""
    token = await access.people.setup.offer()
    if token is not None:
        _keep(access.people.setup.token_file, token)
    return token


def password_on_input() -> Secret:
    """The first line of standard input, whose end of line is not part of it."""
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def show_member(member: Member, password: Secret | None, *, as_json: bool) -> None:
    """Print a member, and a password that was made up for it."""
    shown = None if password is None else password.reveal()
    if as_json:
        document = {"member": member_document(member)} | ({} if shown is None else {"password": shown})
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{member.id} is ready: {member.email}, {member.role.value}.", err=shown is not None)
    if shown is not None:
        typer.echo("Keep the password now, it is not shown again:", err=True)
        typer.echo(shown)


def member_document(member: Member) -> dict[str, str | None]:
    """What may be shown of a member."""
    suspended = member.suspended_at
    return {
        "id": member.id,
        "tenant_id": member.tenant_id,
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "created_at": f"{member.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "suspended_at": None if suspended is None else f"{suspended:%Y-%m-%dT%H:%M:%SZ}",
    }


def _keep(file: Path, token: Secret) -> None:
    """Written anew, so that a file which somebody put there before keeps neither its owner nor its rights."""
    file.unlink(missing_ok=True)
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="ascii") as new:
        new.write(token.reveal() + "\n")
