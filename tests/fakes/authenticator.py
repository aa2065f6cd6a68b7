"""A passkey device in software: it makes ES256 credentials and signs with them, rightly or as an attacker would."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT: Final = 0x01
VERIFIED: Final = 0x04
_ATTESTED: Final = 0x40


@dataclass
class Authenticator:
    """One device with one credential.

    `flags` are what it says of its user; `uses` is its count, and `counts` whether it has one; `user_handle` is whose
    it is, as the registration said.
    """

    origin: str
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    uses: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes | None = None

    def make(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - see _client_data
        """What `navigator.credentials.create` gives for these options."""
        self.user_handle = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        # COSE: kty EC2, alg ES256, crv P-256, x, y.
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = b"\x01" * 16 + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        data = self._data(changed.pop("rp_id", options["rp"]["id"]), self.flags | _ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client_data("webauthn.create", options["challenge"], changed)
        return self._credential({"clientDataJSON": _text(client), "attestationObject": _text(attestation)})

    def sign(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - see _client_data
        """What `navigator.credentials.get` gives for these options."""
        self.uses += self.counts
        data = self._data(changed.pop("rp_id", options["rpId"]), self.flags)
        client = self._client_data("webauthn.get", options["challenge"], changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        if self.user_handle is not None:
            response["userHandle"] = _text(self.user_handle)
        return self._credential(response)

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, changed: Mapping[str, Any]) -> bytes:
        """What the browser adds; `changed` puts other values into it, as a page of an attacker would."""
        given = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**given, **changed}).encode()

    def _credential(self, response: Mapping[str, str]) -> dict[str, Any]:
        name = _text(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": dict(response)}


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
