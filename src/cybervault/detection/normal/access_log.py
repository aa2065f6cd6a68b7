"""One web request in the words that Sigma's proxy and web server rules use, which differ for the same thing."""

import re
from collections.abc import Mapping
from typing import Final

from cybervault.detection.normal.values import Fields, first, joined
from cybervault.detection.record import Value

_SYNONYMS: Final = (
    ("cs-method", "c-method"),
    ("c-useragent", "cs-user-agent", "cs(User-Agent)", "c-user-agent"),
    ("cs-referer", "cs-referrer", "cs(Referer)"),
    ("cs-cookie", "cs(Cookie)"),
    ("cs-host", "r-host", "cs-uri-host", "c-uri-host"),
    ("dst_ip", "r-ip"),
    ("src_ip", "c-ip"),
)
_ORIGIN: Final = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]{0,20}://[^/?#]*")


def request_fields(known: Fields, uri: str) -> dict[str, Value]:
    """`known` fields without those that are absent, with their other names, and with the parts of `uri`.

    Many rules look for a piece of the path in cs-uri-query, so that name has the query and the path with its query.
    """
    fields: dict[str, Value] = {name: value for name, value in known.items() if value is not None}
    _add_synonyms(fields)
    path, query = parts_of(uri)
    path = path or first(fields, "cs-uri-stem", "cs-uri-path")
    query = query or first(fields, "cs-uri-query", "c-uri-query").removeprefix("?")
    if query == "-":
        query = ""
    whole = f"{path}?{query}" if query else path
    if whole:
        fields["c-uri"] = joined(uri or whole, fields.get("c-uri"))
        fields["cs-uri"] = joined(fields.get("cs-uri"), uri or whole)
        fields["cs-uri-query"] = joined(query or None, whole, fields.get("cs-uri-query"))
        fields.update({"cs-uri-stem": path, "c-uri-query": query})
        fields.setdefault("c-uri-extension", _extension(path))
    return fields


def _add_synonyms(fields: dict[str, Value]) -> None:
    for names in _SYNONYMS:
        value = next((fields[name] for name in names if fields.get(name) is not None), None)
        if value is not None:
            for name in names[:2]:
                fields.setdefault(name, value)


def parts_of(uri: str) -> tuple[str, str]:
    """Path and query, however much of a URL stands before them."""
    rest = _ORIGIN.sub("", uri, count=1).partition("#")[0]
    path, _, query = rest.partition("?")
    return path, query


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def request_line(line: str) -> Mapping[str, str]:
    """Method and URI of "GET /index.html HTTP/1.1"; nothing where a line has another form."""
    method, _, rest = line.partition(" ")
    uri = rest.rpartition(" ")[0] if rest.rpartition(" ")[2].startswith("HTTP/") else rest
    return {"method": method, "uri": uri} if method.isalpha() and uri else {}
