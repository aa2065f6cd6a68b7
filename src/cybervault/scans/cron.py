"""When a schedule is due: five fields of cron, read in a time zone that is named (pure)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from cybervault.domain.problems import Problem, ProblemKind

CRON_CHARACTERS_MAX: Final = 100
ZONE_CHARACTERS_MAX: Final = 64
BETWEEN_MIN: Final = timedelta(minutes=15)
_FIELDS: Final = 5
_LOOKED_AHEAD: Final = 100
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*", re.ASCII)


def refuse_bad_times(cron: str, timezone: str, now: datetime) -> None:
    """`Problem` INVALID `invalid_schedule` for what is no time, no zone, and for what comes too often or never."""
    runs = list(islice(_runs(cron, _zone(timezone), now), _LOOKED_AHEAD))
    if not runs:
        raise _invalid("cron", "never comes true")
    if any(later - sooner < BETWEEN_MIN for sooner, later in pairwise(runs)):
        raise _invalid("cron", "comes more often than every 15 minutes")


def next_run(cron: str, timezone: str, after: datetime) -> datetime | None:
    """The first moment behind another, in UTC; None where there is none.

    What the change to summer time leaves out comes at its end; what it brings twice in autumn comes once.
    """
    return next(_runs(cron, _zone(timezone), after), None)


def _runs(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    if len(cron) > CRON_CHARACTERS_MAX or len(cron.split()) != _FIELDS:
        raise _invalid("cron", "has five fields: minute, hour, day of the month, month, day of the week")
    try:
        moments = CronSim(cron, after.astimezone(zone))
    except CronSimError as error:
        raise _invalid("cron", f"cannot be read: {error}") from None
    return (moment.astimezone(UTC) for moment in moments)


def _zone(name: str) -> ZoneInfo:
    if len(name) <= ZONE_CHARACTERS_MAX and _ZONE.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # a folder of zones, and none
            pass
    raise _invalid("timezone", "is a name of the IANA database, such as Europe/Madrid or UTC")


def _invalid(field: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID, code="invalid_schedule", message=f"{field} {reason}.", details=((field, reason),)
    )
