"""One-time codes by the clock (RFC 6238): SHA-1, 30 seconds, 6 digits, as every authenticator program has them."""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

STEP_SECONDS: Final = 30
DIGITS: Final = 6

_SECRET_BYTES: Final = 20
# One step to either side, for clocks that differ (RFC 6238, 5.2).
_STEPS_ASIDE: Final = 1


def new_secret() -> bytes:
    """160 random bits, as long as the hash (RFC 4226, 4)."""
    return secrets.token_bytes(_SECRET_BYTES)


def step_of(moment: datetime) -> int:
    """The number of the time step that a moment is in."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, *, now: datetime, used: int | None) -> int | None:
    """The step whose code this is; None for no code of now, or one of a step not after the last `used` one.

    Each of the three steps is compared, in the same time whatever they are.
    """
    given = code.encode("ascii", "replace")
    found: int | None = None
    for step in range(step_of(now) - _STEPS_ASIDE, step_of(now) + _STEPS_ASIDE + 1):
        is_same = hmac.compare_digest(code_at(secret, step).encode(), given)
        if is_same and (used is None or step > used):
            found = step
    return found


def is_code(text: str) -> bool:
    """Whether a text has the form of a code."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def secret_text(secret: bytes) -> str:
    """The secret as people type it into an authenticator: base 32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri_of(secret: bytes, *, issuer: str, account: str) -> str:
    """What a QR code holds, the `otpauth` form that authenticators read; issuer and account name the entry."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    query = {
        "secret": secret_text(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": str(DIGITS),
        "period": str(STEP_SECONDS),
    }
    return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"
