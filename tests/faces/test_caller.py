"""Who calls: one header, one scheme word, rights that end where prefix and scopes say, and no key in an address."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest

from cybervault.access import tokens
from cybervault.app import Access
from cybervault.domain.principals import KeyKind, Principal, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import API_KEY, BEARER, Callers, key_in_url, presented_key, refuse_beyond, without_keys
from tests.fakes.keys import secret_of

HERE = ip_address("127.0.0.1")
BODY = "0123456789abcdefghijklmnopqrstuv"
KEY = f"cv_live_sk_{BODY}{tokens.check_of(KeyKind.SERVICE_LIVE, BODY)}"


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        ([], ""),
        ([""], ""),
        (["   "], ""),
        (["Bearer"], ""),
        (["Bearer abc"], "abc"),
        (["bearer abc"], "abc"),
        (["BEARER abc"], "abc"),
        (["Bearer  abc"], " abc"),
        (["Bearer abc def"], "abc def"),
        (["Basic abc"], ""),
        (["Api-Key abc"], ""),
        (["abc"], ""),
    ],
)
def test_a_key_stands_behind_the_word_bearer_in_any_case(authorization: Sequence[str], key: str) -> None:
    assert presented_key(authorization, BEARER) == key


def test_another_scheme_word_counts_where_it_is_named() -> None:
    assert presented_key(["Api-Key abc"], BEARER | API_KEY) == "abc"
    assert presented_key(["Bearer abc"], BEARER | API_KEY) == "abc"


def test_two_authorization_headers_are_refused_rather_than_one_chosen() -> None:
    with pytest.raises(Problem, match="one header Authorization") as caught:
        presented_key(["Bearer abc", "Bearer def"], BEARER)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_request")


def test_a_key_is_resolved_with_the_address_it_comes_from(access: Access) -> None:
    secret = secret_of(access, networks=(ip_network("127.0.0.0/8"),))
    callers = Callers(access.keys)
    assert callers.caller_of([f"Bearer {secret}"], HERE).kind is KeyKind.SERVICE_LIVE
    with pytest.raises(Problem) as caught:
        callers.caller_of([f"Bearer {secret}"], ip_address("192.0.2.1"))
    assert caught.value.code == "ip_not_allowed"


def test_no_key_is_told_apart_from_a_wrong_one(access: Access) -> None:
    codes = []
    for authorization in ([], ["Bearer cv_live_sk_wrong"]):
        with pytest.raises(Problem) as caught:
            Callers(access.keys).caller_of(authorization, HERE)
        codes.append(caught.value.code)
    assert codes == ["missing_api_key", "invalid_api_key"]


def test_a_good_key_behind_two_blanks_is_no_key(access: Access) -> None:
    secret = secret_of(access)
    assert Callers(access.keys).caller_of([f"Bearer {secret}"], HERE).kind is KeyKind.SERVICE_LIVE
    with pytest.raises(Problem) as caught:
        Callers(access.keys).caller_of([f"Bearer  {secret}"], HERE)
    assert caught.value.code == "invalid_api_key"


class TestRights:
    @staticmethod
    def principal(access: Access, kind: KeyKind, *scopes: Scope) -> Principal:
        return access.keys.resolve(secret_of(access, kind, scopes=frozenset(scopes)), HERE)

    def test_a_scope_that_was_given_is_enough(self, access: Access) -> None:
        refuse_beyond(self.principal(access, KeyKind.SERVICE_LIVE, Scope.THREAT_WRITE), "POST", Scope.THREAT_WRITE)

    def test_no_scope_is_needed_where_none_is_named(self, access: Access) -> None:
        refuse_beyond(self.principal(access, KeyKind.SERVICE_LIVE), "GET", None)

    def test_a_scope_that_is_missing_is_named(self, access: Access) -> None:
        with pytest.raises(Problem, match="threat:write") as caught:
            refuse_beyond(self.principal(access, KeyKind.SERVICE_LIVE, Scope.THREAT_READ), "GET", Scope.THREAT_WRITE)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "invalid_scope")

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize("scope", [Scope.THREAT_READ, Scope.THREAT_WRITE, None])
    def test_a_read_key_only_reads_whatever_its_scopes(self, access: Access, method: str, scope: Scope | None) -> None:
        """The prefix is the upper bound of a key's rights."""
        principal = self.principal(access, KeyKind.SERVICE_READ, Scope.THREAT_READ, Scope.THREAT_WRITE)
        with pytest.raises(Problem, match=str(scope or "may only read")) as caught:
            refuse_beyond(principal, method, scope)
        assert caught.value.code == "invalid_scope"
        refuse_beyond(principal, "GET", Scope.THREAT_READ)
        refuse_beyond(principal, "HEAD", None)


class TestKeyInUrl:
    @pytest.mark.parametrize("kind", list(KeyKind))
    def test_a_key_of_every_kind_is_found(self, kind: KeyKind) -> None:
        minted = tokens.mint(kind)
        found = key_in_url("/v3/system/health", f"a=1&key={minted.secret.reveal()}".encode())
        assert found is not None
        assert (found.kind, found.hint) == (kind, minted.hint)

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            (f"/v3/{KEY}", ""),
            (f"/v3/{KEY}/x", ""),
            (f"/x{KEY}", ""),
            ("/", f"a=Bearer+{KEY}"),
            ("/", f"ioc=https%3A%2F%2Fevil.example%2F%3Fk%3D{KEY}"),
            ("/", "k=" + "".join(f"%{ord(letter):02x}" for letter in KEY)),
        ],
    )
    def test_a_key_is_found_wherever_it_stands(self, path: str, query: str) -> None:
        assert key_in_url(path, query.encode()) is not None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            KEY[:-1],
            KEY + "x",
            KEY[:-1] + ("a" if KEY[-1] != "a" else "b"),
            KEY.replace("cv_live_sk_", "cv_test_sk_"),
            "cv_live_" + "a" * 24,
        ],
    )
    def test_what_only_looks_like_a_key_passes(self, text: str) -> None:
        assert key_in_url(f"/{text}", f"q={text}".encode()) is None

    def test_a_query_in_any_bytes_is_read(self) -> None:
        assert key_in_url("/", bytes(range(256))) is None

    def test_the_log_gets_the_text_without_the_key(self) -> None:
        assert without_keys(f"/v3/{KEY}/x") == "/v3/•••/x"
