"""OpenSSH's own server on loopback, with keys of its own, as a process of nobody's; it lets nobody in."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.fakes.loopback import HOST
from tests.fakes.processes import free_port


def program() -> str | None:
    """Where it is: installed, or unpacked by `make engines`."""
    return shutil.which("sshd", path=f"/usr/sbin:/usr/local/sbin:{ROOT / '.tools' / 'debian' / 'usr' / 'sbin'}")


@contextmanager
def sshd(*lines: str) -> Iterator[int]:
    """The port of a server with these lines in its configuration; skips where the program is not there."""
    found = program()
    if found is None:
        pytest.skip("OpenSSH's server is not on this machine (Debian: openssh-server)")
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        port, key = free_port(), Path(folder) / "key"
        subprocess.run(
            [shutil.which("ssh-keygen") or "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
        )
        if nobody is not None:
            for path in (Path(folder), key):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        settings = [f"-oPort={port}", f"-oListenAddress={HOST}", f"-oHostKey={key}", "-oPidFile=none"]
        words = [found, "-D", "-e", "-f", "/dev/null", *settings, *(f"-o{line}" for line in lines)]
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=nobody and nobody.pw_uid
        ) as process:
            try:
                _wait(port)
                yield port
            finally:
                process.terminate()


def _wait(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("sshd did not start")
