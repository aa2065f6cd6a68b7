"""Known bad addresses, domains and hashes, for people and for machines."""

import pytest

from cybervault.cli.detections import indicators as module
from cybervault.cli.detections.indicators import document_of, page_part, sarif_of, title_of, whom
from tests.cli.detections.found import HOSTILE, a_bad_one
from tests.pages.test_markup import Reader

MANY = a_bad_one("198.51.100.42", "pc-1", "pc-2", "pc-3", "pc-4", "pc-5")
DIGEST = "44d88612fea8a8f36de82e1278abb02f"


def test_what_it_is_and_whom_it_is_on_is_said_in_few_words() -> None:
    assert title_of(a_bad_one(DIGEST)) == f"Malicious file {DIGEST}"
    assert whom(MANY) == "pc-1, pc-2, pc-3 and 2 more"
    assert whom(a_bad_one()) == ""


def test_machines_get_all_of_it() -> None:
    assert document_of(a_bad_one("198.51.100.42", "pc-7")) == {
        "indicator": "198.51.100.42",
        "kind": "ipv4",
        "verdict": "malicious",
        "score": 92,
        "level": "critical",
        "summary": "As it is.",
        "events": 2,
        "hosts": [{"name": "pc-7", "at": "2026-11-01T08:00:00Z"}],
    }
    hostile = str(document_of(a_bad_one("198.51.100.42", HOSTILE, at=None)))
    assert "'at': None" in hostile
    assert "\x1b" not in hostile
    assert "\x1b" not in str(sarif_of(a_bad_one("198.51.100.42", HOSTILE)))


def test_on_the_page_the_first_hosts_stand_with_their_time_and_what_is_left_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = Reader(page_part([MANY, a_bad_one("evil.example", "pc-9", at=None)])).texts
    assert {"pc-1, 2026-11-01 08:00:00", "and 2 more", "pc-9", "92", "10"} <= set(texts)
    assert "Known from earlier answers; nobody was asked now." in texts
    monkeypatch.setattr(module, "INDICATORS_MAX", 1)
    cut = Reader(page_part([MANY, a_bad_one("evil.example")])).texts
    assert "1 more are not shown." in cut
    assert "evil.example" not in cut
