"""The demo runs a command before the farm and ends as that command ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import demo
from tests.fakes.upstream import UpstreamFarm

ASKS = """
import os, sys, urllib.request
request = urllib.request.Request(os.environ["CYBERVAULT_SOURCES__INTERNETDB__URL"] + "/8.8.8.8")
with urllib.request.urlopen(request) as reply:
    sys.exit(7 if reply.status == 200 else 1)
"""


def test_the_command_finds_the_farm_and_gives_its_status() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with UpstreamFarm() as farm:
        assert demo.run_before(farm, [sys.executable, "-c", ASKS]) == 7
        assert len(farm.calls("internetdb")) == 1
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_it_names_what_to_try(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/echo")
    assert demo.main(["--port", "8123"]) == 0
    told = capfd.readouterr().out
    assert "evil.example" in told
    assert "-m cybervault serve --host 127.0.0.1 --port 8123 --data .state/demo" in told


def test_being_told_to_end_it_tells_the_command(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    waits = f"import signal, pathlib; pathlib.Path({str(ready)!r}).touch(); signal.pause()"
    script = (
        "import sys; from tests.fakes import demo, upstream\n"
        f"with upstream.UpstreamFarm() as farm: sys.exit(-demo.run_before(farm, [sys.executable, '-c', {waits!r}]))"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        end = time.perf_counter() + 10
        while not ready.exists() and time.perf_counter() < end:
            time.sleep(0.01)
        process.terminate()
        assert process.wait(10) == signal.SIGTERM
