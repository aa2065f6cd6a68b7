"""People come in, look after their sessions, find their way by palette and keyboard, and go."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from cybervault.app.product import open_access
from cybervault.domain.principals import Role
from cybervault.settings import Settings
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.members import PASSWORD, Home, email_of, newcomer, sign_in
from tests.console.visiting import Look
from tests.fakes.clock import HandClock
from tests.fakes.serving import Running, Setup, running
from tests.fakes.upstream import UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REFUSED: Final = frozenset({401})


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


async def _fill_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("Correo electrónico").fill(email)
    await page.get_by_label("Contraseña").fill(password)
    await page.get_by_role("button", name="Entrar", exact=True).click()


@pytest.fixture
def empty(home: Home, whole_farm: UpstreamFarm, small_knowledge: Path, tmp_path: Path) -> Iterator[Running]:
    """A server without an account; that of `home` has had the console built."""
    del home
    shutil.copytree(small_knowledge, tmp_path / "state" / "knowledge")
    with running(Setup(whole_farm, tmp_path / "state", keys={})) as server:
        yield server


class TestSetUp:
    async def test_the_first_administrator_is_made_on_the_page_and_signs_in(
        self, empty: Running, open_console: OpenConsole
    ) -> None:
        token = await asyncio.to_thread(_offered, empty.settings, empty.clock)
        page = (await open_console(url=empty.url, path="/setup")).page
        await page.get_by_label("Token de un solo uso").fill(token)
        await page.get_by_label("Tu nombre").fill("Ana")
        await page.get_by_label("Correo electrónico").fill("ana@acme.example")
        await page.get_by_label("Contraseña nueva").fill(PASSWORD)
        await page.get_by_role("button", name="Crear la cuenta").click()
        await expect(heading(page, "Iniciar sesión")).to_be_visible()
        await _fill_in(page, "ana@acme.example", PASSWORD)
        await expect(page.get_by_role("navigation", name="Lugares")).to_be_visible()

    async def test_a_wrong_token_is_refused_with_its_reason(self, open_console: OpenConsole, home: Home) -> None:
        visit = await open_console(url=home.server.url, path="/setup", statuses=frozenset({403, 409}))
        for label, text in (
            ("Token de un solo uso", "no token"), ("Tu nombre", "Eve"), ("Correo electrónico", "eve@e.example"),
            ("Contraseña nueva", PASSWORD),
        ):  # fmt: skip
            await visit.page.get_by_label(label).fill(text)
        await visit.page.get_by_role("button", name="Crear la cuenta").click()
        await expect(visit.alert).to_contain_text("already_set_up")


def _offered(settings: Settings, clock: HandClock) -> str:
    """A token as the start prints it, and the server's clock at the moment of it."""

    async def offer() -> str:
        async with open_access(settings) as access:
            token = await access.people.setup.offer()
            clock.jump((access.journal.clock.now() - clock.now()).total_seconds())
            assert token is not None
            return token.reveal()

    return asyncio.run(offer())


class TestSignIn:
    async def test_a_visitor_of_a_page_for_members_comes_back_to_it(
        self, open_console: OpenConsole, home: Home
    ) -> None:
        visit = await open_console(url=home.server.url, path="/account", statuses=REFUSED)
        await expect(heading(visit.page, "Iniciar sesión")).to_be_visible()
        await _fill_in(visit.page, email_of(Role.VIEWER), "wrong horse battery")
        await expect(visit.alert).to_contain_text("sign_in_failed")
        await _fill_in(visit.page, email_of(Role.VIEWER), PASSWORD)
        await expect(heading(visit.page, "Tu cuenta")).to_be_visible()
        await expect(visit.page.get_by_text("Observador de Acme")).to_be_visible()

    async def test_a_link_leads_who_signs_in_nowhere_else(self, open_console: OpenConsole, home: Home) -> None:
        """An address that names another server is not followed after sign-in."""
        visit = await open_console(url=home.server.url, path="/sign-in?next=//elsewhere.example/")
        await _fill_in(visit.page, email_of(Role.MEMBER), PASSWORD)
        await expect(visit.page.get_by_role("navigation", name="Lugares")).to_be_visible()
        assert visit.page.url == f"{home.server.url}/"

    async def test_a_session_that_ended_elsewhere_leads_back_to_the_door(
        self, open_console: OpenConsole, home: Home
    ) -> None:
        email = await newcomer(home.server, Role.MEMBER, "Cleo")
        cookie, elsewhere = sign_in(home.server, email), sign_in(home.server, email)
        visit = await open_console(url=home.server.url, path="/account", cookie=cookie, statuses=REFUSED)
        await expect(heading(visit.page, "Tu cuenta")).to_be_visible()
        home.ask("POST", "/api/console/sessions/end-others", cookie=elsewhere)
        await visit.page.reload()
        await expect(heading(visit.page, "Iniciar sesión")).to_be_visible()
        await expect(visit.page.get_by_role("navigation", name="Lugares")).to_be_hidden()


class TestAccount:
    async def test_sessions_are_listed_and_ended(self, open_console: OpenConsole, home: Home) -> None:
        email = await newcomer(home.server, Role.VIEWER, "Dora")
        cookie = [sign_in(home.server, email) for _ in range(2)][-1]
        visit = await open_console(url=home.server.url, path="/account", cookie=cookie)
        rows = visit.page.get_by_role("region", name="Sesiones").get_by_role("listitem")
        await expect(rows).to_have_count(2)
        await visit.page.get_by_role("button", name="Terminar todas las demás").click()
        await expect(rows).to_have_count(1)
        await expect(visit.page.get_by_text("Ha terminado 1 sesión.")).to_be_visible()

    async def test_what_was_chosen_stays_chosen(self, open_console: OpenConsole, home: Home) -> None:
        visit = await open_console(url=home.server.url, path="/account", cookie=home.cookies[Role.OWNER])
        await visit.page.get_by_role("button", name="Amplia Densidad").click()
        await visit.page.get_by_role("option", name="Compacta").click()
        await visit.page.reload()
        await expect(visit.page.locator("html")).to_have_attribute("data-density", "compact")

    async def test_signing_out_leaves_nothing_on_the_page(self, open_console: OpenConsole, home: Home) -> None:
        cookie = sign_in(home.server, email_of(Role.ADMIN))
        visit = await open_console(url=home.server.url, path="/account", cookie=cookie)
        await visit.page.get_by_role("button", name="Cuenta de Bo Admin").click()
        await visit.page.get_by_role("menuitem", name="Cerrar sesión").click()
        await expect(heading(visit.page, "Iniciar sesión")).to_be_visible()
        assert await visit.page.context.cookies() == []


class TestPalette:
    async def test_an_indicator_is_analysed_by_keyboard_alone(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.page.keyboard.press("Control+k")
        await expect(visit.dialog.get_by_role("searchbox")).to_be_focused()
        await visit.page.keyboard.type("203[.]0[.]113[.]42")
        await expect(visit.page.get_by_role("menuitem").first).to_contain_text("Analizar IPv4")
        await visit.page.keyboard.press("ArrowDown")
        await visit.page.keyboard.press("Enter")
        await expect(visit.heading).to_be_visible()
        await expect(visit.start_button).to_be_enabled()
        assert visit.page.url.endswith("/analyze?ioc=203%5B.%5D0%5B.%5D113%5B.%5D42")

    async def test_two_keys_lead_to_a_page_whose_heading_has_the_focus(
        self, open_console: OpenConsole, home: Home
    ) -> None:
        visit = await open_console(url=home.server.url, cookie=home.cookies[Role.OWNER])
        await expect(visit.page.get_by_role("navigation", name="Lugares")).to_be_visible()
        await visit.page.keyboard.type("gu")
        await expect(heading(visit.page, "Tu cuenta")).to_be_focused()

    async def test_what_nobody_knows_is_said(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.page.keyboard.press("Control+k")
        await expect(visit.dialog.get_by_role("searchbox")).to_be_focused()
        await visit.page.keyboard.type("zzz nothing")
        await expect(visit.page.get_by_text("Nada con ese nombre.")).to_be_visible()


STATES: Final = (("/sign-in", False), ("/setup", False), ("/invitation", False), ("/account", True), ("/account", None))


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(Look("es", "light", is_calm=True), id="light es"),
        pytest.param(Look("en", "dark", is_calm=True), id="dark en", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize(("path", "is_inside"), STATES, ids=["sign-in", "setup", "invitation", "account", "palette"])
async def test_axe_finds_nothing(
    open_console: OpenConsole, home: Home, look: Look, path: str, *, is_inside: bool | None
) -> None:
    cookie = "" if is_inside is False else home.cookies[Role.OWNER]
    visit = await open_console(look, url=home.server.url, path=path, cookie=cookie)
    if is_inside is None:
        await visit.page.keyboard.press("Control+k")
        await expect(visit.page.get_by_role("menu")).to_be_visible()
    assert await violations(visit.page) == []


async def test_nothing_of_the_frame_scrolls_sideways_on_a_phone(open_console: OpenConsole, home: Home) -> None:
    look = Look(width=320, height=640)
    visit = await open_console(look, url=home.server.url, path="/account", cookie=home.cookies[Role.OWNER])
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
