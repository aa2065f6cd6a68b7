"""What files and pages of a scan are made of."""

from cybervault.scans.result import Result
from tests.scans.made import FINDING, NOW, SCAN


def test_a_result_stands_for_one_moment() -> None:
    result = Result(SCAN, (FINDING,), (), NOW)
    assert (result.scan.id, result.findings[0].last_scan_id, result.at) == (SCAN.id, SCAN.id, NOW)
