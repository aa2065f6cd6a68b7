"""The guard of `tests/conftest.py` holds: no test reaches another machine, whatever it does."""

import asyncio
import socket

import pytest

from tests.conftest import OutsideCallError


@pytest.mark.parametrize("address", [("192.0.2.1", 9), ("2001:db8::1", 9)])
def test_a_test_cannot_connect_outside(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as stranger:
        with pytest.raises(OutsideCallError):
            stranger.connect(address)
        with pytest.raises(OutsideCallError):
            stranger.connect_ex(address)


def test_a_test_cannot_send_outside() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger, pytest.raises(OutsideCallError):
        stranger.sendto(b"x", ("192.0.2.1", 53))


async def test_asyncio_cannot_connect_outside() -> None:
    with pytest.raises(OutsideCallError):
        await asyncio.open_connection("192.0.2.1", 9)


def test_a_test_cannot_resolve_names_of_others() -> None:
    with pytest.raises(OutsideCallError):
        socket.getaddrinfo("example.com", 443)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])),
    ):
        pass
