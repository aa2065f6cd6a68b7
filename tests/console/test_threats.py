"""The pages of threats: found by filters, opened, understood, handled by keyboard and by mouse, not by everybody."""

import json
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from cybervault.access.audit import OPERATOR
from cybervault.app.product import open_access
from cybervault.domain.principals import Role
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.members import Home, email_of
from tests.console.threats import MANY, scanned, seen
from tests.console.visiting import Look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCANNERS = "/threats?type=scanner"


@pytest.fixture(scope="module")
def threat(home: Home) -> dict[str, Any]:
    """One threat of telemetry, beside many scanners."""
    scanned(home)
    return seen(home)


def rows(page: Page) -> Locator:
    return page.get_by_role("grid", name="Amenazas").locator("[role=row][data-key]")


def page_title(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


async def test_from_any_page_to_a_threat_and_its_techniques_by_keyboard(
    open_console: OpenConsole, home: Home, threat: dict[str, Any]
) -> None:
    page = (await open_console(url=home.server.url, path="/account", cookie=home.cookies[Role.VIEWER])).page
    await page.keyboard.type("gt")
    await expect(page_title(page, "Amenazas")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.type("203[.]0[.]113[.]42")
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(1)
    await page.keyboard.press("Shift+Tab")  # out of the field, where a letter is a letter
    await page.keyboard.press("j")
    await expect(rows(page).first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page_title(page, "203[.]0[.]113[.]42")).to_be_focused()
    assert page.url.endswith(f"/threats/{threat['id']}")
    matrix = page.get_by_role("grid", name="Técnicas por táctica")
    await matrix.locator("[tabindex='0']").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowDown")
    await expect(matrix.get_by_role("link", name="T1571")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Quitar: Técnica T1571")).to_be_visible()
    await expect(rows(page)).to_have_count(1)


class TestList:
    async def test_filters_order_and_place_are_in_the_address(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        del threat
        page = (await open_console(url=home.server.url, path=SCANNERS, cookie=home.cookies[Role.VIEWER])).page
        await expect(rows(page)).to_have_count(50)
        await page.get_by_role("link", name="Página siguiente").click()
        await expect(rows(page)).to_have_count(MANY - 50)
        await page.reload()
        await expect(rows(page)).to_have_count(MANY - 50)
        await page.get_by_role("columnheader", name="Puntuación").click()
        await expect(rows(page)).to_have_count(50)
        await expect(rows(page).first).to_contain_text("198[.]51[.]100[.]52")
        await page.get_by_role("button", name="Cualquiera Estado").click()
        await page.get_by_role("option", name="Mitigada").click()
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("Ninguna amenaza cumple estos filtros")).to_be_visible()
        assert page.url.endswith("/threats?type=scanner&sort=score%3Adesc&status=mitigated")
        await page.go_back()
        await expect(rows(page)).to_have_count(50)

    async def test_a_view_is_saved_by_name_and_dropped(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        del threat
        page = (await open_console(url=home.server.url, path=SCANNERS, cookie=home.cookies[Role.VIEWER])).page
        await page.get_by_role("button", name="Guardar esta vista").click()
        await page.get_by_label("Nombre").fill("Escáneres")
        await page.keyboard.press("Enter")
        views = page.get_by_role("navigation", name="Vistas")
        await expect(views.get_by_role("link", name="Escáneres")).to_have_attribute("aria-current", "page")
        await views.get_by_role("link", name="Todas", exact=True).click()
        await page.reload()
        await views.get_by_role("link", name="Escáneres").click()
        await expect(rows(page).first).to_contain_text("198[.]51[.]100[.]0")
        await views.get_by_role("button", name="Quitar la vista Escáneres").click()
        await expect(views.get_by_role("link", name="Escáneres")).to_be_hidden()

    async def test_what_the_filters_show_leaves_as_one_file(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        del threat
        page = (await open_console(url=home.server.url, path=SCANNERS, cookie=home.cookies[Role.VIEWER])).page
        await page.get_by_role("button", name="Exportar").click()
        async with page.expect_download() as started:
            await page.get_by_role("menuitem", name="NDJSON").click()
        file = await (await started.value).path()
        lines = file.read_text(encoding="utf-8").splitlines()
        assert {json.loads(line)["type"] for line in lines} == {"scanner"}
        assert len(lines) == MANY


class TestStatus:
    async def test_several_are_changed_at_once_with_a_comment(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        del threat
        path = "/threats?q=51.100.3"
        page = (await open_console(url=home.server.url, path=path, cookie=home.cookies[Role.MEMBER])).page
        await expect(rows(page)).to_have_count(11)
        await page.get_by_role("checkbox", name="Seleccionar todo").locator("xpath=ancestor::label").click()
        await expect(page.get_by_text("11 seleccionadas").first).to_be_visible()
        await page.get_by_role("button", name="Cambiar estado").click()
        await page.get_by_label("Comentario").fill("Ours: the weekly scan.")
        await page.get_by_role("button", name="Cambiar", exact=True).click()
        await expect(page.get_by_text("Se cambiaron 11 amenazas.")).to_be_visible()
        await expect(rows(page).filter(has_text="Reconocida")).to_have_count(11)
        steps = home.ask("GET", "/v3/threats/thr_scan000003/history").json()["data"]
        assert (steps[-1]["new_status"], steps[-1]["comment"]) == ("acknowledged", "Ours: the weekly scan.")

    async def test_what_the_server_refuses_is_told_by_name(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        """Rights are the server's: a page that was opened before they were taken changes nothing."""
        path = f"/threats/{threat['id']}"
        visit = await open_console(
            url=home.server.url, path=path, cookie=home.cookies[Role.ADMIN], statuses=frozenset({403})
        )
        await visit.page.get_by_role("button", name="Cambiar estado").click()
        async with open_access(home.server.settings) as access:
            members = access.people.members
            admin = await members.find_by_email(email_of(Role.ADMIN))
            await members.change_role(admin.id, Role.VIEWER, by=None, actor=OPERATOR)
            await visit.page.get_by_role("button", name="Cambiar", exact=True).click()
            await expect(visit.alert).to_contain_text("1 no se cambió")
            await members.change_role(admin.id, Role.ADMIN, by=None, actor=OPERATOR)
        await expect(visit.alert).to_contain_text(threat["id"])
        assert home.ask("GET", f"/v3{path}").json()["status"] == threat["status"]

    async def test_who_may_only_read_is_told_so(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        page = (await open_console(url=home.server.url, path=SCANNERS, cookie=home.cookies[Role.VIEWER])).page
        button, reason = page.get_by_role("button", name="Cambiar estado"), page.get_by_text("threat:write").first
        await expect(button).to_be_disabled()
        await expect(reason).to_contain_text("Tu rol (Observador) puede leer amenazas.")
        await page.goto(f"{home.server.url}/threats/{threat['id']}")
        await expect(button).to_be_disabled()
        await expect(reason).to_be_visible()
        await expect(page.get_by_label("Comentario")).to_be_hidden()


class TestDetail:
    async def test_it_says_what_why_and_what_happened(
        self, open_console: OpenConsole, home: Home, threat: dict[str, Any]
    ) -> None:
        path = f"/threats/{threat['id']}"
        page = (await open_console(url=home.server.url, path=path, cookie=home.cookies[Role.MEMBER])).page
        evidence = page.get_by_role("region", name="Pruebas", exact=True)
        await expect(evidence).to_contain_text("Outgoing connection to a default port of a remote access tool")
        await expect(page.get_by_role("region", name="Indicadores")).to_contain_text("203[.]0[.]113[.]42")
        await expect(page.locator("[aria-current=step]")).to_contain_text("Nueva")
        await page.get_by_label("Comentario").fill("Host is off the network.")
        await page.get_by_role("button", name="Añadir comentario").click()
        history = page.get_by_role("region", name="Historial")
        await expect(history.get_by_role("listitem")).to_have_count(2)
        await expect(history).to_contain_text("Host is off the network.")
        await expect(history).not_to_contain_text("usr_")
        await expect(page.locator("pre")).to_be_hidden()
        await page.get_by_role("button", name="Mostrar el JSON sin tratar").click()
        await expect(page.locator("pre")).to_contain_text(f'"id": "{threat["id"]}"')

    async def test_one_that_is_not_there_is_told_as_such(self, open_console: OpenConsole, home: Home) -> None:
        visit = await open_console(
            url=home.server.url, path="/threats/thr_none000000", cookie=home.cookies[Role.VIEWER],
            statuses=frozenset({404}),
        )  # fmt: skip
        await expect(page_title(visit.page, "No hay tal amenaza")).to_be_visible()


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(Look("es", "light", is_calm=True), id="light es"),
        pytest.param(Look("en", "dark", is_calm=True), id="dark en", marks=pytest.mark.full),
    ],
)
async def test_axe_finds_nothing_in_list_dialog_and_detail(
    open_console: OpenConsole, home: Home, threat: dict[str, Any], look: Look
) -> None:
    page = (
        await open_console(look, url=home.server.url, path="/threats?q=51.100.1", cookie=home.cookies[Role.OWNER])
    ).page
    await expect(page.locator("[role=row][data-key]").first).to_be_visible()
    assert await violations(page) == []
    await page.locator("[role=row] label").first.click()
    await page.locator(".bulk-bar button").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(page) == []
    await page.goto(f"{home.server.url}/threats/{threat['id']}")
    await expect(page.locator(".matrix")).to_be_visible()
    assert await violations(page) == []


async def test_nothing_scrolls_sideways_on_a_phone(
    open_console: OpenConsole, home: Home, threat: dict[str, Any]
) -> None:
    look = Look(width=320, height=640)
    page = (await open_console(look, url=home.server.url, path=SCANNERS, cookie=home.cookies[Role.OWNER])).page
    await expect(rows(page).first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.goto(f"{home.server.url}/threats/{threat['id']}")
    await expect(page.locator(".matrix")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
