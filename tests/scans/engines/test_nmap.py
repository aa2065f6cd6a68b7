"""What nmap says, as rules of ours: documents as it writes them, those that somebody else would like to, and itself."""

import ipaddress
import shutil

import pytest

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.apart import Apart
from cybervault.scans.engines.nmap import ADAPTER, arguments, judge
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import ProfileName
from cybervault.scans.seen import Host, Service
from tests.fakes.scan_engines import real_toolbox
from tests.fakes.scanned import greets, listening
from tests.scans.desk import profiles_of

STANDARD, COMPLIANCE = (profiles_of(1)[name] for name in (ProfileName.STANDARD, ProfileName.COMPLIANCE))
END = '<runstats><finished exit="success"/></runstats></nmaprun>'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap">'


def document(service: str, *, state: str = "open", head: str = HEAD, end: str = END) -> bytes:
    port = f'<port protocol="tcp" portid="21"><state state="{state}"/>{service}</port>'
    return f"{head}<host><ports>{port}</ports></host>{end}".encode()


def probed(name: str, more: str = "", conf: int = 10) -> str:
    return f'<service name="{name}" {more} method="probed" conf="{conf}"/>'


@pytest.mark.parametrize(
    ("service", "rules"),
    [
        (probed("ftp", 'product="vsftpd" version="2.3.4"'), ["service_open", "ftp_cleartext"]),
        (probed("ftp", 'tunnel="ssl"'), ["service_open"]),
        (probed("telnet"), ["service_open", "telnet_open"]),
        (probed("postgresql"), ["service_open", "database_reachable"]),
        (probed("ssh", 'extrainfo="protocol 1.5"'), ["service_open", "ssh_protocol_1"]),
        (probed("ssh", 'extrainfo="protocol 1.99"'), ["service_open"]),
        (probed("ssh", 'product="OpenSSH" version="4.3" extrainfo="protocol 2.0"'), ["service_open"]),
        (probed("telnet", conf=5), []),
        ('<service name="telnet" method="table" conf="3"/>', []),
        ('<service name="telnet" method="probed" conf="x"/>', []),
        ('<service name="telnet" method="probed"/>', []),
    ],
)
def test_what_it_is_sure_of_is_a_rule_and_a_version_is_none(service: str, rules: list[str]) -> None:
    judged = judge(document(service), 0)
    assert [rule for rule, _ in judged.rules] == rules
    assert judged.fault == ""


def test_what_is_not_open_any_longer_is_nothing() -> None:
    assert judge(document(probed("telnet"), state="closed"), 0).rules == []


def test_what_was_told_before_it_broke_off_counts_and_is_not_all() -> None:
    whole = document(probed("telnet"))
    for cut in (whole[: whole.index(b"</ports>")], whole.replace(b'exit="success"', b'exit="error"')):
        judged = judge(cut, 1)
        assert [rule for rule, _ in judged.rules] == ["service_open", "telnet_open"]
        assert judged.fault


BOMB = '<!DOCTYPE nmaprun [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<nmaprun>'
OUTSIDE = '<!DOCTYPE nmaprun SYSTEM "file:///etc/passwd">\n<nmaprun>'


@pytest.mark.parametrize(
    "output",
    [
        b"", b"Starting Nmap 7.93\n", b"<nmaprun>", b"\x00" * 1_000, b"<a>" * 100_000,
        document(probed("&b;"), head=BOMB), document(probed("x"), head=OUTSIDE),
        f"{HEAD}<runstats><finished exit='error' errormsg='x'/></runstats></nmaprun>".encode(),
    ],
    ids=["nothing", "-oN", "begun", "zeros", "deep", "entities", "outside", "gave up"],
)  # fmt: skip
def test_what_is_no_document_of_nmap_is_never_clean(output: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        judge(output, 1)


def test_a_hostile_banner_is_one_short_line() -> None:
    more = f'product="&#x9b;2J&lt;script&gt;{"x" * 900}" extrainfo="a&#10;b"'
    (_, text), *_ = judge(document(probed("http", more)), 0).rules
    assert text.isprintable()
    assert len(text) <= 200


def test_one_port_of_one_address_is_asked_and_nothing_is_looked_up() -> None:
    at = ipaddress.ip_address
    words = arguments(Spot(at("10.1.0.7"), 21, "-oN"), Named("ftp"), STANDARD)
    assert words[-5:] == ["-p", "21", "-oX", "-", "10.1.0.7"]
    assert {"-n", "-Pn", "--unprivileged"} <= set(words)
    assert not any(word.startswith("--script") for word in words)
    assert arguments(Spot(at("fd12::1"), 21), Named("ftp"), COMPLIANCE)[0] == "-6"


async def test_the_program_itself_is_understood() -> None:
    if shutil.which("nmap") is None:
        pytest.skip("nmap is not on this machine (Debian: nmap)")
    apart, prober = Apart(real_toolbox(), (ADAPTER,)), Prober(lambda _address: True, has_loopback=True)
    async with listening(greets(b"220 (vsFTPd 2.3.4)\r\n")) as server:
        service = Service(Host("127.0.0.1", "127.0.0.1"), server.port)
        report = await apart.look(service, Named("ftp"), STANDARD, prober=prober, absent=())
    assert [(line.state.value, line.reason) for line in report.coverage] == [("covered", "")]
    assert {one.rule: one.evidence for one in report.seen} == dict.fromkeys(
        ("service_open", "ftp_cleartext"), "ftp vsftpd 2.3.4"
    )
