"""Who calls: the key or session that a request presents, the caller it stands for, and keys where none may stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote_plus

from starlette.datastructures import Headers

from cybervault.access.exposure import without_keys
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.cross_site import refuse_cross_site
from cybervault.faces.proxies import Client
from cybervault.faces.rights import RouteRule, SignIn
from cybervault.faces.session_cookie import Channel, channel_of, presented_cookie

BEARER: Final = frozenset({"bearer"})
# The word that one family of documented clients sends instead (contract 1.5.2).
API_KEY: Final = frozenset({"api-key"})

_AGENT_CHARACTERS_MAX: Final = 256


class Keyring(Protocol):
    """What the frame needs of the keys."""

    async def resolve(
        self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
    ) -> Principal:
        """The caller behind a key; `Problem` UNAUTHENTICATED or FORBIDDEN where there is none."""


class SessionRing(Protocol):
    """What the frame needs of the sessions."""

    async def resolve(self, cookie_text: str, *, is_fresh: bool = False) -> Principal:
        """The caller behind a cookie; `Problem` UNAUTHENTICATED or FORBIDDEN where there is none."""

    async def require_fresh(self, principal: Principal) -> None:
        """`Problem` FORBIDDEN `reauth_required` where the last proof of identity is too old."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What of a request says who calls."""

    method: str
    headers: Headers
    client: Client

    @property
    def has_key(self) -> bool:
        """Whether the header Authorization is there at all."""
        return "authorization" in self.headers

    @property
    def agent(self) -> str | None:
        """The program that calls, as it names itself, without a key that it may have put there: this is kept."""
        text = self.headers.get("user-agent")
        return None if text is None else without_keys(text)[:_AGENT_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True)
class Callers:
    """The keys, the sessions, and the scheme words (in small letters) under which a key may be presented.

    `public_url` is where browsers reach this server, where that is configured; `own_origin` where they do else.
    """

    keys: Keyring
    schemes: frozenset[str] = BEARER
    sessions: SessionRing | None = None
    public_url: str | None = None
    own_origin: str = ""

    async def caller_of(
        self, presented: Presented, rule: RouteRule | None = None, *, is_fresh: bool = False
    ) -> Principal:
        """The caller of a route, by what its row wants: a key (also without a row), a session, or either.

        Raises `Problem` INVALID `invalid_request` for more than one header Authorization; FORBIDDEN `session_required`
        for a key where people only may call, `cross_site_request`; else as the keys and sessions do.
        """
        sign_in = SignIn.KEY if rule is None else rule.sign_in
        if sign_in is SignIn.KEY or self.sessions is None or (sign_in is SignIn.EITHER and presented.has_key):
            text = presented_key(presented.headers.getlist("authorization"), self.schemes)
            return await self.keys.resolve(text, presented.client.address, is_fresh=is_fresh, agent=presented.agent)
        cookie = self._cookie(presented)
        if not cookie and presented.has_key:
            raise Problem(
                ProblemKind.FORBIDDEN,
                code="session_required",
                message="This is for people who have signed in. A key cannot do it.",
            )
        if not cookie and sign_in is SignIn.EITHER:
            return await self.keys.resolve("", presented.client.address)
        return await self.sessions.resolve(cookie, is_fresh=is_fresh)

    async def prove(self, principal: Principal) -> None:
        """Raise `Problem` FORBIDDEN `reauth_required` for a session whose last proof of identity is too old."""
        if principal.session_id is not None and self.sessions is not None:
            await self.sessions.require_fresh(principal)

    def _cookie(self, presented: Presented) -> str:
        headers, client = presented.headers, presented.client
        channel = channel_of(client.scheme, headers.get("host", ""), client.peer, public_url=self.public_url)
        cookie = "" if channel is Channel.PLAIN else presented_cookie(headers.getlist("cookie"), channel)
        if cookie:
            refuse_cross_site(
                presented.method,
                sec_fetch_site=headers.get("sec-fetch-site"),
                origin=headers.get("origin"),
                own_origin=self.own_origin,
            )
        return cookie


def presented_key(authorization: Sequence[str], schemes: frozenset[str]) -> str:
    """The text behind a scheme word that counts, in any case; empty where there is none."""
    if len(authorization) > 1:
        raise Problem(
            ProblemKind.INVALID, code="invalid_request", message="Send one header Authorization, not several."
        )
    # One blank and no more (contract check 64): with two, what follows begins with a blank and is no key.
    scheme, _, text = "".join(authorization).partition(" ")
    return text if scheme.lower() in schemes else ""


def text_of_url(path: str, query: bytes) -> str:
    """What an address says, its query decoded: no key of ours may stand in it."""
    return f"{path} {unquote_plus(query.decode('latin-1'))}"
