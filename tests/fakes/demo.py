"""`make demo`: a CyberVault before made-up sources and a made-up language model; needs no key and no network."""

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from tests.fakes.upstream import UpstreamFarm
from tests.fakes.world import CLEAN_FILE, EICAR

_STORIES: Final = (
    ("203.0.113.42", "malicious address"),
    ("evil.example", "malicious name, six days old"),
    (EICAR.md5, "malicious file (the EICAR test)"),
    ("1.2.3.4", "doubtful address"),
    ("shop.example", "doubtful name"),
    ("8.8.8.8", "benign address"),
    ("google.com", "benign name"),
    (CLEAN_FILE.sha256, "harmless file"),
    ("nobody.example", "nobody knows it"),
)
_REQUESTS_A_MINUTE: Final = 120
_WORD_SECONDS: Final = 0.03
_SOURCE_SECONDS: Final = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Start both, end both; the exit status is CyberVault's."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--data", default=".state/demo")
    chosen = parser.parse_args(arguments)
    serve = ["-m", "cybervault", "serve", "--host", chosen.host, "--port", chosen.port, "--data", chosen.data]
    with UpstreamFarm() as farm:
        farm.use_pace(source_seconds=_SOURCE_SECONDS, word_seconds=_WORD_SECONDS)
        lines = (f"  {observable:<64}  {story}\n" for observable, story in _STORIES)
        sys.stdout.write(f"Everything the sources say is made up. Try:\n{''.join(lines)}\n")
        sys.stdout.flush()
        return run_before(farm, [sys.executable, *serve])


def run_before(farm: UpstreamFarm, command: Sequence[str]) -> int:
    """Run a command with the settings that point it at the farm, until it ends; gives its exit status.

    An interrupt reaches the command from the terminal itself; a request to terminate is passed on.
    """
    settings = farm.environment() | {"CYBERVAULT_RATE_LIMIT__POINTS": str(_REQUESTS_A_MINUTE)}
    pairs = [f"{name}={value}" for name, value in settings.items()]
    with subprocess.Popen(["/usr/bin/env", *pairs, *command]) as process, _passing_on(process):
        return process.wait()


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            process.terminate()

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
