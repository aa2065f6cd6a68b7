"""To whom passkeys belong, and where browsers would take none."""

import pytest

from cybervault.access.relying_party import RelyingParty, relying_party_of
from cybervault.domain.problems import Problem, ProblemKind


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("https://vault.example.com", RelyingParty("vault.example.com", "https://vault.example.com")),
        ("https://Vault.Example.com:443/base", RelyingParty("vault.example.com", "https://vault.example.com")),
        ("https://vault.example.com:8443", RelyingParty("vault.example.com", "https://vault.example.com:8443")),
        ("https://intranet", RelyingParty("intranet", "https://intranet")),
        ("http://localhost:8000", RelyingParty("localhost", "http://localhost:8000")),
        ("http://localhost:80", RelyingParty("localhost", "http://localhost")),
        ("https://localhost", RelyingParty("localhost", "https://localhost")),
        ("http://a.localhost:1", RelyingParty("a.localhost", "http://a.localhost:1")),
        ("https://xn--bcher-kva.example", RelyingParty("xn--bcher-kva.example", "https://xn--bcher-kva.example")),
    ],
)
def test_a_name_over_https_or_localhost_has_passkeys(url: str, party: RelyingParty) -> None:
    assert relying_party_of(url) == party


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:8000", "address"),
        ("https://192.0.2.7", "address"),
        ("https://[2001:db8::1]:8443", "address"),
        ("http://vault.example.com", "https"),
        ("http://notlocalhost", "https"),
        ("https://under_score.example", "no name"),
        ("https://-dash.example", "no name"),
        ("https://bücher.example", "no name"),
        (f"https://{'a.' * 127}example", "no name"),
    ],
)
def test_elsewhere_the_reason_is_told(url: str, reason: str) -> None:
    with pytest.raises(Problem, match=reason) as caught:
        relying_party_of(url)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "passkeys_unavailable")
    assert "CYBERVAULT_PUBLIC_URL" in caught.value.message
