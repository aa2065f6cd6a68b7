"""What may be scanned, put together."""

from dataclasses import replace

from cybervault.app.product import put_together
from cybervault.scans.grants import GrantRules
from cybervault.settings import ScanSettings
from tests.fakes.serving import Setup


async def test_grants_follow_the_operators_rules(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert product.grants.rules == GrantRules()
    part = ScanSettings(loopback=True, owners_grant_networks=True)
    async with put_together(replace(setup, given={"scans": part}).settings()) as product:
        assert product.grants.rules == GrantRules(has_loopback=True, owners_grant_networks=True)
