"""Where a request may go: which URL may be asked, which address connected to, which redirect followed.

Pure decisions on text and addresses. Only the operator can open an origin inside the network, and only
exactly as configured; nothing a caller or a source sends can.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin

from cybervault.domain.observables import Address, embedded_ipv4, is_outside_address
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
REDIRECTS_MAX: Final = 3
DNS_PORT: Final = 53

_PORT_MAX: Final = 65_535
_HOST_CHARACTERS_MAX: Final = 253
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "dns": DNS_PORT}
_IP_VERSION_4: Final = 4

# One strict grammar, and the very text it matched is what is sent: no second parser can read another host in it.
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9_.-]{1,253}))"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?][!-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

# Beyond `is_outside_address`: what may be an indicator but never a peer (RFC 5737, RFC 7526, Azure's metadata
# service); IPv6 is open for global unicast only, without protocol assignments, Teredo, 6to4 and documentation.
_CLOSED_IPV4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_OPEN_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_CLOSED_IPV6: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# An IPv6-only network reaches IPv4 through these (RFC 6052, RFC 4291); the carried address decides.
_TRANSLATED: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::ffff:0:0/96"))


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Scheme ("http", "https", or "dns" for a resolver), host in lower case without brackets, and port."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin:
    """Read the origin of an absolute http or https URL; raises `EgressError` REFUSED for any other text."""
    found = _URL.fullmatch(url)
    if found is None:
        raise _refused("not an absolute http or https URL in ASCII without user and fragment")
    scheme = found["scheme"].lower()
    port = int(found["port"]) if found["port"] else _DEFAULT_PORTS[scheme]
    host = _host(found["name"]) if found["name"] else _literal(found["v6"], version=6)
    if not 1 <= port <= _PORT_MAX:
        raise _refused("port out of range")
    return Origin(scheme, host, port)


def resolver_origin(text: str) -> Origin:
    """Read a resolver: "1.1.1.1", "1.1.1.1:53", "2001:db8::1" or "[2001:db8::1]:53"; raises as `origin_of`."""
    plain, _, port = text.rpartition(":") if _has_port(text) else (text, "", str(DNS_PORT))
    host = plain.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= _PORT_MAX):
        raise _refused("port of the resolver out of range")
    return Origin("dns", _literal(host, version=6 if ":" in host else 4), int(port))


def is_open_address(address: Address) -> bool:
    """Whether anybody may connect to an address: public, and no range that leads back inside."""
    if not is_outside_address(address):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    if any(address in network for network in _TRANSLATED):
        carried = embedded_ipv4(address)
        return carried is not None and is_open_address(carried)
    return address in _OPEN_IPV6 and not any(address in network for network in _CLOSED_IPV6)


class Guard:
    """The decisions for one set of origins that the operator configured."""

    def __init__(self, allowed_origins: Iterable[Origin] = ()) -> None:
        self._origins = frozenset(allowed_origins)
        self._places = frozenset((origin.host, origin.port) for origin in self._origins)

    def check_url(self, url: str) -> Origin:
        """Give the origin of a URL that may be asked; raises `EgressError` REFUSED. Its addresses are checked later."""
        origin = origin_of(url)
        if origin in self._origins:
            return origin
        if origin.scheme != "https":
            raise _refused("only https leaves this machine")
        if (origin.host, origin.port) in self._places:
            raise _refused("this host and port are configured with another scheme")
        address = _address(origin.host)
        if address is not None and not is_open_address(address):
            raise _refused("not a public address")
        return origin

    def may_connect(self, host: str, port: int, address: Address) -> bool:
        """Whether this resolved address of a host may be connected to; a configured host may live anywhere."""
        return (host.lower(), port) in self._places or is_open_address(address)

    def check_resolver(self, text: str) -> Origin:
        """Give the address of a DNS resolver that may be asked; raises `EgressError` REFUSED."""
        origin = resolver_origin(text)
        if origin in self._origins:
            return origin
        if origin.port != DNS_PORT or not is_open_address(ipaddress.ip_address(origin.host)):
            raise _refused("not a public resolver")
        return origin

    def check_redirect(self, request: OutgoingRequest, *, url: str, location: str, hops: int) -> str:
        """Give the URL that a redirect of `url` may be followed to; raises `EgressError` REFUSED.

        `hops` counts the redirects already followed. A configured origin is reached by a redirect only from a
        configured one or by name, so that "*" does not open the inside to a source.
        """
        if request.secret_headers or request.signing is not None:
            raise _refused("a request with a key follows no redirect")
        if request.method not in {"GET", "HEAD"} or hops >= REDIRECTS_MAX:
            raise _refused("too many redirects, or of a request that changes something")
        following = _absolute(url, location)
        origin = self.check_url(following)
        is_named = origin.host in request.redirect_hosts
        is_public = "*" in request.redirect_hosts and (origin not in self._origins or origin_of(url) in self._origins)
        if not (is_named or is_public):
            raise _refused("redirect to a host that is not listed")
        return following


def _refused(reason: str) -> EgressError:
    return EgressError(EgressFailure.REFUSED, reason)


def _absolute(url: str, location: str) -> str:
    try:
        joined = urljoin(url, location.strip()).partition("#")[0]
    except ValueError:
        joined = ""
    return quote(joined, safe="%/?#[]@!$&'()*+,;=:-._~|^`{}\"<>\\")


def _host(text: str) -> str:
    name = text.lower()
    labels = name.split(".")
    if len(name) > _HOST_CHARACTERS_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("not a host name")
    # A name that ends in a number is an address in disguise (2130706433, 127.1, 0x7f.1): only the plain form passes.
    return _literal(name, version=_IP_VERSION_4) if _NUMBER.fullmatch(labels[-1]) else name


def _literal(text: str, *, version: int) -> str:
    address = _address(text)
    if address is None or address.version != version:
        raise _refused("not an address in its plain form")
    return str(address)


def _address(text: str) -> Address | None:
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _has_port(text: str) -> bool:
    return (text.startswith("[") and not text.endswith("]")) or text.count(":") == 1
