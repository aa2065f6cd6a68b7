"""`cybervault keys`: API keys created, listed, rotated and revoked by the operator."""

import ipaddress
import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from cybervault.access.audit import OPERATOR
from cybervault.access.keys import MintedKey, NewKey
from cybervault.access.life import Key, Network
from cybervault.app import open_access
from cybervault.cli.options import AsJson, Data
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyId, KeyKind, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.settings import load_settings

keys: Final = typer.Typer(
    name="keys", help="API keys. A change holds at once, in a running server too.", no_args_is_help=True
)

KINDS: Final = {
    "live": KeyKind.SERVICE_LIVE,
    "test": KeyKind.SERVICE_TEST,
    "read": KeyKind.SERVICE_READ,
    "classic": KeyKind.CLASSIC_LIVE,
    "classic-test": KeyKind.CLASSIC_TEST,
}
WhichKey: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")]
WhichTenant: TypeAlias = Annotated[str, typer.Option("--tenant", help="Id or name of the tenant.")]


@keys.command()
def create(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    name: Annotated[str, typer.Option(help="What the key is for; no two living keys of a tenant share it.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "live",
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may do; may be repeated.")] = None,
    expires: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it expires.")] = None,
    ip: Annotated[list[str] | None, typer.Option(help="Network it may be used from; may be repeated.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Create a key and print its secret, this once and never again."""
    wish = NewKey(_kind(kind), name, frozenset(scope or ()), _networks(ip or []), _in_days(expires))
    with open_access(load_settings(data=data)) as access:
        minted = access.keys.mint(access.tenants.find(tenant), wish, actor=OPERATOR)
    _show_once(minted, as_json=as_json)


@keys.command("list")
def show(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the keys of a tenant, newest first."""
    with open_access(load_settings(data=data)) as access:
        found = access.keys.list(access.tenants.find(tenant).id)
    if as_json:
        typer.echo(json.dumps({"keys": [_document(key) for key in found]}, ensure_ascii=False, indent=2))
    else:
        Console(markup=False).print(_table(found))


@keys.command()
def rotate(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """Print a new secret for the key; the old one works for 24 hours more, or until `finish`."""
    with open_access(load_settings(data=data)) as access:
        minted = access.keys.rotate(KeyId(key_id), actor=OPERATOR)
    _show_once(minted, as_json=as_json)


@keys.command()
def finish(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """End the old secret of a rotating key now."""
    with open_access(load_settings(data=data)) as access:
        key = access.keys.finish_rotation(KeyId(key_id), actor=OPERATOR)
    _show(key, as_json=as_json)


@keys.command()
def cancel(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """End the new secret of a rotating key now; the old one stays."""
    with open_access(load_settings(data=data)) as access:
        key = access.keys.cancel_rotation(KeyId(key_id), actor=OPERATOR)
    _show(key, as_json=as_json)


@keys.command()
def revoke(key_id: WhichKey, as_json: AsJson = False, data: Data = None) -> None:
    """End a key and all its secrets, now and for good."""
    with open_access(load_settings(data=data)) as access:
        key = access.keys.revoke(KeyId(key_id), actor=OPERATOR)
    _show(key, as_json=as_json)


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


def _in_days(days: int | None) -> datetime | None:
    return None if days is None else SystemClock().now() + timedelta(days=days)


def _show_once(minted: MintedKey, *, as_json: bool) -> None:
    secret = minted.secret.reveal()
    if as_json:
        typer.echo(json.dumps({"key": _document(minted.key), "secret": secret}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{minted.key.id} is ready. Keep its secret now, it is not shown again:", err=True)
    typer.echo(secret)


def _show(key: Key, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"key": _document(key)}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{key.id} is {key.state(SystemClock().now()).value}.")


def _table(found: tuple[Key, ...]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for head in ("id", "secret", "state", "expires", "last used"):
        table.add_column(head, no_wrap=True)
    for head in ("from", "name", "scopes"):
        table.add_column(head, overflow="fold")
    now = SystemClock().now()
    for key in found:
        last = max((one.last_used_at for one in key.secrets if one.last_used_at), default=None)
        expires = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
        used = f"{last:%Y-%m-%d %H:%M}" if last else "never"
        scopes = " ".join(sorted(scope.value for scope in key.scopes)) or "none"
        hint = key.secrets[-1].hint
        table.add_row(key.id, hint, key.state(now).value, expires, used, key.last_ip or "", key.name, scopes)
    return table


def _document(key: Key) -> dict[str, Any]:
    """What may be shown of a key; `secrets` are those that still work, the old one first during a rotation."""
    now = SystemClock().now()
    state = key.state(now)
    return {
        "id": key.id,
        "tenant_id": key.tenant_id,
        "name": key.name,
        "prefix": key.kind.value,
        "environment": key.kind.environment.value,
        "state": state.value,
        "scopes": sorted(scope.value for scope in key.scopes),
        "networks": [str(network) for network in key.networks],
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at),
        "last_ip": key.last_ip,
        "secrets": [
            {
                "hint": one.hint,
                "created_at": _moment(one.created_at),
                "ends_at": _moment(one.ends_at),
                "last_used_at": _moment(one.last_used_at),
                "last_used_ip": one.last_used_ip,
            }
            for one in key.living(now)
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
