import ipaddress
import json
from pathlib import Path

import msgspec
import pytest

from cybervault.intel.allowlists import Covers
from cybervault.intel.entries import Entries, WarningList, add_names, read_entries, read_warning_list

NOTHING: frozenset[str] = frozenset()


def names(*texts: str) -> WarningList:
    return WarningList(texts, "hostname", 1, ("domain",))


def test_names_become_canonical() -> None:
    found = read_entries(names("Example.COM", "bücher.example", "a.b.example."), Covers.EXACT, NOTHING)
    assert found.names == ["example.com", "xn--bcher-kva.example", "a.b.example"]
    assert (found.zones, found.unread) == ([], 0)


@pytest.mark.parametrize(
    ("covers", "exact", "zones"),
    [
        (Covers.EXACT, ["a.com", "b.com"], []),
        (Covers.DOTTED, ["b.com"], ["a.com"]),
        (Covers.SUBDOMAINS, [], ["a.com", "b.com"]),
    ],
)
def test_what_an_entry_covers_is_said_by_the_table(covers: Covers, exact: list[str], zones: list[str]) -> None:
    found = read_entries(names(".a.com", "b.com"), covers, NOTHING)
    assert (found.names, found.zones) == (exact, zones)


def test_a_registry_suffix_never_covers_what_is_below_it() -> None:
    """One slip in a list would give every name of a country a role."""
    found = read_entries(names(".co.uk", ".dyn.co.uk"), Covers.DOTTED, frozenset({"co.uk"}))
    assert (found.zones, found.unread) == (["dyn.co.uk"], 1)
    exact = read_entries(names("co.uk"), Covers.EXACT, frozenset({"co.uk"}))
    assert exact.names == ["co.uk"]


def test_addresses_among_names_become_networks() -> None:
    found = read_entries(names("52.168.52.134", "10.0.0.0/8"), Covers.EXACT, NOTHING)
    assert found.networks == [ipaddress.ip_network("52.168.52.134/32"), ipaddress.ip_network("10.0.0.0/8")]


def test_what_is_no_name_is_counted_as_unread() -> None:
    found = read_entries(
        names("single", "corona helden", "a..b.com", "CVE-2024-1234", f"{'a.' * 130}com"), Covers.EXACT, NOTHING
    )
    assert len(found) == 0
    assert found.unread == 5


def test_an_odd_zone_stays_a_zone() -> None:
    entries = Entries()
    add_names(entries, [".bücher.example"], Covers.DOTTED, registries=NOTHING)
    assert entries.zones == ["xn--bcher-kva.example"]


def test_hashes_become_bytes() -> None:
    listing = WarningList(("AB" * 16, "cd" * 20, "ef" * 32, "01" * 64, "02" * 28, "3::"), "string", 1, ("md5", "sha1"))
    found = read_entries(listing, Covers.EXACT, NOTHING)
    assert [len(digest) for digest in found.digests] == [16, 20, 32, 64]
    assert (len(found), found.unread) == (4, 2)


def test_networks_may_be_single_addresses_with_host_bits_or_nonsense() -> None:
    listing = WarningList(("1.2.3.4", "10.1.2.3/8", "FE80::/10", "1.2.3"), "cidr")
    found = read_entries(listing, Covers.EXACT, NOTHING)
    assert [str(network) for network in found.networks] == ["1.2.3.4/32", "10.0.0.0/8", "fe80::/10"]
    assert found.unread == 1


def test_a_list_file_is_read_whatever_else_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"name": "n", "type": "cidr", "list": ["1.2.3.4"], "version": 3}), encoding="utf-8")
    assert read_warning_list(path) == WarningList(("1.2.3.4",), "cidr", 3)


def test_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(msgspec.DecodeError):
        read_warning_list(path)
