"""Connections to what is scanned: each address is checked when it is connected to."""

import asyncio
import ipaddress
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from cybervault.domain.never_scanned import is_never_scanned
from cybervault.domain.observables import Address
from cybervault.domain.sandbox import refuse_in_sandbox
from cybervault.egress.message import EgressError, EgressFailure

MayReach: TypeAlias = Callable[[Address], bool]

REPLY_BYTES_MAX: Final = 64 * 1024
_WHAT: Final = "what is scanned"
_VERSIONS: Final = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
TLS_VERSIONS: Final = tuple(_VERSIONS)
"""Those that can be asked for, oldest first; this machine's library knows none that is older."""


class Contact(StrEnum):
    """How a port answered to a connection."""

    OPEN = "open"
    CLOSED = "closed"
    SILENT = "silent"
    """Nothing came back in time, or there is no way to it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A port of a scanned address; `name` is what its server is asked for, "" for the address itself."""

    address: Address
    port: int
    name: str = ""

    @property
    def host(self) -> str:
        """What stands in a request's Host: the name, or the address."""
        return self.name or (f"[{self.address}]" if self.address.version == 6 else str(self.address))  # noqa: PLR2004 - IPv6


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a TLS server agreed to: version and cipher as OpenSSL names them, and its certificate (DER)."""

    version: str
    cipher: str
    certificate: bytes


class Prober:
    """The way to what is scanned. `may_reach` is asked for each connection; some are refused whatever it says.

    A refused address raises `EgressError` REFUSED, and is never connected to; faults of the other side never raise.
    """

    def __init__(self, may_reach: MayReach, *, has_loopback: bool = False) -> None:
        self._may_reach = may_reach
        self._has_loopback = has_loopback

    async def connect(self, spot: Spot, seconds: float) -> Contact:
        """Whether a port takes a connection, which is closed at once."""
        self.check(spot.address)
        family = socket.AF_INET if isinstance(spot.address, ipaddress.IPv4Address) else socket.AF_INET6
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(0)
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.get_running_loop().sock_connect(one, (str(spot.address), spot.port))
            except ConnectionRefusedError:
                return Contact.CLOSED
            except (TimeoutError, OSError):
                return Contact.SILENT
        return Contact.OPEN

    async def converse(self, spot: Spot, say: bytes, *, seconds: float, is_tls: bool = False) -> bytes:
        """What a port says within `seconds` after it was told something (nothing: what it says by itself).

        At most 64 KiB; empty where it says nothing or cannot be spoken to.
        """
        heard = b""
        with suppress(TimeoutError, OSError, EOFError):
            async with asyncio.timeout(seconds), self.opened(spot, _context() if is_tls else None) as (reader, writer):
                if say:
                    writer.write(say)
                    await writer.drain()
                while len(heard) < REPLY_BYTES_MAX:
                    piece = await reader.read(REPLY_BYTES_MAX - len(heard))
                    heard += piece
                    # A greeting is whole with its line; an answer to a question is read to its end.
                    if not piece or (not say and b"\n" in heard):
                        break
        return heard

    async def handshake(self, spot: Spot, version: str | None = None, *, seconds: float) -> Handshake | None:
        """What the server agrees to, with one version of TLS alone where it is named; None where it does not."""
        with suppress(TimeoutError, OSError, EOFError):
            async with asyncio.timeout(seconds), self.opened(spot, _context(version)) as (_, writer):
                tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
                cipher = tls.cipher()
                return Handshake(tls.version() or "", cipher[0] if cipher else "", tls.getpeercert(True) or b"")  # noqa: FBT003 - its own interface
        return None

    async def distrust(self, spot: Spot, *, seconds: float) -> str:
        """Why this machine does not trust the chain of a server's certificate; "" where it does or nothing was said."""
        context = ssl.create_default_context()
        context.check_hostname = False
        try:
            async with asyncio.timeout(seconds), self.opened(spot, context):
                return ""
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        except (TimeoutError, OSError, EOFError):
            return ""

    @asynccontextmanager
    async def opened(
        self, spot: Spot, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection for as long as the context lasts, with heads of up to 64 KiB; OSError where there is none."""
        self.check(spot.address)
        # A server name is a name: an address is never sent as one (RFC 6066, 3).
        name = None if tls is None else spot.name
        reader, writer = await asyncio.open_connection(str(spot.address), spot.port, ssl=tls, server_hostname=name)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def may(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        return not is_never_scanned(address, has_loopback=self._has_loopback) and self._may_reach(address)

    def check(self, address: Address) -> None:
        """Raise where an address may not be connected to; asked too before a program is handed it."""
        refuse_in_sandbox(_WHAT)
        if not self.may(address):
            raise EgressError(EgressFailure.REFUSED, "an address that may not be scanned")


def _context(version: str | None = None) -> ssl.SSLContext:
    """A client that takes anything: it is to see what a server offers, and sends it nothing that is secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that old versions are old is what is looked for
        context.minimum_version = _VERSIONS[version or "TLSv1"]
        context.maximum_version = _VERSIONS[version or "TLSv1.3"]
    return context
