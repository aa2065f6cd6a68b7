"""Where a request may go."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.guard import Guard, Origin, is_open_address, origin_of, resolver_origin
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest

INSIDE = Origin("http", "10.0.0.5", 9000)
LOCAL = Origin("http", "localhost", 11434)
GUARD = Guard({INSIDE, LOCAL, Origin("https", "misp.corp.test", 8443), Origin("dns", "127.0.0.1", 5353)})


def refused(call: object) -> bool:
    """Whether a decision was to refuse, for this reason and no other."""
    assert callable(call)
    try:
        call()
    except EgressError as error:
        return error.failure is EgressFailure.REFUSED
    return False


class TestOrigin:
    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://source.test", Origin("https", "source.test", 443)),
            ("HTTPS://Source.TEST/path?q=1", Origin("https", "source.test", 443)),
            ("http://source.test:8080/", Origin("http", "source.test", 8080)),
            ("https://8.8.8.8/", Origin("https", "8.8.8.8", 443)),
            ("https://[2606:4700:0:0::1111]:8443/", Origin("https", "2606:4700::1111", 8443)),
            ("https://_dmarc.source.test?x", Origin("https", "_dmarc.source.test", 443)),
        ],
    )
    def test_reads_scheme_host_and_port(self, url: str, origin: Origin) -> None:
        assert origin_of(url) == origin

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "source.test",
            "//source.test/",
            "file:///etc/passwd",
            "ftp://source.test/",
            "gopher://source.test/",
            "https://user@source.test/",
            "https://user:pass@source.test/",
            "https://good.test\\@evil.test/",
            "https://good.test#@evil.test/",
            "https://source.test:0/",
            "https://source.test:65536/",
            "https://source.test:99999/",
            "https://source.test:http/",
            "https://source.test /",
            "https://source.test/a b",
            "https://source.test/\r\nHost: evil.test",
            "https://source.test/ü",
            "https://sóurce.test/",
            "https:///path",
            "https://.test/",
            "https://a..test/",
            "https://source.test./",
            "https://-a.test/",
            f"https://{'a' * 64}.test/",
            f"https://{'a.' * 126}toolong/",
            "https://[fe80::1%25eth0]/",
            "https://[::1/",
            "https://[8.8.8.8]/",
            "https://[::zz]/",
        ],
    )
    def test_refuses_what_is_no_plain_url(self, url: str) -> None:
        assert refused(lambda: origin_of(url))

    @pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "8.8.8.8.8", "a.0x7f", "a.1"])
    def test_refuses_an_address_in_disguise(self, host: str) -> None:
        """Never left to getaddrinfo, which would read these as addresses."""
        assert refused(lambda: origin_of(f"https://{host}/"))

    @given(st.text(max_size=60))
    def test_any_text_is_an_origin_or_refused(self, text: str) -> None:
        for url in (text, f"https://{text}", f"https://a.test/{text}"):
            try:
                origin = origin_of(url)
            except EgressError:
                continue
            assert 1 <= origin.port <= 65535
            assert origin.host == origin.host.lower()
            assert url.isascii()


class TestResolverOrigin:
    @pytest.mark.parametrize(
        ("text", "host", "port"),
        [
            ("1.1.1.1", "1.1.1.1", 53),
            ("127.0.0.1:5353", "127.0.0.1", 5353),
            ("2606:4700::1111", "2606:4700::1111", 53),
            ("[2606:4700::1111]", "2606:4700::1111", 53),
            ("[2606:4700::1111]:54", "2606:4700::1111", 54),
        ],
    )
    def test_reads_an_address_with_or_without_port(self, text: str, host: str, port: int) -> None:
        assert resolver_origin(text) == Origin("dns", host, port)

    @pytest.mark.parametrize("text", ["", "dns.google", "1.1.1.1:0", "1.1.1.1:x", "1.1.1.1:65536", "[::1", "a::b::c"])
    def test_refuses_names_and_bad_ports(self, text: str) -> None:
        assert refused(lambda: resolver_origin(text))


OPEN = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]
CLOSED = [
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",  # noqa: S104 - not bound to
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.8", "192.0.0.192", "198.18.0.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1",
    "192.0.2.1", "198.51.100.7", "203.0.113.42",
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1", "100::1",
    "2001:db8::1", "3fff::1", "2001:2::1", "2001:20::1", "5f00::1", "64:ff9b:1::808:808", "4000::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:203.0.113.42", "::127.0.0.1", "::8.8.8.8",
    "2002:7f00:1::", "2002:0a00:0001::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::cb00:712a",
]  # fmt: skip


class TestAddresses:
    @pytest.mark.parametrize("text", OPEN)
    def test_public_addresses_are_open(self, text: str) -> None:
        assert is_open_address(ipaddress.ip_address(text))

    @pytest.mark.parametrize("text", CLOSED)
    def test_everything_else_is_closed(self, text: str) -> None:
        """Loopback, private, link-local, metadata, shared, documentation, and IPv4 hidden in IPv6."""
        assert not is_open_address(ipaddress.ip_address(text))

    @given(st.ip_addresses(v=4))
    def test_an_ipv4_address_is_no_more_open_in_ipv6(self, address: ipaddress.IPv4Address) -> None:
        number = int(address)
        for carrier in (
            (0xFFFF << 32) | number,
            number,
            (0x2002 << 112) | (number << 80),
            (0x0064FF9B << 96) | number,
            (0x20010000 << 96) | (number << 64) | (number ^ 0xFFFFFFFF),
        ):
            assert is_open_address(address) or not is_open_address(ipaddress.IPv6Address(carrier))

    @given(st.ip_addresses())
    def test_nothing_private_is_open(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        if is_open_address(address) and address not in ipaddress.ip_network("64:ff9b::/96"):
            assert not (address.is_private and getattr(address, "ipv4_mapped", None) is None)
            assert not any((address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified))

    def test_a_configured_host_may_live_anywhere_but_only_on_its_port(self) -> None:
        loopback = ipaddress.ip_address("127.0.0.1")
        assert GUARD.may_connect("localhost", 11434, loopback)
        assert GUARD.may_connect("LOCALHOST", 11434, loopback)
        assert not GUARD.may_connect("localhost", 11435, loopback)
        assert not GUARD.may_connect("other.test", 11434, loopback)
        assert GUARD.may_connect("other.test", 11434, ipaddress.ip_address("8.8.8.8"))


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "https://source.test/api",
            "https://source.test:8443/api",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "http://10.0.0.5:9000/model",
            "http://localhost:11434/v1",
            "https://misp.corp.test:8443/",
        ],
    )
    def test_https_and_configured_origins_may_be_asked(self, url: str) -> None:
        assert GUARD.check_url(url) == origin_of(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://source.test/",
            "http://10.0.0.5:9001/",
            "http://10.0.0.5/",
            "https://10.0.0.5:9000/",
            "https://10.0.0.6/",
            "http://misp.corp.test:8443/",
            "http://localhost:11435/",
            "https://127.0.0.1/",
            "https://203.0.113.42/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
        ],
    )
    def test_others_may_not(self, url: str) -> None:
        assert refused(lambda: GUARD.check_url(url))

    def test_without_configuration_nothing_inside_may_be_asked(self) -> None:
        assert refused(lambda: Guard().check_url("http://10.0.0.5:9000/"))
        assert not Guard().may_connect("localhost", 11434, ipaddress.ip_address("127.0.0.1"))


class TestResolvers:
    @pytest.mark.parametrize("text", ["9.9.9.9", "9.9.9.9:53", "2620:fe::fe", "127.0.0.1:5353"])
    def test_public_and_configured_resolvers_may_be_asked(self, text: str) -> None:
        assert GUARD.check_resolver(text) == resolver_origin(text)

    @pytest.mark.parametrize(
        "text", ["127.0.0.1", "9.9.9.9:5353", "10.0.0.5:9000", "::1", "dns.google", "192.0.2.53", "fe80::1%eth0"]
    )
    def test_others_may_not(self, text: str) -> None:
        assert refused(lambda: GUARD.check_resolver(text))


PUBLIC = "https://rdap.test/domain/a.test"
KEYED = OutgoingRequest(
    url=PUBLIC, secret_headers=(SecretHeader("x-apikey", Secret("k")),), redirect_hosts=frozenset({"*"})
)


def hop(location: str, *, hosts: str = "*", url: str = PUBLIC, hops: int = 0, method: str = "GET") -> str:
    request = OutgoingRequest(url=url, method=method, redirect_hosts=frozenset(hosts.split()))
    return GUARD.check_redirect(request, url=url, location=location, hops=hops)


class TestRedirects:
    @pytest.mark.parametrize(
        ("location", "following"),
        [
            ("https://registry.test/rdap/a.test", "https://registry.test/rdap/a.test"),
            ("//registry.test/x", "https://registry.test/x"),
            ("/other?q=1", "https://rdap.test/other?q=1"),
            ("sibling", "https://rdap.test/domain/sibling"),
            (" https://registry.test/a b/ü#part ", "https://registry.test/a%20b/%C3%BC"),
        ],
    )
    def test_a_keyless_request_follows_to_any_public_host(self, location: str, following: str) -> None:
        assert hop(location) == following

    def test_only_listed_hosts_are_followed_to(self) -> None:
        assert hop("https://cdn.test/x", hosts="cdn.test") == "https://cdn.test/x"
        assert refused(lambda: hop("https://cdn.test.evil.test/x", hosts="cdn.test"))
        assert refused(lambda: hop("https://rdap.test/x", hosts=""))

    @pytest.mark.parametrize(
        "location",
        [
            "http://registry.test/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
            "https://user@registry.test/",
            "https://[bad/",
            "https://a.test\\@10.0.0.1/",
            "",
        ],
    )
    def test_a_redirect_opens_nothing_that_a_request_could_not(self, location: str) -> None:
        assert refused(lambda: hop(location, hosts="registry.test a.test"))
        assert location == "" or refused(lambda: hop(location))

    def test_a_key_follows_nowhere(self) -> None:
        """Not even to its own host: some sources move between hosts of several owners."""
        assert refused(lambda: GUARD.check_redirect(KEYED, url=PUBLIC, location="/same", hops=0))

    def test_only_reading_requests_are_followed(self) -> None:
        assert hop("/x", method="HEAD") == "https://rdap.test/x"
        assert refused(lambda: hop("/x", method="POST"))

    def test_three_hops_are_the_most(self) -> None:
        assert hop("/x", hops=2) == "https://rdap.test/x"
        assert refused(lambda: hop("/x", hops=3))

    def test_a_source_cannot_send_us_to_a_configured_origin(self) -> None:
        """Any public host is what "*" means: a local model is none, though the operator opened it for us."""
        assert refused(lambda: hop("http://localhost:11434/api/delete"))
        assert hop("http://localhost:11434/x", hosts="localhost") == "http://localhost:11434/x"
        assert hop("http://localhost:11434/x", url="http://10.0.0.5:9000/") == "http://localhost:11434/x"
