"""What a web server says about security before anybody has signed in: headers, cookies, plain HTTP that is left."""

import ipaddress
import re
from typing import Final

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.engines import HTTP
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, Service, place_of, shown

_HALF_A_YEAR_SECONDS: Final = 15_552_000
_HEADERS_MAX: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
AGENT: Final = "CyberVault-Scan (security scan of the owner's own systems)"
"""What we call ourselves before web servers."""

Headers = list[tuple[str, str]]


async def look_at_web(service: Service, profile: Profile, prober: Prober, *, is_tls: bool) -> Report:
    """Ask for the front page once; no redirect is followed, so that nothing beyond the grant is asked."""
    spot = Spot(ipaddress.ip_address(service.host.address), service.port, service.host.name)
    asset, place = service.host.asset, place_of(service.port)
    question = f"GET / HTTP/1.1\r\nHost: {spot.host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    raw = await prober.converse(spot, question.encode(), seconds=profile.answer_seconds, is_tls=is_tls)
    status, headers = parse_head(raw)
    if status is None:
        reason = "the server gave no answer that is HTTP"
        return Report(coverage=[Coverage(asset, HTTP, CoverageState.FAILED, reason, (place,))])
    rules = judge_head(status, headers, is_tls=is_tls)
    return Report(
        [Seen(asset, rule, HTTP, place, evidence) for rule, evidence in rules],
        [Coverage(asset, HTTP, CoverageState.COVERED, places=(place,))],
    )


def parse_head(raw: bytes) -> tuple[int | None, Headers]:
    """Status and headers of an answer, names in lower case; None for what is not HTTP (pure)."""
    lines = raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    first = re.match(r"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\Z)", lines[0])
    if first is None:
        return None, []
    pairs = (line.partition(":") for line in lines[1 : _HEADERS_MAX + 1])
    return int(first[1]), [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]


def judge_head(status: int, headers: Headers, *, is_tls: bool) -> list[tuple[str, str]]:
    """Rules that hold for an answer, each with its evidence (pure)."""
    values = dict(headers)
    location = values.get("location", "")
    if status in _REDIRECTS and not is_tls and location.lower().startswith("https://"):
        return []
    found = _cookies(headers, is_tls=is_tls)
    if is_tls:
        age = re.search(r"max-age\s*=\s*\"?([0-9]{1,12})", values.get("strict-transport-security", ""), re.IGNORECASE)
        if age is None or int(age[1]) < _HALF_A_YEAR_SECONDS:
            found.append(("hsts_missing", shown(values.get("strict-transport-security", ""))))
    else:
        found.append(("http_without_redirect", f"status {status}"))
    if status in _REDIRECTS or not values.get("content-type", "text/html").lower().startswith("text/html"):
        return found
    policy = values.get("content-security-policy", "")
    if not policy:
        found.append(("csp_missing", ""))
    if values.get("x-content-type-options", "").lower() != "nosniff":
        found.append(("content_type_sniffing", shown(values.get("x-content-type-options", ""))))
    if "frame-ancestors" not in policy.lower() and "x-frame-options" not in values:
        found.append(("framing_allowed", ""))
    return found


def _cookies(headers: Headers, *, is_tls: bool) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for value in (value for name, value in headers if name == "set-cookie"):
        cookie, *attributes = value.split(";")
        known = {attribute.strip().lower() for attribute in attributes}
        # The name alone: a cookie's value may let somebody in.
        name = shown(cookie.partition("=")[0], 64)
        if is_tls and "secure" not in known:
            found.setdefault("cookie_without_secure", []).append(name)
        if "httponly" not in known:
            found.setdefault("cookie_without_httponly", []).append(name)
    return [(rule, ", ".join(sorted(set(names)))[:200]) for rule, names in found.items()]
