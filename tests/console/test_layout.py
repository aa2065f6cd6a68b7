"""Small screens, large letters, reduced motion; and what the visitor chose stays chosen."""

from typing import Final

import pytest
from playwright.async_api import expect

from tests.console.conftest import OpenConsole
from tests.console.visiting import Look, Visit
from tests.fakes.upstream import Behaviour, UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS: Final = "203.0.113.42"
SHA256: Final = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
PHONE: Final = Look(width=320, height=640)
MOVING: Final = "document.getAnimations().filter((one) => one.playState === 'running').length"


async def _overflow(visit: Visit) -> list[str]:
    """Whatever stands out of the window on the right, unless a box of its own scrolls or hides it."""
    found: list[str] = await visit.page.evaluate("""() => {
        const isBoxed = (one) => one !== document.documentElement
            && (getComputedStyle(one).overflowX !== "visible" || isBoxed(one.parentElement));
        return [...document.body.querySelectorAll("*")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !isBoxed(one.parentElement))
            .map((one) => one.outerHTML.slice(0, 120));
    }""")
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth") or found
    return found


class TestSmallScreen:
    @pytest.mark.parametrize("indicator", [ADDRESS, SHA256])
    async def test_nothing_scrolls_sideways_at_320_pixels(self, open_console: OpenConsole, indicator: str) -> None:
        visit = await open_console(PHONE)
        assert await _overflow(visit) == []
        await visit.analyse(indicator)
        await expect(visit.prose).to_be_visible()
        await visit.card("VirusTotal").get_by_role("button").press("Enter")
        await visit.card("VirusTotal").get_by_role("button", name="Respuesta en bruto").press("Enter")
        assert await _overflow(visit) == []
        await visit.page.get_by_role("radio", name="Tabla").click()
        await expect(visit.page.get_by_role("table")).to_be_visible()
        assert await _overflow(visit) == []

    async def test_the_dialog_of_keys_fits_and_scrolls(self, open_console: OpenConsole) -> None:
        visit = await open_console(PHONE)
        await visit.open_keys()
        assert await _overflow(visit) == []
        save = visit.dialog.get_by_role("button", name="Guardar")
        await save.scroll_into_view_if_needed()
        await expect(save).to_be_in_viewport(ratio=1)

    async def test_boxes_of_warnings_and_errors_fit(self, open_console: OpenConsole, farm: UpstreamFarm) -> None:
        farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
        farm.set("chat", Behaviour.UNAUTHORIZED)
        visit = await open_console(PHONE)
        await visit.analyse(ADDRESS)
        await expect(visit.alert).to_be_visible()
        assert await _overflow(visit) == []

    async def test_letters_of_double_size_fit(self, open_console: OpenConsole) -> None:
        visit = await open_console(Look(width=640))
        await visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
        await visit.analyse(ADDRESS)
        assert await _overflow(visit) == []

    async def test_what_does_not_fit_is_noticed(self, open_console: OpenConsole) -> None:
        visit = await open_console(PHONE)
        await visit.page.locator("main h1").evaluate("heading => { heading.style.inlineSize = '400px' }")
        assert any("<h1" in found for found in await _overflow(visit))


class TestMotion:
    @pytest.mark.parametrize("is_calm", [True, False], ids=["reduced", "as usual"])
    async def test_nothing_moves_for_who_wants_no_motion(
        self, open_console: OpenConsole, farm: UpstreamFarm, *, is_calm: bool
    ) -> None:
        farm.set("virustotal", Behaviour.HANG)
        visit = await open_console(Look(is_calm=is_calm))
        await visit.begin(ADDRESS)
        await expect(visit.card("VirusTotal")).to_have_attribute("data-state", "pending")
        moving = await visit.page.evaluate(MOVING)
        assert moving == 0 if is_calm else moving > 0
        await visit.page.get_by_role("button", name="Detener").click()
        await expect(visit.start_button).to_be_enabled()


class TestChoices:
    async def test_language_and_theme_survive_a_reload(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.page.get_by_role("radio", name="English").click()
        theme = visit.page.get_by_role("button", name="Theme:")
        for name in ("Theme: light", "Theme: dark"):
            await theme.click()
            await expect(theme).to_have_accessible_name(name)
        await visit.page.reload()
        await expect(theme).to_have_accessible_name("Theme: dark")
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Analyse an indicator")
        await expect(visit.page.locator("html")).to_have_attribute("lang", "en")
        background = await visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(14, 18, 22)"

    @pytest.mark.parametrize(("theme", "background"), [("light", "rgb(246, 248, 250)"), ("dark", "rgb(14, 18, 22)")])
    async def test_the_systems_theme_holds_until_one_is_chosen(
        self, open_console: OpenConsole, theme: str, background: str
    ) -> None:
        visit = await open_console(Look(theme=theme))
        assert await visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == background

    async def test_the_list_of_recent_indicators_stays_in_the_browser(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.analyse(ADDRESS)
        await visit.page.goto(visit.watch.origin)
        item = visit.page.get_by_role("listitem").filter(has_text="203[.]0[.]113[.]42")
        await expect(item).to_contain_text("Malicioso")
        await visit.page.get_by_role("button", name="Vaciar la lista").click()
        await expect(item).to_have_count(0)
        assert await visit.stored("cybervault:recent") is None


@pytest.mark.parametrize(
    ("look", "title", "home"),
    [
        (Look("es", "dark"), "Aquí no hay nada", "A la primera página"),
        (Look("en", "light"), "Nothing here", "To the first page"),
    ],
    ids=["es, dark", "en, light"],
)
async def test_an_address_that_leads_nowhere_says_so_and_leads_back(
    open_console: OpenConsole, look: Look, title: str, home: str
) -> None:
    visit = await open_console(look, path="/nowhere/at/all", statuses=frozenset({404}))
    await expect(visit.page.locator("#content h1")).to_have_text(title)
    await visit.page.get_by_role("link", name=home).click()
    await expect(visit.field).to_be_visible()
