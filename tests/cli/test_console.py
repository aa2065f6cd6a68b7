"""`cybervault console`: whether the page is built, and what to do if not."""

import json
from pathlib import Path

import pytest

from cybervault.cli.console import status_of
from cybervault.domain.problems import Problem


def test_a_built_console_shows_its_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(json.dumps({"fingerprint": "0123456789abcdef"}))
    assert status_of(tmp_path) == "built, fingerprint 0123456789ab"


def test_a_failed_build_says_why_and_how_to_repair(tmp_path: Path) -> None:
    (tmp_path / "FAILED.txt").write_text("npm ci failed\n")
    with pytest.raises(Problem, match=r"npm ci failed\. Repair: uv sync"):
        status_of(tmp_path)


def test_a_console_left_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="left out"):
        status_of(tmp_path)
