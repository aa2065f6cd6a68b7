"""API keys over their whole life, by keyboard and pointer, for those who may and those who may not (checks 119-132)."""

import re
from typing import Any, Final

import httpx2
import pytest
from playwright.async_api import Locator, Page, expect

from cybervault.access.audit import OPERATOR
from cybervault.access.setup import NewAdmin
from cybervault.app.product import open_access
from cybervault.domain.principals import Plan, Role
from cybervault.domain.secrets import Secret
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.member_visits import ENGLISH, SPANISH, button, visit_as
from tests.console.members import PASSWORD, Home, email_of, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATH: Final = "/settings/api-keys"
# Where the server first wants a fresh proof, or where the old page asks with an ended session.
REAUTH: Final = frozenset({403})


def made(home: Home, name: str, *, role: Role = Role.OWNER, **wish: object) -> dict[str, Any]:
    """A key that the member makes through the API."""
    home.cookies[role] = sign_in(home.server, email_of(role))
    reply = home.ask("POST", "/v3/keys", {"name": name, "kind": "personal", **wish}, role=role)
    assert reply.status_code == 201, reply.text
    shown: dict[str, Any] = reply.json()
    return shown


def call(home: Home, secret: str, path: str = "/v3/system/whoami") -> int:
    """The status of one call with a key."""
    with httpx2.Client(base_url=home.server.url, trust_env=False, timeout=30) as client:
        return client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code


def once(page: Page) -> Locator:
    """The dialog that shows a secret."""
    return page.get_by_role("alertdialog")


async def test_check_120_125_126_128_155_a_key_is_made_used_rotated_and_revoked_without_a_mouse(
    open_console: OpenConsole, home: Home
) -> None:
    """Labels to the letter, 90 days preselected, the secret once."""
    visit = await visit_as(open_console, home, Role.OWNER, PATH)
    page, keyboard = visit.page, visit.page.keyboard
    first = await _create(page, "github-actions-prod")
    await _guards(page, home, first)
    assert call(home, first) == 200
    await page.get_by_role("link", name="github-actions-prod").focus()
    await keyboard.press("Enter")
    second = await _rotate(page)
    assert (call(home, first), call(home, second)) == (200, 200)
    await _finish(page, first, second)
    await _revoke(page, "github-actions-prod")
    assert await violations(page) == []


async def _create(page: Page, name: str) -> str:
    # A page that has just come takes the focus to its heading.
    await expect(page.get_by_role("table", name="API Keys").or_(page.get_by_text("No keys yet"))).to_be_visible()
    await button(page, "Create API key").press("Enter")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type(name)
    await expect(page.get_by_role("button", name="Expiry")).to_contain_text("90 days")
    await page.keyboard.press("Enter")
    await expect(once(page)).to_be_visible()
    await expect(once(page)).to_contain_text("Expires:")
    secret = await page.get_by_test_id("secret").inner_text()
    assert re.fullmatch(r"cbr_live_[0-9A-Za-z]{16,64}", secret)
    stored = await page.evaluate("() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert secret not in stored
    return secret


async def _rotate(page: Page) -> str:
    await button(page, "Rotate").press("Enter")
    await button(page.get_by_role("dialog"), "Rotate").press("Enter")
    await expect(once(page)).to_be_visible()
    secret = await page.get_by_test_id("secret").inner_text()
    await button(page, "I stored it").press("Enter")
    return secret


async def _finish(page: Page, first: str, second: str) -> None:
    rotation = page.get_by_role("region", name="Being rotated")
    await expect(rotation).to_contain_text(re.compile(rf"Old …{first[-4:]} · ends in (24 h 0|23 h 59) min"))
    await expect(rotation).to_contain_text(f"New …{second[-4:]}")
    await button(rotation, "Finish rotation").press("Enter")
    await expect(page.get_by_text("The old secret has ended: old secret last used")).to_be_visible()
    await expect(rotation).to_be_hidden()


async def _revoke(page: Page, name: str) -> None:
    await button(page, "Revoke").press("Enter")
    dialog = page.get_by_role("dialog", name=f"Revoke {name}")
    await expect(button(dialog, "Revoke")).to_be_disabled()
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(f"{name} is revoked.")).to_be_visible()
    await expect(button(page, "Rotate")).to_be_disabled()
    await expect(page.get_by_text("Disabled because the key is revoked.")).to_be_visible()


async def _guards(page: Page, home: Home, secret: str) -> None:
    """Nothing but the word that it is stored closes the dialog, and nothing of the secret stays behind."""
    await page.keyboard.press("Escape")
    await page.mouse.click(5, 5)
    await expect(once(page)).to_be_visible()
    example = page.get_by_test_id("example")
    await expect(example).to_contain_text(f"curl {home.server.url}/v3/system/whoami")
    await expect(example).not_to_contain_text(secret)
    await button(page, "Show the secret").press("Enter")
    await expect(example).to_contain_text(secret)
    await once(page).get_by_role("radio", name="Python").press("Enter")
    await expect(example).to_contain_text(f'"{home.server.url}/v3/system/whoami"')
    await button(page, "Copy").press("Enter")
    await expect(once(page).get_by_role("status").get_by_text("Copied")).to_be_visible()
    assert await violations(page) == []
    await button(page, "I stored it").press("Enter")
    await expect(once(page)).to_be_hidden()
    assert secret not in await page.content()


async def test_check_131_132_usage_is_a_chart_a_table_and_a_log_that_the_address_keeps(
    open_console: OpenConsole, home: Home
) -> None:
    """Last use and last address, and each call with its status."""
    key = made(home, "metered", scopes=["threat:read"])
    statuses = [call(home, key["secret"], path) for path in ("/v3/system/whoami", "/v3/audit-log", "/v3/threats/thr_0")]
    assert statuses == [200, 403, 404]
    visit = await visit_as(open_console, home, Role.OWNER, f"{PATH}/{key['id']}", SPANISH)
    page = visit.page
    usage = page.get_by_role("region", name="Uso")
    await expect(usage.get_by_role("img", name=re.compile("^3 llamadas"))).to_be_visible()
    await expect(page.get_by_role("region", name="Sobre esta clave")).to_contain_text("127.0.0.1")
    await usage.get_by_role("radio", name="Tabla").click()
    cells = page.get_by_role("region", name="Llamadas por tiempo y según cómo terminaron")
    await expect(cells.get_by_role("row").last).to_contain_text(re.compile(r"1\s*1\s*1\s*0\s*3$"))
    await usage.get_by_role("radio", name="Rechazada").click()
    await page.reload()
    log = page.get_by_role("region", name="Registro")
    await expect(log.get_by_role("row")).to_have_count(2)
    await expect(log).to_contain_text("403 Rechazada")
    await expect(log).to_contain_text("/v3/audit-log")
    await expect(cells).to_be_visible()
    assert await violations(page) == []


async def test_who_only_has_keys_of_their_own_is_told_so_and_sees_no_others(
    open_console: OpenConsole, home: Home
) -> None:
    """A Viewer reads the reasons."""
    made(home, "of the owner")
    made(home, "of the viewer", role=Role.VIEWER)
    visit = await visit_as(open_console, home, Role.VIEWER, PATH)
    page = visit.page
    await expect(page.get_by_role("link", name="of the viewer")).to_be_visible()
    await expect(page.get_by_role("link", name="of the owner")).to_be_hidden()
    await expect(page.get_by_text("As Viewer you see and change your own keys.")).to_be_visible()
    await expect(button(page, "Create service key")).to_be_hidden()
    await expect(page.get_by_role("region", name="Keys that need a look")).to_be_hidden()
    await button(page, "Create API key").click()
    await page.get_by_role("radio", name="Only these").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("checkbox", name="Threats: Read")).to_be_enabled()
    await expect(dialog.get_by_role("checkbox", name="Threats: Write")).to_be_disabled()
    await expect(dialog.get_by_text("Greyed scopes are not yours to give.")).to_be_visible()
    assert await violations(page) == []


async def test_check_130_somebody_elses_key_is_revoked_with_a_reason_and_a_fresh_proof(
    open_console: OpenConsole, home: Home
) -> None:
    """An Admin may, after the password was asked for again."""
    key = made(home, "bo-laptop", role=Role.MEMBER)
    home.cookies[Role.ADMIN] = sign_in(home.server, email_of(Role.ADMIN))
    home.server.clock.advance(301)
    visit = await open_console(
        ENGLISH,
        url=home.server.url,
        path=f"{PATH}/{key['id']}",
        cookie=home.cookies[Role.ADMIN],
        statuses=REAUTH,
    )
    page = visit.page
    await button(page, "Revoke").click()
    await page.get_by_label("Type bo-laptop to confirm").fill("bo-laptop")
    await expect(button(page.get_by_role("dialog"), "Revoke")).to_be_disabled()
    await page.get_by_label("Reason").fill("laptop was lost")
    await button(page.get_by_role("dialog"), "Revoke").click()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("bo-laptop is revoked.")).to_be_visible()
    assert call(home, key["secret"]) == 401


async def test_a_key_is_edited_and_whoever_would_lock_themselves_out_is_asked(
    open_console: OpenConsole, home: Home
) -> None:
    """Nothing chosen is refused where it would give everything."""
    key = made(home, "nightly", scopes=["threat:read", "scan:read"])
    visit = await open_console(
        ENGLISH,
        url=home.server.url,
        path=f"{PATH}/{key['id']}",
        cookie=home.cookies[Role.OWNER],
        statuses=frozenset({409}),
    )
    page, dialog = visit.page, visit.page.get_by_role("dialog")
    await button(page, "Edit").click()
    await dialog.get_by_label("Name", exact=True).fill("weekly")
    await button(dialog, "Select none").click()
    await expect(button(dialog, "Save")).to_be_disabled()
    await dialog.get_by_role("checkbox", name="Threats: Read").press("Space")
    await dialog.get_by_label("Addresses allowed").fill("198.51.100.0/24")
    await button(dialog, "Save").click()
    await expect(visit.alert).to_contain_text("would_lock_out")
    assert await violations(page) == []
    await dialog.get_by_role("checkbox", name="This is wanted").press("Space")
    await button(dialog, "Save").click()
    await expect(page.get_by_text("weekly is saved.")).to_be_visible()
    facts = page.get_by_role("region", name="About this key")
    await expect(facts).to_contain_text("198.51.100.0/24")
    await expect(facts).not_to_contain_text("scan:read")
    assert call(home, key["secret"]) == 403


async def test_check_119_a_starter_workspace_sees_its_list_a_disabled_button_and_the_way_to_more(
    open_console: OpenConsole, home: Home
) -> None:
    """The reason stands at the button, and Billing opens from it; service keys are made all the same."""
    async with open_access(home.server.settings) as access:
        owner = NewAdmin("sol@small.example", "Sol", Secret(PASSWORD), "Small", Plan.STARTER)
        await access.people.setup.create_admin(owner, actor=OPERATOR)
    cookie = sign_in(home.server, "sol@small.example")
    visit = await open_console(ENGLISH, url=home.server.url, path=PATH, cookie=cookie)
    page = visit.page
    await expect(page.get_by_text("No keys yet")).to_be_visible()
    await expect(button(page, "Create API key")).to_be_disabled()
    await expect(button(page, "Create API key")).to_have_accessible_description(
        re.compile("^Personal API keys are not")
    )
    await button(page, "Create service key").click()
    await page.get_by_label("Name", exact=True).fill("importer")
    await page.get_by_role("checkbox", name="Threats: Read").press("Space")
    await button(page.get_by_role("dialog"), "Create").click()
    secret = await page.get_by_test_id("secret").inner_text()
    assert (secret.startswith("cv_live_sk_"), call(home, secret)) == (True, 200)
    await button(page, "I stored it").click()
    await page.get_by_role("link", name="Open Plan and billing").click()
    await expect(page.get_by_role("heading", level=1, name="Plan and billing")).to_be_visible()
    await expect(page.get_by_role("row", name="Personal API keys")).to_contain_text("Not included")
    await expect(page.get_by_role("row", name="importer")).to_contain_text("1 of 60")
    assert await violations(page) == []


async def test_filters_stay_in_the_address(open_console: OpenConsole, home: Home) -> None:
    made(home, "kept one")
    gone = made(home, "gone one")
    assert home.ask("POST", f"/v3/keys/{gone['id']}/revoke", {}).status_code == 200
    visit = await visit_as(open_console, home, Role.OWNER, PATH, SPANISH)
    page = visit.page
    await page.get_by_role("radio", name="Revocada").click()
    await page.get_by_role("radio", name="Mías").click()
    await expect(page.get_by_role("row").get_by_role("link", name="kept one")).to_be_hidden()
    await page.reload()
    await expect(page.get_by_role("row").get_by_role("link", name="gone one")).to_be_visible()
    await expect(page.get_by_role("row").get_by_role("link", name="kept one")).to_be_hidden()
    assert page.url.endswith("?state=revoked&owner=me")
    assert await violations(page) == []
