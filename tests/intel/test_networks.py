import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.observables import parse_observable
from cybervault.domain.problems import Problem
from cybervault.intel.networks import NOTHING, Networks, Numbering, flatten, is_address, special_use
from cybervault.intel.packing import network_of, write_networks
from cybervault.intel.sections import write_sections


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.1.2.3", "private network (RFC 1918)"),
        ("172.31.255.255", "private network (RFC 1918)"),
        ("192.168.0.1", "private network (RFC 1918)"),
        ("127.0.0.1", "loopback (RFC 1122)"),
        ("0.0.0.0", "unspecified address (RFC 1122)"),  # noqa: S104 - nothing is bound
        ("0.1.2.3", "this network (RFC 791)"),
        ("100.64.0.1", "shared address space of providers (RFC 6598)"),
        ("169.254.1.1", "link-local (RFC 3927)"),
        ("169.254.169.254", "link-local, metadata service of clouds (RFC 3927)"),
        ("192.0.0.8", "protocol assignments (RFC 6890)"),
        ("192.0.2.1", "documentation (RFC 5737)"),
        ("198.51.100.1", "documentation (RFC 5737)"),
        ("203.0.113.1", "documentation (RFC 5737)"),
        ("198.19.0.1", "benchmarking (RFC 2544)"),
        ("224.0.0.1", "multicast (RFC 5771)"),
        ("255.255.255.255", "limited broadcast (RFC 919)"),
        ("250.0.0.1", "reserved (RFC 1112)"),
        ("::1", "loopback (RFC 4291)"),
        ("::", "unspecified address (RFC 4291)"),
        ("2001:db8::1", "documentation (RFC 3849)"),
        ("fd00::1", "unique local network (RFC 4193)"),
        ("fe80::1", "link-local (RFC 4291)"),
        ("fec0::1", "retired site-local network (RFC 3879)"),
        ("ff02::1", "multicast (RFC 4291)"),
        ("64:ff9b::7f00:1", "carries 127.0.0.1: loopback (RFC 1122)"),
        ("2002:0a00:0001::", "carries 10.0.0.1: private network (RFC 1918)"),
        ("10.0.0.0/24", "private network (RFC 1918)"),
        ("fe80::/64", "link-local (RFC 4291)"),
        ("http://127.0.0.1:8080/x", "loopback (RFC 1122)"),
        ("http://[::1]/", "loopback (RFC 4291)"),
        ("printer.local", "name of the local link (RFC 6762)"),
        ("http://localhost/", "loopback (RFC 6761)"),
        ("http://intranet/x", "name without a domain"),
        ("box.home.arpa", "name of a home network (RFC 8375)"),
        ("abc.onion", "onion service of Tor (RFC 7686)"),
        ("a@mail.test", "name for tests (RFC 2606)"),
    ],
)
def test_special_use_is_told_in_words(text: str, words: str) -> None:
    assert special_use(parse_observable(text)) == words


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "8.8.0.0/16", "10.0.0.0/7", "0.0.0.0/0", "a.com", "in-addr.arpa",
     "https://a.com/local", "CVE-2024-1234", "AS64500", "d41d8cd98f00b204e9800998ecf8427e"],
)  # fmt: skip
def test_the_public_internet_is_nothing_special(text: str) -> None:
    assert special_use(parse_observable(text)) is None


def test_only_addresses_count_as_addresses() -> None:
    assert is_address("1.2.3.4")
    assert is_address("::1")
    assert not is_address("1.2.3.4.example")
    assert not is_address("a.xn--55qx5d")


def test_more_overlaps_than_numbers_are_refused() -> None:
    numbering = Numbering()
    with pytest.raises(Problem) as caught:
        [numbering.number((member,)) for member in range(70_000)]
    assert caught.value.code == "local_knowledge_too_large"


def test_flat_segments_know_every_covering_member() -> None:
    numbering = Numbering()
    segments = flatten([(10, 19, 2), (15, 29, 4), (15, 17, 4), (30, 30, 2)], numbering)
    assert [(start, numbering.sets[number]) for start, number in segments] == [
        (10, (2,)), (15, (2, 4)), (20, (4,)), (30, (2,)), (31, ()),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(0, 3)), max_size=12))
def test_flat_segments_agree_with_asking_each_network(spans: list[tuple[int, int, int]]) -> None:
    numbering = Numbering()
    networks = [(first, first + length, member) for first, length, member in spans]
    segments = flatten(networks, numbering)
    for number in range(90):
        covering = {member for first, last, member in networks if first <= number <= last}
        found = [which for start, which in segments if start <= number]
        assert set(numbering.sets[found[-1] if found else NOTHING]) == covering


@pytest.fixture
def networks(tmp_path: Path) -> Networks:
    numbering = Numbering()
    pairs = [(network_of(text), 2) for text in ("20.0.0.0/8", "2001:4860::/32", "2001:4860:4860::8888")]
    pairs += [(network_of("20.1.0.0/16"), 4), (network_of("2001:4860:0:0:8000::/65"), 4)]
    write_networks(tmp_path, pairs, numbering)
    assert numbering.sets == ((), (2,), (2, 4))
    return Networks(tmp_path / "v4", tmp_path / "v6")


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.0.0.1", 0), ("19.255.255.255", 0), ("20.0.0.0", 1), ("20.1.255.255", 2), ("20.2.0.0", 1), ("21.0.0.0", 0),
     ("::", 0), ("2001:4860::", 1), ("2001:4860::7fff:ffff:ffff:ffff", 1), ("2001:4860:0:0:8000::", 2),
     ("2001:4860:0:1::", 1), ("2001:4861::", 0), ("ffff::", 0)],
)  # fmt: skip
def test_an_address_finds_the_set_that_covers_it(networks: Networks, text: str, number: int) -> None:
    assert networks.covering(ipaddress.ip_address(text)) == number


@pytest.mark.parametrize(
    ("text", "sets"),
    [("20.1.2.0/24", [2]), ("20.0.0.0/15", [1, 2]), ("20.0.0.0/7", [1, 2, 1, 0]), ("0.0.0.0/5", [0]),
     ("19.0.0.0/8", [0]), ("30.0.0.0/8", [0]), ("2001:4860::/64", [1, 2]), ("2001:4860::/65", [1]), ("::/16", [0]),
     ("2001:4860:4860::8888/128", [1])],
)  # fmt: skip
def test_a_network_finds_the_sets_of_all_its_parts(networks: Networks, text: str, sets: list[int]) -> None:
    assert list(networks.within(ipaddress.ip_network(text))) == sets


def test_networks_whose_sections_do_not_fit_are_refused(tmp_path: Path) -> None:
    write_sections(tmp_path / "v4", [bytes(4), b""])
    write_sections(tmp_path / "v6", [b"", b"", b""])
    with pytest.raises(Problem) as caught:
        Networks(tmp_path / "v4", tmp_path / "v6")
    assert caught.value.code == "local_knowledge_broken"
