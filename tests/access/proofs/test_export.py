"""Exports: verified with the public key alone, and every change of a line shows."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.proofs.export import COLUMNS, head_of, line_of, row_in, table_of, verify_lines
from cybervault.access.proofs.notes import Signer
from cybervault.access.proofs.payload import payload_of
from cybervault.access.proofs.rows import START, Verification
from cybervault.domain.problems import Problem
from tests.access.proofs.chain import OTHER_PEPPER, SIGNER, entry, row, rows, sealed

AUDIT = rows(5)
LINES = [head_of(sealed(AUDIT)), *map(line_of, AUDIT)]
KEYS = [SIGNER.public_key]


def problem_of(lines: list[str], signer: Signer = SIGNER) -> str:
    with pytest.raises(Problem) as caught:
        verify_lines(lines, [signer.public_key])
    return caught.value.code


def test_an_export_is_verified_with_the_public_key_alone() -> None:
    assert verify_lines(LINES, KEYS) == Verification(5, 5, ())


def test_an_export_of_nothing_has_nothing_to_doubt() -> None:
    assert verify_lines([head_of(None)], KEYS) == Verification(0, 0, ())


def test_a_line_is_read_as_the_row_that_was_written() -> None:
    for one in (AUDIT[0], replace(AUDIT[0], payload=None, salt=None, copies=row_in(line_of(AUDIT[0])).copies)):
        again = row_in(line_of(one))
        assert (again.number, again.payload, again.salt) == (one.number, one.payload, one.salt)
        assert (again.leaf, again.chain) == (one.leaf, one.chain)


def test_people_can_read_what_a_line_says() -> None:
    document = json.loads(LINES[1])
    assert document["payload"]["details"] == {"name": "ñ 1"}
    assert "ñ" in LINES[1]


@pytest.mark.parametrize("payload", [b'{"a":1,"a":2}', b'{"b": 1}', b"\xff", b"", b"{}"])
def test_bytes_that_are_no_canonical_json_survive_the_export(payload: bytes) -> None:
    """Otherwise who tampers with a row could hide it behind a form that reads alike."""
    assert row_in(line_of(row(1, START, payload))).payload == payload


@given(st.data())
def test_any_changed_character_of_a_row_is_found(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 5))
    place = data.draw(st.integers(0, len(LINES[number]) - 2))
    other = data.draw(st.characters(blacklist_categories=["Cs"]).filter(lambda one: one != LINES[number][place]))
    lines = list(LINES)
    lines[number] = lines[number][:place] + other + lines[number][place + 1 :]
    try:
        is_same = row_in(lines[number]) == row_in(LINES[number])
    except (ValueError, KeyError, TypeError):
        is_same = False
    # A blank more or a hexadecimal digit in capitals is another text of the same row.
    assert is_same or verify_lines(lines, KEYS).faults


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda lines: [*lines[:3], *lines[4:]], "row 3 is missing"),
        (lambda lines: [*lines[:3], lines[4], lines[3], lines[5]], "row 3: it stands twice or out of order"),
        (lambda lines: [*lines[:4], lines[3], *lines[4:]], "row 3: it stands twice or out of order"),
        (lambda lines: lines[:5], "row 5 is missing: a signed checkpoint covers 5 rows"),
        (lambda lines: [lines[0], *lines[2:]], "row 1 is missing"),
    ],
)
def test_what_is_done_to_an_export_is_named(spoil: Callable[[list[str]], list[str]], fault: str) -> None:
    assert fault in verify_lines(spoil(LINES), KEYS).faults


@pytest.mark.parametrize(
    "line",
    [
        "{nonsense",
        "[" * 100_000,
        LINES[3].replace('"number": 3', '"number": 3.0'),
        LINES[3].replace('"number": 3', f'"number": {2**63}'),
        LINES[3].replace('"salt": "', '"salt": null, "_": "'),
        LINES[3].replace('"leaf": "', '"leaf": "x'),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    faults = verify_lines([*LINES[:3], line, *LINES[4:]], KEYS).faults
    assert faults[:2] == ("line 4 cannot be read", "row 3 is missing")


def test_an_export_cut_together_with_its_checkpoint_shows_to_who_kept_one() -> None:
    cut = [head_of(sealed(AUDIT, 3)), *LINES[1:4]]
    assert verify_lines(cut, KEYS).faults == ()
    assert verify_lines(cut, KEYS, [sealed(AUDIT)]).faults == (
        "rows 4 to 5 are missing: a signed checkpoint covers 5 rows",
    )


def test_without_a_checkpoint_nothing_is_proven() -> None:
    assert verify_lines([head_of(None), *LINES[1:]], KEYS).faults == (
        "rows 1 to 5 are proven by nothing: no signed checkpoint covers them",
    )


def test_an_export_of_another_installation_is_not_believed() -> None:
    assert problem_of(LINES, Signer(OTHER_PEPPER)) == "bad_checkpoint"


@pytest.mark.parametrize("head", ["", "nonsense", "[]", "{}", '{"form": "other", "checkpoint": null}', "[" * 100_000])
def test_what_is_no_export_is_refused(head: str) -> None:
    assert problem_of([head, *LINES[1:]]) == "bad_export"


def test_a_table_has_a_cell_for_everything_and_only_the_number_of_what_was_erased() -> None:
    found = list(csv.reader(io.StringIO(table_of([AUDIT[0], replace(AUDIT[1], payload=None, salt=None)]))))
    assert dict(zip(COLUMNS, found[0], strict=True)) == {
        "number": "1",
        "occurred_at": "2026-11-01T12:30:01.250000+00:00",
        "tenant_id": "tv_1",
        "action": "key.created",
        "actor": "member:usr_1",
        "targets": "key_1",
        "ip": "192.0.2.7",
        "agent": "curl/8",
        "request_id": "req_1",
        "details": '{"name":"ñ 1"}',
    }
    assert found[1] == ["2", *[""] * 9]


@pytest.mark.parametrize("agent", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_run_as_a_formula(agent: str) -> None:
    """What a caller sends as its agent must not run in the spreadsheet of who reads the audit."""
    table = table_of([row(1, START, payload_of(replace(entry(1), agent=agent)))])
    assert next(csv.reader(io.StringIO(table, newline="")))[7] == f"'{agent}"
