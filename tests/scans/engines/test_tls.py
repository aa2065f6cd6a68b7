"""TLS: real handshakes with real certificates on loopback, and certificates judged one by one."""

import ssl
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cybervault.egress.probing import Handshake, Prober
from cybervault.scans.engines.tls import judge_certificate, look_at_tls
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.seen import CoverageState, Host, Service
from tests.fakes.scanned import HOST, NOW, Issue, certificate, greets, listening, server_side, silent

PROBER = Prober(lambda _: True, has_loopback=True)
STANDARD = load_profiles()[ProfileName.STANDARD]


def judged(issue: Issue, name: str = "web.example", *, has_compliance_rules: bool = False) -> list[str]:
    der = ssl.PEM_cert_to_DER_cert(certificate(issue)[0].decode())
    agreed = Handshake("TLSv1.3", "x", der)
    return [rule for rule, _ in judge_certificate(agreed, name, NOW, has_compliance_rules=has_compliance_rules)]


SIGNED = Issue(issuer="an authority")


@pytest.mark.parametrize(
    ("issue", "rules"),
    [
        (SIGNED, []),
        (Issue(), ["certificate_self_signed"]),
        (Issue(issuer="x", begin=NOW - timedelta(days=100)), ["certificate_expired"]),
        (Issue(issuer="x", begin=NOW + timedelta(days=1)), ["certificate_not_yet_valid"]),
        (Issue(issuer="x", begin=NOW - timedelta(days=70)), ["certificate_expires_soon"]),
        (Issue(issuer="x", names=("other.example",)), ["certificate_name_mismatch"]),
        (Issue(issuer="x", names=()), ["certificate_name_mismatch"]),
        (Issue(issuer="x", names=("*.example",)), []),
        (Issue(issuer="x", bits=1_024), ["certificate_weak_key"]),
        (Issue(issuer="x", curve=ec.SECP192R1()), ["certificate_weak_key"]),
        (Issue(issuer="x", curve=ec.SECP256R1()), []),
        (Issue(issuer="x", days=800), []),
    ],
)
def test_a_certificate_is_judged_by_its_age_its_names_its_key_and_who_signed_it(issue: Issue, rules: list[str]) -> None:
    assert judged(issue) == rules


def test_a_star_is_one_label_and_an_address_has_no_name_to_fit() -> None:
    assert judged(Issue(issuer="x", names=("*.example",)), "a.web.example") == ["certificate_name_mismatch"]
    assert judged(Issue(issuer="x", names=("other.example",)), "") == []


def test_a_long_life_is_told_where_frameworks_ask_for_it() -> None:
    assert judged(Issue(issuer="x", days=800), has_compliance_rules=True) == ["certificate_long_lived"]


@pytest.mark.parametrize("raw", [b"", b"\x30\x03abc"])
def test_what_is_no_certificate_is_judged_not_at_all(raw: bytes) -> None:
    assert judge_certificate(Handshake("TLSv1.3", "x", raw), "a.example", NOW, has_compliance_rules=True) == []


def test_a_broken_digest_is_told() -> None:
    """Its library signs nothing with SHA-1 any more, so that a certificate is taken that was signed long ago."""
    der = ssl.PEM_cert_to_DER_cert(SHA1)
    found = dict(judge_certificate(Handshake("TLSv1.2", "x", der), "", NOW, has_compliance_rules=False))
    assert found["certificate_weak_signature"] == "sha1"


async def test_a_server_with_old_versions_and_its_own_signature_is_seen_through() -> None:
    async with listening(silent, server_side(Issue(), is_old=True)) as server:
        service = Service(Host("web.example", HOST, "web.example"), server.port)
        report = await look_at_tls(service, STANDARD, PROBER, now=NOW)
    place = f"{server.port}/tcp"
    assert {(seen.asset, seen.place, seen.engine) for seen in report.seen} == {("web.example", place, "tls")}
    assert {seen.rule for seen in report.seen} == {"tls_version_1_0", "tls_version_1_1", "certificate_self_signed"}
    (line,) = report.coverage
    assert (line.state, line.places) == (CoverageState.COVERED, (place,))


async def test_a_chain_of_an_unknown_authority_is_told() -> None:
    async with listening(silent, server_side(SIGNED)) as server:
        report = await look_at_tls(Service(Host(HOST, HOST), server.port), STANDARD, PROBER, now=NOW)
    assert [seen.rule for seen in report.seen] == ["certificate_untrusted"]


async def test_who_speaks_no_tls_is_not_called_covered() -> None:
    async with listening(greets(b"hello\r\n")) as server:
        report = await look_at_tls(Service(Host(HOST, HOST), server.port), STANDARD, PROBER, now=NOW)
    assert report.seen == []
    assert [line.state for line in report.coverage] == [CoverageState.FAILED]


SHA1 = """-----BEGIN CERTIFICATE-----
MIIDDTCCAfWgAwIBAgIUbyeGi3LaUZM+DPyrqMuFnuJP0bkwDQYJKoZIhvcNAQEF
BQAwFjEUMBIGA1UEAwwLb2xkLmV4YW1wbGUwHhcNMjYxMTI5MDA0NDI4WhcNMzYx
MTI2MDA0NDI4WjAWMRQwEgYDVQQDDAtvbGQuZXhhbXBsZTCCASIwDQYJKoZIhvcN
AQEBBQADggEPADCCAQoCggEBAOt46SAavZpN4yny4NiDOEbfW1RBo+/buxPoeiR7
ZgJcQqFE5OJGfA9mCbwZz/mI++pJSBrZw/GcFiUHznjrTCc0yvZ/XJA6WXbrk8k/
IlU8OHxwZhUWnDYz23j/XtqmPUhncGDTYh7wMnEdBWCCYRndCC6PCaAW3etFofYI
M3y7kzePY4svHv9VLm3DAezwfuplW+4Cwecse4qJpKnYMA0CgKa8Gn6hkNOUZUQZ
5wAkJMP4vC7POl2uWaDdkUml9vKEDFuom88MCjDbfW05qpoFjGT+9aiOpRbXQK/u
nrl+nTVm9oAYf4F3FWXLDQow2owiVvYksOYvWp2v77GMmkUCAwEAAaNTMFEwHQYD
VR0OBBYEFIQejNWsKxtvljSVG6x18nonoYjrMB8GA1UdIwQYMBaAFIQejNWsKxtv
ljSVG6x18nonoYjrMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEFBQADggEB
AA2+wzUqIK64g4g4IGPFKyDnkHDeNSXPV6YuzxKSLsihsePiRNvQdPmdoqe5o0wR
EkR+Bya8NFjqpBuOAbu6Nbsrd8OCaxBn2ZKUU7HRo5zpUh3BA8UPYMhKXxD+p6M7
5WUGuUkTT+GgLNv22J9ev+tIa6CGCg2/QJ+JtR2nGQ0rBqusoS+6HSAdfeh2yqX6
z5uiMMMFMqPSf6Bjal5IhVr6daVQURU+BT5qTtyqy9hpLl10JYlTM3DIfdN1/WwK
3ktsakFSFTMppjHWLP1dlzobrCfn5YQKLTA2N4slJbbEwtI4j6DWH5tpv+M17jd4
zg+NqaoD2ligl1HFT6sG0Dg=
-----END CERTIFICATE-----
"""
