"""Text of strangers: what does not print is spelled, what prints stays."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cybervault.pages.visible import named, visible


def test_what_a_terminal_obeys_is_spelled() -> None:
    assert visible("a\x1b[31mb\nc\u202ed\ud800e é") == "a\\x1b[31mb\\nc\\u202ed\\ud800e é"


def test_what_may_stay_stays() -> None:
    assert visible("a\nb\tc", kept="\n") == "a\nb\\tc"


def test_a_file_whose_name_is_no_text_has_a_name() -> None:
    assert named(Path(os.fsdecode(b"/x/\xff.json"))) == "\\udcff.json"


@given(st.text(st.characters()))
def test_all_that_comes_out_prints_and_can_be_written(text: str) -> None:
    assert visible(text).isprintable()
    visible(text).encode()
