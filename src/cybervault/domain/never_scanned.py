"""Addresses that no scan may reach, whoever grants them."""

import ipaddress
from typing import Final, TypeAlias

from cybervault.domain.observables import Address

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK: Final = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
# "This host" and link-local with AWS's metadata service, other clouds' metadata services (ECS and Azure among public
# addresses), multicast and broadcast; then IPv6 addresses that stand for an IPv4 address, which is to be named itself.
_NEVER: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/3",
        "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128",
        "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
    )
)  # fmt: skip


def is_never_scanned(target: Address | Network, *, has_loopback: bool = False) -> bool:
    """Whether an address, or any address of a network, is closed to scans; loopback is unless the operator opens it."""
    closed = _NEVER if has_loopback else (*_NEVER, *_LOOPBACK)
    network = ipaddress.ip_network(target)
    return any(network.version == one.version and network.overlaps(one) for one in closed)
