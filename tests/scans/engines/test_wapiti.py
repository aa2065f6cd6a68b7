"""What wapiti says, as rules of ours: from what it wrote about an application of our own, and from it itself."""

import ipaddress
import json
from typing import Any, Final

import pytest

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.apart import Apart
from cybervault.scans.engines import WAPITI
from cybervault.scans.engines.services import Named
from cybervault.scans.engines.wapiti import ADAPTER, arguments, judge
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import scan_rules
from cybervault.scans.seen import CoverageState, Host, Service
from tests.architecture.tree import ROOT
from tests.fakes.scan_engines import real_toolbox
from tests.fakes.scanned import Issue, listening, server_side, silent
from tests.fakes.vulnerable import application
from tests.scans.desk import profiles_of

PENTEST: Final = profiles_of(1)[ProfileName.PENTEST]
RECORDED: Final = (ROOT / "tests" / "cases" / "wapiti" / "output.txt").read_bytes()
HOLES: Final = {
    ("web_path_traversal", "/file (q)"),
    ("web_open_redirect", "/go (q)"),
    ("web_sql_injection", "/item (q)"),
    ("web_csrf_token_missing", "/note"),
    ("web_unhandled_error", "/number (q)"),
    ("web_xss_reflected", "/search (q)"),
}


def one(path: object = "/a", parameter: str | None = "q", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return {"method": "GET", "path": path, "parameter": parameter, "info": "by q", "level": 4} | more


def written(*found: dict[str, Any], category: str = "SQL Injection", said: str = "", pages: int = 2) -> bytes:
    """What it writes: words on its way, a document as it indents them, and a last word."""
    document = {
        "classifications": {"SQL Injection": {"desc": "long"}},
        "vulnerabilities": {category: list(found)},
        "anomalies": {},
        "infos": {"crawled_pages_nbr": pages, "version": "Wapiti 3.2.3"},
    }
    return f"{said}\n[*] Generating report...\n{json.dumps(document, indent=2)}A report has been generated".encode()


def test_what_it_wrote_about_an_application_is_a_rule_at_each_spot() -> None:
    judged = judge(RECORDED, 0)
    assert {(held.rule, held.spot) for held in judged.within} == HOLES
    assert (judged.rules, judged.fault) == ([], "")
    assert {rule for rule, _ in HOLES} <= set(scan_rules())
    evidence = {held.rule: held.evidence for held in judged.within}
    assert evidence["web_sql_injection"] == (
        "SQL Injection (DBMS: SQLite) via injection in the parameter q: GET /item?q=1%C2%BF%27%22%28 HTTP/1.1"
    )
    assert evidence["web_csrf_token_missing"].endswith(": POST /note HTTP/1.1 text=default")


def test_two_ways_into_one_spot_are_one_and_what_is_no_rule_of_ours_is_passed_over() -> None:
    assert [held.spot for held in judge(written(one(), one(info="blind"), one(parameter=None)), 0).within] == [
        "/a", "/a (q)",
    ]  # fmt: skip
    assert judge(written(one(), category="Fingerprint web server"), 0).within == ()


def test_what_a_page_made_up_is_one_short_line_and_brings_no_cookie() -> None:
    request = "GET /a?\x1b[31m=1 HTTP/1.1\ncookie: session=secret\n\nbody\x00" + "x" * 9_000
    made_up = one("/\x1b]0;owned\x07\n" + "y" * 500, "\u202e" + "z" * 500, info="<b>\n", http_request=request)
    (held,) = judge(written(made_up), 0).within
    assert held.evidence.isprintable()
    assert held.spot.isprintable()
    assert len(held.spot) < 250
    assert len(held.evidence) < 2_048
    assert "secret" not in held.evidence


def test_more_spots_than_anybody_reads_are_cut_and_told() -> None:
    judged = judge(written(*(one(f"/{number}") for number in range(300))), 0)
    assert len(judged.within) == 200
    assert judged.fault == "it found 300 spots, of which 200 are kept"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("Max scan time was reached, stopping.", "it ran out of time in its crawl"),
        (
            "Max attack time was reached for module sql, stopping.\nMax attack time was reached for module xss, stop",
            "it ran out of time in sql, xss",
        ),
        ("[!] Unable to import module sql: no such thing", "a part of it could not be loaded"),
        ("[!] Module xss seems broken and will be skipped", "a part of it could not be loaded"),
        ("[+] GET http://x/Max scan time was reached", ""),
    ],
)
def test_what_it_did_not_come_to_is_told_and_what_it_found_is_kept(said: str, fault: str) -> None:
    judged = judge(written(one(), said=said), 0)
    assert (judged.fault, len(judged.within)) == (fault, 1)


def test_a_document_in_what_it_says_on_its_way_is_not_its_document() -> None:
    forged = json.dumps({"infos": {"crawled_pages_nbr": 9}, "vulnerabilities": {}, "anomalies": {}}, indent=2)
    assert len(judge(written(one(), said=f"[+] GET /\n{forged}\n"), 0).within) == 1


@pytest.mark.parametrize(
    "output",
    [
        b"", b"\n{\n", b"\n{\n}\n", b"[*] Launching module sql\n", RECORDED[:-2_000], written(one(path=7)),
        written()[:-200] + b"\xff", b'\n{\n"infos": ' + b"[" * 100_000, written(pages=0),
    ],
)  # fmt: skip
def test_what_is_no_report_is_never_clean(output: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        judge(output, 0)


def test_it_stays_below_the_front_page_and_asks_no_host_of_others() -> None:
    words = arguments(Spot(ipaddress.ip_address("10.1.0.7"), 8443, "a.example"), Named("https", is_tls=True), PENTEST)
    assert {word for word in words if "://" in word} == {"https://a.example:8443/"}
    assert words[words.index("--scope") + 1] == "folder"
    assert {"--no-bugreport", "--external-endpoint", "--dns-endpoint"} < set(words)
    assert "--proxy" not in words
    assert arguments(Spot(ipaddress.ip_address("fd12::1"), 80), Named("http"), PENTEST)[1] == "http://[fd12::1]:80/"
    modules = words[words.index("--module") + 1].split(",")
    assert not {"upload", "permanentxss", "ssrf", "xxe", "log4shell", "brute_login_form", "buster"} & set(modules)
    seconds = [float(words[words.index(name) + 1]) for name in ("--max-scan-time", "--max-attack-time")]
    assert seconds[0] + seconds[1] * len(modules) + 30 < ADAPTER.bounds.seconds


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_engine_itself_finds_the_holes_and_leaves_the_target_by_no_way(scheme: str) -> None:
    """Through the proxy, by a name that leads nowhere; the host to which links and redirects lead is asked nothing."""
    apart, tls = Apart(real_toolbox(WAPITI), (ADAPTER,)), server_side(Issue()) if scheme == "https" else None
    prober = Prober(lambda _address: True, has_loopback=True)
    async with listening(silent) as elsewhere:
        talk = application(f"http://127.0.0.1:{elsewhere.port}/")
        async with listening(talk, tls) as server:
            service = Service(Host("web.example", "127.0.0.1", "web.example"), server.port)
            named = Named(scheme, is_tls=tls is not None)
            report = await apart.attack(service, named, PENTEST, prober=prober, absent=())
        assert elsewhere.connections == 0
        place = f"{server.port}/tcp"
        assert {(one.rule, one.place) for one in report.seen} == {(rule, f"{place} {spot}") for rule, spot in HOLES}
        assert [(line.state, line.reason, line.places) for line in report.coverage] == [
            (CoverageState.COVERED, "", (place,))
        ]
        gone = await apart.attack(service, named, PENTEST, prober=prober, absent=())
    (line,) = gone.coverage
    assert (line.state, gone.seen) == (CoverageState.FAILED, [])
    # A page that our proxy made up in the server's place is one to it.
    assert line.reason == ("the server did not answer 2 of 2 times" if tls is None else "it found no page to look at")
