"""Checkpoints of the audit as signed notes, the plain text that transparency logs sign with Ed25519.

Form (C2SP signed-note and tlog-checkpoint): origin, number of rows, root in base64, an empty line, signature lines.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cybervault.access.tokens import Pepper
from cybervault.domain.problems import Problem, ProblemKind

ORIGIN: Final = "cybervault/audit"
_ED25519: Final = b"\x01"
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_BASE64: Final = "[A-Za-z0-9+/]+={0,2}"
_NOTE: Final = re.compile(
    rf"(?P<signed>{ORIGIN}\n(?P<size>0|[1-9][0-9]{{0,17}})\n(?P<root>{_BASE64})\n)\n(?P<lines>(?:— \S+ {_BASE64}\n)+)"
)
_PUBLIC_KEY: Final = re.compile(rf"{ORIGIN}\+([0-9a-f]{{8}})\+({_BASE64})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All rows up to `size` in one hash; `text` is the signed note. Kept elsewhere it shows a cut-off end."""

    size: int
    root: bytes
    text: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a checkpoint, in the form `origin+id+key`; whoever has it can sign nothing."""

    key: bytes

    def __str__(self) -> str:
        return f"{ORIGIN}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def of(cls, text: str) -> "PublicKey":
        """Read one as it was printed; `Problem` INVALID `bad_audit_key`."""
        found = _PUBLIC_KEY.fullmatch(text.strip())
        raw = _decoded(found[2]) if found else b""
        key = cls(raw[1:])
        if found is None or len(raw) != 1 + _KEY_BYTES or raw[:1] != _ED25519 or key.id.hex() != found[1]:
            raise Problem(
                ProblemKind.INVALID,
                code="bad_audit_key",
                message="That is no public key of an audit; `cybervault audit key` prints it.",
            )
        return key

    @property
    def id(self) -> bytes:
        """Four bytes by which a signature names its key."""
        return hashlib.sha256(ORIGIN.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID_BYTES]

    def has_signed(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is of this key and over this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    def is_named_in(self, note: str) -> bool:
        """Whether a note says that this key has signed it, rightly or not."""
        lines = (line.removeprefix(f"— {ORIGIN} ") for line in note.splitlines() if line.startswith("— "))
        return any(_decoded(line)[:_ID_BYTES] == self.id for line in lines)


class Signer:
    """Signs checkpoints with a key that is derived from the pepper, so that there is one secret to keep."""

    def __init__(self, pepper: Pepper) -> None:
        seed = hashlib.blake2b(b"", digest_size=_KEY_BYTES, key=pepper.key, person=b"cv-audit-notes").digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = PublicKey(self._key.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> Checkpoint:
        """The signed note of a tree; the same tree gives the same text."""
        signed = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self.public_key.id + self._key.sign(signed.encode())).decode()
        return Checkpoint(size, root, f"{signed}\n— {ORIGIN} {signature}\n")


def notes_in(text: str) -> tuple[str, ...]:
    """The parts of a text that holds one note after the other, each from its origin on."""
    parts = re.split(r"(?<=\n)\n*(?=" + ORIGIN + r"\n)", text.replace("\r\n", "\n").strip())
    return tuple(f"{part.rstrip()}\n" for part in parts if part)


def checkpoints_in(text: str, keys: Iterable[PublicKey]) -> tuple[Checkpoint, ...]:
    """All checkpoints of a text that holds one note after the other.

    Raises `Problem` INVALID `bad_checkpoint` for anything that is no note, or is signed with none of the keys.
    """
    known = tuple(keys)
    return tuple(_opened(note, known) for note in notes_in(text))


def _opened(note: str, keys: tuple[PublicKey, ...]) -> Checkpoint:
    found = _NOTE.fullmatch(note)
    root = _decoded(found["root"]) if found else b""
    if found is None or len(root) != hashlib.sha256().digest_size:
        raise Problem(ProblemKind.INVALID, code="bad_checkpoint", message="That is no checkpoint of an audit.")
    if not any(_is_signed(found["signed"], line, keys) for line in found["lines"].splitlines()):
        raise Problem(
            ProblemKind.INVALID,
            code="bad_checkpoint",
            message=f"The checkpoint of {found['size']} rows is not signed with the key of this audit.",
        )
    return Checkpoint(int(found["size"]), root, note)


def _is_signed(signed: str, line: str, keys: tuple[PublicKey, ...]) -> bool:
    name, _, encoded = line.removeprefix("— ").partition(" ")
    raw = _decoded(encoded)
    return name == ORIGIN and any(
        raw[:_ID_BYTES] == key.id and key.has_signed(signed.encode(), raw[_ID_BYTES:]) for key in keys
    )


def _decoded(text: str) -> bytes:
    """The bytes; none where the text is not exactly how they are written."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""
