"""Proofs of one row: they hold for this content at this place under this signature, and for nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cybervault.access.proofs.inclusion import Proof, proof_in
from cybervault.access.proofs.merkle import Path
from cybervault.access.proofs.notes import Signer
from cybervault.domain.problems import Problem
from tests.access.proofs.chain import OTHER_PEPPER, SIGNER, rows, sealed

AUDIT = rows(11)
KEYS = [SIGNER.public_key]


def proof(number: int) -> Proof:
    path = Path(number - 1, len(AUDIT))
    for one in AUDIT:
        path.add(one.leaf)
    return Proof(AUDIT[number - 1], path.hashes, sealed(AUDIT))


@pytest.mark.parametrize("number", range(1, 12))
def test_every_row_can_be_proven_by_a_text(number: int) -> None:
    again = proof_in(str(proof(number)), KEYS)
    assert again.holds
    assert (again.row.number, again.row.payload) == (number, AUDIT[number - 1].payload)


def test_an_erased_row_can_still_be_shown_to_have_been_there() -> None:
    assert replace(proof(3), row=replace(AUDIT[2], payload=None, salt=None)).holds


def test_a_proof_with_other_content_does_not_hold() -> None:
    assert not replace(proof(3), row=replace(AUDIT[2], payload=AUDIT[3].payload)).holds
    assert not replace(proof(3), row=AUDIT[3]).holds
    assert not replace(proof(3), row=replace(AUDIT[2], number=4)).holds
    assert not replace(proof(3), checkpoint=sealed(AUDIT, 10)).holds
    assert not replace(proof(3), path=proof(3).path[::-1]).holds


def test_a_proof_signed_by_somebody_else_is_not_believed() -> None:
    with pytest.raises(Problem) as caught:
        proof_in(str(proof(3)), [Signer(OTHER_PEPPER).public_key])
    assert caught.value.code == "bad_checkpoint"


def change(**parts: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:  # noqa: ANN401 - any JSON
    return lambda document: document | parts


@pytest.mark.parametrize(
    "spoil",
    [
        change(form="other"),
        change(path=["zz"]),
        change(path=7),
        change(row=None),
        change(row={"number": 3}),
        change(checkpoint=None),
        change(checkpoint=""),
        lambda document: document | {"checkpoint": 2 * document["checkpoint"]},
        lambda document: {"form": document["form"]},
    ],
)
def test_what_is_no_proof_is_refused(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with pytest.raises(Problem) as caught:
        proof_in(json.dumps(spoil(json.loads(str(proof(3))))), KEYS)
    assert caught.value.code == "bad_proof"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "[" * 100_000])
def test_what_is_not_even_a_document_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        proof_in(text, KEYS)
    assert caught.value.code == "bad_proof"
