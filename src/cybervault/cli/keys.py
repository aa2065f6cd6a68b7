"""`cybervault keys`: API keys created, listed, changed, rotated and revoked by the operator."""

import ipaddress
from datetime import timedelta
from typing import Annotated, Final, TypeAlias

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.access.changes import FinishedRotation
from cybervault.access.life import Edit, Key, Network, NewExpiry
from cybervault.access.minting import MintedKey, NewKey
from cybervault.access.reports import readiness
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.documents import print_json
from cybervault.cli.key_view import document_of, secret_document_of, show_key, show_once, table_of
from cybervault.cli.options import AsJson, Data
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyId, KeyKind, Scope
from cybervault.domain.problems import Problem, ProblemKind

keys: Final = typer.Typer(
    name="keys", help="API keys. A change holds at once, in a running server too.", no_args_is_help=True
)

KINDS: Final = {
    "live": KeyKind.SERVICE_LIVE,
    "test": KeyKind.SERVICE_TEST,
    "read": KeyKind.SERVICE_READ,
    "classic": KeyKind.CLASSIC_LIVE,
    "classic-test": KeyKind.CLASSIC_TEST,
    "personal": KeyKind.PERSONAL_LIVE,
    "personal-test": KeyKind.PERSONAL_TEST,
}
WhichKey: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")]
WhichTenant: TypeAlias = Annotated[str, typer.Option("--tenant", help="Id or name of the tenant.")]
Scopes: TypeAlias = Annotated[list[Scope] | None, typer.Option("--scope", help="What it may do; may be repeated.")]
Networks: TypeAlias = Annotated[
    list[str] | None, typer.Option("--ip", help="Network it may be used from; may be repeated.")
]
Days: TypeAlias = Annotated[int | None, typer.Option("--expires", min=1, max=36_500, help="Days until it expires.")]
Never: TypeAlias = Annotated[bool, typer.Option("--no-expiry", help="Let it live until it is revoked.")]


@keys.command(epilog="Example: cybervault keys create --tenant acme --name ci --scope threat:read --expires 90")
def create(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    name: Annotated[str, typer.Option(help="What it is for; no two living keys of an owner share it.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "live",
    scope: Scopes = None,
    expires: Days = None,
    ip: Networks = None,
    owner: Annotated[str | None, typer.Option(help="Address of the member who gets a personal key.")] = None,
    service_account: Annotated[str | None, typer.Option(help="Id or name of its service account.")] = None,
    decoy: Annotated[bool, typer.Option(help="Open nothing, and raise an alarm when it is used.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Create a key and print its secret, this once and never again."""
    what, scopes, networks = _kind(kind), frozenset(scope or ()), _networks(ip or [])
    end = _in_days(expires).at if expires else None

    async def mint(access: Access) -> MintedKey:
        found = await access.tenants.find(tenant)
        member = await access.people.members.find_by_email(owner) if owner else None
        account = await access.service_accounts.find(service_account, found.id) if service_account else None
        wish = NewKey(
            what, name, scopes, networks, end, owner_id=member.id if member else None,
            service_account_id=account.id if account else None, is_decoy=decoy,
        )  # fmt: skip
        return await access.minting.mint(found, wish, by=None, actor=OPERATOR)

    show_once(with_access(data, mint), as_json=as_json)


@keys.command("list")
def show(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the keys of a tenant, newest first."""

    async def listed(access: Access) -> tuple[Key, ...]:
        return await access.keys.list((await access.tenants.find(tenant)).id)

    found = with_access(data, listed)
    if as_json:
        print_json({"keys": [document_of(key) for key in found]})
    else:
        Console(markup=False).print(table_of(found))


@keys.command(epilog="Example: cybervault keys rotate key_0123456789ab --expires 90")
def rotate(  # noqa: PLR0917 - each argument is an option of the command
    key_id: WhichKey, expires: Days = None, never: Never = False, as_json: AsJson = False, data: Data = None
) -> None:
    """Print a new secret for the key; the old one works for 24 hours more, or until `finish`.

    The key keeps its expiry unless it is given another.
    """
    expiry = _expiry(expires, never=never)
    show_once(
        with_access(data, lambda access: access.minting.rotate(KeyId(key_id), by=None, actor=OPERATOR, expiry=expiry)),
        as_json=as_json,
    )


@keys.command()
def finish(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """End the old secret of a rotating key now, and tell when it was last used."""

    async def finished(access: Access) -> FinishedRotation:
        return await access.key_changes.finish(KeyId(key_id), by=None, actor=OPERATOR)

    done = with_access(data, finished)
    if as_json:
        print_json({"key": document_of(done.key), "old_secret": secret_document_of(done.old)})
        return
    text = readiness(done.old, SystemClock().now())
    show_key(done.key, as_json=False, note=f"{text[0].upper()}{text[1:]}.")


@keys.command()
def cancel(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """End the new secret of a rotating key now; the old one stays."""
    key = with_access(data, lambda access: access.key_changes.cancel(KeyId(key_id), by=None, actor=OPERATOR))
    show_key(key, as_json=as_json)


@keys.command(epilog='Example: cybervault keys revoke key_0123456789ab --reason "left the company"')
def revoke(  # noqa: PLR0917 - each argument is an option of the command
    key_id: WhichKey,
    reason: Annotated[str, typer.Option(help="Why, for the audit; needed for a personal key.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """End a key and all its secrets, now and for good."""
    key = with_access(
        data, lambda access: access.key_changes.revoke(KeyId(key_id), by=None, actor=OPERATOR, reason=reason)
    )
    show_key(key, as_json=as_json)


@keys.command(epilog="Example: cybervault keys edit key_0123456789ab --scope threat:read --any-ip")
def edit(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    key_id: WhichKey,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    scope: Scopes = None,
    no_scopes: Annotated[
        bool, typer.Option("--no-scopes", help="No scopes: no rights, or all of the owner for a personal key.")
    ] = False,
    expires: Days = None,
    never: Never = False,
    ip: Networks = None,
    any_ip: Annotated[bool, typer.Option("--any-ip", help="Let it be used from anywhere.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Change what a key is called, what it may, from where and how long; what is not named stays as it is."""
    wish = Edit(
        name=name,
        expiry=_expiry(expires, never=never),
        scopes=frozenset(scope or ()) if scope or no_scopes else None,
        networks=_networks(ip or []) if ip or any_ip else None,
    )
    key = with_access(data, lambda access: access.key_changes.edit(KeyId(key_id), wish, by=None, actor=OPERATOR))
    show_key(key, as_json=as_json)


def _kind(word: str) -> KeyKind:
    if word not in KINDS:
        raise Problem(
            ProblemKind.INVALID,
            code="kind_not_available",
            message=f"There is no kind of key {word}; there are {', '.join(KINDS)}.",
        )
    return KINDS[word]


def _networks(texts: list[str]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise Problem(ProblemKind.INVALID, code="invalid_network", message=f"No network: {error}.") from None


def _expiry(days: int | None, *, never: bool) -> NewExpiry | None:
    if days is not None:
        return _in_days(days)
    return NewExpiry(None) if never else None


def _in_days(days: int) -> NewExpiry:
    return NewExpiry(SystemClock().now() + timedelta(days=days))
