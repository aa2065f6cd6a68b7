"""`cybervault keys report`: which keys somebody should look at, and why."""

import json
from datetime import timedelta
from typing import Final

import typer
from rich.console import Console

from cybervault.access.reports import Remark, remarks_on
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.keys import WhichTenant, keys
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.clock import SystemClock

# Of these days every call is looked at.
_DAYS: Final = 7


@keys.command()
def report(tenant: WhichTenant, as_json: AsJson = False, data: Data = None) -> None:
    """List the keys of a tenant that need a look, the most urgent first.

    Seen in the open, refused though the secret was right, used from two networks within minutes, an old secret in use
    during a rotation, expiring within 14 days, unused for 30, 60 or 90 days, never used, without an expiry.
    """

    async def read(access: Access) -> tuple[Remark, ...]:
        now = SystemClock().now()
        owner = await access.tenants.find(tenant)
        calls = await access.usage.recent(owner.id, now - timedelta(days=_DAYS))
        return remarks_on(await access.keys.list(owner.id), calls, now)

    found = with_access(data, read)
    if as_json:
        typer.echo(json.dumps({"remarks": [_document(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    table = listing("id", "matter", folded=("name", "why"))
    for one in found:
        table.add_row(one.key_id, one.matter.value, one.name, one.text)
    Console(markup=False).print(table if found else "No key needs a look.")


def _document(remark: Remark) -> dict[str, str]:
    return {"key_id": remark.key_id, "name": remark.name, "matter": remark.matter.value, "text": remark.text}
