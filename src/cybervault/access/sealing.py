"""Small secrets at rest that must be read again: sealed with a key made of the pepper, bound to whose they are."""

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.secrets import Secret

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_PERSON: Final = b"cv-sealing"


class SealError(Exception):
    """What was to be opened was not sealed here, for this purpose and owner, or was changed since."""


class Sealer:
    """Seals and opens with AES-256-GCM; what the previous pepper sealed opens as well, so that one can be replaced.

    A purpose has a key of its own, and the owner is bound in: a sealed text in another row or field does not open.
    """

    def __init__(self, peppers: Peppers) -> None:
        self._pepper = peppers.current
        self._peppers = {
            bytes.fromhex(known.id): known for known in (peppers.current, peppers.previous) if known is not None
        }

    def seal(self, data: bytes, *, purpose: str, owner: str) -> bytes:
        """The data, unreadable: one byte of version, four of the pepper's id, twelve of nonce, then the rest."""
        head = self._head()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return head + nonce + _cipher(self._pepper, purpose).encrypt(nonce, data, _bound(head, owner))

    def open(self, sealed: bytes, *, purpose: str, owner: str) -> bytes:
        """The data again; raises `SealError`."""
        start = len(self._head())
        head, nonce, rest = sealed[:start], sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        pepper = self._peppers.get(head[1:])
        if head[:1] != _VERSION or pepper is None or len(nonce) != _NONCE_BYTES:
            raise SealError("not sealed with a pepper that is known")
        try:
            return _cipher(pepper, purpose).decrypt(nonce, rest, _bound(head, owner))
        except InvalidTag:
            raise SealError("changed, or sealed for something else") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the present pepper, and not the one before."""
        return sealed.startswith(self._head())

    def digests(self, secret: Secret, *, purpose: str, owner: str) -> tuple[bytes, ...]:
        """What stands for a secret that is never read again: with the present pepper, then with the previous one."""
        return tuple(
            secret.keyed_digest(
                hashlib.blake2b(owner.encode(), key=_key(pepper, purpose), digest_size=_KEY_BYTES).digest()
            )
            for pepper in self._peppers.values()
        )

    def _head(self) -> bytes:
        return _VERSION + bytes.fromhex(self._pepper.id)


def _cipher(pepper: Pepper, purpose: str) -> AESGCM:
    return AESGCM(_key(pepper, purpose))


def _key(pepper: Pepper, purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode(), key=pepper.key, digest_size=_KEY_BYTES, person=_PERSON).digest()


def _bound(head: bytes, owner: str) -> bytes:
    return head + owner.encode()
