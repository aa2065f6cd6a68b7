"""What may be scanned, put together."""

from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.app.product import put_together
from cybervault.app.scans import accounts_of, registry_reader, toolbox_of
from cybervault.domain.secrets import Secret
from cybervault.egress.guard import origin_of
from cybervault.egress.signing import AwsKey
from cybervault.scans.cloud.client import Account
from cybervault.scans.engines import ENGINES, NMAP, TRIVY
from cybervault.scans.grants import GrantRules
from cybervault.scans.registry import RegistryError
from cybervault.scans.targets import parse_target
from cybervault.setting_parts import AwsSettings, RegistryAccountSettings, ScanSettings
from tests.fakes.registry import Shelves, layer, registry_of
from tests.fakes.serving import Setup


async def test_grants_follow_the_operators_rules(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert product.scanning.grants.rules == GrantRules()
    connected = {"123456789012": AwsSettings(access_key_id="AKIDEXAMPLE", secret_access_key=Secret("canary-7f3a"))}
    part = ScanSettings(loopback=True, owners_grant_networks=True, aws=connected)
    async with put_together(replace(setup, given={"scans": part}).settings()) as product:
        assert product.scanning.grants.rules == GrantRules(
            has_loopback=True, owners_grant_networks=True, accounts=frozenset(connected)
        )


def test_an_account_is_asked_as_the_operator_says() -> None:
    part = AwsSettings(
        access_key_id="AKIDEXAMPLE",
        secret_access_key=Secret("canary-7f3a"),
        role_arn="arn:aws:iam::123456789012:role/reader",
        external_id="ours-4711",
        regions=("eu-west-1",),
        endpoint_url="http://127.0.0.1:5000/",
    )
    (account,) = accounts_of(ScanSettings(aws={"123456789012": part})).values()
    assert account == Account(
        "123456789012", AwsKey("AKIDEXAMPLE", Secret("canary-7f3a")), "arn:aws:iam::123456789012:role/reader",
        "ours-4711", ("eu-west-1",), "http://127.0.0.1:5000",
    )  # fmt: skip
    assert "canary" not in f"{account!r}{part!r}{part.model_dump_json()}"


def test_programs_are_where_the_operator_says_or_nowhere(setup: Setup, tmp_path: Path) -> None:
    place = tmp_path / "program"
    place.touch(mode=0o755)
    for name in (NMAP, TRIVY):
        (engine,) = [one for one in ENGINES if one.name == name]
        for given, command in ((str(place), [str(place)]), ("", None), (str(tmp_path / "x"), None)):
            part = ScanSettings.model_validate({name: given})
            toolbox = toolbox_of(replace(setup, given={"scans": part}).settings())
            assert toolbox.command(engine) == command


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


async def test_a_registry_is_told_the_name_that_was_connected_for_it_and_no_other_is(setup: Setup) -> None:
    shelves = Shelves(people={"ci": "canary-7f3a"}, wants_password=True)
    shelves.push("app:1", [layer({"x": b"y"})])
    with registry_of(shelves) as place, registry_of(shelves) as other:
        account = RegistryAccountSettings(registry=place, username="ci", password=Secret("canary-7f3a"))
        part = ScanSettings(registries=(f"http://{place}", f"http://{other}"), registry_accounts={"ours": account})
        async with put_together(replace(setup, given={"scans": part}).settings()) as product:
            reader = registry_reader(product.egress, part)
            assert len((await reader(parse_target(f"oci://{place}/app:1")).image()).layers) == 1
            with pytest.raises(RegistryError, match="wants a name"):
                await reader(parse_target(f"oci://{other}/app:1")).image()
    elsewhere = account.model_copy(update={"token_url": "https://tokens.example"})
    reader = registry_reader(product.egress, ScanSettings(registry_accounts={"ours": elsewhere}))
    found = reader(parse_target(f"oci://{place}/app:1")).account
    assert found is not None
    assert found.tokens_at == origin_of("https://tokens.example")
    assert "canary" not in f"{part!r}{part.model_dump_json()}{found!r}"


async def test_scans_have_workers_of_their_own(setup: Setup) -> None:
    """A scan of an hour must not keep a batch of telemetry waiting, nor who waits for a part keep that part."""
    async with put_together(setup.settings()) as product:
        own = (product.dispatcher, product.scanning.dispatcher, product.scanning.helper)
        assert len(set(map(id, own))) == 3
