"""The cookie of a session: over HTTPS bound to this host, over plain HTTP on this machine only."""

import ipaddress
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from cybervault.access.session_life import ABSOLUTE
from cybervault.domain.observables import Address
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS_MAX: Final = int(ABSOLUTE.total_seconds())


class Channel(StrEnum):
    """How a request came to us."""

    HTTPS = "https"
    LOCAL = "local"
    PLAIN = "plain"


# A browser takes a __Host- cookie only with Secure and Path=/, and lets no other host of the domain set it.
_NAME_OF: Final = {Channel.HTTPS: "__Host-cybervault", Channel.LOCAL: "cybervault-local"}


def may_have_session(names: Iterable[str]) -> bool:
    """Whether one of the cookies of these names is of a session, be it good or not."""
    return not frozenset(_NAME_OF.values()).isdisjoint(names)


def channel_of(scheme: str, host: str, peer: Address | None, *, public_url: str | None) -> Channel:
    """How a request came: `scheme` as a trusted proxy tells it, `host` as the caller names us, `peer` who connects.

    Plain HTTP counts as local only where both ends are of this machine: a proxy in front connects from here too, but
    its callers name us by another host.
    """
    if scheme == "https" or (public_url or "").lower().startswith("https://"):
        return Channel.HTTPS
    is_near = peer is not None and peer.is_loopback
    return Channel.LOCAL if is_near and _is_local_name(host) else Channel.PLAIN


def refuse_plain(channel: Channel) -> None:
    """Raise `Problem` FORBIDDEN `https_required` where a password and a cookie could be read on the way."""
    if channel is Channel.PLAIN:
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="https_required",
            message="Sign-in needs HTTPS, except on the machine itself (http://localhost or http://127.0.0.1).",
        )


def presented_cookie(cookie_headers: Sequence[str], channel: Channel) -> str:
    """The text of the session's cookie among the values of the header Cookie; empty where there is none, or several.

    Of two cookies of this name one was put there by somebody else.
    """
    name = _NAME_OF.get(channel)
    found = [
        value
        for header in cookie_headers
        for key, _, value in (part.strip().partition("=") for part in header.split(";"))
        if key == name
    ]
    return found[0] if len(found) == 1 else ""


def kept_cookie(channel: Channel, token: Secret) -> str:
    """The value of Set-Cookie for a new session; `Problem` FORBIDDEN `https_required`."""
    return _cookie(channel, token.reveal(), _SECONDS_MAX)


def dropped_cookie(channel: Channel) -> str:
    """The value of Set-Cookie after which the browser has no session; `Problem` FORBIDDEN `https_required`."""
    return _cookie(channel, "", 0)


def _cookie(channel: Channel, text: str, seconds: int) -> str:
    refuse_plain(channel)
    secure = "; Secure" if channel is Channel.HTTPS else ""
    return f"{_NAME_OF[channel]}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"


def _is_local_name(host: str) -> bool:
    name = host.lower().strip()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
