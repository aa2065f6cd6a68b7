"""Threats of the tenant whose members visit the console, made as telemetry makes them and as many as a list needs."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.assessments import Category
from cybervault.domain.findings import Act, Step
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.settings import DATABASE_FILE
from cybervault.storage.engines import database_at
from tests.assessments.made import FINDING
from tests.console.members import Home
from tests.fakes.threats import BAD

MANY: Final = 53
"""More than a page holds; they are the only scanners."""
_TELEMETRY: Final = {
    "type": "endpoint_telemetry",
    "depth": "deep",
    "payload": {
        "process_name": "svchost.exe",
        "pid": 4892,
        "hostname": "finance-07",
        "network_connections": [{"dst_ip": BAD, "port": 4444, "protocol": "TCP"}],
    },
}


def seen(home: Home) -> dict[str, Any]:
    """The threat that telemetry of a host which calls the bad address opens."""
    made = home.ask("POST", "/v3/threats/analyze", _TELEMETRY)
    assert made.status_code == 201, made.text
    target = made.json()["target"]
    found: dict[str, Any] = home.ask("GET", f'/v3/threats?filter={{"value":"{target}"}}').json()["data"][0]
    return found


def scanned(home: Home) -> None:
    """Many threats of one type, one after another in the last days."""
    asyncio.run(_keep(home, TenantId(home.ask("GET", "/v3/tenant").json()["id"])))


async def _keep(home: Home, tenant_id: TenantId) -> None:
    database = database_at(home.server.settings.data / DATABASE_FILE, home.server.clock)
    await database.open()
    store, now = FindingStore(database), home.server.clock.now()
    async with store.transaction():
        for number in range(MANY):
            at = now - timedelta(hours=number)
            finding = replace(
                FINDING, id=FindingId(f"thr_scan{number:06}"), tenant_id=tenant_id, created_at=at, last_seen_at=at,
                type=Category.SCANNER, value=f"198.51.100.{number}", indicators=(f"ip:198.51.100.{number}",),
                techniques=("T1595",), score=number,
            )  # fmt: skip
            await store.add(finding)
            await store.add_step(finding, Step(1, at, "a test", Act.OPENED, new_status=finding.status))
    await database.close()
