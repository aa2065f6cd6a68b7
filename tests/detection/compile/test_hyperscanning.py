"""Databases: compiled, kept as bytes, and made anew where the bytes are of no use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.compile import hyperscanning as module
from cybervault.detection.compile.hyperscanning import (
    KeptScanning,
    Scanning,
    caseless,
    compiled,
    dumped,
    fastest,
    hyperscanning,
    loaded,
    version,
)
from cybervault.detection.compile.scanners import Literals, fits
from cybervault.detection.tree import MANY, ONE, Kind, Predicate

PREDICATES = {
    7: Predicate("F", Kind.CONTAINS, "abc"),
    9: Predicate("F", Kind.REGEX, r"\p{Greek}", is_cased=True),
    12: Predicate("F", Kind.ENDS, ".exe"),
}
HARD = {9: PREDICATES[9]}


def found_by(predicates: object, text: str) -> set[int]:
    assert callable(predicates)
    return set(predicates(text))


def test_a_database_that_was_kept_finds_the_same() -> None:
    made = compiled(PREDICATES)
    again = loaded(dumped(made), PREDICATES)
    assert again is not None
    for text in ("xabcx.exe", "nothing", "λ"):
        assert found_by(made, text) == found_by(again, text)
    assert found_by(again, "xabcx.exe") == {7, 12}
    assert again.always == (9,)


def test_without_any_pattern_that_it_takes_there_is_no_database() -> None:
    made = compiled(HARD)
    assert found_by(made, "abc") == set()
    assert found_by(made, "λ") == {9}
    again = loaded(dumped(made), PREDICATES)
    assert again is not None
    assert found_by(again, "λ") == {9}


@pytest.mark.parametrize("raw", [b"x", b"broken" * 100])
def test_broken_bytes_are_of_no_use(raw: bytes) -> None:
    assert loaded(KeptScanning((), (), raw), {}) is None


PIECES = st.sampled_from(["a", "b", "A", " ", "\n", "\v", "\r", "1", "_", "é", "k", "\u212a"])
ALIKE = (
    ".{3,}", "a.b", "^a", "a$", "(?m)^a$", r"\s", r"\S\w", "[^a]b", "(?i)k", r"\bab\b", "(?s)a.b", "(a|b){2,3}1",
    r"a[\s1]b", "a.?b", r"\W\D", "(?:a|)b", r"[a-b\n]_",
    "é|k", "[^é]a", "(?:é)?b",
)  # fmt: skip
READ_ALIKE = {number: Predicate("F", Kind.REGEX, one, is_cased=True) for number, one in enumerate(ALIKE)} | {
    99: Predicate("F", Kind.WILDCARD, f"a{MANY}b{ONE}", is_cased=True)
}
SCANNING = compiled(READ_ALIKE)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_what_the_database_reads_as_re2_does_is_not_tried_again(text: str) -> None:
    assert SCANNING.alike == READ_ALIKE.keys()
    assert found_by(SCANNING, text) == {number for number, one in READ_ALIKE.items() if fits(one, text)}


@pytest.mark.parametrize("pattern", [r"\p{Greek}", "[[:alpha:]]", "a{,3}", r"\x41", "(?P<x>a)", "aé?b", "(?i)\u212a"])
def test_what_may_be_read_in_two_ways_is_tried_again(pattern: str) -> None:
    assert not compiled({1: Predicate("F", Kind.REGEX, pattern, is_cased=True)}).alike


def test_of_many_repeats_the_database_is_asked_for_more_and_what_it_finds_is_tried() -> None:
    patterns = {1: "a{70,90}b", 2: "[{1,256}]{2}x", 3: r"\{1,256\}", 4: "a{65}", 5: "^.{1000,}$"}
    made = compiled({number: Predicate("F", Kind.REGEX, one, is_cased=True) for number, one in patterns.items()})
    assert not made.always
    assert made.alike == {2, 3}
    for text, found in (
        ("a" * 71 + "b", {1, 4}), ("a" * 91 + "b", {1, 4}), ("a" * 66 + "b", {4}), ("a" * 64 + "b", set()),
        ("25x", {2}), ("{1,256}", {3}), ("y" * 999, set()), ("y" * 1000, {5}),
    ):  # fmt: skip
        assert found_by(made, text) == found


def test_a_sign_behind_a_letter_of_several_bytes_is_left_to_re2() -> None:
    patterns = {1: "aé?b", 2: "(?i)\u212a", 3: "é+"}
    made = compiled({number: Predicate("F", Kind.REGEX, one, is_cased=True) for number, one in patterns.items()})
    assert (made.always, found_by(made, "ab k")) == ((1, 2, 3), {1, 2})


def test_few_literals_need_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {7: PREDICATES[7], 12: PREDICATES[12]}
    assert isinstance(fastest(few), Literals)
    assert isinstance(fastest(PREDICATES), Scanning)
    assert isinstance(fastest({1: Predicate("", Kind.CONTAINS, "abc")}), Scanning)
    monkeypatch.setattr(module, "PATTERNS_MIN", 2)
    assert isinstance(fastest(few), Scanning)


def test_where_there_is_no_library_the_automaton_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version() is not None
    kept = dumped(compiled(PREDICATES))
    monkeypatch.setattr(module, "_library", lambda: None)
    found = hyperscanning(PREDICATES)
    assert isinstance(found, Literals)
    assert found_by(found, "xabcx.exe") == {7, 12}
    assert version() is None
    assert loaded(kept, PREDICATES) is None
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
    assert set(caseless([b"x"], cased=[b"\\u"])(b"X \\u")) == {0, 1}
    assert not caseless([b"x"], cased=[b"\\u"])(b"\\U")
