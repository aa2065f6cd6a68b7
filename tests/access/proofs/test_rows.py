"""The look at all rows: whatever is done to one shows, and the row is named."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.proofs.payload import Copies, payload_of
from cybervault.access.proofs.rows import AuditRow, Examination, Verification, chain_of, leaf_of
from tests.access.proofs.chain import OTHER_PEPPER, PEPPER, SIGNER, entry, row, rows, sealed

AUDIT = rows(5)
OURS = {PEPPER.id: PEPPER}


def look(audit: Iterable[AuditRow], *checkpoints: Checkpoint, is_ours: bool = True) -> Verification:
    examination = Examination(checkpoints, OURS if is_ours else None)
    for one in audit:
        examination.look(one)
    return examination.found


def flip(data: bytes | None, bit: int = 0) -> bytes:
    assert data is not None
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def changed(number: int, **parts: object) -> list[AuditRow]:
    audit = list(AUDIT)
    audit[number - 1] = replace(audit[number - 1], **parts)  # type: ignore[arg-type] # the fields of a row
    return audit


def remade(from_number: int) -> list[AuditRow]:
    """All rows from one on made anew, chain and all, by somebody without the pepper."""
    audit = list(AUDIT[: from_number - 1])
    for number in range(from_number, 6):
        audit.append(row(number, audit[-1].chain, payload_of(entry(number + 100)), OTHER_PEPPER))
        audit[-1] = replace(audit[-1], pepper_id=PEPPER.id)
    return audit


def test_an_audit_that_nobody_touched_has_no_faults() -> None:
    assert look(AUDIT) == Verification(5, 0, ())
    assert look(AUDIT, sealed(AUDIT)) == look(AUDIT, sealed(AUDIT), is_ours=False) == Verification(5, 5, ())
    assert look([]) == look([], is_ours=False) == Verification(0, 0, ())


def test_every_flipped_bit_of_a_payload_is_found() -> None:
    payload = AUDIT[2].payload
    assert payload is not None
    for bit in range(8 * len(payload)):
        assert look(changed(3, payload=flip(payload, bit))).faults == ("row 3: its content was changed",)


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("salt", "row 3: its content was changed"),
        ("leaf", "row 3: its content was changed"),
        ("chain", "row 3: it does not follow from the row before it"),
        ("signature", "row 3: its signature is not ours"),
    ],
)
def test_a_flipped_bit_of_anything_else_is_found(part: str, fault: str) -> None:
    assert fault in look(changed(3, **{part: flip(getattr(AUDIT[2], part))})).faults


@pytest.mark.parametrize(
    "copies",
    [
        Copies(),
        replace(AUDIT[2].copies, tenant_id="tv_2"),
        replace(AUDIT[2].copies, action="key.revoked"),
        replace(AUDIT[2].copies, at=7.0),
    ],
)
def test_a_row_that_is_hidden_from_a_search_is_found(copies: Copies) -> None:
    assert look(changed(3, copies=copies)).faults == ("row 3: what it is searched by is not what it says",)


def test_rows_that_changed_places_are_named() -> None:
    first, second, third, fourth, fifth = AUDIT
    faults = look([first, second, fourth, third, fifth]).faults
    assert "row 3 is missing" in faults
    assert "row 4: it does not follow from the row before it" in faults
    assert "row 3: it stands twice or out of order" in faults
    numbered = [first, second, replace(fourth, number=3), replace(third, number=4), fifth]
    assert {fault.partition(":")[0] for fault in look(numbered).faults} == {"row 3", "row 4", "row 5"}


def test_rows_that_were_taken_out_are_named() -> None:
    assert "row 3 is missing" in look([*AUDIT[:2], *AUDIT[3:]]).faults
    assert "rows 1 to 3 are missing" in look(AUDIT[3:]).faults


@pytest.mark.parametrize("number", [-1, 0, 1, 3])
def test_a_row_that_was_put_in_is_named(number: int) -> None:
    faults = look([*AUDIT[:3], replace(AUDIT[2], number=number), *AUDIT[3:]]).faults
    assert faults == (f"row {number}: it stands twice or out of order",)


def test_a_cut_off_end_shows_to_who_kept_a_checkpoint_and_to_nobody_else() -> None:
    assert look(AUDIT[:3]).faults == ()
    assert look(AUDIT[:3], sealed(AUDIT, 2), sealed(AUDIT, 4), sealed(AUDIT)).faults == (
        "rows 4 to 5 are missing: a signed checkpoint covers 5 rows",
    )
    assert look(AUDIT[:4], sealed(AUDIT), is_ours=False).faults == (
        "row 5 is missing: a signed checkpoint covers 5 rows",
    )


def test_a_past_that_was_made_anew_without_the_pepper_is_found() -> None:
    """Who can write every row, but has no pepper, cannot write another past."""
    assert look(remade(4)).faults == ("row 4: its signature is not ours", "row 5: its signature is not ours")


def test_a_past_that_was_made_anew_is_found_by_checkpoints_alone_and_narrowed_down_by_many() -> None:
    many = [sealed(AUDIT, size) for size in (1, 3, 4, 5)]
    assert look(remade(4), *many, is_ours=False).faults == (
        "row 4 is not what the signed checkpoint of 4 rows was made of",
    )
    assert look(remade(4), sealed(AUDIT), is_ours=False).faults == (
        "rows 1 to 5 are not what the signed checkpoint of 5 rows was made of",
    )


def test_a_checkpoint_of_the_same_size_from_another_past_is_found() -> None:
    other = SIGNER.checkpoint(3, leaf_of(b"", b""))
    assert look(AUDIT, sealed(AUDIT), other).faults == (
        "rows 1 to 3 are not what the signed checkpoint of 3 rows was made of",
    )


def test_what_no_checkpoint_covers_is_proven_to_nobody_without_the_pepper() -> None:
    assert look(AUDIT, sealed(AUDIT, 3)) == Verification(5, 3, ())
    assert look(AUDIT, sealed(AUDIT, 3), is_ours=False).faults == (
        "rows 4 to 5 are proven by nothing: no signed checkpoint covers them",
    )


def test_an_erased_payload_breaks_nothing() -> None:
    assert look(changed(3, payload=None, salt=None), sealed(AUDIT)).faults == ()


def test_rows_of_a_pepper_that_is_gone_count_where_a_checkpoint_covers_them() -> None:
    """A pepper that was replaced long ago does not make the past unbelievable."""
    older = rows(3, OTHER_PEPPER)
    faults = look(older).faults
    assert len(faults) == 3
    assert faults[0] == f"row 1: it was signed with another pepper ({OTHER_PEPPER.id})"
    assert look(older, sealed(older)).faults == ()


def test_a_fault_at_every_row_is_told_a_thousand_times_at_most() -> None:
    faults = look(rows(1_010, OTHER_PEPPER)).faults
    assert (len(faults), faults[-1]) == (1_001, "and 10 more")


def test_the_place_of_a_row_is_part_of_what_binds_it() -> None:
    assert chain_of(AUDIT[0].chain, 2, AUDIT[1].leaf) != chain_of(AUDIT[0].chain, 3, AUDIT[1].leaf)


@pytest.mark.parametrize("spoil", [lambda audit: audit[:4], lambda audit: audit[1:], lambda audit: audit[::-1]])
def test_no_cut_or_turned_audit_agrees_with_its_checkpoint(
    spoil: Callable[[list[AuditRow]], list[AuditRow]],
) -> None:
    assert look(spoil(AUDIT), sealed(AUDIT), is_ours=False).faults
