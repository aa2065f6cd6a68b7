"""The composition root: everything is put together as the settings say, and mistakes are told in words."""

import asyncio
import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from cybervault.access.audit import OPERATOR
from cybervault.access.keys import NewKey
from cybervault.app import Product, Shelf, create_app, open_access, put_together, serve_app
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import KeyKind, Plan
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.egress.guard import origin_of
from cybervault.egress.message import EgressFailure, OutgoingRequest
from cybervault.settings import ChatSettings, DnsSettings, Settings, SourceSettings
from tests.fakes.fixtures import Serve
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.serving import Setup
from tests.fakes.upstream import UpstreamFarm


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A server process sets up logs on a stream that ends with its test."""
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


async def settings_of(product: Product) -> dict[str, tuple[str, Secret | None]]:
    async with product:
        return {name: (setup.url, setup.key) for name, setup in product.setups.items()}


async def test_every_source_has_its_own_address_unless_told_otherwise(tmp_path: Path) -> None:
    parts = {"virustotal": SourceSettings(url="http://127.0.0.1:1/vt", key=Secret("k"))}
    setups = await settings_of(put_together(Settings(data=tmp_path, sources=parts)))
    assert setups["virustotal"] == ("http://127.0.0.1:1/vt", Secret("k"))
    assert setups["abuseipdb"] == ("https://api.abuseipdb.com/api/v2", None)


async def test_a_source_can_be_switched_off(tmp_path: Path) -> None:
    parts = {"rdap": SourceSettings(enabled=False)}
    assert "rdap" not in await settings_of(put_together(Settings(data=tmp_path, sources=parts)))


def test_a_source_nobody_has_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"no source virustotl; the sources are abuseipdb, .*virustotal"):
        put_together(Settings(data=tmp_path, sources={"virustotl": SourceSettings()}))


@pytest.mark.parametrize(
    "given",
    [
        {"sources": {"virustotal": SourceSettings(url="https://a..example")}},
        {"chat": ChatSettings(url="http://exa_mple..x/v1")},
        {"dns": DnsSettings(resolvers={"9.9.9.9": "127.0.0.1:x"})},
    ],
)
def test_an_address_that_cannot_be_read_is_told_in_words(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="cannot be used") as caught:
        put_together(Settings(data=tmp_path, **given))
    assert caught.value.code == "bad_settings"


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


@pytest.mark.timeout(180)
async def test_the_local_knowledge_is_built_beside_and_then_used(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "knowledge")
    assert shelf.current() is None
    await shelf.build()
    knowledge = shelf.current()
    assert knowledge is not None
    assert knowledge.answer(parse_observable("8.8.8.8")).evidence


async def test_a_newer_local_knowledge_is_taken_up(setup: Setup) -> None:
    shelf = Shelf(setup.data / "knowledge")
    before = shelf.current()
    assert before is not None
    shutil.rmtree(setup.data / "knowledge")
    compile_small_knowledge(setup.data)
    after = shelf.current()
    assert after is not None
    assert after.describe().generation != before.describe().generation


async def test_a_build_that_fails_leaves_the_product_without_local_knowledge(tmp_path: Path) -> None:
    (tmp_path / "knowledge").write_text("in the way")
    shelf = Shelf(tmp_path / "knowledge")
    await shelf.build()
    assert shelf.current() is None


async def test_a_build_ends_with_the_server(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "knowledge")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await shelf.build()
    assert shelf.current() is None


async def test_a_broken_local_knowledge_counts_as_none(setup: Setup) -> None:
    pointer = setup.data / "knowledge" / "current"
    pointer.write_text("nonsense")
    async with put_together(setup.settings()) as product:
        assert not product.assess.has_local_knowledge


def test_the_page_and_the_api_are_one_server(serve: Serve) -> None:
    server = serve()
    page = server.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert server.get("/api/health").status == 200
    assert server.get("/nope").json["error"]["code"] == "not_found"


async def test_the_command_line_and_the_server_share_tenants_keys_and_audit(setup: Setup) -> None:
    with open_access(setup.settings()) as access:
        tenant = access.tenants.create("acme", Plan.STARTER, actor=OPERATOR)
        minted = access.keys.mint(tenant, NewKey(KeyKind.SERVICE_LIVE, "ci"), actor=OPERATOR)
    async with put_together(setup.settings()) as product:
        principal = product.access.keys.resolve(minted.secret.reveal(), None)
        assert product.access.audit.verify().rows == 2
    assert principal.tenant_id == tenant.id


async def test_a_pepper_of_the_settings_is_used_and_leaves_no_file(setup: Setup) -> None:
    async with put_together(replace(setup, given={"pepper": Secret("p" * 32)}).settings()):
        assert not (setup.data / "pepper").exists()
    async with put_together(setup.settings()):
        assert (setup.data / "pepper").exists()


async def test_the_service_is_healthy_with_its_database_and_its_local_knowledge(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        assert product.is_healthy()
        product.shelf.folder.rename(product.shelf.folder.with_name("gone"))
    async with put_together(setup.settings()) as product:
        assert not product.is_healthy()


async def test_links_in_answers_lead_where_the_operator_says(setup: Setup) -> None:
    app = create_app(setup.settings().model_copy(update={"public_url": "https://cybervault.example"}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
        error = (await client.get("/nope")).json()["error"]
    assert error["docs_url"] == "https://cybervault.example/api/docs/problems/not_found"


async def test_a_server_process_reads_the_environment(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYBERVAULT_DATA", str(setup.data))
    monkeypatch.setenv("CYBERVAULT_LOG_LEVEL", "WARNING")
    transport = httpx2.ASGITransport(app=serve_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        assert (await client.get("/api/health")).json() == {"status": "ok"}
    assert capsys.readouterr().err == ""


def test_an_application_needs_a_database_it_can_use(setup: Setup) -> None:
    (setup.data / "cybervault.db").write_bytes(b"no database at all, but long enough to look" * 200)
    with pytest.raises(Problem, match="cannot be used"):
        create_app(replace(setup).settings())
