"""A server that a program is told of is gone with its context, and so is whoever still talks to it."""

import asyncio

import pytest

from cybervault.egress.loopback import HERE, Loopback, loopback


async def test_each_connection_is_answered_and_then_over() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()

    place = Loopback()
    async with loopback(shout, place, line_bytes=100):
        reader, writer = await asyncio.open_connection(HERE, place.port)
        writer.write(b"hello\n")
        assert await reader.read() == b"HELLO\n"
        writer.close()
        await writer.wait_closed()
    assert not place.under_way


async def test_whoever_talks_when_it_is_taken_down_is_cut_off() -> None:
    heard = asyncio.Event()

    async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        heard.set()
        await asyncio.Event().wait()

    place = Loopback()
    async with loopback(never, place, line_bytes=100):
        reader, writer = await asyncio.open_connection(HERE, place.port)
        writer.write(b"hello\n")
        await heard.wait()
        assert len(place.under_way) == 1
    assert not place.under_way
    assert await reader.read() == b""
    with pytest.raises(OSError, match=str(place.port)):
        await asyncio.open_connection(HERE, place.port)
    writer.close()
    await writer.wait_closed()
