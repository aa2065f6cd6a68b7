"""The file with the rules that are switched off."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.rules.switches import PROFILE_FILE, keep_switched_off, switched_off
from cybervault.domain.problems import Problem


def test_without_a_file_no_rule_is_switched_off(tmp_path: Path) -> None:
    assert switched_off(tmp_path) == {}


def test_what_is_written_is_read_and_people_can_read_it_too(tmp_path: Path) -> None:
    keep_switched_off(tmp_path / "rules", {"b": 'says "no"\n', "a": "señal"})
    assert switched_off(tmp_path / "rules") == {"a": "señal", "b": 'says "no" '}
    assert '[off]\n"a" = "señal"\n' in (tmp_path / "rules" / PROFILE_FILE).read_text()


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_any_text_that_can_be_printed_comes_back(off: dict[str, str]) -> None:
    printable = {name: reason for name, reason in off.items() if (name + reason).isprintable()}
    with TemporaryDirectory() as folder:
        keep_switched_off(Path(folder), printable)
        assert switched_off(Path(folder)) == printable


@pytest.mark.parametrize("text", ["[off", "off = 1\n", "[off]\na = 1\n", "[on]\na = 'x'\n", b"\xff".decode("latin1")])
def test_a_file_that_says_something_else_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / PROFILE_FILE).write_bytes(text.encode("latin1"))
    with pytest.raises(Problem) as caught:
        switched_off(tmp_path)
    assert caught.value.code == "bad_rules_profile"


def test_where_it_cannot_be_written_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("in the way")
    with pytest.raises(Problem) as caught:
        keep_switched_off(tmp_path / "rules", {})
    assert caught.value.code == "rules_not_written"
