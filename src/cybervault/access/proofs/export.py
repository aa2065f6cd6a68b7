"""The audit as a file: lines of JSON that anybody can verify with the public key alone, or a table for people."""

import base64
import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cybervault.access.proofs.notes import Checkpoint, PublicKey, checkpoints_in
from cybervault.access.proofs.payload import AuditEntry, canonical, copies_of, entry_of
from cybervault.access.proofs.rows import AuditRow, Examination, Verification
from cybervault.domain.problems import Problem, ProblemKind

FORM: Final = "cybervault-audit-1"
COLUMNS: Final = (
    "number", "occurred_at", "tenant_id", "action", "actor", "targets", "ip", "agent", "request_id", "details",
)  # fmt: skip
_NUMBER_BITS: Final = 63
# A cell that begins so is run as a formula by spreadsheets.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def head_of(checkpoint: Checkpoint | None) -> str:
    """The first line: which form this is, and the checkpoint that covers the rows."""
    return _line({"form": FORM, "checkpoint": checkpoint.text if checkpoint else None})


def line_of(row: AuditRow) -> str:
    """One row as a line. A payload whose bytes another writer could not make again stands in base64."""
    document: dict[str, object] = {
        "number": row.number,
        "salt": None if row.salt is None else row.salt.hex(),
        "leaf": row.leaf.hex(),
        "chain": row.chain.hex(),
    }
    if row.payload is None:
        document["payload"] = None
    elif (payload := _document(row.payload)) is not None:
        document["payload"] = payload
    else:
        document["payload_base64"] = base64.b64encode(row.payload).decode()
    return _line(document)


def row_in(line: str) -> AuditRow:
    """Read a line again; ValueError (or one of its kind) for anything that is none."""
    document: Any = json.loads(line)
    number, salt = document["number"], document["salt"]
    if type(number) is not int or number.bit_length() > _NUMBER_BITS:
        raise ValueError("no number of a row")
    if "payload_base64" in document:
        payload: bytes | None = base64.b64decode(document["payload_base64"], validate=True)
    else:
        payload = None if document["payload"] is None else canonical(document["payload"])
    if (salt is None) is not (payload is None):
        raise ValueError("a payload and its salt go together")
    return AuditRow(
        number, payload, None if salt is None else bytes.fromhex(salt), bytes.fromhex(document["leaf"]),
        bytes.fromhex(document["chain"]), "", b"", copies_of(payload or b""),
    )  # fmt: skip


def verify_lines(lines: Iterable[str], keys: Sequence[PublicKey], kept: Sequence[Checkpoint] = ()) -> Verification:
    """Look at an export with nothing but the public key, and checkpoints that were kept elsewhere."""
    waiting = iter(lines)
    try:
        own = _checkpoints_of(next(waiting, ""), keys)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Problem(
            ProblemKind.INVALID, code="bad_export", message="That is no export of an audit: its first line is another."
        ) from None
    examination = Examination((*own, *kept))
    for number, line in enumerate(waiting, start=2):
        try:
            row = row_in(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            examination.fault(f"line {number} cannot be read")
            continue
        examination.look(row)
    return examination.found


def _checkpoints_of(line: str, keys: Sequence[PublicKey]) -> tuple[Checkpoint, ...]:
    head: Any = json.loads(line)
    if head["form"] != FORM:
        raise ValueError("another form")
    return () if head["checkpoint"] is None else checkpoints_in(head["checkpoint"], keys)


def table_of(rows: Iterable[AuditRow]) -> str:
    """The rows as lines of CSV (RFC 4180) without a head; erased ones have their number only."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        entry = entry_of(row.payload) if row.payload is not None else None
        writer.writerow([row.number, *(_cells(entry) if entry else [""] * (len(COLUMNS) - 1))])
    return out.getvalue()


def _cells(entry: AuditEntry) -> list[str]:
    texts = (
        entry.occurred_at.isoformat(), entry.tenant_id, entry.action, entry.actor, " ".join(entry.targets), entry.ip,
        entry.agent, entry.request_id, canonical(dict(entry.details)).decode(),
    )  # fmt: skip
    return [f"'{text}" if text and text.startswith(_FORMULA) else text or "" for text in texts]


def _document(payload: bytes) -> object:
    try:
        document: object = json.loads(payload)
        return document if canonical(document) == payload else None
    except ValueError:
        return None


def _line(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"
