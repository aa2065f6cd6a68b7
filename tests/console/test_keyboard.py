"""The whole console without a mouse."""

from typing import Any, Final

import pytest
from playwright.async_api import expect

from tests.console.conftest import OpenConsole
from tests.console.visiting import Look, Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS: Final = "203.0.113.42"

# What a keyboard must reach; a group of which one is chosen counts as one stop, its arrows do the rest.
_LIST_STOPS: Final = """() => {
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")];
    const isUsable = (one) => !one.disabled && one.getClientRects().length > 0
        && getComputedStyle(one).visibility !== "hidden" && !one.closest("[aria-hidden=true], [inert]")
        && !(one.getAttribute("role") === "radio" && one.getAttribute("aria-checked") !== "true");
    window.stops = all.filter(isUsable);
    return window.stops.map((one) => one.getAttribute("aria-label") || one.textContent || one.type);
}"""
# The browser scrolls and marks with its next frame, which a busy machine paints late.
_WHERE: Final = """async () => {
    const look = () => {
        const one = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        return { at: window.stops.indexOf(one), isMarked: outlineStyle !== "none" && outlineWidth !== "0px",
            isHere: box.bottom > 0 && box.top < innerHeight, what: one.outerHTML.slice(0, 120) };
    };
    const end = performance.now() + 1500;
    let place = look();
    while (place.at >= 0 && !(place.isMarked && place.isHere) && performance.now() < end) {
        await new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
        place = look();
    }
    return place;
}"""


# What opens on a busy machine grows for a while, and moves what was just reached.
_SETTLE: Final = """async () => {
    let height = -1, since = performance.now();
    while (performance.now() - since < 500) {
        await new Promise((go) => requestAnimationFrame(go));
        const found = document.documentElement.scrollHeight;
        if (found !== height) { height = found; since = performance.now(); }
    }
}"""


async def test_an_analysis_from_the_first_key_to_the_result(open_console: OpenConsole) -> None:
    visit = await open_console()
    keyboard = visit.page.keyboard
    await keyboard.press("/")
    await expect(visit.field).to_be_focused()
    await expect(visit.field).to_have_value("")
    await keyboard.type("203[.]0[.]113[.]42/")
    await keyboard.press("Backspace")
    await keyboard.press("Enter")
    await expect(visit.heading).to_be_focused()
    await expect(visit.heading).to_have_accessible_name("Resultado de 203[.]0[.]113[.]42")
    await expect(visit.start_button).to_be_enabled()
    await expect(visit.heading).to_be_focused()


async def test_escape_closes_the_dialog_of_keys_and_the_focus_returns(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.key_button.focus()
    await visit.page.keyboard.press("Enter")
    await expect(visit.dialog).to_be_visible()
    assert await _focus_is_in_dialog(visit)
    for _ in range(16):
        await visit.page.keyboard.press("Tab")
        assert await _focus_is_in_dialog(visit)
    await visit.page.keyboard.press("Escape")
    await expect(visit.dialog).to_be_hidden()
    await expect(visit.key_button).to_be_focused()


async def _focus_is_in_dialog(visit: Visit) -> bool:
    return await visit.page.evaluate("document.activeElement.closest('[role=dialog]') !== null") is True


async def test_a_key_is_set_and_saved_by_keyboard(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.key_button.focus()
    await visit.page.keyboard.press("Enter")
    await visit.dialog.get_by_label("VirusTotal").focus()
    await visit.page.keyboard.type("vt-own")
    await visit.page.keyboard.press("Enter")
    await expect(visit.dialog).to_be_hidden()
    assert "vt-own" in (await visit.stored() or "")


async def test_the_question_mark_lists_the_shortcuts(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.page.keyboard.press("?")
    await expect(visit.dialog).to_have_accessible_name("Atajos de teclado")
    await expect(visit.dialog.get_by_role("term")).to_have_count(6)
    await visit.page.keyboard.press("Escape")
    await expect(visit.dialog).to_be_hidden()
    await visit.field.focus()
    await visit.page.keyboard.type("?")
    await expect(visit.field).to_have_value("?")
    await expect(visit.dialog).to_be_hidden()


async def test_single_key_shortcuts_can_be_switched_off_for_good(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.page.keyboard.press("?")
    await visit.dialog.get_by_role("switch").focus()
    await visit.page.keyboard.press("Space")
    await expect(visit.dialog.get_by_role("switch")).not_to_be_checked()
    await visit.page.keyboard.press("Escape")
    await expect(visit.dialog).to_be_hidden()
    await visit.page.reload()
    await expect(visit.start_button).to_be_visible()
    for key in ("/", "?"):
        await visit.page.keyboard.press(key)
    await expect(visit.field).not_to_be_focused()
    await expect(visit.dialog).to_be_hidden()


@pytest.mark.parametrize("is_finished", [False, True], ids=["empty page", "finished analysis"])
async def test_tab_reaches_everything_and_shows_where_it_is(open_console: OpenConsole, *, is_finished: bool) -> None:
    visit = await open_console(Look(is_calm=True))
    if is_finished:
        await visit.analyse(ADDRESS)
        details = visit.card("VirusTotal").get_by_role("button", name="Detalles de VirusTotal")
        await details.press("Enter")
        await expect(details).to_have_attribute("aria-expanded", "true")
        await expect(visit.start_button).to_be_enabled()
    await visit.page.evaluate(_SETTLE)
    names: list[str] = await visit.page.evaluate(_LIST_STOPS)
    reached = await _walk(visit, len(names))
    # The cross in the field is for pointers: Escape does the same.
    assert [name for at, name in enumerate(names) if at not in reached] in ([], ["Vaciar el campo"])
    lost = [place for place in reached.values() if not (place["isMarked"] and place["isHere"])]
    assert not lost


async def _walk(visit: Visit, stops: int) -> dict[int, dict[str, Any]]:
    """Press Tab often enough for a whole round; every stop by its number."""
    reached: dict[int, dict[str, Any]] = {}
    for _ in range(stops + 3):
        await visit.page.keyboard.press("Tab")
        place = await visit.page.evaluate(_WHERE)
        if place["at"] >= 0 and not place["isHere"]:
            # The page moved under the step: who goes back and comes again must see it.
            await visit.page.keyboard.press("Shift+Tab")
            await visit.page.keyboard.press("Tab")
            place = await visit.page.evaluate(_WHERE)
        reached[place["at"]] = place
    reached.pop(-1, None)  # the browser's own frame
    return reached


async def test_the_first_stop_skips_to_the_content(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.page.keyboard.press("Tab")
    link = visit.page.get_by_role("link", name="Saltar al contenido")
    await expect(link).to_be_focused()
    await expect(link).to_be_in_viewport()
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.get_by_role("main")).to_be_focused()


async def test_escape_empties_the_field(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.field.fill(ADDRESS)
    await visit.page.keyboard.press("Escape")
    await expect(visit.field).to_have_value("")
    await expect(visit.field).to_be_focused()


async def test_arrows_choose_the_language(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.page.get_by_role("radio", name="Español").focus()
    await visit.page.keyboard.press("ArrowRight")
    await visit.page.keyboard.press("Space")
    await expect(visit.page.locator("html")).to_have_attribute("lang", "en")
