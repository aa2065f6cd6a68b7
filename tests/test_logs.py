"""Logs: structured lines from which every secret is removed."""

import json
import logging

import pytest
import structlog

from cybervault.logs import set_up_logs, without_secrets


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer canary-1234",
        "authorization=api-key canary-1234",
        "using sk-or-canary-1234-5678",
        "cv_live_sk_canary123456",
        "cbr_test_canary12345678",
        "GET /x?a=1&apikey=canary-1234&b=2",
    ],
)
def test_what_looks_like_a_key_is_hidden(text: str) -> None:
    assert "canary" not in without_secrets(text)


def test_ordinary_words_stay() -> None:
    text = "task-force asked 203.0.113.42 about keys, key length 12, live_update"
    assert without_secrets(text) == text


def test_a_line_is_json_with_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO", as_json=True)
    structlog.get_logger("x").info("asked", source="virustotal")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["source"]) == ("asked", "info", "virustotal")
    assert line["timestamp"].endswith("Z")


def test_secret_fields_and_texts_are_hidden_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("DEBUG", as_json=True)
    structlog.get_logger("x").warning("with Bearer canary-aaaa", Authorization="canary-bbbb", note="sk-canary-cccc-dd")
    logging.getLogger("library").warning("sent %s", "Bearer canary-dddd")
    shown = capsys.readouterr().err
    assert "asked" not in shown
    assert "canary" not in shown
    assert shown.count("•••") == 4


def test_below_the_level_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("WARNING")
    structlog.get_logger("x").info("quiet")
    logging.getLogger("library").info("quiet")
    assert capsys.readouterr().err == ""


def test_a_crash_is_logged_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO", as_json=True)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("x").exception("crash")
    assert "ValueError: broken" in json.loads(capsys.readouterr().err)["exception"]


def test_on_a_terminal_a_crash_shows_no_local_values(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO", as_json=False)
    canary = "canary-local"
    try:
        raise ValueError(f"broken {len(canary)}")
    except ValueError:
        structlog.get_logger("x").exception("crash")
    shown = capsys.readouterr().err
    assert "broken 12" in shown
    assert canary not in shown.replace('canary = "canary-local"', "")
