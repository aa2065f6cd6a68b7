"""A schedule as stores keep it, and services around one database."""

from datetime import timedelta
from typing import Final

from cybervault.domain.ids import ScheduleId
from cybervault.scans.profiles import ProfileName
from cybervault.scans.schedule import NewSchedule, Schedule
from cybervault.scans.scheduler import Scheduler
from cybervault.scans.schedules import Schedules
from cybervault.scans.store.schedules import ScheduleStore
from cybervault.storage.database import Database
from tests.scans.desk import Desk, desk_on
from tests.scans.made import NOW, OURS

NETWORK: Final = "10.1.0.0/24"
WISH: Final = NewSchedule("Office", (NETWORK,), "30 3 * * *", "Europe/Madrid")
SCHEDULE: Final = Schedule(
    ScheduleId("sch_0000000001"), OURS, "Office", (NETWORK,), ProfileName.STANDARD, 60, "30 3 * * *", "Europe/Madrid",
    is_enabled=True, next_at=NOW.replace(microsecond=0) + timedelta(hours=1), created_at=NOW, created_by="operator",
)  # fmt: skip


async def schedules_on(database: Database) -> tuple[Desk, Schedules, Scheduler]:
    """A desk at which a network may be scanned, schedules, and what begins their scans."""
    desk, store = await desk_on(database), ScheduleStore(database)
    await desk.grant(NETWORK)
    return desk, Schedules(store, desk.scans, desk.world.journal), Scheduler(store, desk.scans, desk.world.clock)
