"""The rules in the console: found, disabled and enabled with a reason, and what the workspace takes from them."""

import pytest
from playwright.async_api import expect

from cybervault.domain.principals import Role
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.member_visits import ENGLISH, SPANISH, button, visit_as
from tests.console.members import Home, email_of, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATH = "/settings/rules"
TITLE = "ProcDump is pointed at LSASS"
FILTER = """\
title: Our software distribution
logsource: {product: windows}
filter: {rules: any, s: {User: deploy}, condition: not s}
"""


async def test_a_rule_is_found_disabled_with_a_reason_and_enabled_again(open_console: OpenConsole, home: Home) -> None:
    page = (await visit_as(open_console, home, Role.OWNER, PATH, ENGLISH)).page
    await page.get_by_label("Search", exact=True).fill("procdump lsass")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row")).to_have_count(2)
    assert page.url.endswith("?q=procdump+lsass")
    await page.get_by_role("link", name=TITLE).click()
    dialog = page.get_by_role("dialog", name=TITLE)
    await expect(dialog).to_contain_text("T1003.001")
    await expect(button(dialog, "Disable for the workspace")).to_be_disabled()
    await dialog.get_by_label("Why it is disabled").fill("Our own dumps, every night.")
    assert await violations(page) == []
    await button(dialog, "Disable for the workspace").click()
    row = page.get_by_role("row", name=TITLE)
    await expect(row).to_contain_text("Disabled here")
    await row.get_by_role("link").click()
    await expect(dialog).to_contain_text("Our own dumps, every night.")
    await button(dialog, "Enable for the workspace").click()
    await expect(row).to_contain_text("Counts")
    (enabled, disabled) = home.ask("GET", "/v3/audit-log?limit=2").json()["data"]
    assert (disabled["action"], enabled["action"]) == ("rule.switched_off", "rule.switched_on")


async def test_levels_and_filters_hold_for_the_workspace(open_console: OpenConsole, home: Home) -> None:
    cookie, refused = sign_in(home.server, email_of(Role.OWNER)), frozenset({400})
    visit = await open_console(
        SPANISH, url=home.server.url, path=f"{PATH}?view=filters", cookie=cookie, statuses=refused
    )
    page = visit.page
    await page.get_by_role("button", name="Las reglas cuentan desde").click()
    await page.get_by_role("option", name="Crítica").click()
    await expect(page.get_by_text("las reglas cuentan a partir de Crítica")).to_be_visible()
    assert home.ask("GET", "/v3/detection/profile").json()["own_level"] == "critical"
    home.ask("PATCH", "/v3/detection/profile", {"from_level": None})
    await button(page, "Añadir filtro").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("El filtro, en YAML").fill("title: nothing else")
    await button(dialog, "Añadir filtro").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("bad_rule_filter")
    await dialog.get_by_label("El filtro, en YAML").fill(FILTER)
    await button(dialog, "Añadir filtro").click()
    row = page.get_by_role("row", name="Our software distribution")
    await expect(row).to_be_visible()
    assert await violations(page) == []
    await button(page, "Eliminar Our software distribution").click()
    await button(page.get_by_role("dialog"), "Eliminar").click()
    await expect(row).to_be_hidden()


async def test_who_may_only_read_is_told_so(open_console: OpenConsole, home: Home) -> None:
    page = (await visit_as(open_console, home, Role.VIEWER, f"{PATH}?view=filters", ENGLISH)).page
    await expect(page.get_by_text("Changing rules is not among the rights of your role (Viewer).")).to_be_visible()
    await expect(button(page, "Add filter")).to_be_disabled()
