"""Moments and networks as callers write them."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cybervault.access.life import Network
from cybervault.domain.problems import Problem, ProblemKind

# A date alone is its first moment in UTC; a time says its zone, or nobody knows what is meant.
_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?")
_NETWORK: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")


def moment_in(text: str) -> datetime | None:
    """The moment in UTC that an ISO 8601 text names; None for one that names none."""
    if _FORM.fullmatch(text) is None or not text.isascii():
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
