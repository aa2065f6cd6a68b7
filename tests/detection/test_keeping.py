"""Files that only save time."""

from pathlib import Path

from cybervault.detection.keeping import keep, kept


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
