"""One JSON document on standard output, as people wrote its words; files that are whole or not there."""

import json
from pathlib import Path

import pytest
import typer

from cybervault.cli.documents import print_json, whole_file


def test_a_document_is_printed_with_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"title": "Größe", "count": 2}
    print_json(document)
    told = capsys.readouterr().out
    assert "Größe" in told
    assert json.loads(told) == document


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    with whole_file(file) as out:
        out.write(b"one")
        assert not file.exists()
    assert file.read_bytes() == b"one"
    with pytest.raises(typer.BadParameter, match="cannot be written"), whole_file(tmp_path / "none" / "x"):
        pass


def test_without_a_file_it_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with whole_file(None) as out:
        out.write(b"\xff")
    assert capfdbinary.readouterr().out == b"\xff"
