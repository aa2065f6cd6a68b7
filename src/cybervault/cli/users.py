"""`cybervault users`: the members of tenants, managed by the operator."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.access.credentials import about, generated_password
from cybervault.access.members import NewMember
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.admin import member_document, password_on_input, show_member
from cybervault.cli.options import AsJson, Data, PasswordOnInput
from cybervault.cli.tables import listing
from cybervault.domain.principals import Member, MemberId, Role
from cybervault.domain.secrets import Secret

users: Final = typer.Typer(
    name="users", help="Members. A change holds at once, in running servers too.", no_args_is_help=True
)

WhichMember: TypeAlias = Annotated[str, typer.Argument(metavar="WHO", help="Id or e-mail address of the member.")]
WhichTenant: TypeAlias = Annotated[str, typer.Option("--tenant", help="Id or name of the tenant.")]


@users.command("list")
def show(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the members of a tenant, oldest first."""

    async def listed(access: Access) -> tuple[Member, ...]:
        return await access.people.members.list((await access.tenants.find(tenant)).id)

    found = with_access(data, listed)
    if as_json:
        typer.echo(json.dumps({"members": [member_document(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    table = listing("id", folded=("e-mail", "name", "role", "state", "since"))
    for one in found:
        state = "active" if one.is_active else "suspended"
        table.add_row(one.id, one.email, one.name, one.role.value, state, f"{one.created_at:%Y-%m-%d}")
    Console(markup=False).print(table)


@users.command()
def add(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="What others see, 1 to 64 characters.")],
    role: Annotated[Role, typer.Option(help="What the member may do.")] = Role.VIEWER,
    password_stdin: PasswordOnInput = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Add a member; without a password on the input, print a one-time token to choose one with, good for a week."""
    password = password_on_input() if password_stdin else None

    async def added(access: Access) -> tuple[Member, Secret | None]:
        within, people = await access.tenants.find(tenant), access.people
        if password is None:
            return await people.members.invite(within, NewMember(email, name, role), by=None, actor=OPERATOR)
        kept = await people.passwords.hash(password, about=about(email, name))
        wish = NewMember(email, name, role, kept)
        return await people.members.create(within, wish, by=None, actor=OPERATOR), None

    member, token = with_access(data, added)
    if token is None:
        show_member(member, None, as_json=as_json)
    else:
        _show_token(member, token, as_json=as_json)


@users.command("set-role")
def set_role(  # noqa: PLR0917 - each argument is an option of the command
    who: WhichMember,
    role: Annotated[Role, typer.Argument(help="What the member may do from now on.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Give a member another role; the last active Owner of a tenant keeps it."""
    _change(
        who,
        lambda access, wanted: access.people.members.change_role(wanted, role, by=None, actor=OPERATOR),
        as_json=as_json,
        data=data,
    )


@users.command()
def suspend(who: WhichMember, as_json: AsJson = False, data: Data = None) -> None:
    """Let nothing of a member work until it is resumed; its sessions end."""
    _change(
        who,
        lambda access, wanted: access.people.members.suspend(wanted, by=None, actor=OPERATOR),
        as_json=as_json,
        data=data,
    )


@users.command()
def resume(who: WhichMember, as_json: AsJson = False, data: Data = None) -> None:
    """Take a suspension back."""
    _change(
        who,
        lambda access, wanted: access.people.members.resume(wanted, by=None, actor=OPERATOR),
        as_json=as_json,
        data=data,
    )


@users.command()
def remove(who: WhichMember, as_json: AsJson = False, data: Data = None) -> None:
    """Remove a member for good, with all sessions and personal keys."""
    _change(
        who,
        lambda access, wanted: access.people.members.remove(wanted, by=None, actor=OPERATOR),
        as_json=as_json,
        data=data,
    )


@users.command("reset-password")
def reset_password(  # noqa: PLR0917 - each argument is an option of the command
    who: WhichMember, password_stdin: PasswordOnInput = False, as_json: AsJson = False, data: Data = None
) -> None:
    """Give a member another password, made up and printed unless it is on the input; all its sessions end."""
    password = password_on_input() if password_stdin else generated_password()

    async def reset(access: Access) -> Member:
        member = await _found(access, who)
        await access.people.credentials.reset(member, password, actor=OPERATOR)
        return member

    show_member(with_access(data, reset), None if password_stdin else password, as_json=as_json)


@users.command("reset-factors")
def reset_factors(who: WhichMember, as_json: AsJson = False, data: Data = None) -> None:
    """Leave a member with the password alone, for who has lost device and codes and was recognised otherwise."""

    async def reset(access: Access, member_id: MemberId) -> Member:
        await access.people.second_factors.remove_all(member_id, actor=OPERATOR)
        return await access.people.members.find(member_id, None)

    _change(who, reset, as_json=as_json, data=data)


def _change(
    who: str, step: Callable[[Access, MemberId], Awaitable[Member]], *, as_json: bool, data: Path | None
) -> None:
    async def changed(access: Access) -> Member:
        return await step(access, (await _found(access, who)).id)

    member = with_access(data, changed)
    if as_json:
        typer.echo(json.dumps({"member": member_document(member)}, ensure_ascii=False, indent=2))
        return
    state = "removed" if member.removed_at is not None else "active" if member.is_active else "suspended"
    typer.echo(f"{member.id} ({member.email}) is {state}, {member.role.value}.")


async def _found(access: Access, who: str) -> Member:
    members = access.people.members
    return await (members.find_by_email(who) if "@" in who else members.find(MemberId(who), None))


def _show_token(member: Member, token: Secret, *, as_json: bool) -> None:
    shown = token.reveal()
    if as_json:
        typer.echo(json.dumps({"member": member_document(member), "token": shown}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{member.id} is invited. The one-time token to choose a password with, shown this once:", err=True)
    typer.echo(shown)
