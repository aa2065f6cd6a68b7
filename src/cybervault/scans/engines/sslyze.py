"""What a TLS server agrees to, suite by suite, by sslyze; broken suites, known flaws, and Mozilla's recommendation."""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines import SSLYZE
from cybervault.scans.engines.adapter import Adapter, Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import shown

_MIB: Final = 1024 * 1024
_BOUNDS: Final = Bounds(seconds=180.0, memory_bytes=2048 * _MIB, cpu_seconds=90, output_bytes=4 * _MIB)
_VERSIONS: Final = {
    "ssl_2_0_cipher_suites": ("SSL 2.0", "tls_version_ssl"),
    "ssl_3_0_cipher_suites": ("SSL 3.0", "tls_version_ssl"),
    "tls_1_0_cipher_suites": ("TLSv1", "tls_version_1_0"),
    "tls_1_1_cipher_suites": ("TLSv1.1", "tls_version_1_1"),
    "tls_1_2_cipher_suites": ("TLSv1.2", ""),
    "tls_1_3_cipher_suites": ("TLSv1.3", ""),
}
_SUITES: Final = ("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--compression", "--reneg")
# They ask whether a flaw is there by its first step, and stop there; only profiles that ask for more send that much.
_FLAWS: Final = ("--heartbleed", "--openssl_ccs", "--robot")
_BROKEN: Final = ("NULL", "EXPORT", "_anon_", "RC4", "RC2", "_DES_", "DES40", "3DES", "MD5")
# Mozilla's guidelines 5.7, "intermediate": all suites of TLS 1.2 and 1.3 that it recommends, by their names of IANA.
_INTERMEDIATE: Final = frozenset({
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
})  # fmt: skip
_NAMES_SHOWN: Final = 12


class _Suite(msgspec.Struct, frozen=True):
    name: str


class _Accepted(msgspec.Struct, frozen=True):
    cipher_suite: _Suite


class _Result(msgspec.Struct, frozen=True):
    """What one question was answered with; each question fills its own fields."""

    accepted_cipher_suites: tuple[_Accepted, ...] = ()
    supports_compression: bool = False
    supports_secure_renegotiation: bool = True
    is_vulnerable_to_ccs_injection: bool = False
    is_vulnerable_to_heartbleed: bool = False
    robot_result: str = ""


class _Answer(msgspec.Struct, frozen=True):
    status: str
    result: _Result | None = None


class _Server(msgspec.Struct, frozen=True):
    scan_status: str
    scan_result: dict[str, _Answer] | None = None


class _Scan(msgspec.Struct, frozen=True):
    server_scan_results: tuple[_Server, ...]


_SCANS: Final = msgspec.json.Decoder(_Scan)
_FLAW_RULES: Final[tuple[tuple[str, str, Callable[[_Result], bool], str], ...]] = (
    ("tls_compression", "tls_compression", lambda one: one.supports_compression, "DEFLATE was agreed to"),
    (
        "session_renegotiation", "tls_renegotiation_insecure", lambda one: not one.supports_secure_renegotiation,
        "no extension renegotiation_info",
    ),
    ("heartbleed", "tls_heartbleed", lambda one: one.is_vulnerable_to_heartbleed, "a heartbeat was answered too long"),
    (
        "openssl_ccs_injection", "tls_ccs_injection", lambda one: one.is_vulnerable_to_ccs_injection,
        "a ChangeCipherSpec was taken too early",
    ),
    ("robot", "tls_robot", lambda one: one.robot_result.startswith("VULNERABLE"), "wrong padding has another answer"),
)  # fmt: skip


def arguments(spot: Spot, _named: Named, profile: Profile) -> list[str]:
    """For one server: its name is what it is asked for, and the address in braces where it is; nothing is resolved."""
    flaws = _FLAWS if profile.has_compliance_rules else ()
    where = f"{spot.host}:{spot.port}" + (f"{{{spot.address}}}" if spot.name else "")
    return ["--mozilla_config=disable", *_SUITES, *flaws, "--json_out=-", where]


def judge(output: bytes, code: int | None) -> Judged:
    """Rules that hold by what it wrote (pure); its exit status says nothing that this does not."""
    try:
        (server,) = _SCANS.decode(output).server_scan_results
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        raise ValueError(f"what it wrote is no scan of one server (exit status {code})") from None
    if server.scan_result is None:
        raise ValueError("it could not speak with the server")
    asked = {name: one for name, one in server.scan_result.items() if one.status != "NOT_SCHEDULED"}
    results = {name: one.result for name, one in asked.items() if one.result is not None}
    failed = sorted(name for name in asked if name not in results)
    if not any(name in results for name in _VERSIONS):
        raise ValueError("the server answered none of its questions")
    flaws = [
        (rule, evidence) for name, rule, holds, evidence in _FLAW_RULES if name in results and holds(results[name])
    ]
    fault = f"the server broke off at: {', '.join(shown(name, 40) for name in failed)}" if failed else ""
    return Judged([*_of_suites(results), *flaws], fault)


def _of_suites(results: dict[str, _Result]) -> Iterator[tuple[str, str]]:
    accepted = {
        name: [one.cipher_suite.name for one in results[name].accepted_cipher_suites]
        for name in _VERSIONS
        if name in results
    }
    old = [version for name, (version, rule) in _VERSIONS.items() if rule == "tls_version_ssl" and accepted.get(name)]
    if old:
        yield "tls_version_ssl", f"the server agreed to {' and '.join(old)}"
    for name, (version, rule) in _VERSIONS.items():
        if rule not in {"", "tls_version_ssl"} and accepted.get(name):
            yield rule, f"the server agreed to {version}"
    suites = dict.fromkeys(suite for some in accepted.values() for suite in some)
    broken = [suite for suite in suites if any(part in suite for part in _BROKEN)]
    if broken:
        yield "tls_cipher_broken", _listed(broken)
    others = [suite for suite in suites if suite not in _INTERMEDIATE and suite not in broken]
    if others:
        yield "tls_cipher_not_recommended", _listed(others)


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    some = ", ".join(shown(name, 80) for name in sorted(names)[:_NAMES_SHOWN])
    return some + (f" and {more} more" if more > 0 else "")


ADAPTER: Final = Adapter(SSLYZE, _BOUNDS, lambda named: named.is_tls, arguments, judge)
