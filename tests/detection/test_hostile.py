"""What was written to be slow costs what its size costs: a value, an event, a file, a rule of somebody."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(600)
def test_no_event_and_no_rule_takes_more_than_its_size() -> None:
    """The kernel ends the process after so much computing, so that a busy machine changes nothing; see `hostile`."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.detection.hostile"], capture_output=True, text=True, check=False
    )
    assert ended.stdout.splitlines()[-1:] == ["done"], (ended.returncode, ended.stdout[-300:], ended.stderr[-2_000:])
