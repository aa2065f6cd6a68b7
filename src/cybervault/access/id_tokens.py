"""What an identity provider says of who signs in: the ID token (OpenID Connect Core, 3.1.3.7), read as a pure function.

Nothing that stands in a token decides how it is checked: the algorithms are a fixed list without secrets in common,
and the key is one of the provider's own.
"""

import base64
import binascii
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc._rfc7515.model import JWSAlgModel
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key, import_key
from joserfc.util import base64_to_int

from cybervault.access.arrivals import Person

# Each with the type of its keys; no HS256 and the like, which take the public key for a secret, and never "none".
KEY_TYPE_OF: Final[Mapping[str, str]] = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP", "Ed25519": "OKP",
}  # fmt: skip

_TOKEN_CHARACTERS_MAX: Final = 16_384
_SUBJECT_CHARACTERS_MAX: Final = 255
_EMAIL_CHARACTERS_MAX: Final = 254
_NAME_CHARACTERS_MAX: Final = 64
_RSA_BITS_MIN: Final = 2_048
# Clocks of two machines differ.
_LEEWAY_SECONDS: Final = 60
# An ID token is fetched as it is made; an old one was kept by somebody.
_AGE_SECONDS_MAX: Final = 600
_SEGMENTS: Final = 3
_MALFORMED: Final = (JoseError, ValueError, TypeError, LookupError, RecursionError)


class IdTokenError(Exception):
    """The token proves nothing; the reason is for the log and quotes none of it."""


class UnknownKeyError(IdTokenError):
    """The token names a key that is not among those given; the provider may have a new one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say: who made it, for whom, and for which attempt."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


class _FixedList(jws.JWSRegistry):
    """Takes the algorithms above and no others; that EdDSA is the older name of Ed25519 is no reason to warn."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in KEY_TYPE_OF:
            raise UnsupportedAlgorithmError("not on the list")
        return self.algorithms[name]


def person_of(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Person:
    """Who the token says signs in; raises `IdTokenError`, or `UnknownKeyError` where newer keys may help."""
    claims = _verified(token, keys)
    _check_parties(claims, expected)
    _check_times(claims, expected.now)
    if not _is_same(claims.get("nonce"), expected.nonce):
        raise IdTokenError("made for another attempt")
    return Person(expected.issuer, _subject(claims), _verified_email(claims), _name(claims))


def _verified(token: str, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(token) > _TOKEN_CHARACTERS_MAX:
        raise IdTokenError("too long")
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPE_OF:
        raise IdTokenError("signed by an algorithm that is not taken")
    # A token for another use (RFC 9068, back-channel logout) says so here.
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise IdTokenError("a token for another use")
    key = _usable(_chosen(keys, algorithm, header.get("kid")))
    try:
        found = jws.deserialize_compact(token.encode(), key, registry=_FixedList(strict_check_header=False))
        claims = json.loads(found.payload)
    except _MALFORMED as error:
        raise IdTokenError(f"its signature cannot be verified ({type(error).__name__})") from None
    if not isinstance(claims, dict):
        raise IdTokenError("no claims in it")
    return claims


def _header(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    try:
        text = parts[0] if len(parts) == _SEGMENTS else ""
        header = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise IdTokenError("not a signed token")
    return header


def _chosen(keys: Sequence[Mapping[str, Any]], algorithm: str, key_id: object) -> Mapping[str, Any]:
    """The provider's key: of the algorithm's type, for signatures, and of this id; without one it has to be alone."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == KEY_TYPE_OF[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]
    if len(fitting) != 1:
        raise UnknownKeyError("no key, or more than one, that it may be signed with")
    return fitting[0]


def _usable(key: Mapping[str, Any]) -> Key:
    try:
        if key.get("kty") == "RSA" and base64_to_int(key["n"]).bit_length() < _RSA_BITS_MIN:
            raise IdTokenError("the provider's key is too short")
        return import_key(dict(key))
    except _MALFORMED as error:
        raise IdTokenError(f"the provider's key cannot be read ({type(error).__name__})") from None


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IdTokenError("made by another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise IdTokenError("made for another audience")
    party = claims.get("azp")
    if (len(audiences) > 1 or party is not None) and party != expected.client_id:
        raise IdTokenError("made for another party")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    seconds = now.timestamp()
    issued_at = _moment(claims, "iat")
    if _moment(claims, "exp") + _LEEWAY_SECONDS <= seconds:
        raise IdTokenError("expired")
    if not seconds - _AGE_SECONDS_MAX <= issued_at <= seconds + _LEEWAY_SECONDS:
        raise IdTokenError("made too long ago, or later than now")
    if "nbf" in claims and _moment(claims, "nbf") > seconds + _LEEWAY_SECONDS:
        raise IdTokenError("not valid yet")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IdTokenError(f"no moment in {name}")
    return value


def _is_same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _SUBJECT_CHARACTERS_MAX or not subject.isascii():
        raise IdTokenError("no subject in it")
    return subject


def _verified_email(claims: Mapping[str, Any]) -> str:
    """Empty unless the provider says in so many words that it verified the address.

    Only ASCII: among other letters there are some whose small form is another letter's, as that of the Kelvin sign.
    """
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return ""
    return email if email.isascii() and len(email) <= _EMAIL_CHARACTERS_MAX else ""


def _name(claims: Mapping[str, Any]) -> str:
    name = claims.get("name")
    readable = "".join(letter for letter in name if letter.isprintable()) if isinstance(name, str) else ""
    return readable.strip()[:_NAME_CHARACTERS_MAX].strip()
