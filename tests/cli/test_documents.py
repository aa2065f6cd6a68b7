"""One JSON document on standard output, as people wrote its words."""

import json

import pytest

from cybervault.cli.documents import print_json


def test_a_document_is_printed_with_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"title": "Größe", "count": 2}
    print_json(document)
    told = capsys.readouterr().out
    assert "Größe" in told
    assert json.loads(told) == document
