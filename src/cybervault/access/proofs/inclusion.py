"""The proof that one row stands in the audit: the row, its path up the tree, and the signed root above it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cybervault.access.proofs.export import line_of, row_in
from cybervault.access.proofs.merkle import leads_to
from cybervault.access.proofs.notes import Checkpoint, PublicKey, checkpoints_in
from cybervault.access.proofs.rows import AuditRow, leaf_of
from cybervault.domain.problems import Problem, ProblemKind

_FORM: Final = "cybervault-audit-proof-1"


@dataclass(frozen=True, slots=True)
class Proof:
    """One row with what binds it to a checkpoint; it says nothing about any other row."""

    row: AuditRow
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def __str__(self) -> str:
        document = {
            "form": _FORM,
            "row": json.loads(line_of(self.row)),
            "path": [one.hex() for one in self.path],
            "checkpoint": self.checkpoint.text,
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    @property
    def holds(self) -> bool:
        """Whether this very content stands at this place of the tree that was signed."""
        row = self.row
        if row.payload is not None and leaf_of(row.salt or b"", row.payload) != row.leaf:
            return False
        return leads_to(self.checkpoint.root, row.leaf, self.path, index=row.number - 1, size=self.checkpoint.size)


def proof_in(text: str, keys: Sequence[PublicKey]) -> Proof:
    """Read a proof again.

    Raises `Problem` INVALID `bad_proof` for what is none, `bad_checkpoint` where its root is signed by somebody else.
    """
    try:
        return _read(json.loads(text), keys)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Problem(
            ProblemKind.INVALID,
            code="bad_proof",
            message="That is no proof of a row; `cybervault audit prove` makes one.",
        ) from None


def _read(document: Any, keys: Sequence[PublicKey]) -> Proof:  # noqa: ANN401 - read from a text
    if document["form"] != _FORM:
        raise ValueError("another form")
    (checkpoint,) = checkpoints_in(document["checkpoint"], keys)
    return Proof(row_in(json.dumps(document["row"])), tuple(map(bytes.fromhex, document["path"])), checkpoint)
