"""How scans, what they saw and what they did not look at are written, on every face that has them."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, Field

from cybervault import __version__
from cybervault.domain.verdicts import Severity
from cybervault.faces.language import ENGLISH, Language, chosen, said
from cybervault.faces.moments import spelled
from cybervault.faces.queued import FailureReply
from cybervault.scans.admission import Why
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import scan_rules
from cybervault.scans.scan import Details, Scan, ScanFinding
from cybervault.scans.scans import MINUTES_MAX, NewScan, Preview
from cybervault.scans.seen import Coverage
from cybervault.scans.targets import TARGET_CHARACTERS_MAX, TargetKind
from cybervault.scans.toolbox import EngineState, Standing

State = Literal["queued", "running", "completed", "failed", "cancelled", "timed_out"]
SeverityName = Literal["critical", "high", "medium", "low", "informational"]
FINDINGS_SHOWN: Final = 200
COVERAGE_SHOWN: Final = 1_000


class ScanRequest(BaseModel):
    """Body of what asks for a scan, or for its preview (contract 1.2.4)."""

    targets: list[str] = Field(
        description="1 to 256 CIDR ranges, addresses, domains, ARNs or images.",
        examples=[["10.1.0.0/24", "example.com"]],
    )
    profile: ProfileName = Field(default=ProfileName.STANDARD, description="How deep and how loud.")
    max_duration: int = Field(
        default=60, ge=1, le=MINUTES_MAX, description="Minutes from now until it ends, with what it has seen by then."
    )

    def to_core(self) -> NewScan:
        """The wish."""
        # A text that is far too long has no form that is known, and is not carried on.
        return NewScan(
            tuple(text[: TARGET_CHARACTERS_MAX + 1] for text in self.targets), self.profile, self.max_duration
        )


class InitializedReply(BaseModel):
    """Answer of what asks for a scan (contract 1.2.4)."""

    scan_id: str = Field(examples=["scan_9x4m2k1pq7"])
    status: State
    estimated_duration: int = Field(description="Minutes, if most addresses are silent.")
    created_at: str

    @classmethod
    def of(cls, scan: Scan) -> "InitializedReply":
        """The scan that was asked for."""
        return cls(
            scan_id=scan.id,
            status=scan.state.value,
            estimated_duration=scan.minutes_estimated,
            created_at=spelled(scan.created_at),
        )


class SeverityCounts(BaseModel):
    """How much there is of each severity."""

    critical: int
    high: int
    medium: int
    low: int
    informational: int

    @classmethod
    def of(cls, counts: Mapping[Severity, int]) -> "SeverityCounts":
        """The counts; what is not among them is 0."""
        return cls.model_validate({severity.value: counts.get(severity, 0) for severity in Severity})


class ScanReply(BaseModel):
    """One scan in a list (contract 1.5.3)."""

    id: str = Field(examples=["scan_9x4m2k1pq7"])
    status: State
    progress: float = Field(ge=0, le=1, description="From 0 to 1.")
    profile: ProfileName
    targets: list[str]
    max_duration: int
    error: FailureReply | None
    created_at: str
    created_by: str
    started_at: str | None
    finished_at: str | None
    findings_total: int
    findings_by_severity: SeverityCounts

    @classmethod
    def of(cls, scan: Scan, counts: Mapping[Severity, int], language: Language = ENGLISH) -> "ScanReply":
        """The scan."""
        return cls(
            id=scan.id,
            status=scan.state.value,
            progress=round(scan.progress, 2),
            profile=scan.profile,
            targets=list(scan.targets),
            max_duration=scan.minutes_max,
            error=FailureReply.of(scan.problem_code, scan.problem_message, language),
            created_at=spelled(scan.created_at),
            created_by=scan.created_by,
            started_at=None if scan.started_at is None else spelled(scan.started_at),
            finished_at=None if scan.finished_at is None else spelled(scan.finished_at),
            findings_total=sum(counts.values()),
            findings_by_severity=SeverityCounts.of(counts),
        )


class ScanFindingReply(BaseModel):
    """What scans saw at one spot."""

    id: str = Field(examples=["sfn_4f1k9x2m7q"])
    rule: str = Field(examples=["redis_without_password"])
    title: str
    severity: SeverityName
    confidence: str
    status: Literal["open", "resolved"]
    asset: str = Field(examples=["10.1.0.7"])
    place: str = Field(
        description="Where on the asset, such as a port; empty where it is the whole.", examples=["443/tcp"]
    )
    sources: list[str] = Field(description="The engines that saw it.")
    evidence: list[str]
    remediation: str
    references: list[str]
    controls: list[str] = Field(description="NIST SP 800-53 r5.", examples=[["SC-8"]])
    fingerprint: str
    first_seen_at: str
    last_seen_at: str
    resolved_at: str | None

    @classmethod
    def of(cls, finding: ScanFinding, language: Language = ENGLISH) -> "ScanFindingReply":
        """The finding, with what its rule says."""
        rule = scan_rules().get(finding.rule)
        title_es = rule.title_es if rule is not None and rule.title == finding.title else ""
        return cls(
            id=finding.id,
            rule=finding.rule,
            title=chosen(finding.title, title_es, language=language),
            severity=finding.severity.value,
            confidence=finding.confidence,
            status=finding.status.value,
            asset=finding.asset,
            place=finding.place,
            sources=list(finding.engines),
            evidence=list(finding.evidence),
            remediation=("" if rule is None else chosen(rule.remediation, rule.remediation_es, language=language)),
            references=[] if rule is None else list(rule.references),
            controls=[] if rule is None else list(rule.controls),
            fingerprint=finding.fingerprint,
            first_seen_at=spelled(finding.first_seen_at),
            last_seen_at=spelled(finding.last_seen_at),
            resolved_at=None if finding.resolved_at is None else spelled(finding.resolved_at),
        )


class CoverageReply(BaseModel):
    """What was looked at, or why not."""

    asset: str
    engine: str
    state: Literal["covered", "not_reached", "failed", "not_tested"]
    reason: str
    places: list[str]

    @classmethod
    def of(cls, line: Coverage, language: Language = ENGLISH) -> "CoverageReply":
        """One line."""
        return cls(
            asset=line.asset,
            engine=line.engine,
            state=line.state.value,
            reason=said(line.reason, language),
            places=list(line.places),
        )


class PhaseReply(BaseModel):
    """How far one phase is."""

    phase: Literal[
        "missing", "names", "ports", "services", "account", "listing", "cloud", "prowler", "image", "layers",
        "advisories", "wapiti",
    ]  # fmt: skip
    parts_done: int
    parts_total: int = Field(description="0 before it was cut into parts, and where nothing is left for it to do.")
    subjects: list[str] = Field(description="What its next part looks at; none at its end.")


class AssetReply(BaseModel):
    """How much was seen of one asset."""

    asset: str
    worst: SeverityName
    findings: int


class ControlReply(BaseModel):
    """How many findings speak of one control."""

    control: str = Field(description="NIST SP 800-53 r5.", examples=["SC-8"])
    findings: int


class ScanDetailReply(ScanReply):
    """One scan with what it saw, and honestly what it looked at."""

    phases: list[PhaseReply]
    worst_assets: list[AssetReply] = Field(description="The worst ten.")
    controls: list[ControlReply] = Field(description="Those that findings speak of, the most frequent first.")

    findings: list[ScanFindingReply] = Field(description="The worst 200; all come from the path of findings.")
    coverage: list[CoverageReply] = Field(description="The first 1,000 lines.")
    coverage_counts: dict[str, int] = Field(description="How many lines of each state.")

    @classmethod
    def of_all(cls, scan: Scan, details: Details, language: Language = ENGLISH) -> "ScanDetailReply":
        """The scan and what came of it."""
        counts = dict.fromkeys(("covered", "not_reached", "failed", "not_tested"), 0)
        for line in details.coverage:
            counts[line.state.value] += 1
        return cls(
            **ScanReply.of(scan, details.severities, language).model_dump(),
            phases=[
                PhaseReply.model_validate(
                    {"phase": one.name, "parts_done": one.done, "parts_total": one.total, "subjects": one.subjects}
                )
                for one in details.phases
            ],
            worst_assets=[
                AssetReply(asset=one.asset, worst=one.worst.value, findings=one.count) for one in details.assets
            ],
            controls=[ControlReply(control=name, findings=count) for name, count in details.controls.items()],
            findings=[ScanFindingReply.of(finding, language) for finding in details.findings],
            coverage=[CoverageReply.of(line, language) for line in details.coverage[:COVERAGE_SHOWN]],
            coverage_counts=counts,
        )


class MissingReply(BaseModel):
    """An engine that would look too, and is not there."""

    engine: str
    looks_at: str
    reason: str
    command: str | None = Field(description="What the operator types to have it; null where that is not all.")


class EngineReply(BaseModel):
    """An engine, and how it is on this server."""

    name: str
    looks_at: str
    targets: TargetKind = Field(description="The sort of targets that it looks at; names lead to addresses besides.")
    state: EngineState = Field(description="`built_in` and `ready` look; `outdated` and `missing` do not.")
    version: str | None = Field(
        description="Which it is, or would be if it was installed as `command` says; null for programs of the operator."
    )
    licence: str
    attacks: bool = Field(description="Whether it attacks what it looks at, in pentests alone.")
    reason: str | None = Field(description="Why it does not look.")
    command: str | None = Field(description="What the operator types to have it.")

    @classmethod
    def of(cls, one: Standing) -> "EngineReply":
        """How one is."""
        engine = one.engine
        return cls(
            name=engine.name,
            looks_at=engine.summary,
            targets=engine.kind,
            state=one.state,
            version=engine.version or (None if engine.is_apart else __version__),
            licence=engine.licence,
            attacks=engine.is_attacking,
            reason=one.reason or None,
            command=one.command or None,
        )


class EngineList(BaseModel):
    """Answer of `GET /v3/scans/engines`, in the order in which they look."""

    data: list[EngineReply]
    prints_pdf: bool = Field(description="Whether a browser is there, so that reports can be had as PDF.")


class RefusedReply(BaseModel):
    """A target that would be refused."""

    target: str = Field(description="As it was named.")
    why: Why
    reason: str


class PreviewReply(BaseModel):
    """What a scan would look at, how long and how loud it would be, and which targets would be refused."""

    targets: list[str] = Field(description="Those that may be scanned.")
    addresses: int = Field(description="Of their networks; those of names are not known before.")
    refused: list[RefusedReply]
    profile: ProfileName
    summary: str
    estimated_duration: int = Field(
        description="Minutes, if most addresses are silent, accounts small, and images of 200 MB."
    )
    connections_max: int = Field(
        description="Connections that are tried at most, should every address answer; engines of others are counted "
        "with what they look at on the ports where that usually listens. Of resources of a cloud that were named it is "
        "the requests."
    )
    not_counted: list[str] = Field(
        description="Whole accounts and images, which are not in `connections_max`: how much they hold is known only "
        "on asking."
    )
    ports: int
    engines: list[str] = Field(description="Those that look.", examples=[["ports", "services", "tls", "http"]])
    not_tested: list[MissingReply]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewReply":
        """The preview."""
        return cls(
            targets=[target.value for target in preview.targets],
            addresses=sum(target.addresses for target in preview.targets),
            refused=[RefusedReply(target=one.target, why=one.why, reason=one.reason) for one in preview.refused],
            profile=preview.profile.name,
            summary=preview.profile.summary,
            estimated_duration=preview.minutes,
            connections_max=preview.connections,
            not_counted=list(preview.uncounted),
            ports=len(preview.profile.ports),
            engines=[one.engine.name for one in preview.engines],
            not_tested=[
                MissingReply(
                    engine=one.engine.name,
                    looks_at=one.engine.summary,
                    reason=one.reason,
                    command=one.command or None,
                )
                for one in preview.missing
            ],
        )
