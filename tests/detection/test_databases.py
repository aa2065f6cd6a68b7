"""Databases on disk: compiled once, used again, and never those of other rules or of another version."""

from pathlib import Path

import pytest

from cybervault.detection import databases as module
from cybervault.detection.compile.hyperscanning import compiled
from cybervault.detection.compile.scanners import Numbered
from cybervault.detection.databases import Databases
from cybervault.detection.engine import Engine
from cybervault.detection.tree import Kind, Predicate
from tests.detection.sigma import record, rule, selecting

SOME = {3: Predicate("F", Kind.CONTAINS, "abc"), 5: Predicate("F", Kind.ENDS, ".exe")}


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATTERNS_MIN", 1)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many predicates were compiled, each time."""
    counts: list[int] = []

    def counted(predicates: Numbered) -> object:
        counts.append(len(predicates))
        return compiled(predicates)

    monkeypatch.setattr(module, "compiled", counted)
    return counts


def test_what_was_compiled_is_loaded_the_next_time(tmp_path: Path, compilations: list[int]) -> None:
    for _ in range(2):
        assert set(Databases(tmp_path)(SOME)("xabc.exe")) == {3, 5}
    assert compilations == [2]
    # The numbers of a partition say nothing about the patterns.
    assert set(Databases(tmp_path)({7: SOME[3], 8: SOME[5]})("xabc.exe")) == {7, 8}
    assert compilations == [2]


def test_other_patterns_and_other_versions_are_compiled(
    tmp_path: Path, compilations: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Databases(tmp_path)(SOME)
    Databases(tmp_path)({3: SOME[3]})
    monkeypatch.setattr(module, "version", lambda: "another")
    Databases(tmp_path)(SOME)
    assert compilations == [2, 1, 2]


def test_a_broken_file_is_made_anew(tmp_path: Path, compilations: list[int]) -> None:
    Databases(tmp_path)(SOME)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"\nbroken")
    assert set(Databases(tmp_path)(SOME)("abc")) == {3}
    assert compilations == [2, 2]


def test_where_nothing_can_be_kept_rules_match_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = Engine([rule(selecting(Image__contains="abc"))], proposing=Databases(tmp_path / "file" / "x"))
    assert engine.outcome(record(Image="xabcx")).matches


def test_those_of_rules_that_are_gone_are_deleted(tmp_path: Path) -> None:
    Databases(tmp_path)({3: SOME[3]})
    now = Databases(tmp_path)
    now(SOME)
    assert (now.forget_others(), len(list(tmp_path.iterdir()))) == (1, 1)


def test_without_the_library_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "version", lambda: None)
    assert set(Databases(tmp_path)(SOME)("xabc.exe")) == {3, 5}
    assert list(tmp_path.iterdir()) == []


def test_few_patterns_need_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATTERNS_MIN", 3)
    assert set(Databases(tmp_path)(SOME)("xabc.exe")) == {3, 5}
    assert list(tmp_path.iterdir()) == []
