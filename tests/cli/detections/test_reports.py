"""Files that are written: whole or not at all, and never over what is read."""

import os
from pathlib import Path

import pytest
import typer

from cybervault.cli.detections.reports import opened
from cybervault.domain.problems import Problem


def test_a_report_takes_its_name_when_it_is_whole_and_replaces_what_had_it(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("old")
    with opened({"--html": path, "--sarif": None}, ()) as reports:
        assert list(reports) == ["--html"]
        assert path.read_text() == "old"
        reports["--html"].write(b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_of_work_that_breaks_off_nothing_is_left_and_the_old_report_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), opened({"--html": path}, ()):
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said_before_the_work(tmp_path: Path) -> None:
    with (
        pytest.raises(typer.BadParameter, match=r"gone/a.html cannot be written: No such file or directory"),
        opened({"--html": tmp_path / "gone" / "a.html"}, ()),
    ):
        raise AssertionError


def test_no_report_replaces_what_is_read_or_another_report(tmp_path: Path) -> None:
    read = tmp_path / "events.json"
    read.write_text("{}")
    one = tmp_path / "a.json"
    for wanted in ({"--html": tmp_path / "x" / ".." / "events.json"}, {"--html": one, "--sarif": one}):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(typer.BadParameter, match="is named twice"), opened(wanted, [read]):
            raise AssertionError
    assert read.read_text() == "{}"
    assert not one.exists()


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
def test_a_disk_that_is_full_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.html.part").symlink_to("/dev/full")
    with pytest.raises(Problem) as raised, opened({"--html": tmp_path / "a.html"}, ()) as reports:
        reports["--html"].write(b"x")
    assert raised.value.code == "report_not_written"
    assert "No space left" in raised.value.message
    assert list(tmp_path.iterdir()) == []
