"""Lets a program that is not ours read from AWS: it never has the key, for each of its requests is signed here.

It connects to loopback, writes a line of JSON with one request, and gets a line with the reply. What is not plainly
reading, or leads anywhere else than to AWS, is not sent.
"""

import asyncio
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from cybervault.egress.guard import origin_of
from cybervault.egress.loopback import Loopback, loopback
from cybervault.egress.message import EgressError
from cybervault.scans.cloud.client import REGION, Aws, Signed

_TOKEN_BYTES: Final = 16
_LINE_BYTES_MAX: Final = 2 * 1024 * 1024
_LINE_SECONDS: Final = 10.0
_FORM_BYTES_MAX: Final = 64 * 1024
_CONNECTIONS_MAX: Final = 64
_HTTPS_PORT: Final = 443
# A service by its name, in a region or in none, "api.ecr", and S3's control of an account: never a host of customers,
# as those of load balancers (elb) and of their own interfaces (execute-api) are.
_HOST: Final = re.compile(
    r"(?:api\.|[0-9]{12}\.(?=s3-control\.))?[a-z0-9-]{2,40}(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}))?"
    r"\.amazonaws\.com(?:\.cn)?",
    re.ASCII,
)
_SCOPE: Final = re.compile(r"Credential=[^/,]{1,128}/[0-9]{8}/([a-z0-9-]{2,40})/([a-z0-9-]{2,40})/aws4_request[,;]")
_READING: Final = ("Describe", "List", "Get", "BatchGet", "BatchDescribe", "Lookup", "Search")
# Makes a list of users and their keys' ages, which is then read; nothing of the account is changed by it.
_READING_TOO: Final = frozenset({"GenerateCredentialReport"})
# What gives away secrets, or the data that an account holds, though it is called reading.
_DATA: Final = frozenset({
    "GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath", "GetPasswordData",
    "GetSessionToken", "GetFederationToken", "GetAuthorizationToken", "GetItem", "BatchGetItem", "GetRecords",
    "GetLogEvents",
})  # fmt: skip
_OWN_HEADERS: Final = frozenset({"x-amz-date", "x-amz-content-sha256", "x-amz-security-token"})
_PASSED_HEADERS: Final = frozenset({"content-type", "accept"})
_LOST: Final = 503
_REFUSED: Final = 403


class _Asked(msgspec.Struct, frozen=True):
    token: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


class _Answer(msgspec.Struct, frozen=True):
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


_ASKED: Final = msgspec.json.Decoder(_Asked)


@dataclass(slots=True)
class Relay(Loopback):
    """Where it is, and the token that lets one in; how many requests were sent, and how many were not."""

    token: str = field(default="", repr=False)
    sent: int = 0
    refused: int = 0


@asynccontextmanager
async def relaying(aws: Aws) -> AsyncIterator[Relay]:
    """A relay to one account for as long as the context lasts."""
    relay = Relay(token=secrets.token_urlsafe(_TOKEN_BYTES))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever writes no line in time, or a line without end, is not answered.
        with suppress(OSError, ValueError):
            async with asyncio.timeout(_LINE_SECONDS):
                line = await reader.readline()
            if len(relay.under_way) <= _CONNECTIONS_MAX:
                writer.write(msgspec.json.encode(await _answer(line, relay, aws)) + b"\n")
                await writer.drain()

    async with loopback(talk, relay, line_bytes=_LINE_BYTES_MAX):
        yield relay


async def _answer(line: bytes, relay: Relay, aws: Aws) -> _Answer:
    wish = request_of(line, relay.token)
    if wish is None:
        relay.refused += 1
        return _Answer(_REFUSED)
    relay.sent += 1
    reply = await aws.relay(wish)
    if reply.failure is not None:
        return _Answer(_LOST)
    return _Answer(reply.status, reply.headers, reply.body)


def request_of(line: bytes, token: str) -> Signed | None:
    """What a line asks for; None for what is not to be sent (pure)."""
    try:
        asked = _ASKED.decode(line)
        origin = origin_of(asked.url)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, EgressError):
        return None
    headers = {name.lower(): value for name, value in asked.headers.items()}
    scope, host = _SCOPE.search(headers.get("authorization", "")), _HOST.fullmatch(origin.host)
    if not hmac.compare_digest(asked.token.encode(), token.encode()) or scope is None or host is None:
        return None
    region, service = scope[1], scope[2]
    if (origin.scheme, origin.port) != ("https", _HTTPS_PORT) or not REGION.fullmatch(region):
        return None
    if host["region"] not in {None, region} or not _is_reading(asked, service, headers):
        return None
    parts = urlsplit(asked.url)
    passed = tuple((name, value) for name, value in headers.items() if _is_passed(name, value))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Signed(asked.method, service, region, f"https://{origin.host}", path, passed, asked.body)


def _is_reading(asked: _Asked, service: str, headers: Mapping[str, str]) -> bool:
    parts = urlsplit(asked.url)
    actions = [value for name, value in parse_qsl(parts.query) if name.lower() == "action"]
    if asked.method in {"GET", "HEAD"} and not asked.body:
        # Objects are what a bucket holds, and no part of how it is set up.
        names = [part for part in parts.path.split("/") if part]
        is_s3 = (service == "s3" or parts.netloc.startswith("s3.")) and ".s3-control." not in parts.netloc
        is_object = is_s3 and len(names) > 1
        return not is_object and all(map(_reads, actions))
    if asked.method != "POST" or actions:
        return False
    target = headers.get("x-amz-target", "")
    if target:
        return _reads(target.rpartition(".")[2])
    if len(asked.body) > _FORM_BYTES_MAX:
        return False
    form = parse_qsl(asked.body.decode("utf-8", "replace"))
    named = [value for name, value in form if name.lower() == "action"]
    return len(named) == 1 and _reads(named[0])


def _reads(action: str) -> bool:
    return action in _READING_TOO or (action.startswith(_READING) and action not in _DATA)


def _is_passed(name: str, value: str) -> bool:
    is_named = name in _PASSED_HEADERS or (name.startswith("x-amz-") and name not in _OWN_HEADERS)
    return is_named and value.isascii() and value.isprintable()
