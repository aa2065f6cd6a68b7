"""The form of a key's secret: a prefix that tells the kind, random characters, and a check against typing mistakes."""

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

from cybervault.domain.principals import KeyKind
from cybervault.domain.secrets import Secret

RANDOM_CHARACTERS: Final = 32
CHECK_CHARACTERS: Final = 6
HINT_CHARACTERS: Final = 4

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Every presented secret is checked, and two digits of base 62 at once take half the time.
_PAIRS: Final = tuple(left + right for left in _ALPHABET for right in _ALPHABET)
# No underscore in the body, so that `cv_live_` is never the beginning of a `cv_live_sk_` (contract 1.4.2).
_FORM: Final = re.compile(
    f"({'|'.join(sorted((kind.value for kind in KeyKind), key=len, reverse=True))})([0-9A-Za-z]{{16,64}})"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A text that has the form of one of our secrets; `hint`, its prefix and last characters, may be shown."""

    kind: KeyKind
    hint: str


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A new secret and what may be shown of it later."""

    secret: Secret
    hint: str


@dataclass(frozen=True, slots=True)
class Pepper:
    """What keys the digests of secrets: who can only write a row plants no key. `id` tells two peppers apart."""

    id: str
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, text: Secret) -> "Pepper":
        """The pepper that the operator's text stands for."""
        key = text.keyed_digest(b"cybervault-pepper")
        return cls(hashlib.blake2b(key, digest_size=4, person=b"cv-pepper-id").hexdigest(), key)


@dataclass(frozen=True, slots=True)
class Peppers:
    """The pepper that new digests are made with, and the one before it while secrets are still kept under that."""

    current: Pepper
    previous: Pepper | None = None

    @property
    def newest_first(self) -> tuple[Pepper, ...]:
        """Both, or the one there is."""
        return (self.current,) if self.previous is None else (self.current, self.previous)


def mint(kind: KeyKind) -> MintedSecret:
    """A new secret of 32 random characters and 6 that check them."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    text = f"{body}{check_of(kind, body)}"
    return MintedSecret(Secret(f"{kind.value}{text}"), _hint(kind, text))


def check_of(prefix: str, body: str) -> str:
    """CRC32 over prefix and body in base 62: public, so that scanners for leaked keys can use it too."""
    rest, last = divmod(zlib.crc32(f"{prefix}{body}".encode()), len(_PAIRS))
    first, middle = divmod(rest, len(_PAIRS))
    return f"{_PAIRS[first]}{_PAIRS[middle]}{_PAIRS[last]}"


def parse(text: str) -> Token | None:
    """What kind of secret a text is; None when it cannot be one, found without a look-up.

    Bodies of 16 to 64 characters have the form; the check is made on those as long as ours.
    """
    parts = _parts(text)
    return None if parts is None else Token(KeyKind(parts[0]), _hint(*parts))


def is_token(text: str) -> bool:
    """Whether `parse` finds one, for who needs no more: at every request."""
    return _parts(text) is not None


def _parts(text: str) -> tuple[str, str] | None:
    """Prefix and body of what can be a secret."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    prefix, body = found.groups()
    has_check = len(body) == RANDOM_CHARACTERS + CHECK_CHARACTERS
    if has_check and check_of(prefix, body[:RANDOM_CHARACTERS]) != body[RANDOM_CHARACTERS:]:
        return None
    return prefix, body


def _hint(prefix: str, body: str) -> str:
    return f"{prefix}…{body[-HINT_CHARACTERS:]}"


def digest(secret: Secret, pepper: Pepper) -> bytes:
    """The 32 bytes under which a secret is kept and found; without the pepper nobody can make or undo them."""
    return secret.keyed_digest(pepper.key)
