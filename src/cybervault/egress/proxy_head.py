"""Heads of requests to a forward proxy that leads to one spot, and of the replies that come back through it (pure).

A request is read by one strict grammar and written anew, so that no server reads another one in it.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cybervault.egress.guard import origin_of
from cybervault.egress.message import EgressError
from cybervault.egress.probing import Spot

HEAD_BYTES_MAX: Final = 64 * 1024
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
_HEADERS_MAX: Final = 100
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_REQUEST: Final = re.compile(rb"(" + _TOKEN + rb"{1,32}) ([!-~]+) HTTP/1\.[01]")
_FIELD: Final = re.compile(rb"(" + _TOKEN + rb"{1,128}):[ \t]*([^\r\n\0]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"[0-9]{1,12}")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n\0]*)?")
_INTERIM: Final = range(100, 200)
# RFC 9110, 7.6.1: what is for the next on the way alone. None of it is passed on, and connections are never kept.
_OF_THE_WAY: Final = frozenset({
    b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization", b"proxy-authenticate", b"te", b"trailer",
    b"upgrade", b"expect",
})  # fmt: skip


class Refusal(Exception):  # noqa: N818 - an expected answer, no error of ours
    """A request that is not passed on, with its status; `has_left` where it leads somewhere else than to the spot."""

    def __init__(self, status: int, *, has_left: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.has_left = has_left


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may go to the spot: what the server is sent, and how many bytes of a body follow.

    A tunnel (CONNECT) sends nothing of its own.
    """

    is_tunnel: bool
    head: bytes = b""
    body_bytes: int = 0


def read_request(head: bytes, spot: Spot, credentials: str) -> Asked:
    """Read a request by its head, to its empty line; raises `Refusal`.

    It must bear the credentials, and name the spot's host and port: its name where it has one, else its address. What
    it says of its Host counts for nothing.
    """
    first, fields = _lines(head)
    found = _REQUEST.fullmatch(first)
    if found is None:
        raise Refusal(400)
    if not hmac.compare_digest(b",".join(_all(fields, b"proxy-authorization")), credentials.encode()):
        raise Refusal(407)
    method, target = found[1], found[2].decode("ascii")
    if method == b"CONNECT":
        _check(f"https://{target}", spot, is_whole=True)
        return Asked(is_tunnel=True)
    authority = _check(target, spot)
    rest = target.partition("://")[2].removeprefix(authority)
    if not rest.startswith("/"):
        rest = f"/{rest}"
    length = _length(fields)
    first = method + b" " + rest.encode("ascii") + b" HTTP/1.1"
    lines = [first, b"Host: " + authority.encode("ascii"), *_passed_on(fields, b"host")]
    return Asked(is_tunnel=False, head=_written(lines), body_bytes=length)


def read_reply(head: bytes) -> tuple[bool, bytes]:
    """Whether another head follows (it is an interim one), and what is passed on; `Refusal` for what is not HTTP."""
    try:
        first, fields = _lines(head)
    except Refusal:
        raise Refusal(502) from None
    found = _STATUS.fullmatch(first)
    if found is None:
        raise Refusal(502)
    return int(found[1]) in _INTERIM, _written([first, *_passed_on(fields)])


def _lines(head: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if len(lines) > _HEADERS_MAX:
        raise Refusal(431)
    fields = []
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise Refusal(400)
        fields.append((found[1], found[2]))
    return first, fields


def _check(url: str, spot: Spot, *, is_whole: bool = False) -> str:
    """The authority of a URL that leads to the spot, as it stands there."""
    try:
        origin = origin_of(url)
    except EgressError:
        raise Refusal(400) from None
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    # A tunnel is asked for by host and port alone, and everything else by a whole URL of plain HTTP.
    if is_whole != (scheme == "https") or (is_whole and authority != rest):
        raise Refusal(400)
    wanted = spot.name.lower() or str(spot.address)
    if (origin.host, origin.port) != (wanted, spot.port):
        raise Refusal(403, has_left=True)
    return authority


def _length(fields: Iterable[tuple[bytes, bytes]]) -> int:
    lengths = _all(fields, b"content-length")
    if _all(fields, b"transfer-encoding"):
        raise Refusal(411)
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Refusal(400)
    if int(lengths[0]) > BODY_BYTES_MAX:
        raise Refusal(413)
    return int(lengths[0])


def _all(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for one, value in fields if one.lower() == name]


def _passed_on(fields: Iterable[tuple[bytes, bytes]], *without: bytes) -> list[bytes]:
    dropped = _OF_THE_WAY.union(without)
    # What Connection names is dropped too, but not what says where a body ends.
    named = {name.strip().lower() for value in _all(fields, b"connection") for name in value.split(b",")}
    dropped |= named - {b"content-length", b"transfer-encoding"}
    return [name + b": " + value for name, value in fields if name.lower() not in dropped]


def _written(lines: Iterable[bytes]) -> bytes:
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])
