"""Where scans and findings stand in lists."""

from datetime import UTC, datetime

from tests.scans.made import FINDING, SCAN


def test_places_are_times_and_ids() -> None:
    at = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC).timestamp()
    assert SCAN.place == (at, "scan_0000000001")
    assert FINDING.mark == (at, "sfn_0000000001")
