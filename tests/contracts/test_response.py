"""Actions as the quick start of v3 asks for them: check 148."""

from pathlib import Path

from cybervault.access.audit import OPERATOR
from cybervault.access.service_accounts import NewServiceAccount
from cybervault.domain.principals import KeyKind, Scope
from tests.faces.v3.management.managed import told
from tests.faces.v3.responding import Responding, responding_on
from tests.fakes.keys import bearer

WISH = {"type": "block_ip", "target": "198.51.100.42", "reason": "Beacons of finance-07 go there."}


async def key_of_a_robot(site: Responding, name: str, *scopes: Scope) -> dict[str, str]:
    """The headers of a key of a new service account that has just these scopes."""
    world = site.framed.world
    wanted = NewServiceAccount(name, frozenset(scopes))
    account = await world.accounts.create(world.tenant.id, wanted, by=None, actor=OPERATOR)
    minted = await world.mint(name, KeyKind.SERVICE_LIVE, scopes=frozenset(scopes), service_account_id=account.id)
    return bearer(minted.secret.reveal())


async def test_check_148_a_service_account_asks_for_an_action_and_one_without_the_scope_may_not(
    sqlite_file: Path,
) -> None:
    async with responding_on(sqlite_file) as site:
        robot = await key_of_a_robot(site, "robot", Scope.THREAT_READ, Scope.RESPONSE_WRITE)
        assert (await site.ask("GET", "/v3/system/health", robot)).status_code == 200
        reply = await site.ask("POST", "/v3/response/actions", robot, json=WISH)
        assert (reply.status_code, reply.json()["state"]) == (202, "recorded")
        audited = await site.audited()
        assert [(row["id"], row["type"], row["reason"]) for row in audited] == [
            (reply.json()["id"], "block_ip", WISH["reason"])
        ]
        reader = await key_of_a_robot(site, "reader", Scope.THREAT_READ)
        assert told(await site.ask("POST", "/v3/response/actions", reader, json=WISH)) == (403, "invalid_scope")
        assert await site.audited() == audited
