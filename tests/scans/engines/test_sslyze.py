"""What sslyze says, as rules of ours: from what it wrote about servers of our own, and from it itself."""

import ipaddress
import json
from typing import Any

import pytest

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.apart import Apart
from cybervault.scans.engines import SSLYZE
from cybervault.scans.engines.services import Named
from cybervault.scans.engines.sslyze import ADAPTER, arguments, judge
from cybervault.scans.engines.tls import look_at_tls
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import scan_rules
from cybervault.scans.seen import Host, Service
from tests.fakes.scan_engines import real_toolbox
from tests.fakes.scanned import NOW, Issue, listening, server_side, silent
from tests.scans.desk import profiles_of

STANDARD, COMPLIANCE = (profiles_of(1)[name] for name in (ProfileName.STANDARD, ProfileName.COMPLIANCE))
SAFE = "TLS_AES_128_GCM_SHA256"

TLS = Named("tls", is_tls=True)


def suites(*names: str) -> dict[str, Any]:
    return completed(accepted_cipher_suites=[{"cipher_suite": {"name": name, "key_size": 128}} for name in names])


def completed(**result: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever an answer holds
    return {"status": "COMPLETED", "error_reason": None, "result": result}


def scan(**answers: dict[str, Any]) -> bytes:
    server = {"scan_status": "COMPLETED", "uuid": "x", "scan_result": answers}
    return json.dumps({"invalid_server_strings": [], "server_scan_results": [server]}).encode()


def test_versions_and_suites_are_judged() -> None:
    judged = judge(
        scan(
            ssl_2_0_cipher_suites=suites(),
            ssl_3_0_cipher_suites=suites("TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
            tls_1_0_cipher_suites=suites("TLS_ECDH_anon_WITH_AES_256_CBC_SHA"),
            tls_1_2_cipher_suites=suites("TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
            tls_1_3_cipher_suites=suites(SAFE),
        ),
        0,
    )
    assert judged.fault == ""
    assert dict(judged.rules) == {
        "tls_version_ssl": "the server agreed to SSL 3.0",
        "tls_version_1_0": "the server agreed to TLSv1",
        "tls_cipher_broken": "TLS_ECDH_anon_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "tls_cipher_not_recommended": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    }


@pytest.mark.parametrize(
    ("question", "bad", "good", "rule"),
    [
        ("heartbleed", {"is_vulnerable_to_heartbleed": True}, {}, "tls_heartbleed"),
        ("openssl_ccs_injection", {"is_vulnerable_to_ccs_injection": True}, {}, "tls_ccs_injection"),
        ("tls_compression", {"supports_compression": True}, {"supports_compression": False}, "tls_compression"),
        ("session_renegotiation", {"supports_secure_renegotiation": False}, {}, "tls_renegotiation_insecure"),
        (
            "robot", {"robot_result": "VULNERABLE_STRONG_ORACLE"}, {"robot_result": "NOT_VULNERABLE_NO_ORACLE"},
            "tls_robot",
        ),
    ],
)  # fmt: skip
def test_a_known_flaw_is_a_rule(question: str, bad: dict[str, Any], good: dict[str, Any], rule: str) -> None:
    answers = {"tls_1_3_cipher_suites": suites(SAFE)}
    assert [name for name, _ in judge(scan(**answers, **{question: completed(**bad)}), 0).rules] == [rule]
    assert judge(scan(**answers, **{question: completed(**good)}), 0).rules == []
    assert rule in scan_rules()


def test_a_question_that_was_not_answered_is_a_fault_and_one_that_was_not_asked_is_none() -> None:
    judged = judge(
        scan(
            tls_1_3_cipher_suites=suites(SAFE),
            robot={"status": "ERROR", "error_reason": "CONNECTIVITY_ISSUE", "result": None},
            heartbleed={"status": "NOT_SCHEDULED", "result": None},
        ),
        0,
    )
    assert (judged.rules, judged.fault) == ([], "the server broke off at: robot")


@pytest.mark.parametrize(
    "output",
    [
        b"", b"{", b"[]", b'{"server_scan_results": []}', b"[" * 100_000, b"\xff",
        b'{"server_scan_results": [{"scan_status": "ERROR_NO_CONNECTIVITY", "scan_result": null}]}',
        scan(), scan(robot=completed()), scan(tls_1_3_cipher_suites={"status": "ERROR", "result": None}),
    ],
)  # fmt: skip
def test_what_is_no_scan_is_never_clean(output: bytes) -> None:
    with pytest.raises(ValueError, match=r"it|server"):
        judge(output, 1)


def test_names_of_suites_are_one_short_line() -> None:
    names = [f"TLS\x1b[2J_{number}_{'x' * 300}" for number in range(30)]
    ((_, text),) = judge(scan(tls_1_2_cipher_suites=suites(*names)), 0).rules
    assert text.isprintable()
    assert text.endswith(" and 18 more")
    assert len(text) < 2_048


def test_a_name_goes_with_the_address_that_was_checked() -> None:
    """So that the engine asks no name server of its own."""
    at = ipaddress.ip_address
    assert arguments(Spot(at("10.1.0.7"), 443, "a.example"), TLS, STANDARD)[-1] == "a.example:443{10.1.0.7}"
    assert arguments(Spot(at("10.1.0.7"), 443), TLS, STANDARD)[-1] == "10.1.0.7:443"
    assert arguments(Spot(at("fd12::1"), 443), TLS, STANDARD)[-1] == "[fd12::1]:443"
    assert "--heartbleed" not in arguments(Spot(at("10.1.0.7"), 443), TLS, STANDARD)
    assert "--heartbleed" in arguments(Spot(at("10.1.0.7"), 443), TLS, COMPLIANCE)


async def test_the_engine_itself_is_understood_and_sees_the_holes_that_our_own_sees_at_the_same_spots() -> None:
    apart, prober = Apart(real_toolbox(SSLYZE), (ADAPTER,)), Prober(lambda _address: True, has_loopback=True)
    async with listening(silent, server_side(Issue(), is_old=True)) as server:
        service = Service(Host("web.example", "127.0.0.1", "web.example"), server.port)
        report = await apart.look(service, Named("tls", is_tls=True), COMPLIANCE, prober=prober, absent=())
        ours = await look_at_tls(service, COMPLIANCE, prober, now=NOW)
    found = {one.rule for one in report.seen}
    assert {"tls_version_1_0", "tls_version_1_1", "tls_cipher_not_recommended"} <= found
    shared = {one.fingerprint for one in report.seen if one.rule.startswith("tls_version")}
    assert shared <= {one.fingerprint for one in ours.seen}
    assert [(line.state.value, line.reason) for line in report.coverage] == [("covered", "")]
