"""The identity provider over real HTTP: what it says of itself is bounded, checked and remembered for a while."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from cybervault.access.provider import Attempt, Provider, ProviderSetup
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from tests.egress.asks import nowhere
from tests.fakes.clock import HandClock
from tests.fakes.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

ATTEMPT = Attempt("a state", "a nonce", "v" * 43)
BACK = "https://vault.example/api/console/identity/return"
# RFC 7636, appendix B.
RFC_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
RFC_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
async def outside() -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider(HandClock()) as provider:
        yield provider


@pytest.fixture
async def egress(outside: IdentityProvider) -> AsyncIterator[Egress]:
    async with Egress(Guard([outside.server.origin]), look_up=nowhere) as egress:
        yield egress


@pytest.fixture
def provider(outside: IdentityProvider, egress: Egress) -> Provider:
    return Provider(egress, setup_of(outside), outside.clock)


def setup_of(outside: IdentityProvider) -> ProviderSetup:
    return ProviderSetup(outside.url, CLIENT_ID, Secret(CLIENT_SECRET), BACK)


def failed(caught: pytest.ExceptionInfo[Problem]) -> str:
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UPSTREAM, "identity_provider_failed")
    assert CLIENT_SECRET not in f"{caught.value} {caught.value.detail}"
    return caught.value.detail


class TestDiscovery:
    async def test_it_is_asked_once_an_hour(self, outside: IdentityProvider, provider: Provider) -> None:
        for _ in range(3):
            assert (await provider.discovery()).issuer == outside.url
        outside.clock.advance(3_599)
        await provider.discovery()
        assert outside.asked == ["discovery"]
        outside.clock.advance(1)
        await provider.discovery()
        assert outside.asked == ["discovery", "discovery"]

    async def test_a_slash_at_the_end_of_its_name_is_its_own(self, outside: IdentityProvider, egress: Egress) -> None:
        outside.discovery = {"issuer": f"{outside.url}/"}
        setup = replace(setup_of(outside), issuer=f"{outside.url}/")
        for one in (setup, setup_of(outside)):
            assert (await Provider(egress, one, outside.clock).discovery()).issuer == f"{outside.url}/"

    @pytest.mark.parametrize("issuer", ["https://evil.example", "", None, 5, ["x"]])
    async def test_another_issuer_is_refused(
        self, outside: IdentityProvider, provider: Provider, issuer: object
    ) -> None:
        outside.discovery = {"issuer": issuer}
        with pytest.raises(Problem) as caught:
            await provider.discovery()
        assert "otherwise" in failed(caught)

    @pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
    @pytest.mark.parametrize(
        "place", ["http://127.0.0.1:1/inside", "javascript:alert(1)", "file:///etc/passwd", "", None, 5, "https://a@b/"]
    )
    async def test_a_place_inside_or_of_another_scheme_is_refused(
        self, outside: IdentityProvider, provider: Provider, name: str, place: object
    ) -> None:
        """A provider that was taken over does not send us or browsers anywhere."""
        outside.discovery = {name: place}
        with pytest.raises(Problem) as caught:
            await provider.discovery()
        assert name in failed(caught)

    @pytest.mark.parametrize("fault", ["huge", "html", "array", "deep", "binary", "redirect", "500", "404"])
    @pytest.mark.parametrize("place", ["discovery", "keys"])
    async def test_an_ugly_answer_is_a_failure_and_is_not_remembered(
        self, outside: IdentityProvider, provider: Provider, place: str, fault: str
    ) -> None:
        outside.faults = {place: fault}
        with pytest.raises(Problem) as caught:
            await provider.keys()
        failed(caught)
        outside.faults = {}
        assert await provider.keys()

    async def test_a_provider_that_is_gone_is_a_failure(self, outside: IdentityProvider, egress: Egress) -> None:
        provider = Provider(egress, replace(setup_of(outside), issuer="https://gone.example"), outside.clock)
        with pytest.raises(Problem) as caught:
            await provider.discovery()
        assert "unreachable" in failed(caught)


class TestKeys:
    async def test_an_unknown_key_makes_it_look_again_at_most_once_a_minute(
        self, outside: IdentityProvider, provider: Provider
    ) -> None:
        """Tokens with invented keys do not turn us against the provider."""
        assert [key["kid"] for key in await provider.keys()] == ["RS256-1"]
        outside.published = [("RS256", 1), ("RS256", 2)]
        for _ in range(3):
            assert len(await provider.keys(is_unknown=True)) == 1
        outside.clock.advance(60)
        assert len(await provider.keys()) == 1
        assert len(await provider.keys(is_unknown=True)) == 2
        assert outside.asked == ["discovery", "keys", "keys"]

    @pytest.mark.parametrize("keys", [None, "text", {}, [{}] * 101])
    async def test_no_keys_or_too_many_are_refused(
        self, outside: IdentityProvider, provider: Provider, keys: object
    ) -> None:
        outside.keys = keys
        with pytest.raises(Problem) as caught:
            await provider.keys()
        assert "keys" in failed(caught)

    async def test_what_is_no_key_is_left_out(self, outside: IdentityProvider, provider: Provider) -> None:
        outside.keys = [1, None, {"kid": "a"}, [], "x"]
        assert await provider.keys() == ({"kid": "a"},)


class TestSignInUrl:
    async def test_it_asks_for_a_code_with_everything_that_binds_it(
        self, outside: IdentityProvider, provider: Provider
    ) -> None:
        url = await provider.sign_in_url(replace(ATTEMPT, verifier=RFC_VERIFIER))
        assert url.startswith(f"{outside.url}/authorize?")
        assert parse_qs(urlsplit(url).query) == {
            "response_type": ["code"],
            "client_id": [CLIENT_ID],
            "redirect_uri": [BACK],
            "scope": ["openid email profile"],
            "state": ["a state"],
            "nonce": ["a nonce"],
            "code_challenge": [RFC_CHALLENGE],
            "code_challenge_method": ["S256"],
        }

    async def test_a_place_with_parameters_keeps_them(self, outside: IdentityProvider, provider: Provider) -> None:
        outside.discovery = {"authorization_endpoint": "https://id.example/authorize?policy=b2c&x=%20"}
        assert (await provider.sign_in_url(ATTEMPT)).startswith("https://id.example/authorize?policy=b2c&x=%20&resp")


class TestIdToken:
    async def code(self, outside: IdentityProvider, provider: Provider) -> str:
        """A person signs in at the provider."""
        return outside.approve(await provider.sign_in_url(ATTEMPT))["code"]

    async def test_a_code_is_exchanged_once(self, outside: IdentityProvider, provider: Provider) -> None:
        code = await self.code(outside, provider)
        assert (await provider.id_token(code, ATTEMPT)).count(".") == 2
        with pytest.raises(Problem) as caught:
            await provider.id_token(code, ATTEMPT)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAUTHENTICATED, "identity_refused")

    async def test_without_our_verifier_a_code_is_worth_nothing(
        self, outside: IdentityProvider, provider: Provider
    ) -> None:
        code = await self.code(outside, provider)
        with pytest.raises(Problem) as caught:
            await provider.id_token(code, replace(ATTEMPT, verifier="w" * 43))
        assert caught.value.code == "identity_refused"

    @pytest.mark.parametrize("secret", [None, CLIENT_SECRET])
    async def test_a_client_may_have_a_secret_or_none(
        self, outside: IdentityProvider, egress: Egress, secret: str | None
    ) -> None:
        outside.client_secret = secret
        setup = replace(setup_of(outside), client_secret=None if secret is None else Secret(secret))
        provider = Provider(egress, setup, outside.clock)
        assert await provider.id_token(await self.code(outside, provider), ATTEMPT)
        body = outside.server.asked[-1].body
        assert CLIENT_SECRET.encode() not in body
        assert (b"client_id" in body) == (secret is None)

    async def test_a_wrong_secret_is_refused_and_not_told(self, outside: IdentityProvider, provider: Provider) -> None:
        outside.client_secret = "another"
        code = await self.code(outside, provider)
        with pytest.raises(Problem) as caught:
            await provider.id_token(code, ATTEMPT)
        assert caught.value.code == "identity_refused"
        assert CLIENT_SECRET not in f"{caught.value} {caught.value.detail}"

    @pytest.mark.parametrize("fault", ["huge", "html", "array", "deep", "binary", "redirect", "500", "503", "302"])
    async def test_an_ugly_answer_is_a_failure(self, outside: IdentityProvider, provider: Provider, fault: str) -> None:
        code = await self.code(outside, provider)
        outside.faults = {"token": fault}
        with pytest.raises(Problem) as caught:
            await provider.id_token(code, ATTEMPT)
        failed(caught)

    async def test_an_answer_without_a_token_is_a_failure(self, outside: IdentityProvider, provider: Provider) -> None:
        code = await self.code(outside, provider)
        outside.token = 5
        with pytest.raises(Problem) as caught:
            await provider.id_token(code, ATTEMPT)
        assert "no ID token" in failed(caught)

    async def test_a_huge_code_is_not_passed_on(self, outside: IdentityProvider, provider: Provider) -> None:
        await provider.discovery()
        with pytest.raises(Problem) as caught:
            await provider.id_token("x" * 5_000, ATTEMPT)
        assert caught.value.code == "identity_refused"
        assert outside.asked == ["discovery"]
