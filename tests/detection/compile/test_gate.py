"""The gate of a line: where it says no, none of the words is in any value, however the JSON is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.compile.gate import FOLDED, Gates
from cybervault.detection.compile.scanners import literals, scanner_of
from cybervault.detection.tree import ANYWHERE, MANY, ONE, Kind, Predicate

WORDS = tuple(
    Predicate(ANYWHERE, kind, pattern)
    for kind, pattern in (
        (Kind.CONTAINS, "kiwi::"),
        (Kind.CONTAINS, "\\mimilib.dll"),
        (Kind.CONTAINS, 'say "ks"'),
        (Kind.WILDCARD, f"{MANY}wget {ONE}x;{MANY}"),
    )
)
SCANNER = scanner_of(dict(enumerate(WORDS)), literals)
PIECES = (
    "kiwi::", "KIWI::", "\u212aiwi::", "\\MimiLib.dll", 'say "KS"', 'say "k\u017f', "wget yx;", "/", "\n", "é", "u",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@given(st.dictionaries(st.sampled_from("abc"), TEXTS, max_size=3), st.booleans())
def test_a_word_that_is_there_is_never_denied(event: dict[str, str], is_ascii: bool) -> None:  # noqa: FBT001 - drawn
    gate = Gates().of(WORDS)
    assert gate is not None
    event = {name: value.encode(errors="replace").decode() for name, value in event.items()}
    line = json.dumps(event, ensure_ascii=is_ascii).encode()
    if SCANNER.true("\n".join(event.values())):
        assert gate(event, line)


@pytest.mark.parametrize(
    ("event", "is_open"),
    [
        ({"a": "nothing of it"}, False),
        ({"a": "C:\\users\\x"}, False),
        ({"a": "\u0001 a control character"}, False),
        ({"a": "\u0001 eo KiWi::x"}, True),
        ({"a": "é"}, False),
        ({"a": "C:\\x\\MIMILIB.DLL"}, True),
    ],
)
def test_an_event_without_a_word_is_let_by(event: dict[str, str], *, is_open: bool) -> None:
    gate = Gates().of(WORDS)
    assert gate is not None
    assert gate(event, json.dumps(event).encode()) is is_open


@pytest.mark.parametrize(
    "predicate",
    [
        Predicate(ANYWHERE, Kind.REGEX, "a.*b", is_cased=True),
        Predicate(ANYWHERE, Kind.CONTAINS, "\\\n"),
        Predicate(ANYWHERE, Kind.CONTAINS, "4688"),
        Predicate(ANYWHERE, Kind.WILDCARD, f"1{MANY}-2"),
    ],
    ids=["regex", "nothing_left", "number", "numbers"],
)
def test_what_json_may_spell_in_another_way_has_no_gate(predicate: Predicate) -> None:
    assert Gates().of([*WORDS, predicate]) is None


def test_the_same_words_have_one_gate() -> None:
    gates = Gates()
    assert gates.of(WORDS) is gates.of(reversed(WORDS))


def test_the_letters_that_become_letters_of_ascii_are_all_known() -> None:
    folded = [chr(code) for code in range(128, 0x110000) if any(one.isascii() for one in chr(code).lower())]
    assert [one.encode() for one in folded] == list(FOLDED)
