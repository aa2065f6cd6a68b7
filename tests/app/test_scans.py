"""What may be scanned, put together."""

from dataclasses import replace

from cybervault.app.product import put_together
from cybervault.scans.grants import GrantRules
from cybervault.settings import ScanSettings
from tests.fakes.serving import Setup


async def test_grants_follow_the_operators_rules(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert product.scanning.grants.rules == GrantRules()
    part = ScanSettings(loopback=True, owners_grant_networks=True)
    async with put_together(replace(setup, given={"scans": part}).settings()) as product:
        assert product.scanning.grants.rules == GrantRules(has_loopback=True, owners_grant_networks=True)


async def test_scans_have_workers_of_their_own(setup: Setup) -> None:
    """A scan of an hour must not keep a batch of telemetry waiting."""
    async with put_together(setup.settings()) as product:
        assert product.scanning.dispatcher is not product.dispatcher
