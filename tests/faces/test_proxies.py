"""Who called, where proxies stand between: forged headers change nothing, a trusted chain is read from its near end."""

from ipaddress import ip_address, ip_network

import pytest
from starlette.datastructures import Headers
from starlette.types import Scope as Connection

from cybervault.domain.problems import Problem
from cybervault.faces.proxies import Client, HttpsRule, Proxies, address_of

TRUSTED = Proxies((ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
PROXY = "10.0.0.1"


def client(
    *pairs: tuple[str, str], peer: str | None = PROXY, proxies: Proxies = TRUSTED, scheme: str = "http"
) -> Client:
    headers = Headers(raw=[(name.encode(), value.encode()) for name, value in pairs])
    connection: Connection = {"type": "http", "client": (peer, 1) if peer else None, "scheme": scheme}
    return proxies.client_of(connection, headers)


def forwarded(*values: str, peer: str = PROXY) -> str:
    return str(client(*(("x-forwarded-for", value) for value in values), peer=peer).address)


class TestAddress:
    def test_of_nobody_trusted_the_peer_is_the_client_whatever_it_says(self) -> None:
        """Nothing that a caller writes moves its address."""
        for name in ("x-forwarded-for", "x-real-ip", "cf-connecting-ip", "forwarded"):
            assert str(client((name, "192.0.2.9"), peer="198.51.100.1").address) == "198.51.100.1"
        assert str(client(("x-forwarded-for", "192.0.2.9"), proxies=Proxies()).address) == PROXY

    def test_a_trusted_proxy_tells_who_called_it(self) -> None:
        assert forwarded("192.0.2.9") == "192.0.2.9"

    @pytest.mark.parametrize(
        ("values", "address"),
        [
            (("203.0.113.66, 192.0.2.9",), "192.0.2.9"),
            (("127.0.0.1, 192.0.2.9",), "192.0.2.9"),
            (("10.1.1.1, 192.0.2.9",), "192.0.2.9"),
            (("203.0.113.66", "192.0.2.9"), "192.0.2.9"),
            (("192.0.2.9", "10.0.0.2"), "192.0.2.9"),
            (("203.0.113.66, 192.0.2.9, 10.0.0.3", "10.0.0.2"), "192.0.2.9"),
            (("203.0.113.66, nonsense, 10.0.0.2",), "10.0.0.2"),
            (("nonsense",), PROXY),
            (("",), PROXY),
            (("192.0.2.9,",), PROXY),
            (("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ],
    )
    def test_what_stands_left_of_the_first_stranger_is_never_believed(
        self, values: tuple[str, ...], address: str
    ) -> None:
        """The left end of the list is the caller's own invention."""
        assert forwarded(*values) == address

    def test_no_more_than_ten_hops_are_walked(self) -> None:
        hops = [f"10.0.1.{number}" for number in range(1, 13)]
        assert forwarded(", ".join(["192.0.2.9", *hops])) == "10.0.1.3"

    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("192.0.2.9:5678", "192.0.2.9"),
            ("[2001:db8::9]:443", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:192.0.2.9", "192.0.2.9"),
            (" 192.0.2.9 ", "192.0.2.9"),
        ],
    )
    def test_ports_brackets_zones_and_clothes_are_taken_off(self, text: str, address: str) -> None:
        assert address_of(text) == ip_address(address)
        assert forwarded(text) == address

    @pytest.mark.parametrize("text", ["", "x", "[", "1.2.3", "unknown", "_hidden", "1.2.3.4.5", "0x7f000001"])
    def test_anything_else_is_no_address(self, text: str) -> None:
        assert address_of(text) is None

    def test_another_header_counts_alone_where_it_is_configured(self) -> None:
        for name in ("cf-connecting-ip", "x-real-ip"):
            proxies = Proxies(TRUSTED.networks, name)
            told = client((name, "192.0.2.9"), ("x-forwarded-for", "192.0.2.7"), proxies=proxies)
            assert str(told.address) == "192.0.2.9"
            assert str(client(("x-forwarded-for", "192.0.2.7"), proxies=proxies).address) == PROXY
            assert str(client((name, "nonsense"), proxies=proxies).address) == PROXY
            assert str(client((name, "192.0.2.9"), (name, "192.0.2.8"), proxies=proxies).address) == PROXY

    def test_a_peer_without_an_address_is_nobody(self) -> None:
        assert client(("x-forwarded-for", "192.0.2.9"), peer=None).address is None
        assert client(peer="unix socket").address is None

    def test_who_connected_is_known_beside_who_called(self) -> None:
        told = client(("x-forwarded-for", "192.0.2.9"))
        assert (str(told.peer), str(told.address)) == (PROXY, "192.0.2.9")


class TestScheme:
    @pytest.mark.parametrize(
        ("values", "scheme"),
        [
            (("https",), "https"),
            (("HTTPS",), "https"),
            (("http",), "http"),
            (("http, https",), "https"),
            (("https", "http"), "http"),
            (("nonsense",), "http"),
            ((), "http"),
            (("",), "http"),
        ],
    )
    def test_a_trusted_proxy_tells_it(self, values: tuple[str, ...], scheme: str) -> None:
        assert client(*(("x-forwarded-proto", value) for value in values)).scheme == scheme

    def test_nobody_else_does(self) -> None:
        assert client(("x-forwarded-proto", "https"), peer="198.51.100.1").scheme == "http"
        assert client(("x-forwarded-proto", "http"), peer="198.51.100.1", scheme="https").scheme == "https"


class TestHttps:
    @staticmethod
    def place(
        rule: HttpsRule, method: str = "GET", host: str = "vault.example:8000", path: str = "/v1/a%2Fb", query: str = ""
    ) -> str:
        connection: Connection = {
            "type": "http", "method": method, "path": "/v1/a/b", "raw_path": path.encode(),
            "query_string": query.encode(),
        }  # fmt: skip
        response = rule.answer(connection, Headers({"host": host} if host else {}))
        assert response.status_code == 301
        return response.headers["location"]

    @pytest.mark.parametrize(
        ("address", "scheme", "is_required", "applies"),
        [
            ("192.0.2.1", "http", True, True),
            ("192.0.2.1", "https", True, False),
            ("192.0.2.1", "http", False, False),
            ("127.0.0.1", "http", True, False),
            ("::1", "http", True, False),
        ],
    )
    def test_it_applies_to_what_came_in_the_clear_from_elsewhere(
        self,
        address: str,
        scheme: str,
        is_required: bool,  # noqa: FBT001 - a column
        applies: bool,  # noqa: FBT001 - a column
    ) -> None:
        caller = client(("x-forwarded-for", address), ("x-forwarded-proto", scheme))
        assert HttpsRule(is_required).applies_to(caller) is applies

    def test_a_caller_without_an_address_is_not_of_this_machine(self) -> None:
        assert HttpsRule(is_required=True).applies_to(client(peer=None))

    def test_a_reading_request_is_sent_to_the_configured_place(self) -> None:
        rule = HttpsRule(is_required=True, public_url="https://vault.example/")
        assert self.place(rule, host="evil.example", query="a=1") == "https://vault.example/v1/a%2Fb?a=1"

    def test_without_one_to_the_host_it_named(self) -> None:
        rule = HttpsRule(is_required=True)
        assert self.place(rule) == "https://vault.example/v1/a%2Fb"
        assert self.place(rule, method="HEAD", host="[2001:db8::1]:80") == "https://[2001:db8::1]/v1/a%2Fb"

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_any_other_is_refused(self, method: str) -> None:
        with pytest.raises(Problem) as caught:
            self.place(HttpsRule(is_required=True), method=method)
        assert caught.value.code == "https_required"

    @pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "a\\b", "x" * 300, "h:1:2"])
    def test_no_host_of_a_form_that_leads_elsewhere_is_named_in_an_answer(self, host: str) -> None:
        with pytest.raises(Problem):
            self.place(HttpsRule(is_required=True), host=host)
