"""What holds for every test: sockets reach this machine only, and generated cases are the same on every run in CI."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ("tests.architecture.recording", "tests.fakes.fixtures")

# A time limit for one case would measure the machine. Where Hypothesis finds a CI, it has fixed the seed already.
settings.register_profile("house", settings(), deadline=None, max_examples=60)
settings.load_profile("house")


class OutsideCallError(RuntimeError):
    """A test tried to reach another machine. No OSError, so that no code takes it for a source that is down."""


def _refuse_outside(host: object) -> None:
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        is_here = ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        is_here = text in {"localhost", "", "None"}
    if not is_here:
        message = f"tests reach this machine only, not {text!r}: start a server on loopback"
        raise OutsideCallError(message)


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse to connect, send or resolve beyond this machine."""
    plain = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

    def guarded(name: str) -> Any:  # noqa: ANN401 - three signatures of the standard library
        def call(self: socket.socket, *given: Any) -> Any:  # noqa: ANN401 - same
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                _refuse_outside(given[-1][0])
            return plain[name](self, *given)

        return call

    resolve = socket.getaddrinfo

    def guarded_resolve(host: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - same
        if not _is_address(host):
            _refuse_outside(host)
        return resolve(host, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        for name in plain:
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


def _is_address(host: object) -> bool:
    """Whether a name is already an address: nobody is asked to resolve it."""
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return True
