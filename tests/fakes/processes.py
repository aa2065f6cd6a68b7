"""The product as an operator runs it: `cybervault serve` as a process of its own, and what /proc says about it."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from tests.fakes.loopback import HOST

# Nothing here speaks TLS, and to read this machine's certificates for a client costs 30 ms each time.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_START_SECONDS: Final = 40.0
_STOP_SECONDS: Final = 15.0
_KIBIBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Served:
    """A started server: where it answers, its first process, and the file that holds everything it prints."""

    port: int
    pid: int
    output: Path

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://{HOST}:{self.port}"

    def get(self, path: str) -> str:
        """The whole body of one answer."""
        with httpx2.Client(trust_env=False, timeout=10, verify=NO_TLS) as client:
            return client.get(self.url + path).text

    def answers(self) -> bool:
        """Whether it says that it lives."""
        try:
            return self.get("/api/health") == '{"status":"ok"}'
        except httpx2.TransportError:
            return False


def say(port: int, request: bytes, *, patience_seconds: float = 2.0) -> bytes:
    """Send bytes that may be no request, and give what comes back until the server closes or waits for more.

    Say "Connection: close" in it where it is one: a client that shuts its half gets no answer.
    """
    answer = b""
    with socket.create_connection((HOST, port), timeout=patience_seconds) as connection:
        with suppress(OSError):  # refused before all was sent; the answer is there all the same
            connection.sendall(request)
        with suppress(OSError):
            while piece := connection.recv(65_536):
                answer += piece
    return answer


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server((HOST, 0)) as found:
        return int(found.getsockname()[1])


def environment(*parts: Mapping[str, str]) -> dict[str, str]:
    """What a shell gives a process, without settings of ours, and then the parts.

    Where this shell forbids bytecode it is kept beside the tree: without any, each start compiles every library.
    """
    ours = ("CYBERVAULT_", "OPENROUTER_", "VIRUSTOTAL_", "ABUSEIPDB_", "POLYSWARM_", "RATE_LIMIT_")
    shell = {name: value for name, value in os.environ.items() if not name.startswith(ours)}  # noqa: TID251 - as a shell
    if shell.pop("PYTHONDONTWRITEBYTECODE", ""):
        shell["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "cybervault-bytecode")
    return {name: value for part in (shell, *parts) for name, value in part.items()}


def command(*words: str) -> list[str]:
    """The command line of the product in this installation."""
    return [sys.executable, "-m", "cybervault", *words]


@contextmanager
def served(data: Path, settings: Mapping[str, str], output: Path) -> Iterator[Served]:
    """Start the server, wait until it answers, and interrupt it at the end as a terminal would."""
    port = free_port()
    words = command("serve", "--port", str(port), "--data", str(data))
    with (
        output.open("wb") as out,
        subprocess.Popen(words, env=environment(settings), stdout=out, stderr=subprocess.STDOUT) as process,
    ):
        server = Served(port, process.pid, output)
        try:
            wait_for(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(server: Served, process: "subprocess.Popen[bytes]") -> None:
    """Wait for the first answer; RuntimeError with what was printed when none comes."""
    deadline = time.monotonic() + _START_SECONDS  # noqa: TID251 - a real process takes real time
    while process.poll() is None and time.monotonic() < deadline:  # noqa: TID251 - same
        if server.answers():
            return
        time.sleep(0.02)
    printed = server.output.read_text(errors="replace")
    raise RuntimeError(f"the server did not start: {printed}")


def family(pid: int) -> list[int]:
    """A process and all that descend from it, as far as they still live."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for place in _listed(Path(f"/proc/{one}/task")):
            waiting += [int(child) for child in _text(place / "children").split()]
    return found


def command_lines(pids: Sequence[int]) -> bytes:
    """What everybody on this machine can read of the processes' arguments."""
    return b"\n".join(_bytes(Path(f"/proc/{pid}/cmdline")) for pid in pids)


def proportional_bytes(pids: Sequence[int]) -> int:
    """Memory of the processes together, each shared page counted in parts (PSS)."""
    return sum(_kibibytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids)


def resident_bytes(pids: Sequence[int]) -> int:
    """Memory that the processes hold now; shared pages count for each."""
    return sum(_kibibytes(Path(f"/proc/{pid}/status"), "VmRSS:") for pid in pids)


def peak_bytes(pids: Sequence[int]) -> int:
    """The most that the processes ever held, each at its own worst moment."""
    return sum(_kibibytes(Path(f"/proc/{pid}/status"), "VmHWM:") for pid in pids)


def processor_seconds(pids: Sequence[int]) -> float:
    """Time on the processor so far, in user and kernel mode."""
    ticks = 0
    for pid in pids:
        fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _kibibytes(path: Path, name: str) -> int:
    lines = (line.split() for line in _text(path).splitlines())
    return next((int(words[1]) * _KIBIBYTE for words in lines if words and words[0] == name), 0)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    return _bytes(path).decode(errors="replace")


def _bytes(path: Path) -> bytes:
    """A file of /proc, or nothing where its process has just gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
