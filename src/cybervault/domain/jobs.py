"""Work that outlives the process which began it, and what happened in the product, as others are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from cybervault.domain.principals import TenantId

JobId = NewType("JobId", str)
EventId = NewType("EventId", str)

ATTEMPTS_MAX: Final = 5


class JobState(StrEnum):
    """How far a job has come. The last four are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after it."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is to be done. Without a tenant it is work of the installation itself.

    `reference` is what others ask for it by: a second job of the same tenant, kind and reference is never made.
    `request_id` names the call that asked for it, as the log has it.
    `attempts_max` counts attempts that failed in a way that may pass, and those whose process went away.
    """

    kind: str
    payload: bytes = b""
    tenant_id: TenantId | None = None
    reference: str | None = None
    request_id: str | None = None
    deadline_seconds: float | None = None
    attempts_max: int = ATTEMPTS_MAX
    due_in_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its tenant may see it.

    `progress` goes from 0 to 1, and `doing` says in words what is done now. A queued job with a problem is tried again.
    """

    id: JobId
    tenant_id: TenantId | None
    kind: str
    reference: str | None
    request_id: str | None
    state: JobState
    attempt: int
    progress: float
    doing: str
    problem_code: str | None
    problem_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A domain event: `topic` says what (finding.opened), `subject` is the id of what it is about."""

    topic: str
    subject: str
    tenant_id: TenantId | None
    payload: Mapping[str, str]
