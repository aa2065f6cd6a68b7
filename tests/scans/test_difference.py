"""What changed between two scans: nothing is called new or gone where one of them did not look."""

from dataclasses import replace

import pytest

from cybervault.domain.ids import ScanFindingId
from cybervault.domain.jobs import JobState
from cybervault.scans.difference import Side, difference
from cybervault.scans.result import Result
from cybervault.scans.scan import ScanFinding
from cybervault.scans.seen import Coverage, CoverageState
from tests.scans.made import FINDING, NOW, SCAN

HOST, PORT = FINDING.asset, FINDING.place
SWEPT = Coverage(HOST, "ports", CoverageState.COVERED, places=("22/tcp", PORT, "443/tcp"))
ASKED = Coverage(HOST, "services", CoverageState.COVERED, places=(PORT,))
OTHER = replace(FINDING, id=ScanFindingId("sfn_0000000002"), rule="ftp_cleartext")


def scan(*lines: Coverage, seen: tuple[ScanFinding, ...] = (), state: JobState = JobState.COMPLETED) -> Result:
    return Result(replace(SCAN, state=state), seen, lines, NOW)


def test_what_both_have_looked_at_is_new_gone_or_unchanged() -> None:
    lasting = replace(FINDING, id=ScanFindingId("sfn_0000000003"), rule="service_open")
    found = difference(scan(SWEPT, ASKED, seen=(FINDING, lasting)), scan(SWEPT, ASKED, seen=(OTHER, lasting)))
    assert (found.new, found.gone, found.unchanged, found.unknown) == ((OTHER,), (FINDING,), (lasting,), ())


def test_a_port_at_which_nothing_listened_was_looked_at() -> None:
    found = difference(scan(SWEPT), scan(SWEPT, ASKED, seen=(FINDING,)))
    assert (found.new, found.unknown) == ((FINDING,), ())
    found = difference(scan(SWEPT, ASKED, seen=(FINDING,)), scan(SWEPT))
    assert (found.gone, found.unknown) == ((FINDING,), ())


def test_a_spot_within_a_service_is_looked_at_with_it() -> None:
    hole = replace(FINDING, rule="web_sql_injection", place=f"{PORT} /item (q)", engines=("wapiti",))
    looked = Coverage(HOST, "wapiti", CoverageState.COVERED, places=(PORT,))
    assert difference(scan(looked, seen=(hole,)), scan(looked)).gone == (hole,)
    late = Coverage(HOST, "wapiti", CoverageState.FAILED, "it ran out of time in sql", (PORT,))
    (unknown,) = difference(scan(looked, seen=(hole,)), scan(late)).unknown
    assert unknown.reason == "failed: it ran out of time in sql"


@pytest.mark.parametrize(
    ("lines", "state", "reason"),
    [
        ((), JobState.COMPLETED, "it did not look there"),
        ((SWEPT,), JobState.TIMED_OUT, "it did not look there"),
        ((Coverage(HOST, "ports", CoverageState.COVERED, places=("22/tcp",)),), JobState.COMPLETED,
         "it did not look there"),
        ((Coverage("10.1.0.8", "services", CoverageState.COVERED),), JobState.COMPLETED, "it did not look there"),
        ((SWEPT, Coverage(HOST, "services", CoverageState.NOT_TESTED, "no grant covers it any longer", (PORT,))),
         JobState.COMPLETED, "not tested: no grant covers it any longer"),
        ((Coverage(HOST, "ports", CoverageState.NOT_REACHED, "no port answered"),), JobState.COMPLETED,
         "not reached: no port answered"),
        # A name leads to several addresses, and one of them was silent.
        ((SWEPT, ASKED, Coverage(HOST, "ports", CoverageState.NOT_REACHED, "no port answered")), JobState.COMPLETED,
         "not reached: no port answered"),
    ],
)  # fmt: skip
def test_where_one_did_not_look_nothing_is_said(lines: tuple[Coverage, ...], state: JobState, reason: str) -> None:
    saw = scan(SWEPT, ASKED, seen=(FINDING,))
    gone = difference(saw, scan(*lines, state=state))
    assert (gone.gone, [(one.finding, one.seen_in, one.reason) for one in gone.unknown]) == (
        (),
        [(FINDING, Side.BEFORE, reason)],
    )
    new = difference(scan(*lines, state=state), saw)
    assert (new.new, [(one.seen_in, one.reason) for one in new.unknown]) == ((), [(Side.AFTER, reason)])


def test_what_a_profile_does_not_ask_about_is_not_gone() -> None:
    name = Coverage("example.com", "names", CoverageState.COVERED)
    missing = replace(FINDING, asset="example.com", place="", rule="caa_missing", engines=("names",))
    saw = replace(scan(name, seen=(missing,)), has_compliance_rules=True)
    found = difference(saw, scan(name))
    assert [one.reason for one in found.unknown] == ["its profile does not ask about it"]
    assert difference(saw, replace(scan(name), has_compliance_rules=True)).gone == (missing,)


def test_what_another_tool_saw_is_not_gone_because_ours_did_not() -> None:
    """An upload says nothing of where else it looked, and has no coverage."""
    uploaded = replace(FINDING, engines=("other tool",))
    assert difference(scan(seen=(uploaded,)), scan(SWEPT, ASKED)).gone == ()
