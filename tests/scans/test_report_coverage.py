"""What was looked at and what not, told so that a thousand silent addresses are one line."""

from cybervault.scans.report_coverage import looked_at, not_looked_at
from cybervault.scans.seen import Coverage, CoverageState
from tests.pages.test_markup import Reader


def test_one_reason_is_said_once_for_all_that_it_is_of() -> None:
    lines = [
        Coverage(f"10.1.0.{number}", "ports", CoverageState.NOT_REACHED, "no port answered") for number in range(60)
    ]
    texts = Reader(not_looked_at([*lines, Coverage("x", "tls", CoverageState.FAILED, "broken", ("443/tcp",))])).texts
    assert texts.count("no port answered") == 1
    assert any(text.endswith("10.1.0.49 and 10 more") for text in texts)
    assert "x (443/tcp)" in texts
    assert "61 lines, told together." in texts


def test_nothing_left_out_and_nothing_looked_at_are_said() -> None:
    covered = Coverage("10.1.0.7", "ports", CoverageState.COVERED)
    assert Reader(not_looked_at([covered])).texts == ["Nothing was left out of what this scan was to look at."]
    assert "10.1.0.7" in Reader(looked_at([covered])).texts
    assert Reader(looked_at([])).texts == ["Nothing could be looked at."]
