"""How soon a started server answers and analyses, and what memory all its processes hold while nothing happens.

Claim: a first analysis within 2 s of the command once the local knowledge is built, and below 200 MB together.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fakes.processes import family, proportional_bytes, served
from tests.fakes.upstream import UpstreamFarm

ROUNDS = 5
SETTLE_SECONDS = 3.0
LIMIT_SECONDS = 2.0
LIMIT_MEGABYTES = 200.0
COMPILE = [sys.executable, "-m", "cybervault.intel.compile"]


def start(folder: Path, settings: dict[str, str]) -> tuple[float, float, float]:
    """Seconds to the first answer and to the first whole analysis, and megabytes when idle."""
    begun = time.perf_counter()
    with served(folder, settings, folder / "output") as server:
        answered = time.perf_counter() - begun
        assert "event: done" in server.get("/api/ctai/stream?ioc=203.0.113.42")
        analysed = time.perf_counter() - begun
        time.sleep(SETTLE_SECONDS)
        return answered, analysed, proportional_bytes(family(server.pid)) / 1e6


def main() -> None:
    """Print the medians and their ratios to the limits."""
    with tempfile.TemporaryDirectory() as name, UpstreamFarm() as farm:
        folder = Path(name)
        subprocess.run([*COMPILE, str(folder / "knowledge")], check=True, stderr=subprocess.DEVNULL)
        settings = farm.environment()
        start(folder, settings)  # makes the database and the bytecode, and warms the disk's memory
        rounds = [start(folder, settings) for _ in range(ROUNDS)]
    answered, analysed, megabytes = (statistics.median(values) for values in zip(*rounds, strict=True))
    slowest = max(seconds for _, seconds, _ in rounds)
    print(f"start to first answer {answered:.2f} s, to first analysis {analysed:.2f} s (slowest {slowest:.2f} s)")
    print(f"limit {LIMIT_SECONDS:.0f} s: ratio {analysed / LIMIT_SECONDS:.2f}")
    ratio = megabytes / LIMIT_MEGABYTES
    print(f"idle, all processes: {megabytes:.0f} MB PSS; limit {LIMIT_MEGABYTES:.0f} MB: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
