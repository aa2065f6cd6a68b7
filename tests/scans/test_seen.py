"""What engines give: spots that stay the same, and text that is safe to keep."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cybervault.scans.seen import (
    Closed,
    Coverage,
    CoverageState,
    Host,
    Report,
    Seen,
    Service,
    is_within,
    place_of,
    shown,
    spot_of,
)
from tests.scans.made import INVENTORY

SEEN = Seen("10.1.0.7", "telnet_open", "services", "23/tcp", "login:")


def test_a_spot_is_the_same_whoever_saw_it_and_whatever_was_said() -> None:
    again = msgspec.structs.replace(SEEN, engine="nmap", evidence="other")
    assert again.fingerprint == SEEN.fingerprint
    others = [{"asset": "10.1.0.8"}, {"rule": "ftp_cleartext"}, {"place": "24/tcp"}]
    assert len({msgspec.structs.replace(SEEN, **other).fingerprint for other in others} | {SEEN.fingerprint}) == 4
    assert Seen("a", "bc", "x").fingerprint != Seen("ab", "c", "x").fingerprint


def test_only_what_was_covered_covers_its_places() -> None:
    line = Coverage("a", "tls", CoverageState.COVERED, places=("443/tcp",))
    assert line.covers("a", "443/tcp", ("tls",))
    assert not line.covers("a", "8443/tcp", ("tls",))
    assert not line.covers("b", "443/tcp", ("tls",))
    assert not line.covers("a", "443/tcp", ("http",))
    assert Coverage("a", "names", CoverageState.COVERED).covers("a", "", ("names",))
    for state in set(CoverageState) - {CoverageState.COVERED}:
        assert not msgspec.structs.replace(line, state=state).covers("a", "443/tcp", ("tls",))


def test_a_spot_within_a_service_is_covered_with_it() -> None:
    spot = spot_of("443/tcp", "/search (q)")
    assert Coverage("a", "wapiti", CoverageState.COVERED, places=("443/tcp",)).covers("a", spot, ("wapiti",))
    assert is_within(spot, (spot,))
    for places in ((), ("43/tcp",), ("443",), ("/search (q)",), ("443/tcp /search",)):
        assert not is_within(spot, places)
    for place in ("bucket in eu", "1443/tcp x", " 443/tcp x", "443/tcp\tx", "x 443/tcp y"):
        assert not is_within(place, ("443/tcp", "bucket"))


def test_reports_are_taken_together_and_survive_being_kept() -> None:
    host = Host("10.1.0.0/24", "10.1.0.7")
    one = Report(
        [SEEN], [Coverage("a", "tls", CoverageState.FAILED)], [host], [Service(host, 23)], [Closed("a", ("1/tcp",))]
    )
    both = Report()
    both.add(one)
    both.add(one)
    assert [len(part) for part in (both.seen, both.coverage, both.hosts, both.services, both.closed)] == [2] * 5
    both.add(Report(inventories=[INVENTORY]))
    assert both.inventories == [INVENTORY]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(both), type=Report) == both


def test_an_asset_is_the_name_where_there_is_one() -> None:
    assert Host("web.example", "10.1.0.7", "web.example").asset == "web.example"
    assert Host("10.1.0.0/24", "10.1.0.7").asset == "10.1.0.7"
    assert place_of(443) == "443/tcp"


@given(st.binary(max_size=600) | st.text(max_size=600))
def test_what_another_machine_said_is_one_printable_line(raw: bytes | str) -> None:
    text = shown(raw)
    assert len(text) <= 200
    assert text.isprintable()
