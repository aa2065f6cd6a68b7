"""Partitions as bytes: what comes back says the same of every event, and is made of nothing that is not needed."""

from typing import Any

import pytest
from hypothesis import given

from cybervault.detection.compile import hyperscanning as searching
from cybervault.detection.compile import kept as module
from cybervault.detection.compile.hyperscanning import fastest
from cybervault.detection.compile.kept import kept_of, restored, versions
from cybervault.detection.compile.partition import Partition, partition_of, rules_for
from cybervault.detection.engine import Engine
from cybervault.detection.record import Record
from tests.detection.sigma import PROCESSES, rule
from tests.detection.test_engine import EVENTS, Kept, detections

SOME = rule(
    {
        "words": ["kiwi"],
        "a": {"Image|endswith": [f"\\{letter}.exe" for letter in "abcdefghij"], "User|cased": "Root"},
        "b": {"CommandLine|re": "a.?b", "Company|contains|cased": "Ab", "Product|fieldref": "Company"},
        "c": {"Port|gt": 5, "Net|cidr": "10.0.0.0/8", "Gone": None, "There": "*", "Part": "a*b"},
        "condition": "words or a or b or c",
    }
)


def partition() -> Partition:
    return partition_of(rules_for([SOME], PROCESSES), None, finding=fastest)


def test_what_comes_back_is_the_same() -> None:
    made = partition()
    again = restored(kept_of(made))
    assert again is not None
    assert [(one.rule, one.condition) for one in again.candidates] == [
        (one.rule, one.condition) for one in made.candidates
    ]
    assert (again.always, again.by_witness, again.references) == (made.always, made.by_witness, made.references)
    assert kept_of(again) != b""
    for before, after in zip(made.fields, again.fields, strict=True):
        assert (before.name, before.absent, before.all) == (after.name, after.absent, after.all)
        for text in ("C:\\d.exe", "a-b", "xAbx", "root", "Root", "10.1.2.3", "7", "", "é"):
            assert before.scanner.true(text) == after.scanner.true(text)
    assert made.keywords is not None
    assert again.keywords is not None
    assert again.keywords.scanner.true("x KIWI y") == made.keywords.scanner.true("x kiwi y") != frozenset()


@pytest.mark.parametrize("raw", [b"", b"x", b"\x95", kept_of(partition())[:-9]])
def test_other_bytes_are_no_partition(raw: bytes) -> None:
    assert restored(raw) is None


def test_a_database_of_another_processor_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    again = restored(kept_of(partition()))
    assert again is not None
    monkeypatch.setattr(module, "loaded", lambda *_: None)
    (image,) = (part for part in again.fields if part.name == "Image")
    assert len(image.scanner.true("x\\c.exe")) == 1


def test_another_version_of_the_library_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions()
    monkeypatch.setattr(searching, "FORMAT", 0)
    assert versions() != before


@given(detections(), EVENTS)
def test_an_engine_of_kept_partitions_says_the_same(detection: Any, fields: Any) -> None:  # noqa: ANN401 - drawn
    try:
        made = rule(detection)
    except AssertionError:
        return  # the same for every event, which is refused at load
    kept, event = Kept(), Record(PROCESSES, fields)
    engines = [Engine([made]), *(Engine([made], finding=fastest, keeper=kept) for _ in range(2))]
    first, *others = [engine.outcome(event) for engine in engines]
    assert others == [first, first]
