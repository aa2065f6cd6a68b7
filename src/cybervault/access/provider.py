"""The identity provider (OpenID Connect): where it is, which keys it has, and what it gives for a code.

Everything that it says is read as from a stranger: bounded in size and time, and never followed elsewhere.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.guard import origin_of
from cybervault.egress.message import EgressError, OutgoingRequest

REMEMBERED: Final = timedelta(hours=1)
# How often a token that names an unknown key may make us look for newer ones.
KEYS_AGAIN_AFTER: Final = timedelta(minutes=1)

_DISCOVERY: Final = "/.well-known/openid-configuration"
_BODY_BYTES_MAX: Final = 256 * 1024
_TIMEOUT_SECONDS: Final = 10.0
_KEYS_MAX: Final = 100
_CODE_CHARACTERS_MAX: Final = 4_096
_OK: Final = 200
# What the provider answers where the code or we are wrong (RFC 6749, 5.2).
_REFUSED: Final = frozenset({400, 401})


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """How the operator configured it; without a secret only PKCE proves that the code is ours."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    redirect_url: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where the provider is to be asked; `issuer` as it spells itself in its tokens."""

    issuer: str
    authorization_url: str
    token_url: str
    keys_url: str
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in is recognised by; `verifier` is the secret of PKCE (RFC 7636)."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[Mapping[str, Any], ...]
    read_at: datetime


class Provider:
    """One provider; what it says of itself is remembered for an hour.

    Whatever goes wrong there is `Problem` UPSTREAM `identity_provider_failed`.
    """

    def __init__(self, egress: Egress, setup: ProviderSetup, clock: Clock) -> None:
        self.setup = setup
        self._egress = egress
        self._clock = clock
        self._asking = asyncio.Lock()
        self._discovery: tuple[Discovery, datetime] | None = None
        self._keys: _Keys | None = None

    async def discovery(self) -> Discovery:
        """Where to ask."""
        async with self._asking:
            if self._discovery is None or self._clock.now() - self._discovery[1] >= REMEMBERED:
                document = await self._document(f"{self.setup.issuer.rstrip('/')}{_DISCOVERY}")
                self._discovery = (_discovery_of(document, self.setup.issuer), self._clock.now())
            return self._discovery[0]

    async def keys(self, *, is_unknown: bool = False) -> tuple[Mapping[str, Any], ...]:
        """Its public keys; where a token names an unknown one, newer than those of a minute ago."""
        url = (await self.discovery()).keys_url
        async with self._asking:
            most = KEYS_AGAIN_AFTER if is_unknown else REMEMBERED
            if self._keys is None or self._clock.now() - self._keys.read_at >= most:
                self._keys = _Keys(_keys_of(await self._document(url)), self._clock.now())
            return self._keys.keys

    async def sign_in_url(self, attempt: Attempt) -> str:
        """Where a browser is sent to sign in."""
        place = (await self.discovery()).authorization_url
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.setup.client_id,
            "redirect_uri": self.setup.redirect_url,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(query, quote_via=quote)}"

    async def id_token(self, code: str, attempt: Attempt) -> str:
        """What it gives for a code; `Problem` UNAUTHENTICATED `identity_refused` where it does not know the code."""
        place = await self.discovery()
        reply = await self._asked(self._token_request(place.token_url, code, attempt))
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise _failed("no ID token for a code")
        return token

    def _token_request(self, url: str, code: str, attempt: Attempt) -> OutgoingRequest:
        if len(code) > _CODE_CHARACTERS_MAX:
            raise refused("a code that is too long")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.setup.redirect_url,
            "code_verifier": attempt.verifier,
        }
        secret, client = self.setup.client_secret, self.setup.client_id
        headers = () if secret is None else (SecretHeader("Authorization", secret, "Basic ", oauth_client=client),)
        if secret is None:
            form["client_id"] = client
        return OutgoingRequest(
            url=url,
            method="POST",
            headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
            secret_headers=headers,
            body=urlencode(form).encode(),
            timeout_seconds=_TIMEOUT_SECONDS,
            body_bytes_max=_BODY_BYTES_MAX,
        )

    async def _document(self, url: str) -> Mapping[str, Any]:
        return await self._asked(
            OutgoingRequest(
                url=url,
                headers=(("Accept", "application/json"),),
                timeout_seconds=_TIMEOUT_SECONDS,
                body_bytes_max=_BODY_BYTES_MAX,
            )
        )

    async def _asked(self, request: OutgoingRequest) -> Mapping[str, Any]:
        reply = await self._egress.fetch(request)
        if reply.failure is not None:
            raise _failed(f"{request.method}: {reply.failure.value}")
        if request.method == "POST" and reply.status in _REFUSED:
            raise refused(f"the provider answered {reply.status} to a code")
        if reply.status != _OK:
            raise _failed(f"{request.method}: status {reply.status}")
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise _failed(f"{request.method}: no JSON object")
        return document


def _discovery_of(document: Mapping[str, Any], issuer: str) -> Discovery:
    """The places that a provider names of itself; it has to be the one that the operator means."""
    named = document.get("issuer")
    # Some spell themselves with a slash at the end; their tokens have it too.
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise _failed("it names itself otherwise than configured")
    return Discovery(
        named,
        _place(document, "authorization_endpoint", issuer),
        _place(document, "token_endpoint", issuer),
        _place(document, "jwks_uri", issuer),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _place(document: Mapping[str, Any], name: str, issuer: str) -> str:
    url = document.get(name)
    try:
        origin = origin_of(str(url).partition("?")[0])
        is_good = origin.scheme == "https" or origin == origin_of(issuer)
    except EgressError:
        is_good = False
    if not is_good:
        raise _failed(f"its {name} is no https address")
    return str(url)


def _keys_of(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    keys = document.get("keys")
    if not isinstance(keys, list) or len(keys) > _KEYS_MAX:
        raise _failed("it gives no keys, or too many")
    return tuple(key for key in keys if isinstance(key, dict))


def refused(detail: str) -> Problem:
    """What a person is told whom the provider's word does not let in."""
    return Problem(
        ProblemKind.UNAUTHENTICATED,
        code="identity_refused",
        message="The sign-in through the identity provider did not succeed. Begin it again.",
        detail=detail,
    )


def _failed(detail: str) -> Problem:
    return Problem(
        ProblemKind.UPSTREAM,
        code="identity_provider_failed",
        message="The identity provider cannot be asked, or its answer cannot be used. Sign in with a password, "
        "or try again later.",
        detail=detail,
    )
