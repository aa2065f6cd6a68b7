"""What ssh-audit says, as rules of ours: from what it wrote about a server of our own, and from it itself."""

import ipaddress
import json
from typing import Any

import pytest

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.apart import Apart
from cybervault.scans.engines import SSH_AUDIT
from cybervault.scans.engines.services import Named
from cybervault.scans.engines.ssh_audit import ADAPTER, arguments, judge
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import scan_rules
from cybervault.scans.seen import Host, Service
from tests.fakes.openssh import sshd
from tests.fakes.scan_engines import real_toolbox
from tests.scans.desk import profiles_of

TERRAPIN = "vulnerable to the Terrapin attack (CVE-2023-48795), allowing message prefix truncation"
CURVES = "using elliptic curves that are suspected as being backdoored by the U.S. National Security Agency"
QUANTUM = "does not provide protection against post-quantum attacks"


def one(algorithm: str, *fail: str, warn: tuple[str, ...] = (), **more: int) -> dict[str, Any]:
    return {"algorithm": algorithm, "notes": {"fail": list(fail), "warn": list(warn), "info": ["old"]}} | more


def judged(code: int = 3, **sections: list[dict[str, Any]]) -> dict[str, str]:
    banner = {"raw": "SSH-2.0-OpenSSH_4.3", "software": "OpenSSH_4.3"}
    return dict(
        (judge(json.dumps({"banner": banner, "cves": [{"name": "CVE-2006-5051"}], **sections}).encode(), code)).rules
    )


def test_what_is_broken_is_told_by_kind_with_every_algorithm() -> None:
    found = judged(
        kex=[one("diffie-hellman-group1-sha1", "using small 1024-bit modulus", "vulnerable to the Logjam attack")],
        key=[one("ssh-rsa", "using broken SHA-1 hash algorithm", keysize=2048)],
        enc=[
            one("3des-cbc", "using broken & deprecated 3DES cipher"),
            one("arcfour", "using broken RC4 cipher"),
            one("arcfour128", "using broken RC4 cipher"),
        ],
        mac=[one("hmac-md5", "using broken MD5 hash algorithm")],
    )
    assert found == {
        "ssh_weak_key_exchange": "diffie-hellman-group1-sha1 (using small 1024-bit modulus)",
        "ssh_weak_host_key": "ssh-rsa (using broken SHA-1 hash algorithm)",
        "ssh_weak_cipher": "3des-cbc (using broken & deprecated 3DES cipher); "
        "arcfour, arcfour128 (using broken RC4 cipher)",
        "ssh_weak_mac": "hmac-md5 (using broken MD5 hash algorithm)",
    }
    assert set(found) <= set(scan_rules())


def test_what_is_an_opinion_or_a_banner_is_no_finding() -> None:
    """Versions of distributions hold fixes that no banner tells."""
    assert judged(kex=[one("ecdh-sha2-nistp256", CURVES, warn=(QUANTUM,))]) == {}


def test_what_is_old_is_not_called_broken() -> None:
    found = judged(
        2, mac=[one("hmac-sha1", "using broken SHA-1 hash algorithm"), one("umac-64", warn=("small 64-bit tag",))]
    )
    assert found == {"ssh_not_recommended": "hmac-sha1 (using broken SHA-1 hash algorithm); umac-64 (small 64-bit tag)"}
    assert scan_rules()["ssh_not_recommended"].is_of_compliance


def test_terrapin_is_a_rule_of_its_own() -> None:
    assert judged(enc=[one("chacha20-poly1305@openssh.com", warn=(TERRAPIN,))]) == {
        "ssh_terrapin": "chacha20-poly1305@openssh.com (without strict key exchange)"
    }


def test_names_that_a_server_made_up_are_one_short_line() -> None:
    items = [one(f"\x1b]0;owned\x07<b>{number}\n{'x' * 500}", "broken") for number in range(40)]
    (text,) = judged(enc=items).values()
    assert text.isprintable()
    assert text.endswith("and 28 more")
    assert len(text) < 2_048


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (b"", 0), (b"[exception] cannot connect", 1), (b"{}", 1), (b"{}", -1), (b"{}", None), (b"[]", 3),
        (b'{"enc": [{"algorithm": 7}]}', 3), (b'{"enc": [', 3), (b"\xff\x00", 3), (b"[" * 100_000, 3),
    ],
)  # fmt: skip
def test_what_is_no_audit_is_never_clean(output: bytes, code: int | None) -> None:
    with pytest.raises(ValueError, match="it"):
        judge(output, code)


def test_it_is_handed_the_address_and_does_not_hurry_the_server() -> None:
    profile = profiles_of(1)[ProfileName.STANDARD]
    words = arguments(Spot(ipaddress.ip_address("::1"), 22, "a.example"), Named("ssh"), profile)
    assert words == ["-j", "--skip-rate-test", "-t", "1", "-p", "22", "::1"]
    assert ADAPTER.judge is judge


async def test_the_engine_itself_is_understood() -> None:
    apart = Apart(real_toolbox(SSH_AUDIT), (ADAPTER,))
    with sshd("Ciphers=aes256-ctr,3des-cbc", "KexAlgorithms=curve25519-sha256", "MACs=hmac-sha2-256") as port:
        service = Service(Host("127.0.0.1", "127.0.0.1"), port)
        prober, profile = Prober(lambda _address: True, has_loopback=True), profiles_of(1)[ProfileName.COMPLIANCE]
        report = await apart.look(service, Named("ssh"), profile, prober=prober, absent=())
        assert [(line.state.value, line.reason) for line in report.coverage] == [("covered", "")]
        assert {one.rule: one.evidence for one in report.seen} == {
            "ssh_weak_cipher": "3des-cbc (using broken & deprecated 3DES cipher)",
            "ssh_not_recommended": "3des-cbc (using weak cipher mode); hmac-sha2-256 (using encrypt-and-MAC mode)",
        }
    gone = await apart.look(service, Named("ssh"), profile, prober=prober, absent=())
    assert [(line.state.value, line.reason) for line in gone.coverage] == [
        ("failed", "it could not speak with the server")
    ]
