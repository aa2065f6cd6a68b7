"""Webhooks over their whole life: made, tried, mended, sent again and ended, by those who may."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from cybervault.domain.principals import Role
from cybervault.settings import WebhookSettings
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.member_visits import ENGLISH, SPANISH, button, visit_as
from tests.console.members import Home, email_of, sign_in
from tests.fakes.receiver import HOST, Receiver, answering, is_signed_by, receiving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATH = "/settings/webhooks"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def home_settings(receiver: Receiver) -> Mapping[str, Any]:
    return {"webhooks": WebhookSettings(allowed_origins=(receiver.origin,))}


async def test_a_webhook_is_made_tried_mended_and_ended(
    open_console: OpenConsole, home: Home, receiver: Receiver
) -> None:
    """An address inside is refused with the server's reason; the secret is shown once and signs what arrives."""
    home.cookies[Role.OWNER] = sign_in(home.server, email_of(Role.OWNER))
    visit = await open_console(
        ENGLISH, url=home.server.url, path=PATH, cookie=home.cookies[Role.OWNER], statuses=frozenset({400})
    )
    page = visit.page
    secret = await _made(page, receiver)
    await page.get_by_role("link", name="Tickets").click()
    receiver.behaviours = [answering(500, "out of order")]
    await button(page, "Send test event").click()
    delivery = page.get_by_role("dialog", name="Delivery of webhook.test")
    await expect(delivery).to_contain_text("HTTP 500")
    await expect(delivery).to_contain_text("out of order")
    await page.reload()
    await expect(delivery).to_contain_text("HTTP 500")
    assert await violations(page) == []
    await button(delivery, "Send again").click()
    await expect(delivery).to_contain_text("HTTP 200")
    calls = await receiver.until(2)
    assert [is_signed_by(secret, call) for call in calls] == [True, True]
    await page.keyboard.press("Escape")
    await _ended(page, receiver)


async def _made(page: Page, receiver: Receiver) -> str:
    await button(page, "Create webhook").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("URL").fill("https://10.0.0.5/hook")
    await dialog.get_by_label("Description").fill("Tickets")
    await button(dialog, "Create webhook").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("invalid_webhook_url")
    assert await violations(page) == []
    await dialog.get_by_label("URL").fill(receiver.url)
    await button(dialog, "Create webhook").click()
    secret = await page.get_by_test_id("secret").inner_text()
    await page.keyboard.press("Escape")
    await button(page, "I stored it").click()
    await expect(page.get_by_role("row", name="Tickets")).to_contain_text("8 events")
    assert secret not in await page.content()
    return secret


async def _ended(page: Page, receiver: Receiver) -> None:
    await button(page, "Delete").click()
    dialog = page.get_by_role("dialog", name="Delete Tickets")
    await dialog.get_by_label("to confirm").fill(HOST)
    await expect(button(dialog, "Delete")).to_be_disabled()
    await dialog.get_by_label("to confirm").fill(f"{HOST}:{receiver.port}")
    await button(dialog, "Delete").click()
    await expect(page.get_by_text("Tickets is deleted.")).to_be_visible()
    await expect(page.get_by_role("heading", level=1, name="Webhooks")).to_be_visible()
    await expect(page.get_by_role("row", name="Tickets")).to_be_hidden()


async def test_one_that_is_switched_off_says_why_nothing_can_be_sent_again(
    open_console: OpenConsole, home: Home, receiver: Receiver
) -> None:
    home.cookies[Role.OWNER] = sign_in(home.server, email_of(Role.OWNER))
    made = home.ask("POST", "/v3/webhooks", {"url": receiver.url, "events": ["scan.completed"]}).json()
    visit = await visit_as(open_console, home, Role.OWNER, f"{PATH}/{made['id']}?state=failed", SPANISH)
    page = visit.page
    await expect(page.get_by_text("No hay entregas en este estado")).to_be_visible()
    await button(page, "Desactivar").click()
    await expect(_again(page)).to_be_disabled()
    await expect(_again(page)).to_have_accessible_description(
        "No se puede reenviar nada mientras el webhook está desactivado."
    )
    assert await violations(page) == []
    await button(page, "Activar").click()
    await button(page, "Editar").click()
    await page.get_by_role("checkbox", name="Se detecta una amenaza").press("Space")
    await page.get_by_label("URL").press("Enter")
    await expect(page.get_by_role("region", name="Sobre este webhook")).to_contain_text("Se detecta una amenaza")
    await button(page, "Rotar secreto").click()
    await button(page.get_by_role("dialog"), "Rotar secreto").click()
    assert await page.get_by_test_id("secret").inner_text() != made["secret"]
    await button(page, "Lo he guardado").click()
    await expect(page.get_by_text("El secreto antiguo firma hasta")).to_be_visible()


async def test_who_manages_nothing_reads_why(open_console: OpenConsole, home: Home) -> None:
    visit = await visit_as(open_console, home, Role.MEMBER, PATH)
    await expect(button(visit.page, "Create webhook")).to_have_accessible_description(
        "Webhooks are for Owners and Admins."
    )
    await expect(visit.page.get_by_role("link", name="Webhooks")).to_be_hidden()


def _again(page: Page) -> Locator:
    return button(page, "Reenviar lo que falló")
