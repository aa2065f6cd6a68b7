"""How what changed between two scans is written."""

from dataclasses import replace

from cybervault.domain.ids import ScanFindingId
from cybervault.faces.scan_difference import SHOWN, DifferenceReply
from cybervault.scans.difference import Difference, Side, Unknown
from cybervault.scans.result import Result
from tests.scans.made import FINDING, NOW, SCAN


def test_lists_are_cut_and_counts_are_whole() -> None:
    many = tuple(replace(FINDING, id=ScanFindingId(f"sfn_{number:010}")) for number in range(SHOWN + 1))
    result = Result(SCAN, (), (), NOW)
    unknown = (Unknown(FINDING, Side.BEFORE, "not reached: no port answered"),)
    reply = DifferenceReply.of(Difference(result, result, many, (), (FINDING,), unknown))
    assert (len(reply.new), reply.counts.new, reply.counts.unchanged) == (SHOWN, SHOWN + 1, 1)
    assert reply.model_dump()["unknown"][0]["seen_in"] == "before"
    assert (reply.before.id, reply.before.targets) == (SCAN.id, list(SCAN.targets))
    assert reply.before.created_at == "2026-11-01T12:30:00Z"
