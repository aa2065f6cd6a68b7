"""Servers on loopback for scans: real sockets that speak a little of each language, and real certificates."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HOST: Final = "127.0.0.1"
NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HTTP_SAFE: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nStrict-Transport-Security: max-age=31536000\r\n"
    b"Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
)
HTTP_BARE: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: sid=secret; Path=/\r\nContent-Length: 2\r\n"
    b"Connection: close\r\n\r\nok"
)


def greets(text: bytes) -> Talk:
    """Says something by itself, then listens."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await reader.read(1024)

    return talk


def answers(**replies: bytes) -> Talk:
    """Waits for a line, and answers by its first word in lower case; to others it says nothing and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        reply = replies.get(line.split(b" ")[0].strip().lower().decode("latin-1"))
        if reply is not None:
            writer.write(reply)
            await writer.drain()

    return talk


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Takes the connection and says nothing for as long as anybody stays."""
    await reader.read()


def silent_until(go: Event) -> Talk:
    """The same, but hangs up as soon as it is let go."""

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while not go.is_set() and not reader.at_eof():  # noqa: ASYNC110 - who lets go is in another thread
            await asyncio.sleep(0.02)

    return talk


@dataclass(slots=True)
class Listening:
    """A server and how often it was connected to."""

    port: int
    connections: int = 0


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None, *, port: int = 0) -> AsyncIterator[Listening]:
    """A server for as long as the context lasts."""
    found = Listening(port)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        found.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            tasks.discard(task)
            writer.transport.abort() if tls is None else writer.close()

    server = await asyncio.start_server(serve, HOST, port, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def apart(talk: Talk) -> Iterator[int]:
    """The port of a server in a thread of its own, for tests that wait for other processes."""
    loop, done, ports = asyncio.new_event_loop(), asyncio.Event(), list[int]()

    async def serve() -> None:
        async with listening(talk) as server:
            ports.append(server.port)
            await done.wait()

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        while not ports:
            thread.join(0.01)
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


@dataclass(frozen=True, slots=True)
class Issue:
    """What a certificate says of itself; signed by itself unless told otherwise."""

    names: tuple[str, ...] = ("web.example",)
    begin: datetime = NOW - timedelta(days=1)
    days: int = 90
    bits: int = 2_048
    curve: ec.EllipticCurve | None = None
    issuer: str | None = None


def certificate(issue: Issue) -> tuple[bytes, bytes]:
    """A certificate and its key, both in PEM."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    key = rsa.generate_private_key(65_537, issue.bits) if issue.curve is None else ec.generate_private_key(issue.curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issue.names[0] if issue.names else "nobody")])
    issuer = name if issue.issuer is None else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issue.issuer)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issue.begin)
        .not_valid_after(issue.begin + timedelta(days=issue.days))
    )
    if issue.names:
        names = [x509.DNSName(one) for one in issue.names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def server_side(issue: Issue, *, is_old: bool = False) -> ssl.SSLContext:
    """A server's side of TLS with such a certificate; an old one agrees to TLS 1.0 too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.write_bytes(b"".join(certificate(issue)))
        context.load_cert_chain(file)
    if is_old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context
