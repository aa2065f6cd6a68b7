"""Who called and how, where a proxy stands between: only a trusted one is believed, and only about who it served."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope as Connection

from cybervault.domain.observables import Address
from cybervault.domain.problems import Problem, ProblemKind

Networks: TypeAlias = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]

_HOPS_MAX: Final = 10
_LIST: Final = "x-forwarded-for"
_HOST: Final = re.compile(r"([0-9A-Za-z.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Client:
    """Who called: its address (None: not over a network), who connected to us for it, and over which scheme it came."""

    address: Address | None
    peer: Address | None
    scheme: Literal["http", "https"]


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks of proxies that are believed, and the header in which they tell a caller's address."""

    networks: Networks = ()
    header: str = _LIST

    def client_of(self, connection: Connection, headers: Headers) -> Client:
        """Who sent this request."""
        peer = address_of(connection["client"][0]) if connection.get("client") else None
        scheme: Literal["http", "https"] = "https" if connection.get("scheme") == "https" else "http"
        if not self._trusts(peer):
            return Client(peer, peer, scheme)
        # Of several the last: the proxy next to us wrote it.
        told = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
        if told:
            scheme = "https" if told == "https" else "http"
        return Client(self._told(peer, headers), peer, scheme)

    def _told(self, peer: Address | None, headers: Headers) -> Address | None:
        """The address that trusted proxies vouch for.

        Every proxy writes the address it was called from behind those it was sent, so that all left of the first one
        that is not trusted may be the caller's own invention.
        """
        values = headers.getlist(self.header)
        if self.header != _LIST:
            return (address_of(values[0]) if len(values) == 1 else None) or peer
        client = peer
        for hop in reversed(",".join(values).rsplit(",", _HOPS_MAX)[-_HOPS_MAX:]):
            address = address_of(hop)
            if address is None:
                return client
            client = address
            if not self._trusts(client):
                return client
        return client

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self.networks
        )


def address_of(text: str) -> Address | None:
    """The address that a text begins with, without port, brackets and zone; one in IPv6's clothes as IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


@dataclass(frozen=True, slots=True)
class HttpsRule:
    """What happens to requests that came over plain HTTP; `public_url` is where callers reach this server."""

    is_required: bool = False
    public_url: str | None = None

    def applies_to(self, client: Client) -> bool:
        """Whether it came in the clear from another machine."""
        is_local = client.address is not None and client.address.is_loopback
        return self.is_required and client.scheme != "https" and not is_local

    def answer(self, connection: Connection, headers: Headers) -> Response:
        """Send a reading request to the same place over HTTPS (contract 1.2.1).

        Raises `Problem` FORBIDDEN `https_required` for all others: what they carry has been in the clear already.
        """
        host = self._host(headers)
        if connection["method"] not in _SAFE or host is None:
            raise Problem(
                ProblemKind.FORBIDDEN,
                code="https_required",
                message="This server takes requests over HTTPS only. Rotate a key that was sent over plain HTTP.",
            )
        path = connection.get("raw_path", connection["path"].encode()).partition(b"?")[0].decode("latin-1")
        query = connection.get("query_string", b"").decode("latin-1")
        place = f"https://{host}{path}{'?' if query else ''}{query}"
        return RedirectResponse(place, status_code=301)

    def _host(self, headers: Headers) -> str | None:
        """The configured one; else the one the caller names, if it is a host, without the port of plain HTTP."""
        if self.public_url is not None:
            return urlsplit(self.public_url).netloc
        found = _HOST.fullmatch(headers.get("host", ""))
        return found[1] if found else None
