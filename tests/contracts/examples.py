"""One answer of every operation of the contracts, asked of the whole server, for the document of the API.

`python -m tests.contracts.examples` writes them into the file that the server loads; what is random has stable names.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

import structlog

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.minting import NewKey
from cybervault.domain.ids import WebhookId
from cybervault.domain.jobs import EventId, Happened
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.faces.examples import FILE, Example
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.scans.grants import NewGrant
from cybervault.storage.outbox import KeptEvent
from tests.contracts.stable import Names
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.scanning import ended
from tests.fakes.serving import Setup
from tests.fakes.telemetry import CALLBACK, QUIET
from tests.fakes.threats import BAD, Headers, ThreatWorld, threat_world
from tests.fakes.upstream import UpstreamFarm

_AGENT: Final = {"User-Agent": "curl/8.14.1"}
_FOLDER: Final = "cybervault.faces"
_PUBLIC: Final = {"public_url": "https://cybervault.example"}
_PATIENCE_SECONDS: Final = 20
NETWORK: Final = "10.1.0.0/24"
BUCKET: Final = "arn:aws:s3:::acme-backups"
_TELEMETRY: Final = {
    "type": "endpoint_telemetry",
    "payload": {
        "process_name": "svchost.exe",
        "pid": 4892,
        "network_connections": [{"dst_ip": BAD, "port": 4444, "protocol": "TCP"}],
    },
    "depth": "deep",
}


@dataclass(slots=True)
class Walk:
    """Asks, a second after the time before, and keeps the first answer of each operation."""

    world: ThreatWorld
    key: Headers
    owner: Headers
    seen: dict[str, Example] = field(default_factory=dict)

    async def ask(
        self,
        operation: str,
        json: object = None,
        *,
        headers: Headers | None = None,
        query: str = "",
        **ids: str,
    ) -> Any:  # noqa: ANN401 - JSON
        """One request, by the key unless other headers say who asks; it must work."""
        self.world.clock.advance(1)
        method, _, template = operation.partition(" ")
        path = template.format(**ids) + (f"?{query}" if query else "")
        reply = await self.world.ask(method, path, {**(headers or self.key), **_AGENT}, json)
        assert reply.is_success, f"{operation}: {reply.status_code} {reply.text}"
        self.seen.setdefault(operation, Example(reply.status_code, reply.json(), json))
        return reply.json()


async def _ctai(walk: Walk) -> None:
    await walk.ask("GET /api/ctai/models")


async def _threats_v1(walk: Walk) -> None:
    wish = {"target": BAD, "mode": "deep", "metadata": {"case": "42"}}
    made = await walk.ask("POST /v1/threats/analyze", wish)
    await walk.ask("GET /v1/threats/analyses/{request_id}", request_id=made["request_id"])
    await walk.ask("GET /v1/threats/feed", query="limit=1")


async def _threats_v2(walk: Walk) -> None:
    wish = {"target": "evil.example", "target_type": "domain", "context": {"network_zone": "dmz", "depth": "deep"}}
    await walk.ask("POST /v2/threats/analyze", wish)
    listed = await walk.ask("GET /v2/threats/recent", query="severity=critical,high,medium,low&limit=1")
    change = {"status": "acknowledged", "comment": "With the owner of the host."}
    await walk.ask("PATCH /v2/threats/{threat_id}/status", change, threat_id=listed["data"][0]["id"])


async def _threats_v3(walk: Walk) -> str:
    made = await walk.ask("POST /v3/threats/analyze", _TELEMETRY)
    await walk.ask("GET /v3/threats/assessments/{assessment_id}", assessment_id=made["assessment_id"])
    await walk.ask("GET /v3/threats/assessments", query="limit=1")
    both = f"before={made['assessment_id']}&after={made['assessment_id']}"
    await walk.ask("GET /v3/threats/assessments/compare", query=both)
    mixed = ["203[.]0[.]113[.]42", "evil,example"]
    await walk.ask("POST /v3/observables/lookup", {"observables": mixed, "depth": "deep"})
    listed = await walk.ask("GET /v3/threats", query="limit=1")
    threat_id = str(listed["data"][0]["id"])
    await walk.ask(
        "PATCH /v3/threats/{threat_id}", {"status": "investigating", "comment": "Case 42."}, threat_id=threat_id
    )
    await walk.ask(
        "POST /v3/threats/{threat_id}/comments", {"comment": "The host is off the network."}, threat_id=threat_id
    )
    await walk.ask("GET /v3/threats/{threat_id}", threat_id=threat_id)
    await walk.ask("GET /v3/threats/summary", query="days=2")
    await walk.ask("GET /v3/threats/{threat_id}/history", threat_id=threat_id)
    return threat_id


async def _batches(walk: Walk) -> None:
    await walk.ask("POST /v3/telemetry", [CALLBACK, QUIET, {"what": "ever"}])
    later = {**walk.key, "Prefer": "respond-async"}
    made = await walk.ask("POST /v3/telemetry", [CALLBACK], headers=later)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        place = f"/v3/telemetry/{made['batch_id']}"
        while (await walk.world.ask("GET", place, walk.key)).json()["result"] is None:  # noqa: ASYNC110 - none is ours
            await asyncio.sleep(0.05)
    await walk.ask("GET /v3/telemetry/{batch_id}", batch_id=made["batch_id"])
    page = await walk.ask("GET /v3/telemetry/{batch_id}/matches", query="limit=1", batch_id=made["batch_id"])
    await walk.ask("POST /v3/telemetry/{batch_id}/cancel", batch_id=made["batch_id"])
    await walk.ask("GET /v3/telemetry", query="limit=1")
    fired = page["data"][0]["rule"]["rule_id"]
    await walk.ask("POST /v3/telemetry/explain", {"rule_id": fired, "event": CALLBACK})


FILTER = """\
title: Our software distribution
id: 7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10
logsource: {product: windows}
filter:
  rules: any
  selection: {ParentImage|endswith: '\\deploy.exe'}
  condition: not selection
"""


async def _detection(walk: Walk) -> None:
    await walk.ask("GET /v3/detection/rules", query="technique=T1571&limit=1")
    found = await walk.world.ask("GET", "/v3/detection/rules?technique=T1571&limit=1", walk.key)
    rule_id = str(found.json()["data"][0]["id"])
    await walk.ask("GET /v3/detection/rules/{rule_id}", rule_id=rule_id)
    off = {"enabled": False, "reason": "Our inventory does this every night."}
    await walk.ask("PATCH /v3/detection/rules/{rule_id}", off, rule_id=rule_id)
    await walk.ask("PATCH /v3/detection/profile", {"from_level": "high"})
    await walk.ask("GET /v3/detection/profile")
    await walk.ask("POST /v3/detection/filters", {"text": FILTER})
    await walk.ask("GET /v3/detection/filters")


async def _scans(walk: Walk) -> None:
    """Of a cloud resource, which no engine of this server reaches: it ends at once and says so."""
    tenant, grants = await walk.world.tenant(), walk.world.product.scanning.grants
    for target in (NETWORK, BUCKET):
        await grants.give(tenant.id, NewGrant(target, "Signed by Ada on 2026-10-30."), actor=OPERATOR)
        walk.world.clock.advance(1)  # they are listed oldest first
    await walk.ask("GET /v3/scans/grants")
    for face in ("/v1", "/v3"):
        await walk.ask(f"POST {face}/scans/preview", {"targets": [NETWORK], "profile": "compliance"})
        begin = "POST /v1/scans/initialize" if face == "/v1" else "POST /v3/scans"
        made = await walk.ask(begin, {"targets": [BUCKET], "profile": "standard"})
        scan_id = str(made.get("scan_id") or made["id"])
        await ended(walk.world, f"{face}/scans/{scan_id}", dict(walk.key))
        await walk.ask(f"GET {face}/scans/{{scan_id}}", scan_id=scan_id)
        await walk.ask(f"GET {face}/scans/{{scan_id}}/findings", scan_id=scan_id)
        await walk.ask(f"GET {face}/scans", query="limit=1")
    await walk.ask("GET /v3/scans/{scan_id}/diff", scan_id=scan_id)
    await walk.ask("GET /v3/scans/findings")
    await walk.ask("GET /v3/scans/engines")
    weekly = {"name": "The bucket", "targets": [BUCKET], "cron": "30 3 * * 1", "timezone": "Europe/Madrid"}
    schedule_id = str((await walk.ask("POST /v3/scans/schedules", weekly))["id"])
    await walk.ask("GET /v3/scans/schedules")
    await walk.ask("GET /v3/scans/schedules/{schedule_id}", schedule_id=schedule_id)
    await walk.ask("PATCH /v3/scans/schedules/{schedule_id}", {"enabled": False}, schedule_id=schedule_id)


async def _webhooks(walk: Walk) -> None:
    """Of one that is ended for its failures, so that nothing is sent: receivers lie outside."""
    tenant, parts, now = await walk.world.tenant(), walk.world.product.hooks, walk.world.clock.now()
    wish = {"url": "https://hooks.example.com/cybervault", "events": ["scan.failed"], "description": "Our tickets."}
    made = await walk.ask("POST /v3/webhooks", wish)
    hook_id = str(made["id"])
    await walk.ask("POST /v3/webhooks/{webhook_id}/rotate", {"overlap_hours": 48}, webhook_id=hook_id)
    await walk.ask("POST /v3/webhooks/{webhook_id}/replay", {"since": "2026-12-01T00:00:00Z"}, webhook_id=hook_id)
    webhook = await parts.webhooks.find(tenant.id, WebhookId(hook_id))
    await WebhookStore(walk.world.product.database).disable(webhook, "nothing was taken for 3 days", now)
    happened = Happened("scan.failed", "scan_0000000001", tenant.id, {"profile": "standard", "state": "failed"})
    await parts.courier.tell(KeptEvent(EventId("evt_000000000001"), happened, now))
    await walk.ask("GET /v3/webhooks")
    await walk.ask("GET /v3/webhooks/{webhook_id}", webhook_id=hook_id)
    listed = await walk.ask("GET /v3/webhooks/{webhook_id}/deliveries", webhook_id=hook_id)
    one = "GET /v3/webhooks/{webhook_id}/deliveries/{delivery_id}"
    await walk.ask(one, webhook_id=hook_id, delivery_id=listed["data"][0]["id"])
    await walk.ask("PATCH /v3/webhooks/{webhook_id}", {"enabled": True}, webhook_id=hook_id)


async def _response(walk: Walk, threat_id: str) -> None:
    wish = {
        "type": "block_ip", "target": BAD, "reason": "Beacons of finance-07 go there.", "finding_id": threat_id,
    }  # fmt: skip
    made = await walk.ask("POST /v3/response/actions", wish)
    await walk.ask("GET /v3/response/actions/{action_id}", action_id=made["id"])
    await walk.ask("GET /v3/response/actions")
    await walk.ask("GET /v3/response/catalogue")


async def _system(walk: Walk) -> None:
    for path in ("/v3/system/health", "/v3/system/whoami", "/v3/system/sources", "/v3/tenant"):
        await walk.ask(f"GET {path}")


async def _service_accounts(walk: Walk) -> str:
    wish = {"name": "github-actions", "scopes": ["threat:read", "threat:write"], "description": "Checks what we ship."}
    made = await walk.ask("POST /v3/service-accounts", wish)
    account_id = str(made["id"])
    await walk.ask("GET /v3/service-accounts/{account_id}", account_id=account_id)
    await walk.ask("GET /v3/service-accounts")
    await walk.ask("GET /v3/tenant/actors", query=f"ids={account_id}")
    await walk.ask("PATCH /v3/service-accounts/{account_id}", {"scopes": ["threat:read"]}, account_id=account_id)
    return account_id


async def _keys(walk: Walk, account_id: str) -> None:
    wish = {
        "name": "github-actions-prod", "kind": "service_live", "scopes": ["threat:read"],
        "ip_allow_list": ["192.0.2.0/24"], "expires_at": "2027-01-31", "service_account_id": account_id,
    }  # fmt: skip
    made = await walk.ask("POST /v3/keys", wish)
    key_id, old = str(made["id"]), bearer(made["secret"])
    await walk.ask("GET /v3/system/health", headers=old)
    await walk.ask("GET /v3/keys/{key_id}", key_id=key_id)
    await walk.ask("GET /v3/keys/{key_id}/usage", key_id=key_id)
    await walk.ask("GET /v3/keys/{key_id}/usage/summary", key_id=key_id, query="step=hour")
    await walk.ask("GET /v3/keys", query="limit=1")
    await walk.ask("PATCH /v3/keys/{key_id}", {"name": "github-actions-main"}, key_id=key_id)
    await walk.ask("POST /v3/keys/{key_id}/rotate", {"expires_at": "2027-06-30"}, key_id=key_id)
    await walk.ask("POST /v3/keys/{key_id}/cancel-rotation", {}, key_id=key_id)
    await walk.ask("POST /v3/keys/{key_id}/rotate", {"expires_at": "2027-06-30"}, key_id=key_id)
    await walk.ask("GET /v3/system/health", headers=old)
    await walk.ask("POST /v3/keys/{key_id}/finish-rotation", {}, key_id=key_id)
    await walk.ask("GET /v3/keys/report")
    await walk.ask("GET /v3/keys/limits")
    await walk.ask("POST /v3/keys/{key_id}/revoke", {"reason": "The pipeline is gone."}, key_id=key_id)
    await walk.ask("POST /v3/keys", {"name": "github-actions-spare", "service_account_id": account_id})
    await walk.ask("DELETE /v3/service-accounts/{account_id}", account_id=account_id)


async def _users(walk: Walk) -> None:
    """What only people may do is done by the owner."""
    by, wish = walk.owner, {"email": "grace@acme.example", "name": "Grace Hopper", "role": "member"}
    made = await walk.ask("POST /v3/users", wish, headers=by)
    user_id = str(made["id"])
    await walk.ask("GET /v3/users/{user_id}", user_id=user_id)
    await walk.ask("GET /v3/users")
    await walk.ask("POST /v3/users/{user_id}/invitation", headers=by, user_id=user_id)
    await walk.ask("PATCH /v3/users/{user_id}", {"role": "admin"}, headers=by, user_id=user_id)
    await walk.ask("DELETE /v3/users/{user_id}", headers=by, user_id=user_id)


async def _audit(walk: Walk) -> None:
    await walk.ask("GET /v3/audit-log", query="limit=2")
    await walk.ask("GET /v3/audit-log/checkpoint")


async def examples_of(setup: Setup) -> Mapping[str, Example]:
    """Ask everything of a server on this folder."""
    async with _walk(setup) as walk:
        await _system(walk)
        await _ctai(walk)
        await _threats_v1(walk)
        await _threats_v2(walk)
        await _response(walk, await _threats_v3(walk))
        await _keys(walk, await _service_accounts(walk))
        await _users(walk)
        await _audit(walk)
        await _batches(walk)
        await _scans(walk)
        await _webhooks(walk)
        await _detection(walk)  # behind all that rules are to fire in
    names = Names()
    return {operation: Example(**names.stable(asdict(example))) for operation, example in walk.seen.items()}


@asynccontextmanager
async def _walk(setup: Setup) -> AsyncIterator[Walk]:
    async with threat_world(replace(setup, given=_PUBLIC)) as world:
        access, tenant = world.product.access, await world.tenant()
        wish = NewKey(KeyKind.SERVICE_LIVE, "soc-automation", scopes=frozenset(Scope))
        minted = await access.minting.mint(tenant, wish, by=None, actor=OPERATOR)
        person = NewMember("ada@acme.example", "Ada Lovelace", Role.OWNER)
        owner = await access.people.members.create(tenant, person, by=None, actor=OPERATOR)
        token, _ = await access.people.sessions.begin(owner.id, address=None, agent=None)
        browser = {"Cookie": f"__Host-cybervault={token.reveal()}", "Sec-Fetch-Site": "same-origin"}
        yield Walk(world, bearer(minted.secret.reveal()), browser)


def written(examples: Mapping[str, Example]) -> str:
    """The file that holds them."""
    rows = {name: _row(example) for name, example in sorted(examples.items())}
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _row(example: Example) -> dict[str, Any]:
    asked = {} if example.request is None else {"request": example.request}
    return asked | {"status": example.status, "response": example.response}


def main() -> int:
    """Write the file anew."""
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder, UpstreamFarm(clock=HandClock()) as farm:
        compile_small_knowledge(Path(folder))
        text = written(asyncio.run(examples_of(Setup(farm, Path(folder), keys={}))))
    Path(str(resources.files(_FOLDER).joinpath(FILE))).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
