"""`cybervault serve`: the server with the console, on the embedded default."""

import asyncio
import os
import socket
from typing import Annotated, Final

import typer
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from cybervault.app.product import Product, open_access, put_together
from cybervault.cli.admin import offered
from cybervault.cli.options import Data
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings, load_settings, remember

# A client that sends its head slowly holds a connection; a stream must not hold the shutdown.
_HEADER_SECONDS: Final = 10
_KILL_SECONDS: Final = 5
_HEAD_BYTES_MAX: Final = 65_536


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8000")] = None,
    data: Data = None,
) -> None:
    """Start the server: console, API and all, in one folder of state."""
    settings = load_settings(host=host, port=port, data=data)
    prepare(settings)
    Server(
        "cybervault.app.server:serve_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        log_access=False,
        workers_kill_timeout=_KILL_SECONDS,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_HEAD_BYTES_MAX),
    ).serve()


def prepare(settings: Settings) -> None:
    """Make sure that it can run, leave the settings to the worker processes, and greet.

    Raises `Problem` for what `put_together` or opening cannot use, and UNAVAILABLE `cannot_listen` for a taken port:
    here and in words, rather than in a worker that dies again and again.
    """
    asyncio.run(_try(put_together(settings)))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        raise Problem(
            ProblemKind.UNAVAILABLE,
            code="cannot_listen",
            message=f"Cannot listen on {settings.host} port {settings.port}: {os.strerror(error.errno or 0)}. "
            "Choose another with --port.",
        ) from None
    remember(settings)
    typer.echo(greeting(settings), err=True)
    # Not before the port is known to be free: a second start must not take the token of the first away.
    token = asyncio.run(_offered(settings))
    if token is not None:
        typer.echo(invitation(settings, token), err=True)


async def _try(product: Product) -> None:
    async with product:
        pass


async def _offered(settings: Settings) -> Secret | None:
    async with open_access(settings) as access:
        return await offered(access)


def invitation(settings: Settings, token: Secret) -> str:
    """How the first administrator is made, while there is none."""
    return (
        "  Nobody can sign in yet. Make the first administrator with `cybervault admin create`, or on\n"
        f"  {settings.base_url}/setup with this one-time token, good for an hour:\n\n"
        f"  {token.reveal()}\n"
    )


def greeting(settings: Settings) -> str:
    """Where the page is, and one line to try."""
    return (
        f"CyberVault is starting. State lives in {settings.folder}\n\n"
        f"  Page  {settings.listen_url}/\n"
        f'  Try   curl -N "{settings.listen_url}/api/ctai/stream?ioc=8.8.8.8&lang=en"\n'
        f"  Check cybervault doctor\n"
    )
