"""CyberThreat AI, checks 1 to 18: what a request may say, and who is asked with which key."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contracts.saying import ADDRESS, MD5, SHA1, SHA256, counts
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running
from tests.fakes.upstream import UpstreamFarm

MISSING = {"error": "Falta el parámetro de IoC"}
UNKNOWN = {"error": "Tipo de IoC desconocido"}


class TestHealth:
    def test_check_001_health_needs_no_key(self, server: Running) -> None:
        reply = server.get("/api/health")
        assert (reply.status, reply.json) == (200, {"status": "ok"})

    def test_check_002_health_has_no_limit(self, serve: Serve) -> None:
        server = serve(points=1)
        with ThreadPoolExecutor(10) as pool:
            replies = list(pool.map(lambda _: server.get("/api/health").status, range(50)))
        assert replies == [200] * 50


class TestIndicator:
    def test_check_003_without_an_indicator(self, server: Running) -> None:
        reply = server.get("/api/ctai")
        assert (reply.status, reply.json) == (400, MISSING)

    def test_check_004_with_an_empty_indicator(self, server: Running) -> None:
        reply = server.get("/api/ctai?ioc=")
        assert (reply.status, reply.json) == (400, MISSING)

    def test_check_005_with_blanks_only(self, server: Running) -> None:
        reply = server.get("/api/ctai?ioc=%20%20")
        assert (reply.status, reply.json) == (400, UNKNOWN)

    @pytest.mark.parametrize(
        "ioc",
        [
            "not_an_ioc", "999.1.1.1", "1.2.3.0/24", "http://a.example/x", "a" * 33, "x" * 513,
            "example.xn--p1ai", "a@b.example", "CVE-2021-44228", "AS15169", "f" * 128, "evil[.]example",
            "1.2.3.4,1.2.3.5", "fe80::1%25eth0",
        ],
    )  # fmt: skip
    def test_check_006_with_no_known_form(self, server: Running, farm: UpstreamFarm, ioc: str) -> None:
        reply = server.ctai(ioc)
        assert (reply.status, reply.json) == (400, UNKNOWN)
        assert not any(counts(farm).values())

    def test_check_007_an_address_is_streamed(self, server: Running) -> None:
        reply = server.ctai(ADDRESS)
        assert reply.status == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert "no-cache" in reply.headers["cache-control"]
        assert reply.events[0].name == "meta"
        assert reply.meta["type"] == "IPv4"

    def test_check_008_an_ipv6_address(self, server: Running) -> None:
        assert server.ctai("2001:4860:4860::8888").meta["type"] == "IPv6"

    def test_check_009_a_domain_keeps_its_spelling_and_goes_out_in_lower_case(
        self, server: Running, farm: UpstreamFarm
    ) -> None:
        reply = server.ctai("Example.ORG")
        assert (reply.meta["type"], reply.meta["ioc"]) == ("domain", "Example.ORG")
        assert farm.calls("virustotal")[0].path.endswith("/domains/example.org")

    @pytest.mark.parametrize(
        ("ioc", "kind"),
        [
            (MD5, "hash/md5"), (SHA1, "hash/sha1"), (SHA256, "hash/sha256"),
            (MD5.upper(), "hash/md5"), (SHA1.upper(), "hash/sha1"), (SHA256.upper(), "hash/sha256"),
        ],
    )  # fmt: skip
    def test_check_010_a_hash_in_any_letter_case(self, server: Running, ioc: str, kind: str) -> None:
        reply = server.ctai(ioc)
        assert (reply.meta["type"], reply.meta["ioc"]) == (kind, ioc)


class TestSources:
    def test_check_011_an_address_asks_two_sources_once(self, server: Running, farm: UpstreamFarm) -> None:
        server.ctai(ADDRESS)
        assert counts(farm) == {"virustotal": 1, "abuseipdb": 1, "polyswarm": 0, "robtex": 0}

    def test_check_012_a_domain_asks_virustotal_and_two_resources_of_robtex(
        self, server: Running, farm: UpstreamFarm
    ) -> None:
        server.ctai("evil.example")
        assert counts(farm) == {"virustotal": 1, "abuseipdb": 0, "polyswarm": 0, "robtex": 2}
        assert {call.path.rpartition("/")[2] for call in farm.calls("robtex")} == {
            "domain_reputation",
            "domain_ranking",
        }

    @pytest.mark.parametrize(("ioc", "kind"), [(MD5, "md5"), (SHA1, "sha1"), (SHA256, "sha256")])
    def test_check_013_a_hash_asks_two_sources_and_names_its_algorithm(
        self, server: Running, farm: UpstreamFarm, ioc: str, kind: str
    ) -> None:
        server.ctai(ioc)
        assert counts(farm) == {"virustotal": 1, "abuseipdb": 0, "polyswarm": 1, "robtex": 0}
        assert farm.calls("polyswarm")[0].path.endswith(f"/search/hash/{kind}")

    @pytest.mark.parametrize("given", [{"X-VT-Key": "k1"}, {}, {"X-VT-Key": ""}])
    def test_check_014_015_016_a_header_wins_over_the_servers_key(
        self, server: Running, farm: UpstreamFarm, given: dict[str, str]
    ) -> None:
        server.ctai(ADDRESS, given)
        assert farm.calls("virustotal")[0].headers["x-apikey"] == (given.get("X-VT-Key") or "k0")

    @pytest.mark.parametrize("own", ["k1", ""])
    @pytest.mark.parametrize(
        ("ioc", "source", "sent_as", "received_as"),
        [
            (ADDRESS, "abuseipdb", "X-AbuseIPDB-Key", "key"),
            (MD5, "polyswarm", "X-Polyswarm-Key", "authorization"),
        ],
    )
    def test_check_017_the_other_sources_keys_travel_the_same_way(
        self, server: Running, farm: UpstreamFarm, ioc: str, source: str, sent_as: str, received_as: str, own: str
    ) -> None:
        server.ctai(ioc, {sent_as: own})
        assert farm.calls(source)[0].headers[received_as] == (own or "k0")

    @pytest.mark.parametrize(("given", "received"), [({"X-OpenRouter-Key": "o1"}, "o1"), ({}, "sk-or-server")])
    def test_check_018_the_language_models_key_is_a_bearer(
        self, server: Running, farm: UpstreamFarm, given: dict[str, str], received: str
    ) -> None:
        server.ctai(ADDRESS, given)
        assert farm.calls("chat")[0].headers["authorization"] == f"Bearer {received}"
