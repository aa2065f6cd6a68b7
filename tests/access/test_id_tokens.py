"""ID tokens: the attacks on their signatures and claims, each as a case."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from cybervault.access.arrivals import Person
from cybervault.access.id_tokens import KEY_TYPE_OF, Expected, IdTokenError, UnknownKeyError, person_of
from tests.fakes.identity_provider import Signing, key_of, public_pem

ISSUER = "https://id.example"
CLIENT = "cybervault"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
AT = NOW.timestamp()
EXPECTED = Expected(ISSUER, CLIENT, "the nonce", NOW)
RIGHT: dict[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "exp": AT + 300, "iat": AT, "nonce": "the nonce", "sub": "42",
    "email": "Ana@acme.example", "email_verified": True, "name": "Ana Sample",
}  # fmt: skip
ANA = Person(ISSUER, "42", "Ana@acme.example", "Ana Sample")


def public(algorithm: str = "RS256", number: int = 1, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - a JWK's fields
    """The key as the provider publishes it; None leaves a field out."""
    document = key_of(algorithm, number).as_dict(private=False) | {"use": "sig"} | changed
    return {name: value for name, value in document.items() if value is not None}


def token(signing: Signing | None = None, **changed: Any) -> str:  # noqa: ANN401 - claims
    """A token with some claims changed; None leaves one out."""
    claims = {name: value for name, value in (RIGHT | changed).items() if value is not None}
    return (signing or Signing()).sign(claims)


def refused(text: str, keys: list[Mapping[str, Any]] | None = None) -> str:
    """Why a token was refused; the reason quotes nothing of it."""
    with pytest.raises(IdTokenError) as caught:
        person_of(text, [public()] if keys is None else keys, EXPECTED)
    assert "Ana" not in str(caught.value)
    return str(caught.value)


class TestSignature:
    @pytest.mark.parametrize("algorithm", list(KEY_TYPE_OF))
    def test_each_algorithm_of_the_list_is_taken(self, algorithm: str) -> None:
        assert person_of(token(Signing(algorithm)), [public(algorithm)], EXPECTED) == ANA

    def test_the_list_holds_no_shared_secrets_and_not_none(self) -> None:
        assert not {name for name in KEY_TYPE_OF if name.startswith("HS")}
        assert not {"none", "ES256K"} & set(KEY_TYPE_OF)

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
    def test_an_unsigned_token_is_refused(self, algorithm: str) -> None:
        _, claims, _ = token().split(".")
        assert "algorithm" in refused(f"{_text({'alg': algorithm})}.{claims}.")

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_the_public_key_is_no_shared_secret(self, algorithm: str) -> None:
        """Confusion of algorithms (CVE-2024-37568)."""
        signing = Signing(algorithm, header={"kid": "RS256-1"}, key=public_pem(key_of("RS256")))
        assert "algorithm" in refused(token(signing))

    def test_a_secret_among_the_providers_keys_is_not_used(self) -> None:
        secret = OctKey.import_key(b"x" * 32, {"kid": "HS256-1"})
        assert "algorithm" in refused(token(Signing("HS256", key=b"x" * 32)), [secret.as_dict()])

    def test_a_key_that_the_token_brings_along_is_not_used(self) -> None:
        """CVE-2026-27962: the header's own key, or where to fetch one."""
        own = RSAKey.generate_key(2048, {"kid": "RS256-1"})
        for header in ({"jwk": own.as_dict(private=False)}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://a"}):
            assert "signature" in refused(token(Signing(header=header, key=own)))

    def test_another_key_of_the_same_name_is_refused(self) -> None:
        assert "signature" in refused(token(Signing(key=RSAKey.generate_key(2048))))

    @pytest.mark.parametrize(("algorithm", "claimed"), [("ES256", "RS256"), ("RS256", "ES256"), ("ES256", "ES384")])
    def test_a_key_of_another_type_is_not_used(self, algorithm: str, claimed: str) -> None:
        header = {"alg": claimed, "kid": None}
        text = f"{_text(header)}.{'.'.join(token(Signing(algorithm)).split('.')[1:])}"
        refused(text, [public(algorithm)])

    def test_an_unknown_key_is_told_apart(self) -> None:
        """The provider may have a new one."""
        with pytest.raises(UnknownKeyError):
            person_of(token(Signing(number=2)), [public()], EXPECTED)

    def test_without_a_name_the_key_has_to_be_alone(self) -> None:
        nameless = token(Signing(header={"kid": None}))
        assert person_of(nameless, [public(), public("ES256")], EXPECTED) == ANA
        with pytest.raises(UnknownKeyError):
            person_of(nameless, [public(), public(number=2)], EXPECTED)

    @pytest.mark.parametrize("changed", [{"use": "enc"}, {"alg": "PS256"}, {"kty": "EC"}, {"kid": None}, {"kid": 1}])
    def test_a_key_for_something_else_is_not_used(self, changed: dict[str, Any]) -> None:
        with pytest.raises(UnknownKeyError):
            person_of(token(), [public(**changed)], EXPECTED)

    def test_a_key_without_words_about_its_use_is_used(self) -> None:
        assert person_of(token(), [public(use=None)], EXPECTED) == ANA

    @pytest.mark.parametrize("changed", [{"n": "AQAB"}, {"n": ""}, {"n": None}, {"n": 5}, {"e": "?"}])
    def test_a_broken_key_is_refused(self, changed: dict[str, Any]) -> None:
        assert "key" in refused(token(), [public(**changed)])

    def test_a_short_key_is_refused(self) -> None:
        """What 1024 bits sign, others can sign too."""
        made = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 - the case
        with pytest.warns(SecurityWarning):
            short = RSAKey.import_key(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        assert "short" in refused(token(Signing(key=short)), [short.as_dict(private=False) | {"kid": "RS256-1"}])

    def test_a_point_beside_the_curve_is_refused(self) -> None:
        key = ECKey.generate_key("P-256", {"kid": "ES256-1"})
        document = key.as_dict(private=False) | {"y": key.as_dict(private=False)["x"]}
        assert "key" in refused(token(Signing("ES256", key=key)), [document])

    @pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"crit": "b64"}])
    def test_what_must_be_understood_and_is_not_is_refused(self, header: dict[str, object]) -> None:
        text = token()
        changed = f"{_text({'alg': 'RS256', 'kid': 'RS256-1', **header})}.{'.'.join(text.split('.')[1:])}"
        refused(changed)

    @pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "JWE", 5])
    def test_a_token_for_another_use_is_refused(self, kind: object) -> None:
        assert "another use" in refused(token(Signing(header={"typ": kind})))

    @pytest.mark.parametrize("kind", ["jwt", None])
    def test_a_token_may_leave_out_what_it_is(self, kind: str | None) -> None:
        assert person_of(token(Signing(header={"typ": kind})), [public()], EXPECTED) == ANA

    def test_no_part_can_be_changed(self) -> None:
        head, claims, signature = token().split(".")
        refused(f"{head}.{_text(RIGHT | {'sub': '43'})}.{signature}")
        refused(f"{head}.{claims}.{signature[:-4]}AAAA")
        refused(f"{head}.{claims}.")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "a.b.c.d.e",
            "\ud800.b.c",
            "W10.e30.",
            "x" * 20_000,
            "[" * 9_000 + "..",
            "ä.b.c",
        ],
    )
    def test_what_is_no_token_is_refused(self, text: str) -> None:
        refused(text)

    @given(st.text(max_size=40))
    def test_strange_texts_are_refused(self, text: str) -> None:
        refused(text)
        refused(f"{text}.{text}.{text}")

    def test_a_huge_one_is_not_even_read(self) -> None:
        assert "long" in refused(token(padding="x" * 20_000))

    @pytest.mark.parametrize("payload", [b"[1]", b"null", b"text", b"\xff", b"[" * 9_000])
    def test_signed_bytes_that_are_no_claims_are_refused(self, payload: bytes) -> None:
        header = {"alg": "RS256", "kid": "RS256-1"}
        refused(jws.serialize_compact(header, payload, key_of("RS256"), algorithms=["RS256"]))


class TestClaims:
    @pytest.mark.parametrize("issuer", [f"{ISSUER}/", "https://evil.example", "", None, 5, [ISSUER]])
    def test_another_issuer_is_refused(self, issuer: object) -> None:
        assert "issuer" in refused(token(iss=issuer))

    @pytest.mark.parametrize("audience", ["other", "", None, [], ["other"], {"cybervault": 1}, 5])
    def test_another_audience_is_refused(self, audience: object) -> None:
        """A token that another client of the provider got opens nothing here."""
        assert "audience" in refused(token(aud=audience))

    @pytest.mark.parametrize(
        ("audience", "party", "is_taken"),
        [
            ([CLIENT], None, True),
            (CLIENT, CLIENT, True),
            ([CLIENT, "other"], CLIENT, True),
            ([CLIENT, "other"], None, False),
            ([CLIENT, "other"], "other", False),
            (CLIENT, "other", False),
            (CLIENT, 5, False),
        ],
    )
    def test_among_several_audiences_the_party_has_to_be_us(
        self,
        audience: object,
        party: object,
        is_taken: bool,  # noqa: FBT001 - a column
    ) -> None:
        text = token(aud=audience, azp=party)
        if is_taken:
            assert person_of(text, [public()], EXPECTED) == ANA
        else:
            assert "party" in refused(text)

    @pytest.mark.parametrize(
        "nonce", ["another nonce", "the nonc", "the nonce ", "", None, 5, ["the nonce"], "the noncé"]
    )
    def test_another_attempts_token_is_refused(self, nonce: object) -> None:
        """A token that was stolen or recorded is not this sign-in's."""
        assert "attempt" in refused(token(nonce=nonce))

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"exp": AT - 60}, "expired"),
            ({"exp": 0}, "expired"),
            ({"exp": None}, "exp"),
            ({"exp": True}, "exp"),
            ({"exp": "2026-11-02"}, "exp"),
            ({"iat": None}, "iat"),
            ({"iat": AT + 61}, "later"),
            ({"iat": AT - 601}, "long ago"),
            ({"nbf": AT + 61}, "not valid yet"),
            ({"nbf": "now"}, "nbf"),
        ],
    )
    def test_a_token_of_another_time_is_refused(self, changed: dict[str, Any], reason: str) -> None:
        assert reason in refused(token(**changed))

    @pytest.mark.parametrize(
        "changed", [{"exp": AT - 59}, {"iat": AT + 60}, {"iat": AT - 600}, {"nbf": AT + 60}, {"exp": AT + 0.5}]
    )
    def test_clocks_may_differ_by_a_minute(self, changed: dict[str, Any]) -> None:
        assert person_of(token(**changed), [public()], EXPECTED) == ANA

    @pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_no_number_is_later_than_all_moments(self, constant: str) -> None:
        """Python's reader of JSON takes NaN, which is neither before nor after anything."""
        for name in ("exp", "iat", "nbf"):
            text = json.dumps(RIGHT | {name: "@"}).replace('"@"', constant)
            assert name in refused(Signing().sign_text({"alg": "RS256", "kid": "RS256-1"}, text))

    @pytest.mark.parametrize("subject", [None, "", 42, "x" * 256, "ä", ["42"]])
    def test_nobody_signs_in_without_a_subject(self, subject: object) -> None:
        assert "subject" in refused(token(sub=subject))

    @pytest.mark.parametrize(
        "changed",
        [
            {"email_verified": None},
            {"email_verified": False},
            {"email_verified": "true"},
            {"email_verified": 1},
            {"email": None},
            {"email": ["ana@acme.example"]},
            {"email": f"{'a' * 250}@acme.example"},
            {"email": "\u212aim@acme.example"},
        ],
    )
    def test_an_address_counts_only_where_the_provider_verified_it(self, changed: dict[str, Any]) -> None:
        """And none whose small letters are another address's."""
        assert person_of(token(**changed), [public()], EXPECTED).email == ""

    @pytest.mark.parametrize(
        ("name", "read"),
        [("Ana\n Sample\x00", "Ana Sample"), (None, ""), (5, ""), ("x" * 90, "x" * 64), ("  ", "")],
    )
    def test_a_name_is_made_fit_to_be_shown(self, name: object, read: str) -> None:
        assert person_of(token(name=name), [public()], EXPECTED).name == read


def _text(document: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
