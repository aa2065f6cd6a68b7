"""The schedules of all tenants: made, changed, paused and removed, each seen by its own."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.ids import ScheduleId, new_schedule_id
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.cron import next_run, refuse_bad_times
from cybervault.scans.scans import NewScan, Scans
from cybervault.scans.schedule import NewSchedule, Schedule, ScheduleEdit
from cybervault.scans.store.schedules import ScheduleStore

SCHEDULES_MAX: Final = 50
"""So many a tenant."""
NAME_CHARACTERS_MAX: Final = 100
_PAUSE: Final = ScheduleEdit(is_enabled=False)


class Schedules:
    """Whatever is kept here may be scanned at the moment at which it is kept, and is asked about again each time."""

    def __init__(self, store: ScheduleStore, scans: Scans, journal: Journal) -> None:
        self._store = store
        self._scans = scans
        self._journal = journal

    async def create(self, tenant_id: TenantId, wish: NewSchedule, *, actor: Actor) -> Schedule:
        """A new one.

        Raises `Problem` as a scan of this would, INVALID `invalid_schedule`, CONFLICT `too_many_schedules`.
        """
        now = self._journal.clock.now()
        schedule = Schedule(
            new_schedule_id(), tenant_id, wish.name.strip(), wish.targets, wish.profile, wish.minutes_max,
            wish.cron.strip(), wish.timezone, is_enabled=True, next_at=None, created_at=now, created_by=actor.name,
        )  # fmt: skip
        schedule = await self._checked(schedule, now)
        async with self._store.transaction():
            await self._store.lock(tenant_id)
            if len(await self._store.all(tenant_id)) >= SCHEDULES_MAX:
                raise _too_many()
            await self._store.keep(schedule)
            await self._record(Change.SCAN_SCHEDULE_ADDED, schedule, actor)
        return schedule

    async def list(self, tenant_id: TenantId) -> tuple[Schedule, ...]:
        """Those of a tenant, oldest first."""
        return await self._store.all(tenant_id)

    async def find(self, tenant_id: TenantId, schedule_id: ScheduleId) -> Schedule:
        """The schedule of this id; `Problem` NOT_FOUND `not_found`."""
        schedule = await self._store.find(tenant_id, schedule_id)
        if schedule is None:
            raise schedule_not_found()
        return schedule

    async def edit(self, tenant_id: TenantId, schedule_id: ScheduleId, edit: ScheduleEdit, *, actor: Actor) -> Schedule:
        """Change one; what was wrong with its last turn is forgotten. Raises as `create` and `find`."""
        wanted = _edited(await self.find(tenant_id, schedule_id), edit)
        # To pause asks for nothing: it must go where a grant or a zone is gone, above all.
        if edit == _PAUSE:
            wanted = replace(wanted, next_at=None)
        else:
            wanted = await self._checked(wanted, self._journal.clock.now())
        async with self._store.transaction():
            await self._store.lock(tenant_id)
            # Its turn may have come meanwhile: what that left stays.
            current = await self.find(tenant_id, schedule_id)
            kept = replace(wanted, last_at=current.last_at, last_scan_id=current.last_scan_id)
            if _times(kept) == _times(current):
                kept = replace(kept, next_at=current.next_at)
            await self._store.keep(kept)
            await self._record(Change.SCAN_SCHEDULE_CHANGED, kept, actor)
        return kept

    async def remove(self, tenant_id: TenantId, schedule_id: ScheduleId, *, actor: Actor) -> None:
        """Remove one for good; its scans stay. `Problem` NOT_FOUND `not_found`."""
        async with self._store.transaction():
            await self._store.lock(tenant_id)
            schedule = await self.find(tenant_id, schedule_id)
            await self._store.remove(tenant_id, schedule_id)
            await self._record(Change.SCAN_SCHEDULE_REMOVED, schedule, actor)

    async def _checked(self, schedule: Schedule, now: datetime) -> Schedule:
        """The schedule with its next turn, its targets in their one spelling."""
        if not 1 <= len(schedule.name) <= NAME_CHARACTERS_MAX or not schedule.name.isprintable():
            raise _invalid("name", f"has 1 to {NAME_CHARACTERS_MAX} characters that can be printed")
        refuse_bad_times(schedule.cron, schedule.timezone, now)
        preview = await self._scans.granted(schedule.tenant_id, wish_of(schedule))
        next_at = next_run(schedule.cron, schedule.timezone, now) if schedule.is_enabled else None
        return replace(schedule, targets=tuple(target.value for target in preview.targets), next_at=next_at)

    async def _record(self, change: Change, schedule: Schedule, actor: Actor) -> None:
        details = {
            "name": schedule.name,
            "targets": ", ".join(schedule.targets)[:4_000],
            "profile": schedule.profile.value,
            "when": f"{schedule.cron} ({schedule.timezone})",
            "enabled": "yes" if schedule.is_enabled else "no",
        }
        await self._journal.record(Happening(change, actor, schedule.id, schedule.tenant_id, details))


def wish_of(schedule: Schedule) -> NewScan:
    """The scan that it asks for."""
    return NewScan(schedule.targets, schedule.profile, schedule.minutes_max)


def schedule_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such schedule.")


def _edited(schedule: Schedule, edit: ScheduleEdit) -> Schedule:
    given: dict[str, Any] = {
        "name": None if edit.name is None else edit.name.strip(),
        "targets": edit.targets,
        "cron": None if edit.cron is None else edit.cron.strip(),
        "timezone": edit.timezone,
        "profile": edit.profile,
        "minutes_max": edit.minutes_max,
        "is_enabled": edit.is_enabled,
    }
    changed = {name: value for name, value in given.items() if value is not None}
    return replace(schedule, problem_code=None, problem_message=None, **changed)


def _times(schedule: Schedule) -> tuple[str, str, bool]:
    return schedule.cron, schedule.timezone, schedule.is_enabled


def _invalid(field: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID, code="invalid_parameter", message=f"{field} {reason}.", details=((field, reason),)
    )


def _too_many() -> Problem:
    return Problem(
        ProblemKind.CONFLICT, code="too_many_schedules", message=f"A tenant has at most {SCHEDULES_MAX} schedules."
    )
