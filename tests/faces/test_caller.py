"""Who calls: one header and one scheme word for keys, cookies only where a session is wanted, no key in an address."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from starlette.datastructures import Headers

from cybervault.domain.principals import KeyKind, Principal, Role
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import API_KEY, BEARER, Callers, Presented, presented_key, text_of_url
from cybervault.faces.proxies import Client
from cybervault.faces.rights import RouteRule, SignIn
from tests.faces.framed import Framed

HERE = Client(ip_address("192.0.2.1"), ip_address("192.0.2.1"), "https")
KEY_ROUTE, SESSION_ROUTE, EITHER_ROUTE = (
    RouteRule("POST", "/x", sign_in=sign_in) for sign_in in (SignIn.KEY, SignIn.SESSION, SignIn.EITHER)
)


def presented(headers: Mapping[str, str], client: Client = HERE, method: str = "POST") -> Presented:
    return Presented(method, Headers(dict(headers)), client)


async def code_of(callers: Callers, rule: RouteRule | None, headers: Mapping[str, str], **given: Client | str) -> str:
    with pytest.raises(Problem) as caught:
        await callers.caller_of(presented(headers, **given), rule)  # type: ignore[arg-type] # columns of two types
    return caught.value.code


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


@pytest.mark.parametrize("rule", [None, KEY_ROUTE, EITHER_ROUTE])
async def test_a_key_is_resolved_with_the_address_it_comes_from(framed: Framed, rule: RouteRule | None) -> None:
    key = await framed.key(networks=(ip_network("192.0.2.0/24"),))
    assert (await framed.callers.caller_of(presented(key), rule)).kind is KeyKind.SERVICE_LIVE
    elsewhere = replace(HERE, address=ip_address("198.51.100.1"))
    assert await code_of(framed.callers, rule, key, client=elsewhere) == "ip_not_allowed"


@pytest.mark.parametrize("rule", [None, KEY_ROUTE, EITHER_ROUTE])
async def test_no_key_is_told_apart_from_a_wrong_one(framed: Framed, rule: RouteRule | None) -> None:
    assert await code_of(framed.callers, rule, {}) == "missing_api_key"
    assert await code_of(framed.callers, rule, {"Authorization": "Bearer cv_live_sk_wrong"}) == "invalid_api_key"


async def test_a_good_key_behind_two_blanks_is_no_key(framed: Framed) -> None:
    key = await framed.key()
    wrong = {"Authorization": key["Authorization"].replace(" ", "  ")}
    assert await code_of(framed.callers, None, wrong) == "invalid_api_key"


class TestSessions:
    @pytest.mark.parametrize("rule", [SESSION_ROUTE, EITHER_ROUTE])
    async def test_a_cookie_counts_where_a_session_is_wanted(self, framed: Framed, rule: RouteRule) -> None:
        member = await framed.world.member(Role.ADMIN)
        found = await framed.callers.caller_of(presented(await framed.cookie(member)), rule)
        assert (found.member_id, found.role, found.key_id) == (member.id, Role.ADMIN, None)

    async def test_where_a_key_is_wanted_no_cookie_is_read(self, framed: Framed) -> None:
        """Another site can make a browser send the cookie, so that it counts for as little as can be."""
        cookie = await framed.cookie(await framed.world.member())
        for rule in (None, KEY_ROUTE):
            assert await code_of(framed.callers, rule, cookie) == "missing_api_key"

    async def test_where_a_session_is_wanted_no_key_is_read(self, framed: Framed) -> None:
        key, cookie = await framed.key(), await framed.cookie(await framed.world.member())
        assert await code_of(framed.callers, SESSION_ROUTE, key) == "session_required"
        found = await framed.callers.caller_of(presented(key | cookie), SESSION_ROUTE)
        assert found.key_id is None

    async def test_of_both_the_key_counts_where_either_may(self, framed: Framed) -> None:
        key, cookie = await framed.key(), await framed.cookie(await framed.world.member())
        found = await framed.callers.caller_of(presented(key | cookie), EITHER_ROUTE)
        assert found.session_id is None

    async def test_who_has_not_signed_in_is_told_so(self, framed: Framed) -> None:
        assert await code_of(framed.callers, SESSION_ROUTE, {}) == "sign_in_required"
        assert await code_of(framed.callers, SESSION_ROUTE, {"Cookie": "__Host-cybervault=x"}) != "missing_api_key"

    async def test_a_cookie_that_another_site_made_a_browser_send_does_not_count(self, framed: Framed) -> None:
        cookie = await framed.cookie(await framed.world.member())
        for changed in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            assert await code_of(framed.callers, SESSION_ROUTE, cookie | changed) == "cross_site_request"
        del cookie["Sec-Fetch-Site"]
        assert await code_of(framed.callers, SESSION_ROUTE, cookie) == "cross_site_request"
        assert await code_of(framed.callers, EITHER_ROUTE, cookie | {"Origin": "https://evil"}) == "cross_site_request"
        for passing in (presented(cookie | {"Origin": "https://here"}), presented(cookie, method="GET")):
            assert (await framed.callers.caller_of(passing, SESSION_ROUTE)).session_id is not None

    async def test_a_cookie_in_the_clear_does_not_count(self, framed: Framed) -> None:
        cookie = await framed.cookie(await framed.world.member())
        plain = replace(HERE, scheme="http")
        assert await code_of(framed.callers, SESSION_ROUTE, cookie, client=plain) == "sign_in_required"

    async def test_on_this_machine_a_cookie_of_its_own_name_counts_without_https(self, framed: Framed) -> None:
        cookie = await framed.cookie(await framed.world.member())
        local = {"Host": "localhost:8000", "Cookie": cookie["Cookie"].replace("__Host-cybervault", "cybervault-local")}
        loopback = Client(ip_address("127.0.0.1"), ip_address("127.0.0.1"), "http")
        found = await framed.callers.caller_of(presented(local, loopback, "GET"), SESSION_ROUTE)
        assert found.session_id is not None

    async def test_without_sessions_a_key_is_asked_for(self, framed: Framed) -> None:
        callers = Callers(framed.world.keys)
        assert await code_of(callers, SESSION_ROUTE, {}) == "missing_api_key"
        await callers.prove(await framed.callers.caller_of(presented(await framed.key())))

    async def test_a_proof_is_asked_of_sessions_when_it_is_five_minutes_old(self, framed: Framed) -> None:
        cookie = await framed.cookie(await framed.world.member())
        person = await framed.callers.caller_of(presented(cookie), SESSION_ROUTE)
        await framed.callers.prove(person)
        framed.clock.advance(300)
        with pytest.raises(Problem) as caught:
            await framed.callers.prove(person)
        assert caught.value.code == "reauth_required"
        await framed.callers.prove(await framed.callers.caller_of(presented(await framed.key())))


async def test_what_is_asked_freshly_is_read_freshly(framed: Framed) -> None:
    asked: list[tuple[bool, str | None]] = []

    class Listening:
        async def resolve(
            self, text: str, address: object, *, is_fresh: bool = False, agent: str | None = None
        ) -> Principal:
            asked.append((is_fresh, agent))
            return await framed.world.keys.resolve(text, ip_address(str(address)))

    headers = await framed.key() | {"User-Agent": "x" * 300}
    for is_fresh in (False, True):
        await Callers(Listening()).caller_of(presented(headers), None, is_fresh=is_fresh)
    assert asked == [(False, "x" * 256), (True, "x" * 256)]


def test_a_caller_need_not_name_its_program() -> None:
    assert presented({}).agent is None


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("/v3/x", b"", "/v3/x "),
        ("/", b"a=Bearer+k", "/ a=Bearer k"),
        ("/", b"a=%63v", "/ a=cv"),
        ("/", bytes(range(256)), None),
    ],
)
def test_an_address_is_read_as_it_is_meant(path: str, query: bytes, text: str | None) -> None:
    assert text is None or text_of_url(path, query) == text
    assert text_of_url(path, query).startswith(path)
