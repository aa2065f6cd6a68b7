"""Which versions of TLS a server agrees to, and what its certificate is worth; with the standard library alone."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from cybervault.egress.probing import Handshake, Prober, Spot
from cybervault.scans.engines import TLS
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, Service, place_of, shown

_OLD: Final = {"TLSv1": "tls_version_1_0", "TLSv1.1": "tls_version_1_1"}
_SOON: Final = timedelta(days=21)
_LIFE_MAX: Final = timedelta(days=398)
_RSA_BITS_MIN: Final = 2_048
_CURVE_BITS_MIN: Final = 224
_BROKEN_DIGESTS: Final = frozenset({"md5", "sha1"})


async def look_at_tls(service: Service, profile: Profile, prober: Prober, *, now: datetime) -> Report:
    """Ask for each old version by itself, then look at the certificate."""
    spot = Spot(ipaddress.ip_address(service.host.address), service.port, service.host.name)
    asset, place, seconds = service.host.asset, place_of(service.port), profile.answer_seconds
    agreed = await prober.handshake(spot, seconds=seconds)
    if agreed is None:
        reason = "the handshake did not come to an end"
        return Report(coverage=[Coverage(asset, TLS, CoverageState.FAILED, reason, (place,))])
    rules = [
        (rule, f"the server agreed to {version}")
        for version, rule in _OLD.items()
        if await prober.handshake(spot, version, seconds=seconds) is not None
    ]
    rules += judge_certificate(agreed, spot.name, now, has_compliance_rules=profile.has_compliance_rules)
    if not any(rule == "certificate_self_signed" for rule, _ in rules):
        distrust = await prober.distrust(spot, seconds=seconds)
        # What is expired is said already, in words that help more.
        if distrust and not any(rule == "certificate_expired" for rule, _ in rules):
            rules.append(("certificate_untrusted", shown(distrust)))
    return Report(
        [Seen(asset, rule, TLS, place, evidence) for rule, evidence in rules],
        [Coverage(asset, TLS, CoverageState.COVERED, places=(place,))],
    )


def judge_certificate(
    agreed: Handshake, name: str, now: datetime, *, has_compliance_rules: bool
) -> list[tuple[str, str]]:
    """Rules that hold for a certificate, each with its evidence (pure); none for one that cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(agreed.certificate)
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        names = _names(certificate)
    except ValueError:
        return []
    found = [(rule, f"valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d}") for rule in _age_rules(begin, end, now)]
    if has_compliance_rules and end - begin > _LIFE_MAX:
        found.append(("certificate_long_lived", f"valid for {(end - begin).days} days"))
    if certificate.issuer == certificate.subject:
        found.append(("certificate_self_signed", shown(certificate.subject.rfc4514_string())))
    if name and not any(_fits(pattern, name) for pattern in names):
        found.append(("certificate_name_mismatch", f"for {shown(', '.join(names)) or 'no name'}"))
    return found + _strength(certificate)


def _age_rules(begin: datetime, end: datetime, now: datetime) -> list[str]:
    now = now.astimezone(UTC)
    if now > end:
        return ["certificate_expired"]
    if now < begin:
        return ["certificate_not_yet_valid"]
    return ["certificate_expires_soon"] if end - now < _SOON else []


def _strength(certificate: x509.Certificate) -> list[tuple[str, str]]:
    found, key = [], certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey) and key.key_size < _RSA_BITS_MIN:
        found.append(("certificate_weak_key", f"{key.key_size} bits"))
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < _CURVE_BITS_MIN:
        found.append(("certificate_weak_key", f"{key.curve.name}, {key.curve.key_size} bits"))
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name in _BROKEN_DIGESTS:
        found.append(("certificate_weak_signature", digest.name))
    return found


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]


def _fits(pattern: str, name: str) -> bool:
    """A star stands for one whole label at the front (RFC 6125, 6.4.3)."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name
