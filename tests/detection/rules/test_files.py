"""Where files of rules come from."""

import zipfile
from pathlib import Path

import pytest

from cybervault.detection.rules.files import FILE_BYTES_MAX, files_of


def test_files_come_from_a_folder_an_archive_or_alone(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    (folder / "b").mkdir(parents=True)
    for name in ("b/one.yml", "a.yaml", "pack.yml", "readme.md", ".hidden.yml"):
        (folder / name).write_text(name)
    (folder / "folder.yml").mkdir()
    assert list(files_of(folder)) == [("a.yaml", b"a.yaml"), ("b/one.yml", b"b/one.yml")]
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as archive:
        archive.writestr("x/one.yml", "1")
        archive.writestr("x/readme.md", "2")
    assert list(files_of(tmp_path / "rules.zip")) == [("x/one.yml", b"1")]
    assert list(files_of(folder / "a.yaml")) == [("a.yaml", b"a.yaml")]
    with pytest.raises(FileNotFoundError):
        list(files_of(tmp_path / "gone"))


def test_of_a_file_that_is_too_large_one_byte_too_many_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"x" * (FILE_BYTES_MAX + 1_000))
    ((_, raw),) = files_of(tmp_path)
    assert len(raw) == FILE_BYTES_MAX + 1
