"""The other pages of settings: service accounts, users, the audit log, the plan, and the member's own factors."""

import base64
import re

import httpx2
import pytest
from playwright.async_api import expect

from cybervault.access.totp import code_at, step_of
from cybervault.domain.principals import Role
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.member_visits import ENGLISH, SPANISH, button, visit_as
from tests.console.members import Home, email_of, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_service_account_is_made_changed_and_deleted_with_its_keys(
    open_console: OpenConsole, home: Home
) -> None:
    visit = await visit_as(open_console, home, Role.OWNER, "/settings/service-accounts")
    page = visit.page
    await button(page, "Create service account").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill("Nightly import")
    await dialog.get_by_role("checkbox", name="Threats: Read").press("Space")
    await button(dialog, "Create service account").click()
    row = page.get_by_role("row", name="Nightly import")
    await expect(row).to_contain_text("threat:read")
    assert await violations(page) == []
    await button(page, "Edit Nightly import").click()
    await page.get_by_role("checkbox", name="Threats: Write").press("Space")
    await button(page.get_by_role("dialog"), "Save").click()
    await expect(row).to_contain_text("threat:read, threat:write")
    (account,) = [
        one for one in home.ask("GET", "/v3/service-accounts").json()["data"] if one["name"] == "Nightly import"
    ]
    wish = {"name": "nightly", "kind": "service_live", "scopes": ["threat:read"], "service_account_id": account["id"]}
    assert home.ask("POST", "/v3/keys", wish).status_code == 201
    await button(page, "Delete Nightly import").click()
    await expect(page.get_by_role("dialog")).to_contain_text("revoked with it, now and for good: nightly")
    await button(page.get_by_role("dialog"), "Delete").click()
    await expect(page.get_by_text("Nightly import is deleted. 1 key was revoked with it.")).to_be_visible()
    await expect(row).to_be_hidden()


async def test_somebody_is_invited_by_a_link_that_is_shown_once_and_comes_in(
    open_console: OpenConsole, home: Home
) -> None:
    visit = await visit_as(open_console, home, Role.OWNER, "/settings/users", SPANISH)
    page = visit.page
    await button(page, "Invitar").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Correo electrónico").fill("eva@acme.example")
    await dialog.get_by_label("Nombre").fill("Eva")
    await button(dialog, "Invitar").click()
    once = page.get_by_role("alertdialog")
    link = await once.get_by_test_id("secret").inner_text()
    assert re.fullmatch(r"http://[^/]+/invitation#\S+", link)
    assert await violations(page) == []
    await button(once, "Lo he guardado").click()
    assert link not in await page.content()
    with httpx2.Client(base_url=home.server.url, trust_env=False, timeout=30) as client:
        body = {"token": link.partition("#")[2], "password": "another horse battery"}
        answer = client.post("/api/console/invitation", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code < 300, answer.text
    await button(page, "Suspender a Eva").click()
    await button(page.get_by_role("dialog"), "Suspender").click()
    await expect(page.get_by_role("row", name="eva@acme.example")).to_contain_text("Suspendido")
    await button(page, "Retirar a Eva").click()
    await button(page.get_by_role("dialog"), "Retirar").click()
    await expect(page.get_by_text("Eva está retirado.")).to_be_visible()
    assert await violations(page) == []


async def test_an_admin_may_not_touch_an_owner_and_a_member_reads_why(open_console: OpenConsole, home: Home) -> None:
    visit = await visit_as(open_console, home, Role.ADMIN, "/settings/users")
    owner = visit.page.get_by_role("row", name="Ada Owner")
    await expect(owner).to_contain_text("Only an Owner may change an Owner.")
    await expect(owner.get_by_role("button", name="Role of Ada Owner")).to_be_disabled()
    await expect(button(visit.page, "Remove Ada Owner")).to_be_hidden()
    for path, why in (("/settings/users", "Users are for"), ("/settings/audit-log", "The audit log is for")):
        member = await visit_as(open_console, home, Role.MEMBER, path)
        await expect(member.page.get_by_text(f"{why} Owners and Admins.")).to_be_visible()


async def test_the_audit_log_is_narrowed_by_the_address_and_proved_by_its_checkpoint(
    open_console: OpenConsole, home: Home
) -> None:
    home.cookies[Role.OWNER] = sign_in(home.server, email_of(Role.OWNER))
    assert home.ask("POST", "/v3/service-accounts", {"name": "audited"}).status_code == 201
    visit = await visit_as(open_console, home, Role.OWNER, "/settings/audit-log?action=service_account.created")
    page = visit.page
    rows = page.get_by_role("region", name="Audit log").get_by_role("row")
    await expect(rows.nth(1)).to_contain_text("service_account.created")
    await expect(page.get_by_role("region", name="Audit log")).not_to_contain_text("sign_in.succeeded")
    who = rows.nth(1).get_by_role("button", name="Only rows of Ada Owner")
    await expect(who.get_by_title(re.compile("^member:usr_[0-9a-z]{12}$"))).to_have_text("Ada Owner")
    await who.click()
    await expect(page).to_have_url(re.compile(r"action=service_account.created&actor=usr_[0-9a-z]{12}$"))
    await page.reload()
    await expect(page.get_by_label("Who")).to_have_value(re.compile("^usr_"))
    checkpoint = page.get_by_role("region", name="Checkpoint")
    await expect(checkpoint).to_contain_text("cybervault/audit")
    await expect(checkpoint).to_contain_text("cybervault audit verify --checkpoint")
    assert await violations(page) == []
    await button(page, "Clear").click()
    await expect(page).to_have_url(re.compile("/settings/audit-log$"))


async def test_one_time_codes_are_set_up_by_picture_or_secret_and_recovery_codes_are_shown_once(
    open_console: OpenConsole, home: Home
) -> None:
    visit = await visit_as(open_console, home, Role.VIEWER, "/account", SPANISH)
    page = visit.page
    await button(page, "Configurar").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("img", name="Código QR")).to_be_visible()
    assert await violations(page) == []
    secret = await dialog.get_by_test_id("secret").inner_text()
    await dialog.get_by_label("Código", exact=True).fill(_code(secret, home))
    await button(dialog, "Activar").click()
    once = page.get_by_role("alertdialog")
    assert len((await once.get_by_test_id("secret").inner_text()).split()) == 10
    await button(once, "Lo he guardado").click()
    factors = page.get_by_role("region", name="Segundo factor")
    await expect(factors).to_contain_text("Quedan 10")
    await button(factors, "Quitar").click()
    await button(page.get_by_role("dialog"), "Quitar").click()
    await expect(factors).to_contain_text("Desactivados")


async def test_where_browsers_take_no_passkeys_the_page_says_why(open_console: OpenConsole, home: Home) -> None:
    """This server is known by an address, which no passkey can be bound to."""
    home.cookies[Role.BILLING_ADMIN] = sign_in(home.server, email_of(Role.BILLING_ADMIN))
    visit = await open_console(
        ENGLISH,
        url=home.server.url,
        path="/account",
        cookie=home.cookies[Role.BILLING_ADMIN],
        statuses=frozenset({409}),
    )
    await expect(visit.page.get_by_text("No passkeys yet.")).to_be_visible()
    await button(visit.page, "Add a passkey").click()
    await visit.page.get_by_label("What you call the device").fill("work laptop")
    await visit.page.keyboard.press("Enter")
    await expect(visit.alert).to_contain_text("passkeys_unavailable")
    assert await violations(visit.page) == []


async def test_the_password_is_changed_and_a_weak_one_refused_with_its_reason(
    open_console: OpenConsole, home: Home
) -> None:
    visit = await open_console(
        ENGLISH,
        url=home.server.url,
        path="/account",
        cookie=sign_in(home.server, email_of(Role.MEMBER)),
        statuses=frozenset({400}),
    )
    page = visit.page
    await page.get_by_label("Current password").fill("correct horse battery")
    await page.get_by_label("New password").fill("short")
    await button(page, "Change password").click()
    await expect(visit.alert).to_contain_text("weak_password")
    await page.get_by_label("New password").fill("correct horse battery staple")
    await button(page, "Change password").click()
    await expect(page.get_by_text("The password is changed.")).to_be_visible()
    await page.get_by_label("Current password").fill("correct horse battery staple")
    await page.get_by_label("New password").fill("correct horse battery")
    await button(page, "Change password").click()
    await expect(page.get_by_label("New password")).to_have_value("")


def _code(secret: str, home: Home) -> str:
    padded = secret + "=" * (-len(secret) % 8)
    return code_at(base64.b32decode(padded), step_of(home.server.clock.now()))
