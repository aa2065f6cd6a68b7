import ipaddress
from pathlib import Path

import pytest

from cybervault.intel.index import Index
from cybervault.intel.networks import Networks, Numbering
from cybervault.intel.packing import Packer, network_of, write_networks
from cybervault.intel.sections import Sections


def test_a_key_of_several_lists_stands_for_the_set_of_them(tmp_path: Path) -> None:
    packer, numbering = Packer.seeded(1), Numbering()
    packer.add([b"a", b"both", b"both"], 4)
    packer.add([b"both", b"b"], 2)
    assert packer.write(tmp_path / "index", numbering) == 3
    index = Index(tmp_path / "index", 1)

    def members(key: bytes) -> tuple[int, ...]:
        number = index.find(key)
        assert number is not None
        return numbering.sets[number]

    assert (members(b"a"), members(b"both"), members(b"b")) == ((4,), (2, 4), (2,))


def test_without_numbering_the_first_member_is_the_value(tmp_path: Path) -> None:
    packer = Packer.seeded(1)
    packer.add([b"key"], 9)
    packer.add([b"key", b"other"], 3)
    assert packer.write(tmp_path / "index") == 2
    index = Index(tmp_path / "index", 1)
    assert (index.find(b"key"), index.find(b"other")) == (9, 3)


def test_keys_that_share_a_fingerprint_each_keep_their_record(tmp_path: Path) -> None:
    packer, numbering = Packer(lambda key: 7 if key.startswith(b"x") else 1 << 63), Numbering()
    packer.add([b"x1", b"x2", b"y"], 2)
    packer.add([b"x2", b"x3"], 4)
    assert packer.write(tmp_path / "index", numbering) == 4
    sections = Sections(tmp_path / "index", 4)
    assert list(sections.numbers(0, "Q")) == [7, 7, 7, 1 << 63]
    values = list(sections.numbers(2, "H"))[2::4]
    assert [numbering.sets[value] for value in values] == [(2,), (2, 4), (4,), (2,)]


def test_a_key_or_member_too_large_is_a_bug() -> None:
    packer = Packer.seeded(1)
    with pytest.raises(ValueError, match="too large"):
        packer.add([bytes(256)], 1)
    with pytest.raises(ValueError, match="too large"):
        packer.add([b"key"], 70_000)


def test_networks_of_both_versions_are_written(tmp_path: Path) -> None:
    numbering = Numbering()
    pairs = [
        (network_of("10.0.0.0/8"), 2),
        (network_of("10.1.0.0/16"), 4),
        (network_of("255.255.255.255"), 2),
        (network_of("2001:db8::/32"), 6),
        (network_of("ffff::/16"), 6),
    ]
    assert write_networks(tmp_path, pairs, numbering) == 5 + 3
    networks = Networks(tmp_path / "v4", tmp_path / "v6")

    def members(text: str) -> tuple[int, ...]:
        return numbering.sets[networks.covering(ipaddress.ip_address(text))]

    assert [members(text) for text in ("9.255.255.255", "10.0.0.1", "10.1.2.3", "11.0.0.0", "255.255.255.255")] == [
        (), (2,), (2, 4), (), (2,),
    ]  # fmt: skip
    assert [members(text) for text in ("::1", "2001:db8::1", "2001:db9::", "ffff:ffff::1")] == [(), (6,), (), (6,)]


def test_ipv4_in_ipv6_form_becomes_ipv4() -> None:
    assert network_of("::ffff:9270:3d68") == ipaddress.ip_network("146.112.61.104/32")
    assert network_of("::ffff:0:0/96") == ipaddress.ip_network("0.0.0.0/0")
    assert network_of("::/0") == ipaddress.ip_network("::/0")
    assert network_of("192.0.2.77/24") == ipaddress.ip_network("192.0.2.0/24")
    with pytest.raises(ValueError, match="nonsense"):
        network_of("nonsense")
