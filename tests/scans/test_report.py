"""A scan as a page: all that was seen with what to do, all that was not, and no word of a stranger that acts."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cybervault.domain.jobs import JobState
from cybervault.domain.verdicts import Severity
from cybervault.scans.report import FINDINGS_MAX, report_of
from cybervault.scans.result import Result
from cybervault.scans.scan import FindingStatus, ScanFinding
from cybervault.scans.seen import Coverage, CoverageState
from tests.pages.test_markup import Reader
from tests.scans.made import FINDING, NOW, SCAN

DONE = replace(SCAN, state=JobState.COMPLETED, progress=1.0, started_at=NOW, finished_at=NOW)
MISSED = Coverage("arn:aws:s3:::bucket", "cloud", CoverageState.NOT_TESTED, "no engine is here for it")
COVERED = Coverage("10.1.0.7", "services", CoverageState.COVERED, "", ("23/tcp",))
WEAK = replace(FINDING, rule="tls_weak_protocol", title="Of its own", severity=Severity.LOW, place="443/tcp")


def page(*findings: ScanFinding, state: JobState = JobState.COMPLETED, coverage: tuple[Coverage, ...] = ()) -> str:
    return report_of(Result(replace(DONE, state=state), findings, coverage or (COVERED, MISSED), NOW))


def test_findings_stand_by_severity_with_evidence_remedy_and_control() -> None:
    gone = replace(FINDING, asset="10.1.0.8", status=FindingStatus.RESOLVED, resolved_at=NOW, evidence=())
    texts = [text for text in Reader(page(WEAK, FINDING, gone)).texts if text.strip()]
    assert texts.index("Telnet") < texts.index("Of its own")
    assert texts.count("Switch telnet off and use SSH.") == 1
    for said in ("10.1.0.7", "23/tcp", "login «ü»", "services", "resolved 2026-11-01 12:30:00", "open"):
        assert said in texts
    assert "SC-8 (2), IA-2 (2), CM-7 (2)" in texts
    assert texts[texts.index("critical or high") - 1] == "2"
    assert texts[texts.index("resolved since") - 1] == "1"


def test_titles_of_one_rule_that_differ_are_told_one_by_one() -> None:
    one, other = (replace(FINDING, rule="package_vulnerable", title=f"zlib: CVE-{number}") for number in (1, 2))
    texts = Reader(page(one, other)).texts
    assert [text for text in texts if text.startswith("zlib")] == ["zlib: CVE-1", "zlib: CVE-2"]
    strange = [replace(FINDING, rule="of-others", title=f"odd {number}") for number in (1, 2)]
    assert {"of-others", "odd 1", "odd 2"} <= set(Reader(page(*strange)).texts)


def test_what_was_not_looked_at_is_told_with_its_reason() -> None:
    texts = Reader(page()).texts
    for said in ("not tested", "no engine is here for it", "arn:aws:s3:::bucket", "Nothing was seen."):
        assert said in texts
    assert "10.1.0.7 (23/tcp)" in texts
    only_missed = page(coverage=(MISSED,))
    assert "Nothing could be looked at, so that no finding says nothing." in only_missed


@pytest.mark.parametrize("state", JobState)
def test_how_it_ended_is_told_first(state: JobState) -> None:
    said = Reader(page(FINDING, state=state)).texts
    until = "this is what was seen" in " ".join(said)
    assert until is (state not in {JobState.COMPLETED, JobState.QUEUED})
    assert state.value.replace("_", " ") in said


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["", "<script>", "\"'><img onerror=x>", "</style>", "<!--", "]]>"]), st.text(st.characters()))
def test_hostile_text_adds_nothing_to_the_page(start: str, rest: str) -> None:
    def tags(text: str) -> list[str]:
        evil = replace(
            FINDING, asset=f"a{text}", place=f"p{text}", title=f"t{text}", rule=f"r{text}", evidence=(f"e{text}",)
        )
        scan = replace(DONE, targets=(f"x{text}",), problem_message=f"m{text}", created_by=f"n{text}")
        line = Coverage(f"a{text}", f"g{text}", CoverageState.FAILED, f"w{text}", (f"p{text}",))
        whole = report_of(Result(scan, (evil,), (line,), NOW))
        whole.encode()
        return Reader(whole).tags

    assert tags(start + rest) == tags("plain")


def test_more_than_a_browser_likes_is_left_to_the_table() -> None:
    many = [replace(FINDING, asset=f"10.1.0.{number}", severity=Severity.LOW) for number in range(FINDINGS_MAX)]
    whole = page(*many, FINDING)
    assert "1 less severe findings are in the table (CSV) only." in whole
    assert "4,970 assets more." in whole
    assert whole.count("<article>") == 2
    assert "No finding speaks of a control." in page(replace(FINDING, rule="of others"))
    named = report_of(Result(replace(DONE, targets=("10.1.0.7",), started_at=None), (), (), NOW))
    assert "<title>Scan of 10.1.0.7, scan_0000000001</title>" in named
    assert "Scan of 10.1.0.0/24 and 1 more" in whole
