"""Files that only save time."""

from pathlib import Path

import pytest

from cybervault.detection.keeping import keep, kept, put


def test_what_is_kept_is_there_again_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "x.pack"
    assert kept(path) is None
    keep(path, b"one")
    keep(path, b"two")
    assert kept(path) == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_where_nothing_can_be_kept_nobody_is_hindered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file" / "x.pack", b"one")
    assert kept(tmp_path / "file" / "x.pack") is None
    (tmp_path / "y.pack").mkdir()
    keep(tmp_path / "y.pack", b"one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "y.pack"]


def test_what_is_put_in_its_place_is_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "x"
    put(path, b"one")
    put(path, b"two")
    assert path.read_bytes() == b"two"
    (tmp_path / "y").mkdir()
    with pytest.raises(OSError, match="y"):
        put(tmp_path / "y", b"three")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "y"]
