"""What a child writes: its walls first, then a marked line for each part, then that it is done."""

import io
from pathlib import Path

import pytest

from cybervault.confinement.child import EXIT_MEMORY, main
from cybervault.confinement.walls import Wall

FOLDER = str(Path(__file__).parent)


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program adds to the search path goes with the test."""
    monkeypatch.syspath_prepend(FOLDER)


def written(parser: str, folder: str = FOLDER) -> tuple[int, list[bytes]]:
    out = io.BytesIO()
    asked = []

    def raised(memory_bytes: int, cpu_seconds: int) -> frozenset[Wall]:
        asked.append((memory_bytes, cpu_seconds))
        return frozenset({Wall.TIME, Wall.FILES})

    status = main([f"faulty:{parser}", folder, "1000", "7"], io.BytesIO(b"content"), out, raised=raised)
    assert asked == [(1000, 7)]
    return status, out.getvalue().splitlines()


@pytest.mark.parametrize("folder", [FOLDER, ""])
def test_the_walls_come_first_and_the_end_is_marked(folder: str) -> None:
    assert written("shows_the_file", folder) == (0, [b"#files time", b"=content", b"."])


def test_a_part_is_one_line_whatever_it_holds() -> None:
    assert written("shows_both_kinds") == (
        0, [b"#files time", b"=one record", b"!a fault of two lines", b"=another", b"."],
    )  # fmt: skip


def test_a_parser_without_memory_ends_with_a_status_of_its_own() -> None:
    status, lines = written("finds_no_memory")
    assert status == EXIT_MEMORY
    assert b"." not in lines


def test_the_walls_are_raised_before_the_first_byte_is_read() -> None:
    file = io.BytesIO(b"content")

    def raised(_memory: int, _seconds: int) -> frozenset[Wall]:
        assert file.tell() == 0
        return frozenset()

    main(["faulty:shows_the_file", FOLDER, "1", "1"], file, io.BytesIO(), raised=raised)
    assert file.tell() == len(b"content")
