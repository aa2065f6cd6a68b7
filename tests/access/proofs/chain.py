"""An audit of a few rows made by hand, for the pure parts."""

from datetime import UTC, datetime, timedelta

from cybervault.access.proofs.merkle import Tree
from cybervault.access.proofs.notes import Checkpoint, Signer
from cybervault.access.proofs.payload import AuditEntry, copies_of, payload_of
from cybervault.access.proofs.rows import START, AuditRow, chain_of, leaf_of, signature_of
from cybervault.access.tokens import Pepper
from cybervault.domain.secrets import Secret

PEPPER = Pepper.of(Secret("a pepper that is long enough for tests"))
OTHER_PEPPER = Pepper.of(Secret("another pepper, long enough as well"))
SIGNER = Signer(PEPPER)
BEGUN = datetime(2026, 11, 1, 12, 30, 0, 250_000, tzinfo=UTC)


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        BEGUN + timedelta(seconds=number),
        "key.created",
        "member:usr_1",
        (f"key_{number}",),
        "tv_1",
        "192.0.2.7",
        "curl/8",
        "req_1",
        {"name": f"ñ {number}"},
    )


def row(number: int, before: bytes, payload: bytes | None = None, pepper: Pepper = PEPPER) -> AuditRow:
    """One row that follows `before` and is as it should be."""
    payload = payload if payload is not None else payload_of(entry(number))
    salt = number.to_bytes(16, "big")
    leaf = leaf_of(salt, payload)
    chain = chain_of(before, number, leaf)
    signature = signature_of(pepper, number, chain)
    return AuditRow(number, payload, salt, leaf, chain, pepper.id, signature, copies_of(payload))


def rows(count: int, pepper: Pepper = PEPPER) -> list[AuditRow]:
    """An audit that nobody touched."""
    made: list[AuditRow] = []
    for number in range(1, count + 1):
        made.append(row(number, made[-1].chain if made else START, pepper=pepper))
    return made


def sealed(audit: list[AuditRow], size: int | None = None, signer: Signer = SIGNER) -> Checkpoint:
    """The checkpoint of the first `size` rows."""
    size = len(audit) if size is None else size
    return signer.checkpoint(size, Tree(one.leaf for one in audit[:size]).root)
