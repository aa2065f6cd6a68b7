"""Where files of rules come from."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from cybervault.detection.rules import files as module
from cybervault.detection.rules.files import FILE_BYTES_MAX, files_of, look_of


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


def test_files_look_alike_until_one_is_changed_added_moved_or_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETTLED_NS", 0)
    folder = tmp_path / "rules"
    (folder / "b").mkdir(parents=True)
    one = folder / "b" / "one.yml"
    one.write_text("1")
    looks = [look_of(folder)]
    (folder / "readme.md").write_text("no rule")
    assert look_of(folder) != looks[0]  # the folder itself changed
    looks.append(look_of(folder))
    assert look_of(folder) == looks[-1]
    then = one.stat()
    one.write_text("2")
    os.utime(one, ns=(then.st_atime_ns, then.st_mtime_ns))  # of the same size, and as if nothing had happened
    looks.append(look_of(folder))
    (folder / "two.yml").write_text("2")
    looks.append(look_of(folder))
    one.rename(folder / "b" / "other.yml")
    looks.append(look_of(folder))
    shutil.rmtree(folder / "b")
    looks.append(look_of(folder))
    looks.append(look_of(folder / "two.yml"))
    assert None not in looks
    assert len(set(looks)) == len(looks)


def test_what_has_just_changed_or_is_gone_has_no_look(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("1")
    assert look_of(tmp_path) is None
    assert look_of(tmp_path / "gone") is None
