"""How schedules of scans are written."""

from pydantic import BaseModel, ConfigDict, Field

from cybervault.faces.language import ENGLISH, Language
from cybervault.faces.moments import spelled
from cybervault.faces.queued import FailureReply
from cybervault.scans.cron import CRON_CHARACTERS_MAX, ZONE_CHARACTERS_MAX
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scans import MINUTES_MAX
from cybervault.scans.schedule import NewSchedule, Schedule, ScheduleEdit
from cybervault.scans.schedules import NAME_CHARACTERS_MAX
from cybervault.scans.targets import TARGET_CHARACTERS_MAX

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ScheduleRequest(BaseModel):
    """Body of `POST /v3/scans/schedules`."""

    model_config = _STRICT

    name: str = Field(max_length=NAME_CHARACTERS_MAX, examples=["The office, each Monday"])
    targets: list[str] = Field(description="As of a scan.", examples=[["10.1.0.0/24"]])
    cron: str = Field(
        max_length=CRON_CHARACTERS_MAX,
        description="Minute, hour, day of the month, month, day of the week; at most every 15 minutes.",
        examples=["30 3 * * 1"],
    )
    timezone: str = Field(
        max_length=ZONE_CHARACTERS_MAX,
        description="Of the IANA database, in which the times are read.",
        examples=["Europe/Madrid"],
    )
    profile: ProfileName = ProfileName.STANDARD
    max_duration: int = Field(default=60, ge=1, le=MINUTES_MAX, description="Minutes, of each scan.")

    def to_core(self) -> NewSchedule:
        """The wish."""
        return NewSchedule(self.name, _targets(self.targets), self.cron, self.timezone, self.profile, self.max_duration)


class ScheduleEditRequest(BaseModel):
    """Body of `PATCH /v3/scans/schedules/{schedule_id}`; what is left out stays."""

    model_config = _STRICT

    name: str | None = Field(default=None, max_length=NAME_CHARACTERS_MAX)
    targets: list[str] | None = None
    cron: str | None = Field(default=None, max_length=CRON_CHARACTERS_MAX)
    timezone: str | None = Field(default=None, max_length=ZONE_CHARACTERS_MAX)
    profile: ProfileName | None = None
    max_duration: int | None = Field(default=None, ge=1, le=MINUTES_MAX)
    enabled: bool | None = Field(default=None, description="False pauses it.")

    def to_core(self) -> ScheduleEdit:
        """The wish."""
        return ScheduleEdit(
            self.name,
            None if self.targets is None else _targets(self.targets),
            self.cron,
            self.timezone,
            self.profile,
            self.max_duration,
            self.enabled,
        )


class ScheduleReply(BaseModel):
    """One schedule, and how its last turn went."""

    id: str = Field(examples=["sch_4f1k9x2m7q"])
    name: str
    targets: list[str]
    profile: ProfileName
    max_duration: int
    cron: str
    timezone: str
    enabled: bool
    next_at: str | None = Field(description="When it is due next; null while it is paused.")
    last_at: str | None = Field(description="When its last turn was due.")
    last_scan_id: str | None = Field(description="The last scan that it began.")
    error: FailureReply | None = Field(description="Why the last turn began no scan.")
    created_at: str
    created_by: str

    @classmethod
    def of(cls, schedule: Schedule, language: Language = ENGLISH) -> "ScheduleReply":
        """The schedule."""
        return cls(
            id=schedule.id,
            name=schedule.name,
            targets=list(schedule.targets),
            profile=schedule.profile,
            max_duration=schedule.minutes_max,
            cron=schedule.cron,
            timezone=schedule.timezone,
            enabled=schedule.is_enabled,
            next_at=None if schedule.next_at is None else spelled(schedule.next_at),
            last_at=None if schedule.last_at is None else spelled(schedule.last_at),
            last_scan_id=schedule.last_scan_id,
            error=FailureReply.of(schedule.problem_code, schedule.problem_message, language),
            created_at=spelled(schedule.created_at),
            created_by=schedule.created_by,
        )


def _targets(texts: list[str]) -> tuple[str, ...]:
    # A text that is far too long has no form that is known, and is not carried on.
    return tuple(text[: TARGET_CHARACTERS_MAX + 1] for text in texts)
