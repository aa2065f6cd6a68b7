"""`cybervault webhooks`: where tenants have events sent to, and how that goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import typer
from rich.console import Console

from cybervault.access.audit import OPERATOR
from cybervault.app.product import open_webhooks
from cybervault.app.webhooks import WebhookParts
from cybervault.cli.documents import print_json
from cybervault.cli.key_view import moment_of
from cybervault.cli.options import AsJson, Data, ForTenant
from cybervault.cli.tables import listing
from cybervault.domain.ids import DeliveryId, WebhookId
from cybervault.domain.principals import Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.moments import moment_in
from cybervault.logs import set_up_logs
from cybervault.response.webhooks.delivery import Delivery, DeliveryState
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhook import Webhook
from cybervault.response.webhooks.webhooks import NewWebhook
from cybervault.settings import load_settings

webhooks: Final = typer.Typer(
    name="webhooks", help="Where tenants have events sent to, and how that goes.", no_args_is_help=True
)
WhichWebhook: TypeAlias = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of the webhook.")]
_MOST: Final = 50
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class _Place:
    """The webhooks of one tenant."""

    parts: WebhookParts
    tenant: Tenant

    async def find(self, webhook: str) -> Webhook:
        return await self.parts.webhooks.find(self.tenant.id, WebhookId(webhook))


@webhooks.command("list")
def show(tenant: ForTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the webhooks of a tenant, oldest first."""
    found = _with(data, tenant, lambda place: place.parts.webhooks.list(place.tenant.id))
    if as_json:
        print_json({"webhooks": [_document(one) for one in found]})
        return
    table = listing("id", folded=("url", "events", "state"))
    for one in found:
        table.add_row(one.id, one.url, " ".join(sorted(one.events)), _state(one))
    Console(markup=False).print(table)


@webhooks.command(
    epilog="Example: cybervault webhooks add https://hooks.example.com/ --tenant acme --event scan.completed"
)
def add(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    url: Annotated[str, typer.Argument(help="Where events are sent to.")],
    tenant: ForTenant,
    event: Annotated[list[WebhookEvent] | None, typer.Option(help="What is sent; all, where none is named.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Add a webhook; the secret that signs what is sent is shown this once."""
    wish = NewWebhook(url, frozenset(event or WebhookEvent), description)
    minted = _with(data, tenant, lambda place: place.parts.webhooks.create(place.tenant.id, wish, actor=OPERATOR))
    secret = minted.secret.reveal()
    if as_json:
        print_json({"webhook": _document(minted.webhook), "secret": secret})
    else:
        typer.echo(f"{minted.webhook.id}\n{secret}")


@webhooks.command()
def remove(webhook: WhichWebhook, tenant: ForTenant, data: Data = None) -> None:
    """Remove a webhook for good, with the record of its deliveries."""

    async def removed(place: _Place) -> None:
        found = await place.find(webhook)
        await place.parts.webhooks.remove(place.tenant.id, found.id, actor=OPERATOR)

    _with(data, tenant, removed)
    typer.echo(f"{webhook} is removed.")


@webhooks.command()
def rotate(  # noqa: PLR0917 - each argument is an option of the command
    webhook: WhichWebhook,
    tenant: ForTenant,
    overlap: Annotated[int, typer.Option(metavar="HOURS", help="How long the secret before signs as well.")] = 24,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Give a webhook a new secret, which is shown this once."""

    async def rotated(place: _Place) -> tuple[Webhook, str]:
        found = await place.find(webhook)
        minted = await place.parts.webhooks.rotate(place.tenant.id, found.id, overlap_hours=overlap, actor=OPERATOR)
        return minted.webhook, minted.secret.reveal()

    after, secret = _with(data, tenant, rotated)
    if as_json:
        print_json({"webhook": _document(after), "secret": secret})
    else:
        typer.echo(secret)


@webhooks.command("test")
def send_test(  # noqa: PLR0917 - each argument is an option of the command
    webhook: WhichWebhook, tenant: ForTenant, as_json: AsJson = False, data: Data = None
) -> None:
    """Send a test now, and say what came of it. Exit status 1 where it was not taken."""

    async def tried(place: _Place) -> Delivery:
        return (await place.parts.courier.test(await place.find(webhook), actor=OPERATOR)).delivery

    delivery = _with(data, tenant, tried)
    if as_json:
        print_json({"delivery": _delivery(delivery)})
    else:
        typer.echo(delivery.reason or "It was taken.")
    if delivery.state is not DeliveryState.DELIVERED:
        raise typer.Exit(1)


@webhooks.command()
def deliveries(  # noqa: PLR0917 - each argument is an option of the command
    webhook: WhichWebhook,
    tenant: ForTenant,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that stand so.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what a webhook was sent, newest first, fifty at most."""

    async def listed(place: _Place) -> tuple[Delivery, ...]:
        return await place.parts.webhooks.deliveries(await place.find(webhook), _MOST, state=state)

    found = _with(data, tenant, listed)
    if as_json:
        print_json({"deliveries": [_delivery(one) for one in found]})
        return
    table = listing("id", folded=("event", "state", "attempts", "reason"))
    for one in found:
        table.add_row(one.id, one.event, one.state, str(one.attempts), one.reason or "")
    Console(markup=False).print(table)


@webhooks.command(epilog="Example: cybervault webhooks replay hook_7k2m9x4q1p --tenant acme --since 2026-11-01")
def replay(  # noqa: PLR0917 - each argument is an option of the command
    webhook: WhichWebhook,
    tenant: ForTenant,
    delivery: Annotated[str | None, typer.Option(help="This one alone, by its id.")] = None,
    since: Annotated[str | None, typer.Option(metavar="MOMENT", help="All that failed since then.")] = None,
    data: Data = None,
) -> None:
    """Have a running server send one delivery again, or all that failed since a moment."""
    moment = None if since is None else moment_in(since)
    if (delivery is None) == (moment is None):
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message="Give either --delivery, or --since with a date or a time such as 2027-01-31T12:00:00Z.",
        )

    async def replayed(place: _Place) -> int:
        found = await place.find(webhook)
        if moment is not None:
            return await place.parts.webhooks.replay_failed(found, moment, actor=OPERATOR)
        await place.parts.webhooks.replay(found, DeliveryId(delivery or ""), actor=OPERATOR)
        return 1

    typer.echo(f"{_with(data, tenant, replayed)} to be sent again.")


def _with(data: Path | None, tenant: str, work: Callable[[_Place], Awaitable[_Found]]) -> _Found:
    set_up_logs("WARNING")  # on standard error: what a command prints is read by programs

    async def opened() -> _Found:
        async with open_webhooks(load_settings(data=data)) as (access, parts):
            return await work(_Place(parts, await access.tenants.find(tenant)))

    return asyncio.run(opened())


def _state(webhook: Webhook) -> str:
    if not webhook.is_enabled:
        return "off"
    return "on" if webhook.disabled_at is None else f"disabled: {webhook.disabled_reason}"


def _document(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "description": webhook.description,
        "events": sorted(webhook.events),
        "state": _state(webhook),
        "created_by": webhook.created_by,
        "created_at": moment_of(webhook.created_at),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "created_at": moment_of(delivery.created_at),
        "next_attempt_at": moment_of(delivery.next_at),
    }
