"""Holes of web applications that are found by attacking them, by wapiti: in pentests alone, and by a proxy of ours."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines import WAPITI
from cybervault.scans.engines.adapter import Adapter, Held, Judged
from cybervault.scans.engines.http import AGENT
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import shown

_MIB: Final = 1024 * 1024
# Its own limits hold to a few seconds, and stand together below the time after which nothing that it found is left.
_CRAWL_SECONDS: Final = 60
_MODULE_SECONDS: Final = 45
_BOUNDS: Final = Bounds(seconds=480.0, memory_bytes=2048 * _MIB, cpu_seconds=300, output_bytes=16 * _MIB)
# Left out: what leaves something behind on the server (upload, permanentxss), what has it speak with a host on the
# internet (ssrf, xxe, log4shell), what guesses passwords or names, and what our own engines look at.
_MODULES: Final = ("sql", "xss", "file", "exec", "crlf", "redirect", "csrf", "htaccess")
_DEPTH: Final = 6
_LINKS_OF_PAGE: Final = 100
_FILES_OF_FOLDER: Final = 100
_PARAMETERS: Final = 20
_RULES: Final = {
    "SQL Injection": "web_sql_injection",
    "Blind SQL Injection": "web_sql_injection",
    "Command execution": "web_command_execution",
    "Path Traversal": "web_path_traversal",
    "Reflected Cross Site Scripting": "web_xss_reflected",
    "HTML Injection": "web_html_injection",
    "CRLF Injection": "web_crlf_injection",
    "Open Redirect": "web_open_redirect",
    "Cross Site Request Forgery": "web_csrf_token_missing",
    "Htaccess Bypass": "web_access_rule_bypass",
    "Internal Server Error": "web_unhandled_error",
}
_SPOTS_MAX: Final = 200
_OUT_OF_TIME: Final = re.compile(rb"^Max (scan|attack) time was reached(?: for module ([a-z_]{1,20}))?", re.MULTILINE)
_BROKEN: Final = re.compile(rb"^\[!\] (?:Unable to import module|Module|Unable to find a module named) ", re.MULTILINE)


class _Found(msgspec.Struct, frozen=True):
    method: str
    path: str
    parameter: str | None = None
    info: str = ""
    http_request: str = ""


class _Infos(msgspec.Struct, frozen=True):
    crawled_pages_nbr: int


class _Document(msgspec.Struct, frozen=True):
    infos: _Infos
    vulnerabilities: dict[str, tuple[_Found, ...]]
    anomalies: dict[str, tuple[_Found, ...]]


_DOCUMENTS: Final = msgspec.json.Decoder(_Document)


def arguments(spot: Spot, named: Named, _profile: Profile) -> list[str]:
    """For one server, below its front page; what attacks make it fetch would come from that server itself.

    Its modules ask for a name as they are loaded, used or not: an address needs no asking.
    """
    scheme = "https" if named.is_tls else "http"
    url = f"{scheme}://{spot.host}:{spot.port}/"
    return [
        "--url", url, "--scope", "folder", "--module", ",".join(_MODULES), "--external-endpoint", url,
        "--dns-endpoint", "127.0.0.1", "--depth", str(_DEPTH), "--max-links-per-page", str(_LINKS_OF_PAGE),
        "--max-files-per-dir", str(_FILES_OF_FOLDER),
        "--max-parameters", str(_PARAMETERS), "--max-scan-time", str(_CRAWL_SECONDS),
        "--max-attack-time", str(_MODULE_SECONDS), "--tasks", "4", "--timeout", "10", "--user-agent", AGENT,
        "--verify-ssl", "0", "--no-bugreport", "--verbose", "1", "--format", "json", "--output", "/dev/stdout",
    ]  # fmt: skip


def judge(output: bytes, code: int | None) -> Judged:
    """Rules that hold by its document, which stands at the end of all that it says on its way (pure).

    What it says can only make it less whole: pages may have any words in them.
    """
    said, _, rest = output.rpartition(b"\n{\n")
    try:
        document = _DOCUMENTS.decode(b"{" + rest.partition(b"\n}")[0] + b"}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"what it wrote is no report (exit status {code})") from None
    if document.infos.crawled_pages_nbr < 1:
        raise ValueError("it found no page to look at")
    held: dict[tuple[str, str], Held] = {}
    for one in sorted(_held(document), key=lambda one: (one.spot, one.rule)):
        held.setdefault((one.rule, one.spot), one)
    faults = list(_faults(said))
    if len(held) > _SPOTS_MAX:
        faults.append(f"it found {len(held)} spots, of which {_SPOTS_MAX} are kept")
    return Judged([], "; ".join(faults), tuple(held.values())[:_SPOTS_MAX])


def _held(document: _Document) -> Iterator[Held]:
    for category, found in [*document.vulnerabilities.items(), *document.anomalies.items()]:
        rule = _RULES.get(category)
        if rule is not None:
            for one in found:
                path, parameter = shown(one.path, 160), shown(one.parameter or "", 60)
                spot = f"{path} ({parameter})" if parameter else path
                yield Held(rule, spot, f"{shown(one.info, 200)}: {_request(one)}")


def _request(one: _Found) -> str:
    """What it sent: the first line, and the body where there is one; no header, for a cookie may let somebody in."""
    head, _, body = one.http_request.partition("\n\n")
    first = head.partition("\n")[0]
    return " ".join(part for part in (shown(first, 600), shown(body, 600)) if part)


def _faults(said: bytes) -> Iterator[str]:
    late = dict.fromkeys(found[2].decode() if found[2] else "its crawl" for found in _OUT_OF_TIME.finditer(said))
    if late:
        yield f"it ran out of time in {', '.join(late)}"
    if _BROKEN.search(said):
        yield "a part of it could not be loaded"


ADAPTER: Final = Adapter(
    WAPITI,
    _BOUNDS,
    lambda named: named.name in {"http", "https"},
    arguments,
    judge,
    proxy_option="--proxy",
)
