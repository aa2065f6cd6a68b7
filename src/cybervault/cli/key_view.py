"""How keys are shown on the command line: to people, and as JSON."""

from datetime import datetime
from typing import Any

import typer
from rich.table import Table

from cybervault.access.life import Key, KeySecret
from cybervault.access.minting import MintedKey
from cybervault.cli.documents import print_json
from cybervault.cli.tables import listing
from cybervault.domain.clock import SystemClock


def show_once(minted: MintedKey, *, as_json: bool) -> None:
    """Print a new secret alone on standard output, and what it belongs to beside it."""
    secret = minted.secret.reveal()
    if as_json:
        print_json({"key": document_of(minted.key), "secret": secret})
        return
    typer.echo(f"{minted.key.id} is ready. Keep its secret now, it is not shown again:", err=True)
    typer.echo(secret)


def show_key(key: Key, *, as_json: bool, note: str = "") -> None:
    """Say how a key stands after a change; `note` is for people only."""
    if as_json:
        print_json({"key": document_of(key)})
    else:
        typer.echo(f"{key.id} is {key.state(SystemClock().now()).value}.{note and f' {note}'}")


def table_of(found: tuple[Key, ...]) -> Table:
    """A row for each key."""
    table = listing("id", "secret", "state", "expires", "last used", folded=("from", "name", "scopes"))
    for key in found:
        table.add_row(*_row(key, SystemClock().now()))
    return table


def _row(key: Key, now: datetime) -> tuple[str, ...]:
    last = max((one.last_used_at for one in key.secrets if one.last_used_at), default=None)
    expires = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
    used = f"{last:%Y-%m-%d %H:%M}" if last else "never"
    everything = f"all of {key.owner_id}" if key.owner_id else "none"
    scopes = " ".join(sorted(scope.value for scope in key.scopes)) or everything
    marks = "".join(f", {word}" for word, holds in (("decoy", key.is_decoy), ("exposed", key.exposed_at)) if holds)
    return (
        key.id,
        key.secrets[-1].hint,
        f"{key.state(now).value}{marks}",
        expires,
        used,
        key.last_ip or "",
        key.name,
        scopes,
    )


def document_of(key: Key) -> dict[str, Any]:
    """What may be shown of a key; `secrets` are those that still work, the old one first during a rotation."""
    now = SystemClock().now()
    return {
        "id": key.id,
        "tenant_id": key.tenant_id,
        "owner_id": key.owner_id,
        "service_account_id": key.service_account_id,
        "name": key.name,
        "prefix": key.kind.value,
        "environment": key.kind.environment.value,
        "state": key.state(now).value,
        "scopes": sorted(scope.value for scope in key.scopes),
        "networks": [str(network) for network in key.networks],
        "created_at": moment_of(key.created_at),
        "created_by": key.created_by,
        "expires_at": moment_of(key.expires_at),
        "revoked_at": moment_of(key.revoked_at),
        "exposed_at": moment_of(key.exposed_at),
        "exposed_where": key.exposed_where,
        "is_decoy": key.is_decoy,
        "last_ip": key.last_ip,
        "secrets": [secret_document_of(one) for one in key.living(now)],
    }


def secret_document_of(secret: KeySecret) -> dict[str, Any]:
    """What may be shown of a secret."""
    return {
        "hint": secret.hint,
        "created_at": moment_of(secret.created_at),
        "ends_at": moment_of(secret.ends_at),
        "last_used_at": moment_of(secret.last_used_at),
        "last_used_ip": secret.last_used_ip,
    }


def moment_of(moment: datetime | None) -> str | None:
    """A moment in UTC, to the second."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
