"""How rows of the audit are bound to one another, and the look at all of them that names what was done to one."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cybervault.access.proofs.merkle import Tree
from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.proofs.payload import Copies, copies_of
from cybervault.access.tokens import Pepper

START: Final = bytes(32)
# A wrong pepper makes every row a fault; nobody reads more than these.
_FAULTS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row as it is kept; `payload` and `salt` are None together where a payload was erased."""

    number: int
    payload: bytes | None
    salt: bytes | None
    leaf: bytes
    chain: bytes
    pepper_id: str
    signature: bytes
    copies: Copies = field(default_factory=Copies)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at all rows found: nothing in `faults` when every row is as it was written.

    A signed checkpoint covers the first `covered` rows.
    """

    rows: int
    covered: int
    faults: tuple[str, ...]


def leaf_of(salt: bytes, payload: bytes) -> bytes:
    """What stands for a payload in chain and tree; the salt hides a payload that was erased and could be guessed."""
    return hashlib.sha256(b"\x00" + salt + payload).digest()


def chain_of(before: bytes, number: int, leaf: bytes) -> bytes:
    """What binds a row to all before it."""
    return hashlib.sha256(b"\x01" + before + number.to_bytes(8, "big") + leaf).digest()


def signature_of(pepper: Pepper, number: int, chain: bytes) -> bytes:
    """What only who has the pepper can put beside a row."""
    key = hashlib.blake2b(pepper.key, digest_size=32, person=b"cv-audit").digest()
    return hmac.digest(key, number.to_bytes(8, "big") + chain, "sha256")


class Examination:
    """A look at rows, one after the other from the first; with no `peppers` as somebody else sees them.

    With peppers (by id) each row's own signature counts, without them only what a checkpoint covers is proven.
    """

    def __init__(self, checkpoints: Iterable[Checkpoint], peppers: Mapping[str, Pepper] | None = None) -> None:
        self.tree = Tree()
        self._peppers = peppers
        self._open = sorted(checkpoints, key=lambda one: one.size)
        self._covered = self._open[-1].size if self._open else 0
        self._agreed = 0
        self._is_broken = False
        self._before, self._last = START, 0
        self._faults: list[str] = []
        self._more = 0

    def look(self, row: AuditRow) -> None:
        """Look at the next row."""
        if row.number <= self._last:
            self.fault(f"row {row.number}: it stands twice or out of order")
            return
        if row.number > self._last + 1:
            self.fault(f"{_span(self._last + 1, row.number - 1)} missing")
        for fault in self._faults_of(row):
            self.fault(f"row {row.number}: {fault}")
        self._before, self._last = row.chain, row.number
        self.tree.add(row.leaf)
        self._compare()

    def fault(self, text: str) -> None:
        """Note what is wrong."""
        if len(self._faults) < _FAULTS_MAX:
            self._faults.append(text)
        else:
            self._more += 1

    @property
    def found(self) -> Verification:
        """What was found, if the last row was the last of all."""
        faults = list(self._faults)
        if self._more:
            faults.append(f"and {self._more} more")
        if self._open:
            size = self._open[-1].size
            faults.append(f"{_span(self._last + 1, size)} missing: a signed checkpoint covers {size} rows")
        covered = min(self._covered, self._last)
        if self._peppers is None and covered < self._last:
            faults.append(f"{_span(covered + 1, self._last)} proven by nothing: no signed checkpoint covers them")
        return Verification(self._last, covered, tuple(faults))

    def _compare(self) -> None:
        while self._open and self._open[0].size <= self._last:
            checkpoint = self._open.pop(0)
            if self._is_broken:  # then every later one disagrees too, and says nothing new
                continue
            if checkpoint.size == self.tree.size and checkpoint.root == self.tree.root:
                self._agreed = checkpoint.size
                continue
            self._is_broken = True
            rows = _span(self._agreed + 1, checkpoint.size)
            self.fault(f"{rows} not what the signed checkpoint of {checkpoint.size} rows was made of")

    def _faults_of(self, row: AuditRow) -> Iterator[str]:
        if row.payload is not None:
            if leaf_of(row.salt or b"", row.payload) != row.leaf:
                yield "its content was changed"
            elif copies_of(row.payload) != row.copies:
                yield "what it is searched by is not what it says"
        if chain_of(self._before, row.number, row.leaf) != row.chain:
            yield "it does not follow from the row before it"
        if self._peppers is None:
            return
        pepper = self._peppers.get(row.pepper_id)
        if pepper is not None:
            if not hmac.compare_digest(signature_of(pepper, row.number, row.chain), row.signature):
                yield "its signature is not ours"
        elif row.number > self._covered:
            yield f"it was signed with another pepper ({row.pepper_id})"


def _span(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"
