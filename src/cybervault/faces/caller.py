"""Who calls: the key that a request presents, the caller it stands for, and keys where none may stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote_plus

from cybervault.access.tokens import CHECK_CHARACTERS, RANDOM_CHARACTERS, Token, parse
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyKind, Principal, Scope
from cybervault.domain.problems import Problem, ProblemKind

BEARER: Final = frozenset({"bearer"})
# The word that one family of documented clients sends instead (contract 1.5.2).
API_KEY: Final = frozenset({"api-key"})

_READING: Final = frozenset({"GET", "HEAD"})
# Only texts as long as the keys we give out: their check then tells a key from a name that looks like one.
_KEY: Final = re.compile(
    f"(?:{'|'.join(sorted((kind.value for kind in KeyKind), key=len, reverse=True))})"
    f"[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECK_CHARACTERS}}}(?![0-9A-Za-z])"
)


class Keyring(Protocol):
    """What the frame needs of the keys."""

    def resolve(self, text: str, address: Address | None) -> Principal:
        """The caller behind a key; `Problem` UNAUTHENTICATED or FORBIDDEN where there is none."""

    def succeeded(self, principal: Principal, address: Address | None) -> None:
        """Note that a call was answered with success."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The keys, and the scheme words (in small letters) under which one may be presented."""

    keys: Keyring
    schemes: frozenset[str] = BEARER

    def caller_of(self, authorization: Sequence[str], address: Address | None) -> Principal:
        """The caller whose key stands in these values of the header Authorization.

        Raises `Problem` INVALID `invalid_request` for more than one, else as `Keyring.resolve` does.
        """
        return self.keys.resolve(presented_key(authorization, self.schemes), address)


def presented_key(authorization: Sequence[str], schemes: frozenset[str]) -> str:
    """The text behind a scheme word that counts, in any case; empty where there is none."""
    if len(authorization) > 1:
        raise Problem(
            ProblemKind.INVALID, code="invalid_request", message="Send one header Authorization, not several."
        )
    # One blank and no more (contract check 64): with two, what follows begins with a blank and is no key.
    scheme, _, text = "".join(authorization).partition(" ")
    return text if scheme.lower() in schemes else ""


def refuse_beyond(principal: Principal, method: str, scope: Scope | None) -> None:
    """Raise `Problem` FORBIDDEN `invalid_scope` where the caller's rights end."""
    if principal.kind.is_read_only and method not in _READING:
        message = f"A key that begins with {principal.kind} may only read."
        if scope is not None:
            message += f" This needs another key, with the scope {scope}."
        raise Problem(ProblemKind.FORBIDDEN, code="invalid_scope", message=message)
    if scope is not None and not principal.has_scope(scope):
        raise Problem(
            ProblemKind.FORBIDDEN, code="invalid_scope", message=f"The key lacks the scope {scope} that this needs."
        )


def key_in_url(path: str, query: bytes) -> Token | None:
    """A key of ours in an address, where proxies and browsers keep what they see."""
    for text in (path, unquote_plus(query.decode("latin-1"))):
        for found in _KEY.findall(text):
            token = parse(found)
            if token is not None:
                return token
    return None


def without_keys(text: str) -> str:
    """The text with every key of ours replaced, for the log."""
    return _KEY.sub("•••", text)
