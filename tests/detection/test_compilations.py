"""Compilations on disk: used again, never those of other rules or versions, and never an error."""

import os
from pathlib import Path

import pytest

from cybervault.detection import compilations as module
from cybervault.detection import engine as engine_module
from cybervault.detection.compilations import Compilations
from cybervault.detection.engine import Engine
from tests.detection.sigma import PROCESSES, record, rule, selecting


def test_what_is_put_is_there_the_next_time(tmp_path: Path) -> None:
    Compilations(tmp_path).put("a/b", b"one")
    assert Compilations(tmp_path).get("a/b") == b"one"
    assert Compilations(tmp_path).get("a/c") is None


def test_what_a_disk_has_changed_is_gone(tmp_path: Path) -> None:
    kept = Compilations(tmp_path)
    kept.put("a/b", b"one")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes() + b"x")
    assert kept.get("a/b") is None


def test_where_nothing_can_be_kept_rules_match_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Compilations(tmp_path / "file" / "x")
    engine = Engine([rule(selecting(Image__contains="abc"))], keeper=kept)
    assert engine.outcome(record(Image="xabcx")).matches
    kept.use(engine.digest)


def test_of_rules_that_are_no_longer_used_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USED_MAX", 2)
    kept = Compilations(tmp_path)
    for number in range(3):
        kept.put(f"d{number}/ids", b"x")
        os.utime(tmp_path / "partitions" / f"d{number}", (number, number))
    kept.use("d0")
    assert [kept.get(f"d{number}/ids") for number in range(3)] == [b"x", None, b"x"]


def test_other_rules_and_versions_make_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Compilations(tmp_path)
    one, other = rule(selecting(Image="a")), rule(selecting(Image="b"))
    digests = {Engine(rules, keeper=kept).digest for rules in ([one], [other], [one, other], [one])}
    monkeypatch.setattr(engine_module, "versions", lambda: "another")
    assert len(digests | {Engine([one], keeper=kept).digest}) == 4
    Engine([one], keeper=kept).warm([(PROCESSES, None)])
    assert len(list((tmp_path / "partitions").iterdir())) == 4
