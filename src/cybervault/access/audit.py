"""The audit: who changed what, each row bound to the one before it and signed, so that a later change shows."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final

from cybervault.access.store.audit import AuditRow, AuditStore
from cybervault.access.tokens import Pepper
from cybervault.domain.clock import Clock
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind

_SALT_BYTES: Final = 16
_START: Final = bytes(32)
_CHECKPOINT: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64}):([0-9a-f]{64})")


class Change(StrEnum):
    """What is written down."""

    TENANT_CREATED = "tenant.created"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_ROTATION_FINISHED = "key.rotation_finished"
    KEY_ROTATION_CANCELLED = "key.rotation_cancelled"
    KEY_REVOKED = "key.revoked"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: `name` is for the audit, `tenant_id` bounds what is seen (None: the operator, all)."""

    name: str
    tenant_id: TenantId | None


OPERATOR: Final = Actor("operator", None)


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be written down: the change, who made it, to what and of which tenant; details hold no secret."""

    change: Change
    actor: Actor
    target: str
    tenant_id: TenantId
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The whole audit in one line: how many rows, and what binds them; kept elsewhere it shows a cut-off end."""

    rows: int
    chain: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{self.rows}:{self.chain.hex()}:{self.signature.hex()}"

    @classmethod
    def of(cls, text: str) -> "Checkpoint":
        """Read one again; `Problem` INVALID `bad_checkpoint`."""
        found = _CHECKPOINT.fullmatch(text.strip())
        if found is None:
            raise Problem(ProblemKind.INVALID, code="bad_checkpoint", message="That is no checkpoint of an audit.")
        return cls(int(found[1]), bytes.fromhex(found[2]), bytes.fromhex(found[3]))


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at all rows found: nothing in `faults` when every row is as it was written."""

    rows: int
    checkpoint: Checkpoint | None
    faults: tuple[str, ...]


class Audit:
    """Written within the transaction of each change: a change whose row cannot be written does not happen."""

    def __init__(self, store: AuditStore, clock: Clock, pepper: Pepper) -> None:
        self._store = store
        self._clock = clock
        self._pepper = pepper
        self._signing_key = hashlib.blake2b(pepper.key, digest_size=32, person=b"cv-audit").digest()

    def record(self, happening: Happening) -> None:
        """Add one row. The caller holds the transaction."""
        last = self._store.last()
        number, before = (last.number + 1, last.chain) if last else (1, _START)
        payload = self._payload(happening)
        salt = secrets.token_bytes(_SALT_BYTES)
        leaf = leaf_of(salt, payload)
        chain = chain_of(before, number, leaf)
        signature = self._signature(number, chain)
        self._store.add(AuditRow(number, payload, salt, leaf, chain, self._pepper.id, signature))

    def checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint; None while nothing has happened."""
        last = self._store.last()
        return Checkpoint(last.number, last.chain, last.signature) if last else None

    def verify(self, kept: Checkpoint | None = None) -> Verification:
        """Look at every row; with a `kept` checkpoint also whether the end was cut off or the past rewritten."""
        faults: list[str] = []
        before, expected = _START, 1
        is_kept_seen = False
        for row in self._store.rows():
            if row.number > expected:
                faults.append(_missing(expected, row.number - 1))
            faults.extend(f"row {row.number}: {fault}" for fault in self._faults(row, before))
            is_kept_seen = is_kept_seen or (kept is not None and (row.number, row.chain) == (kept.rows, kept.chain))
            before, expected = row.chain, row.number + 1
        if kept is not None and not is_kept_seen:
            faults.append(f"the kept checkpoint of {kept.rows} rows is not of this audit, or rows were cut off")
        return Verification(expected - 1, self.checkpoint(), tuple(faults))

    def _payload(self, happening: Happening) -> bytes:
        entry = asdict(happening) | {"actor": happening.actor.name, "at": self._clock.now().isoformat()}
        return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def _signature(self, number: int, chain: bytes) -> bytes:
        return hmac.digest(self._signing_key, number.to_bytes(8, "big") + chain, "sha256")

    def _faults(self, row: AuditRow, before: bytes) -> Iterator[str]:
        if row.payload is not None and leaf_of(row.salt or b"", row.payload) != row.leaf:
            yield "its content was changed"
        if chain_of(before, row.number, row.leaf) != row.chain:
            yield "it does not follow from the row before it"
        if row.pepper_id != self._pepper.id:
            yield f"it was signed with another pepper ({row.pepper_id})"
        elif not hmac.compare_digest(self._signature(row.number, row.chain), row.signature):
            yield "its signature is not ours"


def leaf_of(salt: bytes, payload: bytes) -> bytes:
    """What stands for a payload in the chain; the salt hides a payload that was erased and could be guessed."""
    return hashlib.sha256(b"\x00" + salt + payload).digest()


def chain_of(before: bytes, number: int, leaf: bytes) -> bytes:
    """What binds a row to all before it."""
    return hashlib.sha256(b"\x01" + before + number.to_bytes(8, "big") + leaf).digest()


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
