"""Pages on the wire: how many items one holds, and the signed cursor to the next."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from cybervault.domain.problems import Problem, ProblemKind

_MAC_BYTES: Final = 16
_CURSOR_CHARACTERS_MAX: Final = 2_048

Mark: TypeAlias = str | int | float
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Some items in order; `last` marks the last of them where more follow."""

    items: tuple[ItemT, ...]
    last: tuple[Mark, ...] | None = None


class Cursors:
    """Writes and reads cursors. One belongs to what it is bound to (tenant, path, sort, filter) and to nothing else."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"cv-cursor").digest()

    def write(self, last: Sequence[Mark] | None, *bound_to: str) -> str | None:
        """The cursor behind this item; None where nothing follows."""
        if last is None:
            return None
        payload = json.dumps(list(last), separators=(",", ":")).encode()
        return _text(self._mac(payload, bound_to) + payload)

    def read(self, text: str | None, *bound_to: str) -> tuple[Mark, ...] | None:
        """The marks of a cursor, None without one; `Problem` INVALID `invalid_cursor` for a changed or foreign one."""
        if text is None:
            return None
        raw = _bytes(text)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload, bound_to)):
            raise _invalid()
        return tuple(json.loads(payload))

    def _mac(self, payload: bytes, bound_to: Sequence[str]) -> bytes:
        # JSON keeps ("a", "bc") and ("ab", "c") apart.
        bound = json.dumps(bound_to).encode()
        return hmac.digest(self._key, bound + b"\x00" + payload, "sha256")[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many items a page holds when a caller does not say, and at most."""

    default: int
    most: int

    def of(self, asked: str | None) -> int:
        """What a caller asked for, more than the most counts as the most.

        Raises `Problem` INVALID `invalid_parameter` for anything but a whole number from 1.
        """
        if asked is None:
            return self.default
        if not (asked.isascii() and asked.isdigit()) or int(asked[:9]) < 1:
            raise Problem(
                ProblemKind.INVALID, code="invalid_parameter", message="limit must be a whole number from 1 upwards."
            )
        return min(int(asked[:9]), self.most)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    if not text.isascii() or len(text) > _CURSOR_CHARACTERS_MAX:
        raise _invalid()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise _invalid() from None
    if len(raw) <= _MAC_BYTES or _text(raw) != text:  # one cursor has one spelling
        raise _invalid()
    return raw


def _invalid() -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="invalid_cursor",
        message="This cursor is not one of this list, sort and filter. Begin again without a cursor.",
    )
