"""What parts of scans saw, taken in: the same spot once, and resolved only where it was looked for in vain."""

from dataclasses import dataclass

import msgspec
import pytest

from cybervault.domain.ids import ScanId
from cybervault.domain.verdicts import Severity
from cybervault.scans.ledger import Ledger, PartKey
from cybervault.scans.scan import Chunk, FindingStatus, ScanFinding
from cybervault.scans.seen import EVIDENCE_MAX, Closed, Coverage, CoverageState, Report, Seen
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.scans import ScanStore
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock
from tests.scans.desk import Told
from tests.scans.made import OURS

HOST = "10.1.0.7"
TELNET = Seen(HOST, "telnet_open", "services", "23/tcp", "login:")
COVERED = Coverage(HOST, "services", CoverageState.COVERED, places=("23/tcp",))


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger, its rows and its clock."""

    clock: HandClock
    scans: ScanStore
    findings: ScanFindingStore
    ledger: Ledger
    told: Told

    async def take(self, scan: str, report: Report, number: int = 0, *, has_compliance_rules: bool = False) -> None:
        scan_id = ScanId(scan)
        await self.scans.plan(OURS, scan_id, [Chunk(number, "services", (HOST,))])
        part = PartKey(OURS, scan_id, number)
        await self.ledger.take_in(part, report, has_compliance_rules=has_compliance_rules)
        self.clock.advance(60)

    async def one(self, seen: Seen = TELNET) -> ScanFinding:
        found = await self.findings.by_fingerprint(OURS, seen.fingerprint)
        assert found is not None
        return found


@pytest.fixture
def book(database: Database) -> Book:
    clock, scans, findings, told = HandClock(), ScanStore(database), ScanFindingStore(database), Told()
    return Book(clock, scans, findings, Ledger(scans, findings, events=told, clock=clock), told)


async def test_what_others_saw_is_gone_when_they_say_so_and_nobody_else_has_seen_it(book: Book) -> None:
    theirs = Seen("a.py", "S1", "Semgrep", "line 7", title="Eval", severity=Severity.HIGH)
    both = Seen("a.py", "S2", "Semgrep", "line 9", title="Exec", severity=Severity.LOW)
    await book.scans.plan(OURS, ScanId("scan_1"), [Chunk(0, "upload", ("a.py",))])
    part = PartKey(OURS, ScanId("scan_1"), 0)
    async with book.findings.transaction():
        assert await book.ledger.take_over(
            part, [theirs, theirs, both, msgspec.structs.replace(both, engine="CodeQL")]
        ) == (2, 2)
    async with book.findings.transaction():
        assert await book.ledger.let_go(part, [theirs, both, msgspec.structs.replace(theirs, rule="S9")]) == 1
        assert await book.ledger.let_go(part, [theirs]) == 0
    assert [(await book.one(one)).status for one in (theirs, both)] == [FindingStatus.RESOLVED, FindingStatus.OPEN]
    assert book.told.of((await book.one(theirs)).id) == ["scan_finding.opened", "scan_finding.resolved"]


async def test_a_finding_has_what_its_rule_says_and_the_part_its_coverage(book: Book) -> None:
    await book.take("scan_1", Report([TELNET], [COVERED]))
    found = await book.one()
    assert (found.title, found.severity) == ("Telnet sends passwords in clear text", Severity.HIGH)
    assert (found.asset, found.place, found.evidence, found.engines) == (HOST, "23/tcp", ("login:",), ("services",))
    assert [chunk.coverage for chunk in await book.scans.chunks(OURS, ScanId("scan_1"))] == [(COVERED,)]


async def test_the_same_scan_twice_finds_nothing_new_and_closes_nothing(book: Book) -> None:
    await book.take("scan_1", Report([TELNET], [COVERED]))
    first = await book.one()
    await book.take("scan_2", Report([TELNET], [COVERED]))
    second = await book.one()
    assert (second.id, second.first_seen_at, second.first_scan_id) == (first.id, first.first_seen_at, "scan_1")
    assert (second.status, second.last_scan_id) == (FindingStatus.OPEN, "scan_2")
    assert second.last_seen_at > first.last_seen_at


async def test_two_engines_at_one_spot_are_one_finding_with_two_sources(book: Book) -> None:
    other = Seen(HOST, "telnet_open", "nmap", "23/tcp", "Linux telnetd")
    await book.take("scan_1", Report([TELNET, other], [COVERED]))
    found = await book.one()
    assert (found.engines, found.evidence) == (("nmap", "services"), ("login:", "Linux telnetd"))
    assert sum((await book.findings.severities_of_scan(OURS, ScanId("scan_1"))).values()) == 1
    # One of them alone has not looked for what the other saw.
    await book.take("scan_2", Report([], [COVERED]))
    assert (await book.one()).status is FindingStatus.OPEN


async def test_what_engines_of_two_parts_saw_is_resolved_when_both_have_looked_in_vain(book: Book) -> None:
    """The part that comes later knows what the earlier one has looked at; a failure of either keeps the finding."""
    other, looked = Seen(HOST, "telnet_open", "nmap", "23/tcp"), Coverage(HOST, "nmap", CoverageState.COVERED)
    failed = msgspec.structs.replace(looked, state=CoverageState.FAILED)
    await book.take("scan_1", Report([TELNET], [COVERED]))
    await book.take("scan_1", Report([other], [looked]), number=1)
    await book.take("scan_2", Report([], [COVERED]))
    await book.take("scan_2", Report([], [failed]), number=1)
    await book.take("scan_3", Report([], [looked]), number=1)
    assert (await book.one()).status is FindingStatus.OPEN
    await book.take("scan_4", Report([], [COVERED]))
    assert (await book.one()).status is FindingStatus.OPEN
    await book.take("scan_4", Report([], [looked]), number=1)
    assert (await book.one()).status is FindingStatus.RESOLVED


async def test_what_parts_of_one_scan_saw_at_one_spot_stands_side_by_side(book: Book) -> None:
    other = Seen(HOST, "telnet_open", "nmap", "23/tcp", "Linux telnetd")
    await book.take("scan_1", Report([TELNET], [COVERED]))
    await book.take("scan_1", Report([other], []), 1)
    await book.take("scan_1", Report([other], []), 1)
    found = await book.one()
    assert (found.engines, found.evidence) == (("nmap", "services"), ("login:", "Linux telnetd"))
    # Of another scan only what it saw itself.
    await book.take("scan_2", Report([other], []))
    assert (await book.one()).evidence == ("Linux telnetd",)
    many = [msgspec.structs.replace(TELNET, evidence=f"login {number}:") for number in range(200)]
    await book.take("scan_3", Report(many, []))
    assert len((await book.one()).evidence) == EVIDENCE_MAX


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (Report([], [COVERED]), FindingStatus.RESOLVED),
        (Report([], [Coverage(HOST, "ports", CoverageState.COVERED)], closed=[Closed(HOST, ("23/tcp",))]), "resolved"),
        (Report([], [Coverage(HOST, "services", CoverageState.NOT_REACHED)]), FindingStatus.OPEN),
        (Report([], [Coverage(HOST, "services", CoverageState.FAILED, places=("23/tcp",))]), FindingStatus.OPEN),
        (Report([], [Coverage(HOST, "services", CoverageState.COVERED, places=("24/tcp",))]), FindingStatus.OPEN),
        (Report([], [Coverage(HOST, "tls", CoverageState.COVERED, places=("23/tcp",))]), FindingStatus.OPEN),
        (Report([], [Coverage("10.1.0.8", "services", CoverageState.COVERED)]), FindingStatus.OPEN),
    ],
)
async def test_it_is_resolved_only_where_it_was_looked_for_in_vain(
    book: Book, report: Report, status: FindingStatus
) -> None:
    """A host that is down, an engine that failed and a port that was not asked close nothing."""
    await book.take("scan_1", Report([TELNET], [COVERED]))
    await book.take("scan_2", report)
    assert (await book.one()).status == status


async def test_what_is_there_again_is_open_again(book: Book) -> None:
    await book.take("scan_1", Report([TELNET], [COVERED]))
    await book.take("scan_2", Report([], [COVERED]))
    await book.take("scan_3", Report([TELNET], [COVERED]))
    found = await book.one()
    assert (found.status, found.resolved_at, found.first_scan_id) == (FindingStatus.OPEN, None, "scan_1")


async def test_what_another_part_of_the_same_scan_saw_stays(book: Book) -> None:
    """A name with two addresses is looked at twice, and one of them may have nothing."""
    await book.take("scan_1", Report([TELNET], [COVERED]))
    await book.take("scan_1", Report([], [COVERED]), number=1)
    assert (await book.one()).status is FindingStatus.OPEN


async def test_a_part_that_is_taken_in_twice_changes_nothing_but_times(book: Book) -> None:
    for _ in range(2):
        await book.take("scan_1", Report([TELNET], [COVERED]))
    assert sum((await book.findings.severities_of_scan(OURS, ScanId("scan_1"))).values()) == 1


async def test_what_is_new_and_what_is_gone_is_told_once(book: Book) -> None:
    """Told in the transaction that keeps it: a part that is taken in again tells nothing again."""
    for scan in ("scan_1", "scan_1", "scan_2"):
        await book.take(scan, Report([TELNET], [COVERED]))
    finding = await book.one()
    assert book.told.of(finding.id) == ["scan_finding.opened"]
    assert dict(book.told.events[0].payload) == {
        "asset": HOST, "place": "23/tcp", "rule": "telnet_open", "title": finding.title, "severity": "high",
        "scan_id": "scan_1",
    }  # fmt: skip
    for scan in ("scan_3", "scan_3", "scan_4"):
        await book.take(scan, Report([], [COVERED]))
    await book.take("scan_5", Report([TELNET], [COVERED]))
    assert book.told.of(finding.id) == ["scan_finding.opened", "scan_finding.resolved", "scan_finding.opened"]


async def test_a_scan_that_asks_nothing_of_compliance_resolves_nothing_of_it(book: Book) -> None:
    missing, weak = [Seen("example.com", rule, "names") for rule in ("caa_missing", "spf_missing")]
    looked = Coverage("example.com", "names", CoverageState.COVERED)
    await book.take("scan_1", Report([missing, weak], [looked]), has_compliance_rules=True)
    await book.take("scan_2", Report([], [looked]))
    assert [(await book.one(one)).status for one in (missing, weak)] == [FindingStatus.OPEN, FindingStatus.RESOLVED]
    await book.take("scan_3", Report([], [looked]), has_compliance_rules=True)
    assert (await book.one(missing)).status is FindingStatus.RESOLVED


async def test_a_spot_within_a_service_is_resolved_with_the_service(book: Book) -> None:
    """Where it was looked at in full and the hole is gone, or nothing listens any longer."""
    hole = Seen(HOST, "web_sql_injection", "wapiti", "80/tcp /item (q)", "by q")
    other = msgspec.structs.replace(hole, place="80/tcp /other (q)")
    looked = Coverage(HOST, "wapiti", CoverageState.COVERED, places=("80/tcp",))
    late = msgspec.structs.replace(looked, state=CoverageState.FAILED, reason="it ran out of time in sql")
    await book.take("scan_1", Report([hole, other], [looked]))
    await book.take("scan_2", Report([], [late]))
    assert (await book.one(hole)).status is FindingStatus.OPEN
    await book.take("scan_3", Report([other], [looked]))
    assert [(await book.one(one)).status.value for one in (hole, other)] == ["resolved", "open"]
    shut = Report([], [Coverage(HOST, "ports", CoverageState.COVERED)], closed=[Closed(HOST, ("80/tcp",))])
    await book.take("scan_4", shut)
    assert (await book.one(other)).status is FindingStatus.RESOLVED
