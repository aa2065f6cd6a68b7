"""To whom a passkey belongs: the host name under which people reach this server. Another name makes all void."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cybervault.domain.problems import Problem, ProblemKind

_LOCAL: Final = "localhost"
# Labels as host names have them; browsers take nothing else.
_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME_CHARACTERS_MAX: Final = 253
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The name that passkeys are bound to, and the origin that pages must have to use them."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose passkey it says it is, before anything is proved."""

    credential_id: bytes
    member: str


def relying_party_of(public_url: str) -> RelyingParty:
    """The relying party of the address that people see, which has been checked to be one.

    Raises `Problem` CONFLICT `passkeys_unavailable` that says why browsers would refuse: passkeys need https and a
    name; only on localhost plain http will do.
    """
    parts = urlsplit(public_url)
    host = (parts.hostname or "").lower()
    if _is_address(host):
        raise _unavailable(f"browsers take no passkeys from an address ({host}), only from a name or from localhost")
    if len(host) > _NAME_CHARACTERS_MAX or not _NAME.fullmatch(host):
        raise _unavailable("its host is no name that browsers take passkeys from")
    is_local = host == _LOCAL or host.endswith(f".{_LOCAL}")
    if parts.scheme != "https" and not is_local:
        raise _unavailable("browsers take passkeys over https only, or from localhost")
    port = parts.port
    place = host if port in {None, _DEFAULT_PORTS[parts.scheme]} else f"{host}:{port}"
    return RelyingParty(host, f"{parts.scheme}://{place}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unavailable(reason: str) -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="passkeys_unavailable",
        message=f"Passkeys cannot be used with the public address of this server: {reason}. "
        "The operator sets it with CYBERVAULT_PUBLIC_URL.",
    )
