"""Signatures of what is sent: those of Standard Webhooks, and the header of our own beside them."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cybervault.domain.ids import DeliveryId
from cybervault.domain.secrets import Secret

OWN_HEADER: Final = "X-CyberVault-Signature"
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(_KEY_BYTES)


def secret_of(key: bytes) -> Secret:
    """A key as it is shown to whoever verifies with it: `whsec_` and its Base64."""
    return Secret(_PREFIX + base64.b64encode(key).decode())


def signed_headers(
    delivery_id: DeliveryId, body: bytes, at: datetime, *, keys: Sequence[bytes]
) -> tuple[tuple[str, str], ...]:
    """The headers that sign one attempt, by each of the keys: several while a secret is being replaced.

    Standard Webhooks signs `id.timestamp.body`; ours, `t=...,v1=...` in hexadecimal, signs `timestamp.body`.
    """
    seconds = int(at.timestamp())
    standard, own = f"{delivery_id}.{seconds}.".encode() + body, f"{seconds}.".encode() + body
    return (
        ("webhook-id", delivery_id),
        ("webhook-timestamp", str(seconds)),
        ("webhook-signature", " ".join(f"v1,{base64.b64encode(_mac(key, standard)).decode()}" for key in keys)),
        (OWN_HEADER, ",".join([f"t={seconds}", *(f"v1={_mac(key, own).hex()}" for key in keys)])),
    )


def masked(text: str, keys: Sequence[bytes]) -> str:
    """A text of the receiver's without the secrets that it knows too."""
    for key in keys:
        for shown in (base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode(), key.hex()):
            text = text.replace(shown.rstrip("="), "•••")
    return text


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")
