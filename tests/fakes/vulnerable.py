"""A web application on loopback with one hole of each kind, and links that lead away from it."""

import asyncio
import html
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.scanned import Talk

_REASONS: Final = {200: "OK", 302: "Found", 404: "Not Found", 500: "Internal Server Error"}
_PASSWORDS: Final = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"


def application(elsewhere: str) -> Talk:
    """One that has a page for each hole, and leads to the URL `elsewhere` by a link and by a redirect."""
    pages: Mapping[str, Callable[[str], tuple[int, str, str]]] = {
        "/": lambda _value: (200, "", _front(elsewhere)),
        "/search": lambda value: (200, "", f"<p>You looked for {value}.</p>"),
        "/safe": lambda value: (200, "", f"<p>You looked for {html.escape(value)}.</p>"),
        "/item": lambda value: (200, "", _item(value)),
        "/file": lambda value: (200, "", _PASSWORDS if value.endswith("/etc/passwd") else "It is empty."),
        "/number": lambda value: (200 if value.isdecimal() else 500, "", "What it is twice."),
        "/note": lambda _value: (200, "", "It is taken."),
        "/go": lambda value: (302, value.partition("\r")[0], ""),
        "/away": lambda _value: (302, f"{elsewhere}away", ""),
    }

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"content-length: ([0-9]+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        url = urlsplit(head.split(" ")[1])
        value = unquote(dict(parse_qsl(url.query, keep_blank_values=True)).get("q", ""))
        page = pages.get(url.path)
        status, location, body = (404, "", "There is no such page.") if page is None else page(value)
        raw = body.encode()
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", "Content-Type: text/html", f"Content-Length: {len(raw)}"]
        lines += [f"Location: {location}"] if location.isprintable() and location else []
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + raw)
        await writer.drain()

    return talk


def _front(elsewhere: str) -> str:
    links = ("/search?q=a", "/safe?q=a", "/item?q=1", "/file?q=a.txt", "/number?q=2", "/go?q=/", "/away", elsewhere)
    form = '<form method="post" action="/note"><input name="text"></form>'
    return "".join(f'<a href="{link}">{link}</a>' for link in links) + form


def _item(value: str) -> str:
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE TABLE items (id INTEGER, name TEXT)")
        return str(database.execute(f"SELECT name FROM items WHERE id = {value}").fetchall())  # noqa: S608 - the hole
    except sqlite3.Error as error:
        return f"sqlite3.OperationalError: {error}"
    finally:
        database.close()
