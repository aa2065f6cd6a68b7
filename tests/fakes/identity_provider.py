"""An identity provider (OpenID Connect) on loopback: real HTTP and real keys, and every ugly thing such may say.

A test sets what it does wrong; `approve` is the person who signs in there and is sent back.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.egress.servers import Asked, RawServer, reply
from tests.fakes.clock import HandClock

CLIENT_ID: Final = "cybervault"
CLIENT_SECRET: Final = "a secret/of: the client"
_JSON: Final = b"Content-Type: application/json"
_HUGE_BYTES: Final = 1024 * 1024


@cache
def key_of(algorithm: str, number: int = 1) -> Key:
    """The provider's key for an algorithm, made once; another `number` is a newer one."""
    kid = f"{algorithm}-{number}"
    if algorithm.startswith("ES"):
        return ECKey.generate_key({"256": "P-256", "384": "P-384", "512": "P-521"}[algorithm[2:]], {"kid": kid})
    if algorithm.startswith("Ed"):
        return OKPKey.generate_key("Ed25519", {"kid": kid})
    return RSAKey.generate_key(2048, {"kid": kid})


def public_pem(key: Key) -> bytes:
    """The public key as a text that everybody has."""
    public: Any = key.get_op_key("verify")
    pem: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem


@dataclass
class Signing:
    """How an ID token is signed: by default as it should be; `header` and `key` replace what would be used.

    None in the header leaves a field out. A key of bytes is a secret that both sides have.
    """

    algorithm: str = "RS256"
    number: int = 1
    header: Mapping[str, Any] = field(default_factory=dict)
    key: Key | bytes | None = None

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The token."""
        header = {"alg": self.algorithm, "kid": f"{self.algorithm}-{self.number}", "typ": "JWT"} | dict(self.header)
        header = {name: value for name, value in header.items() if value is not None}
        return self.sign_text(header, json.dumps(claims))

    def sign_text(self, header: Mapping[str, Any], text: str) -> str:
        """The token of any text, by hand, since no library signs what an attacker wants signed."""
        signed = f"{_text(json.dumps(header).encode())}.{_text(text.encode())}"
        return f"{signed}.{_text(self._signature(signed.encode()))}"

    def _signature(self, signed: bytes) -> bytes:
        if self.algorithm == "none":
            return b""
        if isinstance(self.key, bytes):
            return hmac.digest(self.key, signed, f"sha{self.algorithm[-3:]}")
        key = self.key or key_of(self.algorithm, self.number)
        signature: bytes = jws.JWSRegistry.algorithms[self.algorithm].sign(signed, key)
        return signature


@dataclass
class IdentityProvider:
    """The provider; a started one has a `url`.

    `claims` replace those of the next tokens (None leaves one out), `discovery` those of its own description.
    `faults` maps "discovery", "keys" or "token" to "huge", "slow", "html", "array", "deep", "redirect" or a status.
    """

    clock: HandClock
    person: Mapping[str, Any] = field(
        default_factory=lambda: {"sub": "248289761001", "email": "ana@acme.example", "email_verified": True,
                                 "name": "Ana Sample"}
    )  # fmt: skip
    client_secret: str | None = CLIENT_SECRET
    signing: Signing = field(default_factory=Signing)
    published: list[tuple[str, int]] = field(default_factory=lambda: [("RS256", 1)])
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    token: object = None
    """Given in the place of every ID token."""
    keys: object = ...
    """Given in the place of the published keys."""
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self.server = await RawServer(self._answer).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Its issuer address."""
        return self.server.url("")

    def approve(self, url: str) -> dict[str, str]:
        """Sign in at the address that a browser was sent to; the parameters with which it comes back."""
        query = dict(parse_qsl(urlsplit(url).query))
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return {"code": code, "state": query["state"]}

    def claims_for(self, nonce: str) -> dict[str, Any]:
        """What an ID token says."""
        now = self.clock.now().timestamp()
        right = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        return {name: value for name, value in (right | dict(self.person) | self.claims).items() if value is not None}

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        path = urlsplit(asked.target).path
        name = {"/.well-known/openid-configuration": "discovery", "/keys": "keys", "/token": "token"}.get(path, "")
        self.asked.append(name)
        fault = self.faults.get(name)
        if fault == "slow":
            await asyncio.Event().wait()
        writer.write(_ugly(fault) if fault else getattr(self, f"_{name}_reply")(asked))
        await writer.drain()
        return True

    def _discovery_reply(self, _asked: Asked) -> bytes:
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return _json(200, document | self.discovery)

    def _keys_reply(self, _asked: Asked) -> bytes:
        keys = [key_of(name, number).as_dict(private=False) | {"use": "sig"} for name, number in self.published]
        return _json(200, {"keys": keys if self.keys is ... else self.keys})

    def _token_reply(self, asked: Asked) -> bytes:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        begun = self._codes.pop(form.get("code", ""), None)
        if not self._is_client(asked, form):
            return _json(401, {"error": "invalid_client"})
        if begun is None or form.get("redirect_uri") != begun["redirect_uri"] or not _is_proved(form, begun):
            return _json(400, {"error": "invalid_grant"})
        token = self.token or self.signing.sign(self.claims_for(begun["nonce"]))
        return _json(200, {"access_token": "unused", "token_type": "Bearer", "id_token": token})

    def _is_client(self, asked: Asked, form: Mapping[str, str]) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == CLIENT_ID
        scheme, _, text = asked.headers.get("authorization", "").partition(" ")
        user, _, secret = base64.b64decode(text).decode().partition(":")
        return (scheme, unquote_plus(user), unquote_plus(secret)) == ("Basic", CLIENT_ID, self.client_secret)


def _is_proved(form: Mapping[str, str], begun: Mapping[str, str]) -> bool:
    return _text(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) == begun["code_challenge"]


def _ugly(fault: str) -> bytes:
    if fault.isdigit():
        return _json(int(fault), {"error": "server_error"})
    body = {
        "huge": b'{"issuer": "' + b"x" * _HUGE_BYTES + b'"}',
        "html": b"<html>sign in to the hotel network</html>",
        "array": b"[1, 2]",
        "deep": b"[" * 100_000,
        "binary": bytes(range(256)),
    }
    if fault == "redirect":
        return reply(302, b"", b"Location: http://127.0.0.1:1/elsewhere")
    return reply(200, body[fault], _JSON)


def _json(status: int, document: Mapping[str, Any]) -> bytes:
    return reply(status, json.dumps(document).encode(), _JSON)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
