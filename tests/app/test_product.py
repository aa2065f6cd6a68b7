"""The product below its faces: everything is put together as the settings say."""

from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.app.product import open_access, passwordless_of, put_together
from cybervault.domain.observables import parse_observable
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.egress.guard import origin_of
from cybervault.egress.message import EgressFailure, OutgoingRequest
from cybervault.settings import ChatSettings, DnsSettings, IdentitySettings, Settings, SourceSettings
from tests.fakes.keys import minted
from tests.fakes.processes import free_port
from tests.fakes.serving import Setup
from tests.fakes.upstream import UpstreamFarm


async def test_only_what_the_operator_configured_is_reached_inside(setup: Setup, farm: UpstreamFarm) -> None:
    async with put_together(setup.settings()) as product:
        configured = await product.egress.fetch(OutgoingRequest(url=farm.url("virustotal") + "/ip_addresses/1.2.3.4"))
        assert configured.failure is None
        origin = origin_of(farm.url("virustotal"))
        stranger = await product.egress.fetch(OutgoingRequest(url=f"http://localhost:{origin.port}/virustotal"))
        assert stranger.failure is EgressFailure.REFUSED


async def test_a_resolver_stands_where_the_operator_says(tmp_path: Path, farm: UpstreamFarm) -> None:
    settings = Settings(
        data=tmp_path,
        sources={name: SourceSettings(enabled=False) for name in ("rdap", "robtex", "robtex_dns", "virustotal")},
        dns=DnsSettings(resolvers=farm.resolvers),
        chat=ChatSettings(needs_key=False),
    )
    async with put_together(settings) as product:
        assert product.assess.has_chat_key(None)
        answers = [one async for one in product.assess._lookup.ask(parse_observable("evil.example"), {})]
    assert [one.source.name for one in answers] == ["dns"]
    assert answers[0].answer.outcome.is_evidence
    assert farm.questions("9.9.9.9")


async def test_state_outlives_a_restart(setup: Setup, farm: UpstreamFarm) -> None:
    for _ in range(2):
        async with put_together(setup.settings()) as product:
            found = [one async for one in product.assess._lookup.ask(parse_observable("203.0.113.42"), {})]
            assert found
    assert len(farm.calls("virustotal")) == 1


async def test_a_broken_local_knowledge_counts_as_none(setup: Setup) -> None:
    pointer = setup.data / "knowledge" / "current"
    pointer.write_text("nonsense")
    async with put_together(setup.settings()) as product:
        assert not product.assess.has_local_knowledge


async def test_the_command_line_and_the_server_share_tenants_keys_and_audit(setup: Setup) -> None:
    async with open_access(setup.settings()) as access:
        new = await minted(access)
    async with put_together(setup.settings()) as product:
        principal = await product.access.keys.resolve(new.secret.reveal(), None)
        assert (await product.access.audit.verify()).rows == 2
    assert (principal.tenant_id, principal.key_id) == (new.key.tenant_id, new.key.id)


async def test_rows_lie_on_the_server_that_the_operator_names(setup: Setup, postgres_url: str) -> None:
    (setup.data / "cybervault.db").unlink()
    settings = replace(setup, given={"database_url": Secret(postgres_url)}).settings()
    async with open_access(settings) as access:
        secret = (await minted(access)).secret
    async with put_together(settings) as product:
        assert await product.is_healthy()
        assert (await product.access.keys.resolve(secret.reveal(), None)).tenant_id
    assert not (setup.data / "cybervault.db").exists()


async def test_a_database_that_cannot_be_used_is_told_at_the_start(setup: Setup) -> None:
    settings = replace(setup, given={"database_url": Secret(f"postgresql://127.0.0.1:{free_port()}/x")}).settings()
    with pytest.raises(Problem, match="Connection refused") as caught:
        async with put_together(settings):
            raise AssertionError
    assert caught.value.code == "database_unusable"


async def test_the_service_is_healthy_with_its_database_and_its_local_knowledge(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert await product.is_healthy()
        product.shelf.folder.rename(product.shelf.folder.with_name("gone"))
    async with put_together(setup.settings()) as product:
        assert not await product.is_healthy()


async def test_an_identity_provider_is_one_way_in_where_the_operator_names_it(setup: Setup) -> None:
    identity = IdentitySettings(issuer="https://id.example", client_id="cybervault")
    for given, has_provider in (({}, False), ({"identity": identity}, True)):
        async with put_together(replace(setup, given=given).settings()) as product:
            assert passwordless_of(product).has_provider is has_provider
