"""How what changed between two scans is written."""

from typing import Final, Literal

from pydantic import BaseModel, Field

from cybervault.faces.language import ENGLISH, Language
from cybervault.faces.moments import spelled
from cybervault.faces.scan_shapes import ScanFindingReply, State
from cybervault.scans.difference import Difference, Unknown
from cybervault.scans.result import Result

SHOWN: Final = 1_000
"""Of each list."""


class SideReply(BaseModel):
    """One of the two scans."""

    id: str = Field(examples=["scan_9x4m2k1pq7"])
    status: State
    created_at: str
    targets: list[str]

    @classmethod
    def of(cls, result: Result) -> "SideReply":
        """The scan."""
        scan = result.scan
        return cls(id=scan.id, status=scan.state.value, created_at=spelled(scan.created_at), targets=list(scan.targets))


class UnknownReply(BaseModel):
    """What one scan saw, and why the other can say nothing of it."""

    finding: ScanFindingReply
    seen_in: Literal["before", "after"] = Field(description="Which scan saw it; the reason is the other's.")
    reason: str = Field(examples=["not reached: no port answered"])

    @classmethod
    def of(cls, one: Unknown, language: Language) -> "UnknownReply":
        """One of them."""
        return cls(finding=ScanFindingReply.of(one.finding, language), seen_in=one.seen_in.value, reason=one.reason)


class DifferenceCounts(BaseModel):
    """How long each list is."""

    new: int
    gone: int
    unchanged: int
    unknown: int


class DifferenceReply(BaseModel):
    """What changed from one scan to another, told only of what both have looked at; each list has the worst 1,000."""

    before: SideReply
    after: SideReply
    counts: DifferenceCounts
    new: list[ScanFindingReply] = Field(description="The later scan saw it where the earlier one looked in vain.")
    gone: list[ScanFindingReply] = Field(description="The later scan looked where the earlier one saw it, in vain.")
    unchanged: list[ScanFindingReply]
    unknown: list[UnknownReply] = Field(description="Only one of them has looked there.")

    @classmethod
    def of(cls, found: Difference, language: Language = ENGLISH) -> "DifferenceReply":
        """The difference."""
        return cls(
            before=SideReply.of(found.before),
            after=SideReply.of(found.after),
            counts=DifferenceCounts(
                new=len(found.new), gone=len(found.gone), unchanged=len(found.unchanged), unknown=len(found.unknown)
            ),
            new=[ScanFindingReply.of(one, language) for one in found.new[:SHOWN]],
            gone=[ScanFindingReply.of(one, language) for one in found.gone[:SHOWN]],
            unchanged=[ScanFindingReply.of(one, language) for one in found.unchanged[:SHOWN]],
            unknown=[UnknownReply.of(one, language) for one in found.unknown[:SHOWN]],
        )
