"""What kingfisher says is read as what a stranger wrote, and nothing of a secret is taken from it."""

import json
from pathlib import Path

import pytest

from cybervault.confinement.ways import NOWHERE
from cybervault.scans.engines import kingfisher as module
from cybervault.scans.engines.kingfisher import BOUNDS, Found, arguments, judge

TEXTS = Path("/data/x/texts")
DONE = {"scan_succeeded": 1, "scan_partial": 0, "scan_failed": 0, "pending": 0}


def finding(path: str, line: int = 3, form: str = "betterleaks.github-pat") -> dict[str, object]:
    spot = {"snippet": "[REDACTED:30250b5c]", "path": path, "line": line, "column_start": 1, "confidence": "high"}
    return {"rule": {"id": form, "name": "x"}, "finding": spot}


def said(*findings: dict[str, object], **summary: int) -> bytes:
    return json.dumps({"findings": findings, "audit": {"summary": DONE | summary}, "metadata": {}}).encode()


def test_each_secret_is_a_form_a_text_and_a_line() -> None:
    output = said(
        finding("/data/x/texts/12/dot.env", 7),
        finding("/data/x/texts/0/id_rsa", 1, "betterleaks.private-key"),
        finding("/data/x/texts/0/id_rsa", 1, "betterleaks.private-key"),
        finding("/data/x/texts/3/a/b", -1, "veles.secrets/sendgrid"),
        finding("/data/x/texts/4/text", 0, "x.\x1b[31mred"),
    )
    assert judge(output, 200, TEXTS) == (
        Found(0, "private-key", 1),
        Found(3, "sendgrid", 0),
        Found(4, "secret", 0),
        Found(12, "github-pat", 7),
    )
    assert judge(said(), 0, TEXTS) == ()


@pytest.mark.parametrize(
    ("output", "code", "reason"),
    [
        (said(), 1, "exit status 1"),
        (said(), None, "exit status None"),
        (said()[:-4], 200, "no list of secrets"),
        (b"", 0, "no list of secrets"),
        (b"[" * 100_000, 0, "no list of secrets"),
        (said(finding("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"))), 200, "not given"),
        (b'{"findings": [{"rule": {"id": "\xff"}}]}', 200, "no list of secrets"),
        (b'{"findings": []}', 0, "no list of secrets"),
        (said(scan_partial=1), 0, "left out some"),
        (said(scan_failed=1), 0, "left out some"),
        (said(pending=1), 0, "left out some"),
        (said(scan_succeeded=0), 0, "left out some"),
        (said(finding("/etc/shadow")), 200, "not given"),
        (said(finding("/data/x/texts/../1/x")), 200, "not given"),
        (said(finding("/data/x/texts/١/x")), 200, "not given"),  # noqa: RUF001 - a digit of another script
        (said(*(finding("/data/x/texts/1/x", line) for line in range(4))), 200, "more than 3 secrets"),
    ],
)
def test_what_is_no_answer_is_none(
    output: bytes, code: int | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "FOUND_MAX", 3)
    with pytest.raises(ValueError, match=reason):
        judge(output, code, TEXTS)


def test_it_asks_nobody_whether_a_secret_is_valid_and_shows_none() -> None:
    words = arguments(TEXTS)
    assert words[:2] == ["scan", str(TEXTS)]
    assert {"--redact", "--no-validate", "--no-update-check", "--no-ignore", "--no-extract-archives"} <= {*words}
    assert BOUNDS.port == NOWHERE
    assert not BOUNDS.starts_programs
