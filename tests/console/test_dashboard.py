"""The first page: numbers that lead to what they count for who has signed in, the analysis for everybody else."""

import pytest
from playwright.async_api import expect

from cybervault.domain.principals import Role
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.members import Home
from tests.console.threats import seen
from tests.console.visiting import Look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(Look("es", "light", is_calm=True), id="light es"),
        pytest.param(Look("en", "dark", width=320, is_calm=True), id="dark en narrow", marks=pytest.mark.full),
    ],
)
async def test_axe_finds_nothing_also_in_the_tables_and_nothing_scrolls_sideways(
    open_console: OpenConsole, home: Home, look: Look
) -> None:
    seen(home)
    page = (await open_console(look, url=home.server.url, cookie=home.cookies[Role.OWNER])).page
    await expect(page.locator(".rank-bar").first).to_be_visible()
    await expect(page.get_by_role("region", name="Fuentes" if look.language == "es" else "Sources")).to_be_visible()
    for fold in await page.locator(".fold-trigger").all():
        await fold.click()
    await expect(page.get_by_role("table")).to_have_count(4)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_each_number_is_the_servers_and_leads_to_what_it_counts(open_console: OpenConsole, home: Home) -> None:
    threat = seen(home)
    page = (await open_console(url=home.server.url, cookie=home.cookies[Role.VIEWER])).page
    summary = home.ask("GET", "/v3/threats/summary").json()
    opened = page.get_by_role("region", name="Amenazas abiertas")
    tile = opened.get_by_role("link", name=f"{summary['open']['critical']} Crítica")
    await expect(tile).to_be_visible()
    await page.get_by_role("button", name="Como tabla: Abiertas cada día").click()
    day = summary["opened_by_day"][-1]
    await expect(page.get_by_role("table", name="Abiertas cada día").get_by_role("row").last).to_contain_text(
        str(day["count"])
    )
    await tile.click()
    rows = page.locator("[role=row][data-key]")
    await expect(rows).to_have_count(summary["open"]["critical"])
    await expect(rows.filter(has_text="203[.]0[.]113[.]42")).not_to_have_count(0)
    await page.go_back()
    today = page.get_by_role("list").get_by_role("link", name=f": {day['count']} abiertas").last
    await today.click()
    await expect(rows).to_have_count(day["count"])
    await expect(rows.first).to_be_visible()
    assert threat["severity"] == "critical"


async def test_more_days_are_in_the_address(open_console: OpenConsole, home: Home) -> None:
    page = (await open_console(url=home.server.url, path="/?days=30", cookie=home.cookies[Role.VIEWER])).page
    await expect(page.locator(".day-bar")).to_have_count(30)
    await page.get_by_role("radio", name="14").click()
    await expect(page.locator(".day-bar")).to_have_count(14)
    assert page.url == f"{home.server.url}/"


async def test_a_link_to_an_analysis_stays_one_and_who_may_see_no_threats_has_the_analysis(
    open_console: OpenConsole, home: Home
) -> None:
    linked = await open_console(url=home.server.url, path="/?ioc=203.0.113.42", cookie=home.cookies[Role.VIEWER])
    await expect(linked.field).to_have_value("203.0.113.42")
    without = await open_console(url=home.server.url, cookie=home.cookies[Role.BILLING_ADMIN])
    await expect(without.start_button).to_be_visible()
    visitor = await open_console(url=home.server.url)
    await expect(visitor.start_button).to_be_visible()


async def test_the_number_of_sources_in_a_state_leads_to_them(open_console: OpenConsole, home: Home) -> None:
    page = (await open_console(url=home.server.url, cookie=home.cookies[Role.VIEWER])).page
    sources = home.ask("GET", "/v3/system/sources").json()["sources"]
    off = [source["title"] for source in sources if source["state"] == "off"]
    await page.get_by_role("link", name=f"Desactivada: {len(off)}").click()
    rows = page.get_by_role("table", name="Fuentes").get_by_role("row")
    await expect(rows).to_have_count(1 + len(off))
    await expect(rows.last).to_contain_text(off[-1])
    await expect(page.get_by_role("region", name="Listas locales")).to_contain_text("pymispwarninglists")
    assert page.url.endswith("/settings/sources?state=off")
    assert await violations(page) == []
