from pathlib import Path

import pytest

from cybervault.intel.index import Index
from cybervault.intel.packing import Packer
from cybervault.intel.suffixes import Rule, Suffixes, read_rules, registered_domain

LIST = """
// a comment
// ===BEGIN ICANN DOMAINS===
com
uk
co.uk
ck
*.ck
!www.ck
香港
公司.香港
bad name-.香港\u0000
// ===BEGIN PRIVATE DOMAINS===
github.io
*.compute.amazonaws.com
!us.compute.amazonaws.com
"""


@pytest.fixture(scope="module")
def suffixes(tmp_path_factory: pytest.TempPathFactory) -> Suffixes:
    path: Path = tmp_path_factory.mktemp("suffixes") / "index"
    packer = Packer.seeded(3)
    for name, rule in read_rules(LIST).items():
        packer.add([name.encode()], int(rule))
    packer.write(path)
    return Suffixes(Index(path, 3))


def test_rules_are_read_with_their_origin_and_as_a_labels() -> None:
    rules = read_rules(LIST)
    assert rules["ck"] == Rule.PLAIN | Rule.WILDCARD
    assert rules["www.ck"] == Rule.EXCEPTION
    assert rules["github.io"] == Rule.PLAIN | Rule.PRIVATE
    assert rules["xn--j6w193g"] == Rule.PLAIN
    assert len(rules) == 10


@pytest.mark.parametrize(
    ("host", "expected", "registered"),
    [
        ("a.b.example.com", ("com", False), "example.com"),
        ("example.com", ("com", False), "example.com"),
        ("com", ("com", False), None),
        ("a.example.co.uk", ("co.uk", False), "example.co.uk"),
        ("co.uk", ("co.uk", False), None),
        ("a.b.c.ck", ("c.ck", False), "b.c.ck"),
        ("c.ck", ("c.ck", False), None),
        ("a.www.ck", ("ck", False), "www.ck"),
        ("evil.github.io", ("github.io", True), "evil.github.io"),
        ("github.io", ("github.io", True), None),
        ("io", ("io", False), None),
        ("x.y.unlisted", ("unlisted", False), "y.unlisted"),
        ("a.eu.compute.amazonaws.com", ("eu.compute.amazonaws.com", True), "a.eu.compute.amazonaws.com"),
        ("a.us.compute.amazonaws.com", ("compute.amazonaws.com", True), "us.compute.amazonaws.com"),
        ("shop.xn--55qx5d.xn--j6w193g", ("xn--55qx5d.xn--j6w193g", False), "shop.xn--55qx5d.xn--j6w193g"),
    ],
)
def test_the_rules_find_where_a_name_stops_being_own(
    suffixes: Suffixes, host: str, expected: tuple[str, bool], registered: str | None
) -> None:
    assert suffixes.suffix(host) == expected
    assert registered_domain(host, expected[0]) == registered
