"""What may be scanned, put together."""

from dataclasses import replace

import pytest

from cybervault.app.product import put_together
from cybervault.app.scans import registry_reader
from cybervault.scans.grants import GrantRules
from cybervault.scans.registry import RegistryError
from cybervault.scans.targets import parse_target
from cybervault.settings import ScanSettings
from tests.fakes.registry import Shelves, layer, registry_of
from tests.fakes.serving import Setup


async def test_grants_follow_the_operators_rules(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert product.scanning.grants.rules == GrantRules()
    part = ScanSettings(loopback=True, owners_grant_networks=True)
    async with put_together(replace(setup, given={"scans": part}).settings()) as product:
        assert product.scanning.grants.rules == GrantRules(has_loopback=True, owners_grant_networks=True)


async def test_a_registry_within_the_network_is_reached_where_the_operator_named_it(setup: Setup) -> None:
    shelves = Shelves()
    shelves.push("app:1", [layer({"x": b"y"})])
    with registry_of(shelves) as place:
        target = parse_target(f"oci://{place}/app:1")
        async with put_together(setup.settings()) as product:
            with pytest.raises(RegistryError, match="may not be reached"):
                await registry_reader(product.egress, ScanSettings())(target).image()
        named = ScanSettings(registries=(f"http://{place}",))
        async with put_together(replace(setup, given={"scans": named}).settings()) as product:
            assert len((await registry_reader(product.egress, named)(target).image()).layers) == 1


async def test_scans_have_workers_of_their_own(setup: Setup) -> None:
    """A scan of an hour must not keep a batch of telemetry waiting."""
    async with put_together(setup.settings()) as product:
        assert product.scanning.dispatcher is not product.dispatcher
