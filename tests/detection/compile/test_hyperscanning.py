"""Databases: compiled, kept as bytes, and made anew where the bytes are of no use."""

import pytest

from cybervault.detection.compile import hyperscanning as module
from cybervault.detection.compile.hyperscanning import caseless, compiled, hyperscanning, loaded, version
from cybervault.detection.compile.scanners import Literals
from cybervault.detection.tree import Kind, Predicate

PREDICATES = {
    7: Predicate("F", Kind.CONTAINS, "abc"),
    9: Predicate("F", Kind.REGEX, r"\p{Greek}", is_cased=True),
    12: Predicate("F", Kind.ENDS, ".exe"),
}
HARD = {9: PREDICATES[9]}


def proposed(predicates: object, text: str) -> set[int]:
    assert callable(predicates)
    return set(predicates(text))


def test_a_database_that_was_kept_proposes_the_same() -> None:
    made = compiled(PREDICATES)
    again = loaded(PREDICATES, made.dump())
    assert again is not None
    for text in ("xabcx.exe", "nothing", "λ"):
        assert proposed(made.proposer, text) == proposed(again.proposer, text)
    assert proposed(again.proposer, "xabcx.exe") == {7, 9, 12}
    assert again.left_out == (1,)


def test_without_any_pattern_that_it_takes_there_is_no_database() -> None:
    made = compiled(HARD)
    assert proposed(made.proposer, "abc") == {9}
    again = loaded(HARD, made.dump())
    assert again is not None
    assert proposed(again.proposer, "abc") == {9}


@pytest.mark.parametrize("raw", [b"", b"\n", b"x\n", b"1\nbroken", b"1"])
def test_broken_bytes_are_of_no_use(raw: bytes) -> None:
    assert loaded(PREDICATES, raw) is None


def test_where_there_is_no_library_the_automaton_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version() is not None
    monkeypatch.setattr(module, "_library", lambda: None)
    found = hyperscanning(PREDICATES)
    assert isinstance(found, Literals)
    assert proposed(found, "xabcx.exe") == {7, 9, 12}
    assert version() is None
    with pytest.raises(RuntimeError, match="no Hyperscan"):
        compiled(PREDICATES)


@pytest.mark.parametrize("has_library", [True, False])
def test_texts_are_found_in_bytes_in_any_case(monkeypatch: pytest.MonkeyPatch, *, has_library: bool) -> None:
    if not has_library:
        monkeypatch.setattr(module, "_library", lambda: None)
    places = caseless([b"abc", b"a.c", "é".encode()])
    assert set(places(b"xABCx")) == {0}
    assert set(places("x a.C é".encode())) == {1, 2}
    assert not places("axc É".encode())
