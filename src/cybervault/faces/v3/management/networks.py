"""Networks as callers write them."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from cybervault.access.life import Network
from cybervault.domain.problems import Problem, ProblemKind

_NETWORK: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")


def networks_in(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of a list, each once; `Problem` INVALID `invalid_network` names the place of one that is none."""
    found: dict[Network, None] = {}
    for place, text in enumerate(texts):
        try:
            network = ipaddress.ip_network(text if _NETWORK.fullmatch(text) else "")
        except ValueError:
            raise Problem(
                ProblemKind.INVALID,
                code="invalid_network",
                message=f"ip_allow_list.{place} is no address and no network such as 203.0.113.0/24.",
            ) from None
        found[network] = None
    return tuple(found)
