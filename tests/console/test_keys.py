"""CyberThreat AI, checks 55 to 60 and 157: the user's own keys, from the dialog to the headers of an analysis."""

import json
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import pytest
from playwright.async_api import Page, expect

from tests.console.conftest import OpenConsole
from tests.console.visiting import KEYS_ITEM, OWNER_NAMES, OWNERS, Visit
from tests.console.watching import KEY_HEADERS, keys_in
from tests.fakes.upstream import UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS: Final = "203.0.113.42"
VIRUSTOTAL_ONLY: Final = '{"openrouter":"","virustotal":"vt-own","abuseipdb":"","polyswarm":""}'
ALL_KEYS: Final = {owner: f"own-{owner}" for owner in OWNERS}
ALL_STORED: Final = {KEYS_ITEM: json.dumps(ALL_KEYS)}
# Where each dialog field sends the user for a key.
PLACES: Final = ("openrouter.ai", "virustotal.com", "abuseipdb.com", "polyswarm.network")


async def test_check_055_the_key_button_opens_four_masked_fields_in_order(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.open_keys()
    await expect(visit.dialog).to_have_accessible_name("API Keys")
    fields = visit.dialog.locator("input:not([type=checkbox])")
    labels = await fields.evaluate_all("all => all.map((field) => field.labels[0].textContent)")
    assert tuple(labels) == OWNER_NAMES
    assert await fields.evaluate_all("all => all.map((field) => field.type)") == ["password"] * 4
    assert await fields.evaluate_all("all => all.map((field) => field.autocomplete)") == ["off"] * 4


async def test_check_055_a_key_is_readable_only_while_it_is_shown(open_console: OpenConsole) -> None:
    visit = await open_console(stored=ALL_STORED)
    await visit.open_keys()
    field = visit.dialog.get_by_label("VirusTotal")
    await visit.dialog.get_by_role("button", name="Mostrar").nth(1).click()
    await expect(field).to_have_attribute("type", "text")
    await visit.dialog.get_by_role("button", name="Ocultar").click()
    await expect(field).to_have_attribute("type", "password")


async def test_check_056_a_saved_key_goes_out_with_the_next_analysis_alone(
    open_console: OpenConsole, farm: UpstreamFarm
) -> None:
    visit = await open_console()
    await visit.open_keys()
    await visit.dialog.get_by_label("VirusTotal").fill("vt-own")
    await visit.press("Guardar")
    assert await visit.stored() == VIRUSTOTAL_ONLY
    await visit.analyse(ADDRESS)
    assert await visit.watch.last_keys() == {"x-vt-key": "vt-own"}
    assert [call.headers["x-apikey"] for call in farm.calls("virustotal")] == ["vt-own"]
    assert [call.headers["key"] for call in farm.calls("abuseipdb")] == ["k0"]
    assert [call.headers["authorization"] for call in farm.calls("chat")] == ["Bearer sk-or-server"]


Leave: TypeAlias = Callable[[Visit], Awaitable[None]]


async def _leave_by_cancel(visit: Visit) -> None:
    await visit.dialog.get_by_role("button", name="Cancelar").click()


async def _leave_by_cross(visit: Visit) -> None:
    await visit.dialog.get_by_role("button", name="Cerrar").click()


async def _leave_by_backdrop(visit: Visit) -> None:
    await visit.page.mouse.click(5, 400)


async def _leave_by_escape(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")


@pytest.mark.parametrize("leave", [_leave_by_cancel, _leave_by_cross, _leave_by_backdrop, _leave_by_escape])
async def test_check_057_leaving_the_dialog_saves_nothing(open_console: OpenConsole, leave: Leave) -> None:
    visit = await open_console(stored=ALL_STORED)
    await visit.open_keys()
    await visit.dialog.get_by_label("AbuseIPDB").fill("never saved")
    await leave(visit)
    await expect(visit.dialog).to_be_hidden()
    assert await visit.stored() == ALL_STORED[KEYS_ITEM]
    await visit.open_keys()
    assert await visit.key_values() == list(ALL_KEYS.values())


async def test_check_058_clearing_empties_all_four_at_once(open_console: OpenConsole) -> None:
    visit = await open_console(stored=ALL_STORED)
    dot = visit.page.get_by_test_id("keys-dot")
    await expect(dot).to_be_visible()
    await visit.open_keys()
    await visit.press("Limpiar todas")
    assert json.loads(await visit.stored() or "") == dict.fromkeys(OWNERS, "")
    await expect(dot).to_have_count(0)
    await visit.analyse(ADDRESS)
    assert await visit.watch.last_keys() == {}
    await visit.open_keys()
    assert await visit.key_values() == [""] * 4


async def test_check_059_nothing_but_the_analysis_carries_a_key(open_console: OpenConsole) -> None:
    """Keys leave the browser as headers of an analysis, and in no other way."""
    visit = await open_console(stored=ALL_STORED)
    await visit.analyse(ADDRESS)
    await visit.open_keys()
    await visit.press("Guardar")
    await visit.page.reload()
    await expect(visit.start_button).to_be_visible()
    assert set(await visit.watch.last_keys()) == set(KEY_HEADERS)
    others = visit.watch.others()
    assert {"/api/health", "/api/ctai/models"} <= {request.url.removeprefix(visit.watch.origin) for request in others}
    for request in others:
        assert keys_in(await request.all_headers()) == {}
    for request in visit.watch.requests:
        said = f"{request.url} {request.post_data} {(await request.all_headers()).get('referer')}"
        assert not [key for key in ALL_KEYS.values() if key in said]


BROKEN: Final = ("{broken", "[]", "42", "null", '{"virustotal": 7}', "")


async def test_check_060_broken_storage_counts_as_empty(open_console: OpenConsole) -> None:
    visit = await open_console()
    for broken in BROKEN:
        await visit.page.evaluate("([item, text]) => localStorage.setItem(item, text)", [KEYS_ITEM, broken])
        await visit.page.reload()
        await visit.open_keys()
        assert await visit.key_values() == [""] * 4, broken
        await expect(visit.page.get_by_test_id("keys-dot")).to_have_count(0)
    await visit.dialog.get_by_label("VirusTotal").fill("vt-own")
    await visit.press("Guardar")
    assert await visit.stored() == VIRUSTOTAL_ONLY


async def test_check_060_an_analysis_works_beside_broken_storage(open_console: OpenConsole) -> None:
    visit = await open_console(stored={KEYS_ITEM: "{broken", "cybervault:recent": "{broken", "cybervault:theme": "x"})
    await visit.analyse(ADDRESS)
    await expect(visit.prose).to_be_visible()
    await expect(visit.alert).to_have_count(0)
    assert await visit.watch.last_keys() == {}


async def test_check_157_keys_cleared_in_another_tab_are_gone_here(open_console: OpenConsole) -> None:
    visit = await open_console(stored=ALL_STORED)
    await expect(visit.page.get_by_test_id("keys-dot")).to_be_visible()
    other = await visit.page.context.new_page()
    await other.goto(visit.watch.origin)
    await other.evaluate("localStorage.clear()")
    await expect(visit.page.get_by_test_id("keys-dot")).to_have_count(0)
    await visit.analyse(ADDRESS)
    assert await visit.watch.last_keys() == {}


async def test_check_157_each_field_says_where_to_get_its_key(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.open_keys()
    for name, place in zip(OWNER_NAMES, PLACES, strict=True):
        description = await _description(visit.page, name)
        assert place in description
        assert len(description) > len(place) + 20


async def _description(page: Page, label: str) -> str:
    """What a screen reader adds to a field's name."""
    text = await page.get_by_label(label, exact=True).evaluate(
        """field => field.getAttribute("aria-describedby").split(" ")
            .map((id) => document.getElementById(id)?.textContent ?? "").join(" ")"""
    )
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("width", [1280, 320])
async def test_check_157_the_key_icon_stands_top_right(open_console: OpenConsole, width: int) -> None:
    visit = await open_console()
    await visit.page.set_viewport_size({"width": width, "height": 800})
    boxes = await visit.page.locator("header button, header a").evaluate_all(
        "all => all.map((one) => [one.getAttribute('aria-label'), one.getBoundingClientRect().right])"
    )
    name, right = max(boxes, key=lambda box: box[1])
    assert name == "Configurar API keys"
    content_right = await visit.page.locator("main > *").evaluate("main => main.getBoundingClientRect().right")
    assert content_right - 40 <= right <= width
    box = await visit.key_button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 80


async def test_a_key_for_this_tab_only_stays_out_of_the_lasting_storage(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.open_keys()
    await visit.dialog.get_by_label("VirusTotal").fill("vt-own")
    await visit.dialog.get_by_text("Solo para esta pestaña").click()
    await visit.press("Guardar")
    assert await visit.stored() is None
    await visit.analyse(ADDRESS)
    assert await visit.watch.last_keys() == {"x-vt-key": "vt-own"}


async def test_a_key_that_no_header_can_carry_is_not_saved(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.open_keys()
    await visit.dialog.get_by_label("VirusTotal").fill("two words")
    await visit.dialog.get_by_role("button", name="Guardar").click()
    await expect(visit.dialog.get_by_text("sin espacios")).to_be_visible()
    assert await visit.stored() is None
