"""Which files are looked through, and how they are called."""

from pathlib import Path

import pytest
import typer

from cybervault.cli.detections.files import STANDARD_INPUT, gathered, labels_of


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Two hosts with logs of one name, and what is none."""
    for name in ("b/Security.evtx", "a/Security.evtx", "a/deep/x.JSONL.gz", "a/y.ndjson.zst", "notes.txt", "a/z.csv"):
        place = tmp_path / "case" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return tmp_path / "case"


def test_files_of_events_in_folders_come_in_order_and_the_others_are_counted(case: Path) -> None:
    found = gathered([case])
    names = ["a/Security.evtx", "a/y.ndjson.zst", "a/deep/x.JSONL.gz", "b/Security.evtx"]
    assert found.files == tuple(case / name for name in names)
    assert found.said == ("2 files of other kinds in folders left out: name what shall be read too.",)


def test_what_is_named_is_read_once_whatever_its_name(case: Path) -> None:
    odd = case / "notes.txt"
    found = gathered([odd, Path("-"), case / "a", case / "a" / "Security.evtx"])
    assert found.files[:2] == (odd, STANDARD_INPUT)
    assert len(found.files) == 5
    assert found.said == ("1 file of other kinds in folders left out: name what shall be read too.",)


def test_a_folder_without_logs_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(typer.BadParameter, match=r"holds no file of events \(\.evtx, "):
        gathered([tmp_path])


def test_what_is_not_there_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"gone\.json' does not exist"):
        gathered([tmp_path / "gone.json"])


def test_a_folder_that_cannot_be_read_is_told(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs the tests may be allowed to read everything."""
    import os  # noqa: PLC0415

    real = os.scandir

    def refusing(place: str | Path) -> object:
        if str(place).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", refusing)
    found = gathered([case])
    assert found.said[0] == f"Folder {case / 'a' / 'deep'} cannot be read."
    assert len(found.files) == 3


def test_files_of_one_name_are_told_apart_by_their_folders(case: Path) -> None:
    files = (case / "a" / "Security.evtx", case / "b" / "Security.evtx", case / "notes.txt", case / "a" / "x\x1b.json")
    assert list(labels_of(files).values()) == ["a/Security.evtx", "b/Security.evtx", "notes.txt", "x\\x1b.json"]
    assert labels_of(()) == {}
