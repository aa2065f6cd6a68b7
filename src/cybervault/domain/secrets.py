"""A readable secret that refuses to be printed, pickled or written as JSON by accident."""

import hashlib
from dataclasses import dataclass
from typing import Final, NoReturn

_FINGERPRINT_BYTES: Final = 16
_DIGEST_BYTES: Final = 32


class Secret:
    """A key as somebody typed it; only `reveal` gives the text, and an architecture test lists who may call it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the readable text, for the one request header it belongs to."""
        return self._text

    @property
    def fingerprint(self) -> str:
        """A one-way name (32 hex digits) to tell keys apart in caches and budgets without keeping them."""
        return hashlib.blake2b(
            self._text.encode(), digest_size=_FINGERPRINT_BYTES, person=b"cybervault-key"
        ).hexdigest()

    def keyed_digest(self, key: bytes) -> bytes:
        """A one-way value of 32 bytes that only who has the `key` (at most 64 bytes) can make."""
        return hashlib.blake2b(self._text.encode(), digest_size=_DIGEST_BYTES, key=key).digest()

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __str__(self) -> str:
        return "•••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __reduce__(self) -> NoReturn:
        message = "a secret is never pickled"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """A request header that carries a secret: `scheme` (with its blank) stands before it, as in "Bearer ".

    With a `user` it carries both as HTTP Basic does (RFC 7617; no colon stands in the name), with an `oauth_client`
    each is form-encoded first (RFC 6749, 2.3.1).
    """

    name: str
    secret: Secret
    scheme: str = ""
    oauth_client: str = ""
    user: str = ""
