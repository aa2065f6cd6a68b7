from pathlib import Path

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.intel.sections import Sections, write_sections

NUMBERS = (1).to_bytes(4, "little") + (2).to_bytes(4, "little")


def test_sections_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_sections(tmp_path / "file", [NUMBERS, b"", b"heap"])
    sections = Sections(tmp_path / "file", 3)
    assert list(sections.numbers(0, "I")) == [1, 2]
    assert list(sections.numbers(1, "Q")) == []
    assert sections.map[sections.start(2) : sections.start(2) + sections.size(2)] == b"heap"


def test_every_section_starts_at_a_multiple_of_eight(tmp_path: Path) -> None:
    write_sections(tmp_path / "file", [b"a", b"bc", b"def"])
    sections = Sections(tmp_path / "file", 3)
    assert [sections.start(number) % 8 for number in range(3)] == [0, 0, 0]


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    write_sections(tmp_path / "file", [b"a"])
    with pytest.raises(FileExistsError):
        write_sections(tmp_path / "file", [b"b"])


@pytest.mark.parametrize("length", [0, 1, 15, 16, 47, 48, 64])
def test_a_truncated_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "file"
    write_sections(path, [NUMBERS, b"heap heap"])
    whole = path.read_bytes()
    assert length < len(whole)
    path.write_bytes(whole[:length])
    with pytest.raises(Problem) as caught:
        Sections(path, 2)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "local_knowledge_broken")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="damaged"):
        Sections(tmp_path / "nothing", 1)


def test_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_sections(path, [NUMBERS])
    path.write_bytes(b"XX" + path.read_bytes()[2:])
    with pytest.raises(Problem) as caught:
        Sections(path, 1)
    assert "another form" in caught.value.detail
    with pytest.raises(Problem):
        Sections(path, 2)


def test_a_section_outside_the_file_is_refused(tmp_path: Path) -> None:
    """No place written in a file leads a reader beyond its end."""
    path = tmp_path / "file"
    write_sections(path, [NUMBERS])
    content = bytearray(path.read_bytes())
    content[24:32] = (1 << 40).to_bytes(8, "little")  # the length of the first section
    path.write_bytes(content)
    with pytest.raises(Problem) as caught:
        Sections(path, 1)
    assert "outside" in caught.value.detail


def test_a_section_that_is_no_row_of_numbers_is_refused(tmp_path: Path) -> None:
    write_sections(tmp_path / "file", [b"abc"])
    with pytest.raises(Problem) as caught:
        Sections(tmp_path / "file", 1).numbers(0, "H")
    assert "whole numbers" in caught.value.detail


def test_a_mapped_file_outlives_its_name(tmp_path: Path) -> None:
    write_sections(tmp_path / "file", [NUMBERS])
    numbers = Sections(tmp_path / "file", 1).numbers(0, "I")
    (tmp_path / "file").unlink()
    assert list(numbers) == [1, 2]
