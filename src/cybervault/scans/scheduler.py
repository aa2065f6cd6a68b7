"""Begins the scans that are due, each turn once, however many nodes look; a turn that is refused says why."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from cybervault.access.audit import Actor
from cybervault.access.rhythm import every
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.cron import next_run
from cybervault.scans.scan import Scan
from cybervault.scans.scans import Scans
from cybervault.scans.schedule import Schedule, Turn
from cybervault.scans.schedules import wish_of
from cybervault.scans.store.schedules import ScheduleStore

_LOG: Final = structlog.get_logger("cybervault.scans")
_LOOK_SECONDS: Final = 5.0
_AT_ONCE: Final = 200
LATE_MAX: Final = timedelta(hours=1)
"""A turn that could not begin by then is left out: who scans at night does not want it by day."""
_MISSED: Final = Problem(
    ProblemKind.CONFLICT, code="turn_missed", message="Nobody could begin it within an hour of its time."
)
_STILL_RUNNING: Final = Problem(
    ProblemKind.CONFLICT, code="scan_still_running", message="The scan of the turn before was still going on."
)


class _TakenError(Exception):
    """Another node has begun this turn, or the schedule was changed."""


class Scheduler:
    """Looks for schedules that are due. The turn is taken in the transaction that keeps the scan and its job."""

    def __init__(self, store: ScheduleStore, scans: Scans, clock: Clock) -> None:
        self._store = store
        self._scans = scans
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set."""
        async for _ in every(_LOOK_SECONDS, stop):
            try:
                await self.begin_due()
            except Problem as problem:
                _LOG.warning("schedules wait", code=problem.code)

    async def begin_due(self) -> int:
        """Begin what is due now; how many scans were begun."""
        now = self._clock.now()
        return sum([await self._begin(schedule, now) for schedule in await self._store.due(now, _AT_ONCE)])

    async def _begin(self, schedule: Schedule, now: datetime) -> bool:
        """Whether a scan was begun."""
        try:
            await self._refuse(schedule, now)
            await self._ask(schedule, now)
        except _TakenError:
            return False
        except Problem as problem:
            # What is full or down now may not be so in a while: the turn stays due for its hour.
            if problem.kind is not ProblemKind.UNAVAILABLE:
                await self._leave_out(schedule, problem, now)
            return False
        return True

    async def _refuse(self, schedule: Schedule, now: datetime) -> None:
        """`Problem` CONFLICT `turn_missed`, `scan_still_running`, INVALID `invalid_schedule` where its zone is gone."""
        next_run(schedule.cron, schedule.timezone, now)
        if schedule.next_at is not None and now - schedule.next_at > LATE_MAX:
            raise _MISSED
        if await self._is_going_on(schedule):
            raise _STILL_RUNNING

    async def _is_going_on(self, schedule: Schedule) -> bool:
        if schedule.last_scan_id is None:
            return False
        try:
            before = await self._scans.find(schedule.tenant_id, schedule.last_scan_id)
        except Problem as problem:
            if problem.kind is not ProblemKind.NOT_FOUND:
                raise
            return False
        return not before.state.is_final

    async def _ask(self, schedule: Schedule, now: datetime) -> None:
        async def take(scan: Scan) -> None:
            if not await self._store.turn(schedule, Turn(scan.id), next_at=_next(schedule, now)):
                raise _TakenError

        # Who is named here stands in the audit and beside the scan.
        actor = Actor(f"schedule:{schedule.id}", schedule.tenant_id)
        await self._scans.initialize(schedule.tenant_id, wish_of(schedule), actor=actor, within=take)

    async def _leave_out(self, schedule: Schedule, problem: Problem, now: datetime) -> None:
        turn = Turn(None, problem.code, problem.message)
        if await self._store.turn(schedule, turn, next_at=_next(schedule, now)):
            _LOG.info("a schedule began no scan", schedule=schedule.id, code=problem.code)


def _next(schedule: Schedule, now: datetime) -> datetime | None:
    """From now on, not from the turn that was due: turns that nobody could begin do not pile up."""
    try:
        return next_run(schedule.cron, schedule.timezone, now)
    except Problem:  # what it is, stands in the row
        return None
