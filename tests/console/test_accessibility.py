"""No violation of WCAG 2.2 AA or of good practice in any state of the page, in either theme and language."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import pytest
from playwright.async_api import expect

from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.visiting import Look, Visit
from tests.fakes.upstream import Behaviour, UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS: Final = "203.0.113.42"
LOOKS: Final = [
    pytest.param(Look(language, theme, is_calm=True), id=f"{theme} {language}", marks=marks)
    for theme, language, marks in (
        ("light", "es", ()),
        ("dark", "en", ()),
        ("light", "en", pytest.mark.full),
        ("dark", "es", pytest.mark.full),
    )
]
Reach: TypeAlias = Callable[[Visit, UpstreamFarm], Awaitable[None]]


async def _empty_page(visit: Visit, _farm: UpstreamFarm) -> None:
    await expect(visit.page.locator("[data-health=healthy]")).to_be_visible()


async def _finished_analysis(visit: Visit, _farm: UpstreamFarm) -> None:
    await visit.analyse(ADDRESS)
    await expect(visit.prose).to_be_visible()
    await visit.card("VirusTotal").get_by_role("button").press("Enter")
    await expect(visit.card("VirusTotal").locator("dl")).to_be_visible()


async def _key_dialog(visit: Visit, _farm: UpstreamFarm) -> None:
    await visit.open_keys()


async def _error(visit: Visit, farm: UpstreamFarm) -> None:
    farm.set("chat", Behaviour.UNAUTHORIZED)
    await visit.analyse(ADDRESS)
    await expect(visit.alert).to_be_visible()


async def _warnings(visit: Visit, farm: UpstreamFarm) -> None:
    farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
    farm.set("virustotal", Behaviour.THROTTLED)
    await visit.analyse(ADDRESS)
    await expect(visit.page.get_by_role("region", name=visit.words.warnings)).to_be_visible()


STATES: Final = [_empty_page, _finished_analysis, _key_dialog, _error, _warnings]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("reach", STATES)
async def test_axe_finds_nothing(open_console: OpenConsole, farm: UpstreamFarm, reach: Reach, look: Look) -> None:
    visit = await open_console(look)
    await reach(visit, farm)
    assert await violations(visit.page) == []


async def test_axe_finds_what_is_planted(open_console: OpenConsole) -> None:
    visit = await open_console(Look(is_calm=True))
    await visit.page.evaluate("""() => {
        document.querySelector("main h1").remove();
        const image = document.createElement("img");
        image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
        document.querySelector("main").append(image);
    }""")
    found = {text.partition(":")[0] for text in await violations(visit.page)}
    assert {"image-alt", "page-has-heading-one"} <= found


@pytest.mark.parametrize("look", LOOKS)
async def test_the_page_says_its_language_and_its_title(open_console: OpenConsole, look: Look) -> None:
    visit = await open_console(look)
    await expect(visit.page.locator("html")).to_have_attribute("lang", look.language)
    await expect(visit.page).to_have_title(
        {"es": "Análisis · CyberVault", "en": "Analysis · CyberVault"}[look.language]
    )
