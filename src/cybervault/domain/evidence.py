"""What a source said and how the asking ended: the closed outcome list and the weighable statement."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

JsonScalar: TypeAlias = str | int | float | bool | None


class Outcome(StrEnum):
    """How asking one source ended. "Unknown", "refused" and "broken" are different values."""

    HIT = "hit"
    """The source knows the observable and says something about it."""
    CLEAN = "clean"
    """The source knows the observable and found nothing against it."""
    UNKNOWN = "unknown"
    """The source answered properly and does not know the observable."""
    NOT_APPLICABLE = "not_applicable"
    """The observable is nothing this source can be asked about (a private address, say)."""
    NO_KEY = "no_key"
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    """The source says that the day's or month's allowance is used up."""
    THROTTLED = "throttled"
    """The source says: slower."""
    TIMEOUT = "timeout"
    UPSTREAM_ERROR = "upstream_error"
    BAD_PAYLOAD = "bad_payload"
    """The source answered with something that is not its documented form."""
    SKIPPED_BUDGET = "skipped_budget"
    """We did not ask: our own budget or breaker for this source and key is closed."""
    SKIPPED_TLP = "skipped_tlp"
    """We did not ask: the marking of the observable forbids it."""

    @property
    def is_evidence(self) -> bool:
        """Only these three count for the score; every other outcome lowers coverage."""
        return self in {Outcome.HIT, Outcome.CLEAN, Outcome.UNKNOWN}


class EvidenceGroup(StrEnum):
    """Evidence of one group is correlated: the group's cap bounds what it can add together."""

    ANTIVIRUS = "antivirus"
    """Engines and what is built on them: VirusTotal, PolySwarm."""
    SCANNER_NOISE = "scanner_noise"
    """Who scans and brute-forces: AbuseIPDB, GreyNoise."""
    EXPOSURE = "exposure"
    """What an address shows to the internet: open ports, known vulnerabilities."""
    REGISTRATION = "registration"
    """Age and state of a name: RDAP, Robtex."""
    RESOLUTION = "resolution"
    """What resolvers answer, filtering ones against plain ones."""
    KNOWN_FILES = "known_files"
    """Catalogues of files: CIRCL hashlookup."""
    LOCAL_LISTS = "local_lists"
    """What we know ourselves: roles, popularity, allow-lists."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One weighable statement. Its points are found in the weights file under `source`, `item` and `bin`.

    `field` is the path in the source's document, `value` the raw value there, `observed_at` the
    source's own date of the fact (never the date of retrieval), None where the source gives none.
    """

    source: str
    item: str
    bin: str
    field: str
    value: JsonScalar
    group: EvidenceGroup
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said about one observable.

    `document` is the source's own JSON text (or our rendering of its records) and None when it delivered
    nothing; `labels` are short facts for people (family, owner, role); `pivots` are canonical texts of
    related observables; `warnings` are sentences for the reader.
    """

    source: str
    outcome: Outcome
    evidence: tuple[Evidence, ...] = ()
    document: bytes | None = None
    labels: tuple[tuple[str, str], ...] = ()
    pivots: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome is Outcome.HIT and not self.evidence:
            message = f"{self.source}: a hit needs evidence"
            raise ValueError(message)
        if not self.outcome.is_evidence and self.evidence:
            message = f"{self.source}: {self.outcome} carries no evidence"
            raise ValueError(message)

    @property
    def has_document(self) -> bool:
        """Whether the source delivered something to read about the observable, even without a judgement."""
        return self.outcome.is_evidence and self.document is not None
