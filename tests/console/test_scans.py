"""Scans in the console: granted, asked for, watched, stopped and read, before real servers on loopback."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest
from playwright.async_api import Locator, Page, expect

from cybervault.access.audit import OPERATOR
from cybervault.app.product import put_together
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import Role
from cybervault.scans.grants import NewGrant
from cybervault.setting_parts import ScanSettings
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.member_visits import ENGLISH, SPANISH, button, visit_as
from tests.console.members import TENANT, Home, settled
from tests.console.visiting import Look, Visit
from tests.fakes.clock import HandClock
from tests.fakes.scanned import HTTP_BARE, answers, apart, greets, silent_until
from tests.fakes.serving import Setup, running
from tests.fakes.upstream import UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HERE: Final = "127.0.0.1"
CLOUD: Final = "arn:aws:s3:::bucket"
ARCHIVE: Final = "arn:aws:s3:::archive"
PHONE: Final = Look("es", width=390, height=844, is_calm=True)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The home of members who may scan this machine, and ports of its services; one scan of it has ended."""

    home: Home
    ftp: int
    web: int
    go: Event
    """A service says nothing while it is not set, so that a scan goes on."""
    ended: str

    @contextmanager
    def held(self) -> Iterator[None]:
        """The time during which no scan ends."""
        self.go.clear()
        try:
            yield
        finally:
            self.go.set()

    def ask(self, *targets: str) -> str:
        """The id of a new scan."""
        reply = self.home.ask("POST", "/v3/scans", {"targets": list(targets)})
        assert reply.status_code == 202, reply.text
        made: str = reply.json()["id"]
        return made


@pytest.fixture(scope="module")
def scanned(
    whole_farm: UpstreamFarm, prepared_state: Path, lasting_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scanned]:
    del lasting_server  # it has built the console
    data = tmp_path_factory.mktemp("scanned") / "state"
    shutil.copytree(prepared_state, data)
    with ExitStack() as stack:
        ftp = stack.enter_context(apart(greets(b"220 ready\r\n")))
        web = stack.enter_context(apart(answers(get=HTTP_BARE, head=HTTP_BARE)))
        go = Event()
        go.set()
        quiet = stack.enter_context(apart(silent_until(go)))
        part = ScanSettings(loopback=True, extra_ports=(ftp, web, quiet), nmap="")
        setup = Setup(whole_farm, data, keys={}, given={"scans": part})
        home = settled(stack.enter_context(running(setup, HandClock(SystemClock().now()))))
        asyncio.run(_granted(home, HERE, CLOUD))
        scanned = Scanned(home, ftp, web, go, "")
        scan = scanned.ask(HERE, CLOUD)
        # Its stream ends with it.
        home.ask("GET", f"/v3/scans/{scan}/events")
        yield Scanned(home, ftp, web, go, scan)


async def _granted(home: Home, *targets: str) -> None:
    async with put_together(home.server.settings) as product:
        tenant = await product.access.tenants.find(TENANT)
        for target in targets:
            await product.scanning.grants.give(tenant.id, NewGrant(target, "tests"), actor=OPERATOR)


def title(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


def seen(page: Page) -> Locator:
    return page.locator(".seen-trigger")


async def test_a_scan_is_asked_for_and_followed_to_a_finding_by_keyboard(
    open_console: OpenConsole, scanned: Scanned
) -> None:
    """Watched live: what the services of this machine show arrives without a reload."""
    visit = await visit_as(open_console, scanned.home, Role.MEMBER, "/account", SPANISH)
    page = visit.page
    await page.keyboard.type("gs")
    await expect(title(page, "Escaneos")).to_be_focused()
    await page.keyboard.press("Control+k")
    await expect(visit.dialog).to_be_visible()
    await page.keyboard.type(HERE)
    await page.get_by_role("menuitem", name=f"Escanear {HERE}").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Objetivos", exact=True)).to_have_value(HERE)
    start = button(page, "Iniciar escaneo")
    await expect(start).to_be_enabled()
    await start.focus()
    with scanned.held():
        await page.keyboard.press("Enter")
        await expect(title(page, HERE)).to_be_visible()
        await expect(page.get_by_text("En curso")).to_be_visible()
    assert page.url.rpartition("/")[2].startswith("scan_")
    # Told only to who has seen it run.
    await expect(page.get_by_text("El escaneo ha terminado: Completado.")).to_be_attached()
    await expect(seen(page).first).to_be_visible()
    await page.keyboard.press("j")
    await expect(seen(page).first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Qué hacer")).to_be_visible()
    await expect(page.get_by_text("Usa SFTP o FTPS, o cierra el puerto.")).to_be_visible()
    assert "finding=sfn_" in page.url


async def test_what_changed_since_the_last_scan_of_the_same_targets_is_a_view(
    open_console: OpenConsole, scanned: Scanned
) -> None:
    scanned.home.server.clock.advance(60)
    again = scanned.ask(HERE, CLOUD)
    scanned.home.ask("GET", f"/v3/scans/{again}/events")
    page = (await visit_as(open_console, scanned.home, Role.VIEWER, f"/scans/{again}", ENGLISH)).page
    await page.get_by_role("link", name="Changes", exact=True).click()
    await expect(page.get_by_text("Nothing new")).to_be_visible()
    await page.get_by_role("link", name="Unchanged").click()
    await expect(page.get_by_role("list", name="Unchanged")).to_contain_text("FTP sends passwords in clear text")
    assert page.url.endswith("?view=changes&state=unchanged")
    await seen(page).first.click()
    await expect(page.get_by_text("Use SFTP or FTPS, or close the port.")).to_be_visible()
    assert await violations(page) == []


class TestList:
    async def test_filters_are_in_the_address_and_a_row_opens_its_scan(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, "/scans?status=completed", SPANISH)).page
        row = page.get_by_role("row").filter(has_text=scanned.ended)
        await expect(row).to_contain_text("Completado")
        await expect(row).to_contain_text(f"{HERE}, {CLOUD}")
        await expect(row.get_by_text("Media: 1")).to_be_attached()
        await page.reload()
        await expect(row).to_be_visible()
        await page.get_by_role("button", name="Completado Estado").click()
        await page.get_by_role("option", name="Fallido").click()
        await expect(page.get_by_text("Ningún escaneo cumple estos filtros")).to_be_visible()
        assert page.url.endswith("/scans?status=failed")
        await page.go_back()
        await row.click()
        await expect(title(page, HERE)).to_be_visible()
        assert page.url.endswith(f"/scans/{scanned.ended}")

    async def test_who_may_only_look_is_told_so(self, open_console: OpenConsole, scanned: Scanned) -> None:
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, "/scans", SPANISH)).page
        await expect(button(page, "Nuevo escaneo")).to_be_disabled()
        await expect(page.get_by_text("Tu rol (Observador) puede leer escaneos.")).to_be_visible()
        await page.goto(f"{scanned.home.server.url}/scans/new?targets={HERE}")
        await expect(page.get_by_text("Tu rol (Observador) puede leer escaneos.")).to_be_visible()
        await expect(button(page, "Iniciar escaneo")).to_be_hidden()


class TestNew:
    async def test_each_target_is_told_whether_it_may_be_scanned_and_what_to_do(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        page = (await visit_as(open_console, scanned.home, Role.OWNER, "/scans/new", ENGLISH)).page
        start, field = button(page, "Start scan"), page.get_by_label("Targets", exact=True)
        await expect(page.get_by_text("Name a target first.")).to_be_visible()
        await field.fill(f"{HERE}, 10.2.0.7 shop.example.com\n127.0.0.9/30 169.254.169.254")
        checks = page.get_by_role("list", name="What becomes of each target").get_by_role("listitem")
        await expect(checks.filter(has_text="May be scanned")).to_contain_text(HERE)
        await expect(checks.filter(has_text="10.2.0.7")).to_contain_text("cybervault scans grant '10.2.0.7' --tenant")
        await expect(checks.filter(has_text="169.254.169.254")).to_contain_text("never scanned")
        await expect(start).to_be_disabled()
        prove = page.get_by_role("link", name="Prove that the domain is yours")
        assert (await prove.get_attribute("href") or "").endswith("/scans/grants?ask=shop.example.com")
        await button(page, "Use 127.0.0.8/30").click()
        await expect(checks.filter(has_text="127.0.0.8/30")).to_contain_text("Nobody has said yet")
        await expect(page.get_by_role("radio", name="Pentest")).to_be_disabled()
        await expect(page.get_by_text("No grant of your workspace allows a pentest")).to_be_visible()
        await button(page, "Leave out the 4 refused").click()
        await expect(start).to_be_enabled()
        await expect(field).to_have_value(HERE)
        await expect(page.get_by_role("radio", name="Standard")).to_be_checked()
        scans = len(scanned.home.ask("GET", "/v3/scans").json()["data"])
        await page.get_by_role("radio", name="Compliance").locator("xpath=ancestor::label").click()
        ports = scanned.home.ask("POST", "/v3/scans/preview", {"targets": [HERE], "profile": "compliance"}).json()
        side = page.get_by_role("region", name="What this scan would do")
        await expect(side).to_contain_text(f"Connections at most{ports['connections_max']}")
        assert len(scanned.home.ask("GET", "/v3/scans").json()["data"]) == scans


class TestDetail:
    async def test_it_is_stopped_after_a_question_and_says_what_it_had_not_reached(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        with scanned.held():
            scan = scanned.ask(HERE)
            page = (await visit_as(open_console, scanned.home, Role.MEMBER, f"/scans/{scan}", ENGLISH)).page
            await button(page, "Stop scan").click()
            await button(page.get_by_role("dialog"), "Stop scan").click()
            await expect(page.get_by_text("Somebody stopped it.")).to_be_visible()
        await expect(page.get_by_role("link", name="Scan again")).to_be_visible()
        await page.get_by_role("link", name="Coverage").click()
        await expect(page.get_by_role("row").filter(has_text="the scan ended before").first).to_be_visible()

    async def test_without_a_line_it_asks_and_comes_back(self, open_console: OpenConsole, scanned: Scanned) -> None:
        """A server that is restarted, or a proxy that cuts streams, costs no news."""
        with scanned.held():
            scan = scanned.ask(HERE)
            visit = await visit_as(open_console, scanned.home, Role.MEMBER, "/scans", ENGLISH)
            cut = {"status": 200, "content_type": "text/event-stream"}
            await visit.page.route("**/events", lambda route: route.fulfill(**cut))
            await visit.page.goto(f"{scanned.home.server.url}/scans/{scan}")
            await expect(visit.page.get_by_text("Connection lost")).to_be_visible()
        await expect(visit.page.get_by_text("The scan has ended: Completed.")).to_be_attached()
        await expect(seen(visit.page).first).to_be_visible()

    async def test_numbers_lead_to_findings_and_filters_stay_after_a_reload(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        path = f"/scans/{scanned.ended}"
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, path, ENGLISH)).page
        await expect(seen(page).first).to_be_visible()
        everything = await seen(page).count()
        figure = page.get_by_role("region", name="Findings by severity")
        await figure.get_by_role("link", name="1 Medium").click()
        await expect(seen(page)).to_have_count(1)
        await page.reload()
        await expect(seen(page)).to_have_count(1)
        await expect(seen(page)).to_contain_text("FTP sends passwords in clear text")
        await expect(seen(page)).to_contain_text(f"{HERE} · {scanned.ftp}/tcp")
        await button(page, "Clear filters").click()
        await expect(seen(page)).to_have_count(everything)
        await page.get_by_role("region", name="Controls concerned").get_by_role("link", name="SC-8").click()
        await expect(seen(page)).to_have_count(2)
        assert "control=SC-8" in page.url
        await page.goto(f"{scanned.home.server.url}{path}?view=coverage&state=not_tested")
        row = page.get_by_role("row").filter(has_text=CLOUD).filter(has_text="Cloud rules")
        await expect(row).to_contain_text("no account is connected")
        await expect(page.get_by_role("row").filter(has_text="TLS and certificates")).to_have_count(0)
        await page.goto(f"{scanned.home.server.url}{path}?view=coverage")
        await expect(page.get_by_role("row").filter(has_text="TLS and certificates").first).to_be_visible()

    async def test_the_result_leaves_as_sarif(self, open_console: OpenConsole, scanned: Scanned) -> None:
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, f"/scans/{scanned.ended}", ENGLISH)).page
        await button(page, "Export").click()
        async with page.expect_download() as started:
            await page.get_by_role("menuitem", name="SARIF").click()
        file = await (await started.value).path()
        run = json.loads(file.read_text(encoding="utf-8"))["runs"][0]
        assert "ftp_cleartext" in {one["ruleId"] for one in run["results"]}

    async def test_one_that_is_not_there_is_told_as_such(self, open_console: OpenConsole, scanned: Scanned) -> None:
        visit = await open_console(
            url=scanned.home.server.url, path="/scans/scan_0000000000", cookie=scanned.home.cookies[Role.VIEWER],
            statuses=frozenset({404}),
        )  # fmt: skip
        await expect(title(visit.page, "No hay tal escaneo")).to_be_visible()


class TestGrants:
    async def test_a_domain_is_asked_for_shown_how_to_prove_and_withdrawn(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        visit = await visit_as(
            open_console, scanned.home, Role.OWNER, "/scans/grants?ask=https://Shop.example.com/", ENGLISH
        )
        page = visit.page
        await expect(page.get_by_label("Domain")).to_have_value("https://Shop.example.com/")
        await button(visit.dialog, "Ask").click()
        row = page.get_by_role("listitem").filter(has_text="shop.example.com").first
        await expect(row).to_contain_text("Waits for its proof")
        await expect(row).to_contain_text("_cybervault-challenge.shop.example.com")
        await expect(row).to_contain_text("https://shop.example.com/.well-known/cybervault-challenge.txt")
        grants = scanned.home.ask("GET", "/v3/scans/grants").json()["data"]
        (challenge,) = [one["challenge"] for one in grants if one["target"] == "shop.example.com"]
        await expect(row).to_contain_text(challenge["text"])
        await button(row, "Withdraw shop.example.com").click()
        await button(visit.dialog, "Withdraw").click()
        await expect(row).to_be_hidden()

    async def test_a_network_is_the_operators_to_grant_and_viewers_only_look(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        visit = await visit_as(open_console, scanned.home, Role.ADMIN, "/scans/grants?ask=10.9.0.0/24", ENGLISH)
        await expect(visit.dialog).to_contain_text("cybervault scans grant '10.9.0.0/24'")
        visit.watch.statuses = frozenset({403})
        await button(visit.dialog, "Ask").click()
        await expect(visit.alert).to_contain_text("granted by the operator")
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, "/scans/grants", ENGLISH)).page
        await expect(button(page, "Ask for a domain")).to_be_disabled()
        await expect(page.get_by_text("Owners and Admins ask for what may be scanned")).to_be_visible()
        await expect(page.get_by_role("listitem").filter(has_text=HERE).first).to_contain_text(
            "Granted by the operator"
        )


class TestSchedules:
    async def test_a_scan_is_put_on_a_schedule_that_is_changed_paused_and_deleted(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        visit = await visit_as(open_console, scanned.home, Role.MEMBER, f"/scans/{scanned.ended}", ENGLISH)
        page, dialog = visit.page, visit.dialog
        await page.get_by_role("link", name="On a schedule").click()
        await _put_on_a_schedule(visit)
        row = page.get_by_role("list", name="Schedules").get_by_role("listitem").filter(has_text="Office")
        await expect(row).to_contain_text("Every Monday at 04:15 (Europe/Madrid)")
        (made,) = _schedules(scanned, "Office")
        assert (made["cron"], made["targets"], made["profile"]) == ("15 4 * * 1", [HERE, CLOUD], "standard")
        await expect(row.locator("time").first).to_have_attribute("datetime", made["next_at"])
        await button(row, "Edit Office").click()
        assert page.url.endswith(f"/scans/schedules?edit={made['id']}")
        await page.reload()
        await dialog.get_by_label("Targets", exact=True).fill(HERE)
        await button(dialog, "Save").click()
        await expect(row).not_to_contain_text(CLOUD)
        await button(row, "Pause Office").click()
        await expect(row).to_contain_text("NextNone")
        await button(row, "Resume Office").click()
        await expect(row.locator("time").first).to_have_attribute("datetime", made["next_at"])
        await button(row, "Delete Office").click()
        await button(page.get_by_role("dialog", name="Delete Office?"), "Delete").click()
        await expect(row).to_be_hidden()
        assert _schedules(scanned, "Office") == []

    async def test_what_kept_the_last_turn_from_beginning_is_told_to_who_only_looks(
        self, open_console: OpenConsole, scanned: Scanned
    ) -> None:
        scan = await _begun_once_and_then_refused(scanned)
        page = (await visit_as(open_console, scanned.home, Role.VIEWER, "/scans/schedules?edit=new", SPANISH)).page
        await expect(button(page, "Nueva programación")).to_have_accessible_description(
            "Tu rol (Observador) puede leer las programaciones. Crearlas, cambiarlas y pausarlas requiere el permiso "
            "scan:write."
        )
        row = page.get_by_role("list", name="Programación").get_by_role("listitem").filter(has_text="Archive")
        await expect(row).to_contain_text("No se inició ningún escaneo Ya no se puede escanear todo lo que nombra.")
        await expect(row.get_by_role("button")).to_have_count(0)
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert await violations(page) == []
        await row.get_by_role("link", name=scan).click()
        await expect(title(page, ARCHIVE)).to_be_visible()
        await page.get_by_role("link", name="schedule:sch_").click()
        await expect(title(page, "Programación")).to_be_visible()


async def _put_on_a_schedule(visit: Visit) -> None:
    """On the second attempt: the zone of the first is none."""
    page, dialog = visit.page, visit.dialog
    await expect(dialog.get_by_label("Targets", exact=True)).to_have_value(f"{HERE}\n{CLOUD}")
    await dialog.get_by_label("Name").fill("Office")
    await dialog.get_by_role("button", name="How often").click()
    await page.get_by_role("option", name="Every week").click()
    await dialog.get_by_label("At", exact=True).fill("04:15")
    await dialog.get_by_label("Time zone").fill("Mars/Base")
    visit.watch.statuses = frozenset({400})
    await button(dialog, "Save").click()
    await expect(visit.alert).to_contain_text("invalid_schedule")
    assert await violations(page) == []
    await dialog.get_by_label("Time zone").fill("Europe/Madrid")
    await button(dialog, "Save").click()


def _schedules(scanned: Scanned, name: str) -> list[dict[str, Any]]:
    return [one for one in scanned.home.ask("GET", "/v3/scans/schedules").json()["data"] if one["name"] == name]


async def _begun_once_and_then_refused(scanned: Scanned) -> str:
    """The id of the scan that a schedule began; its grant is gone at its next turn."""
    await _granted(scanned.home, ARCHIVE)
    body = {"name": "Archive", "targets": [ARCHIVE], "cron": "*/15 * * * *", "timezone": "UTC"}
    assert scanned.home.ask("POST", "/v3/scans/schedules", body).status_code == 201
    clock = HandClock(SystemClock().now())
    async with put_together(scanned.home.server.settings, clock) as product:
        clock.advance(15 * 60)
        assert await product.scanning.scheduler.begin_due() == 1
        (schedule,) = _schedules(scanned, "Archive")
        scanned.home.ask("POST", f"/v3/scans/{schedule['last_scan_id']}/cancel")
        tenant = await product.access.tenants.find(TENANT)
        for grant in await product.scanning.grants.list(tenant.id):
            if grant.target.value == ARCHIVE:
                await product.scanning.grants.withdraw(tenant.id, grant.id, actor=OPERATOR)
        clock.advance(15 * 60)
        assert await product.scanning.scheduler.begin_due() == 0
    scan: str = schedule["last_scan_id"]
    return scan


@pytest.mark.parametrize(
    "look",
    [pytest.param(SPANISH, id="light es"), pytest.param(ENGLISH, id="dark en", marks=pytest.mark.full)],
)
async def test_axe_finds_nothing_on_the_pages_of_scans(open_console: OpenConsole, scanned: Scanned, look: Look) -> None:
    page = (await visit_as(open_console, scanned.home, Role.OWNER, "/scans", look)).page
    await expect(page.locator("[role=row][data-key]").first).to_be_visible()
    assert await violations(page) == []
    await page.goto(f"{scanned.home.server.url}/scans/{scanned.ended}")
    await seen(page).first.click()
    await expect(page.locator(".seen-details")).to_be_visible()
    assert await violations(page) == []
    await page.goto(f"{scanned.home.server.url}/scans/{scanned.ended}?view=coverage")
    await expect(page.locator(".coverage-table")).to_be_visible()
    assert await violations(page) == []
    await page.goto(f"{scanned.home.server.url}/scans/new?targets={HERE}%2010.2.0.7%20nonsense")
    await expect(page.locator(".target-why").first).to_be_visible()
    await page.locator(".new-scan-side .fold-trigger").click()
    # What is not here is told with what brings it: among all engines, and as not tested.
    for engine in (page.locator(".engine").filter(has_text="ssh-audit"), page.locator(".not-tested").first):
        await expect(engine.locator("code")).to_have_text("cybervault scans engines install ssh-audit")
    assert await violations(page) == []
    await page.goto(f"{scanned.home.server.url}/scans/grants")
    await expect(page.locator(".grants")).to_be_visible()
    assert await violations(page) == []


async def test_nothing_scrolls_sideways_on_a_phone(open_console: OpenConsole, scanned: Scanned) -> None:
    page = (await visit_as(open_console, scanned.home, Role.OWNER, "/scans", PHONE)).page
    paths = ("/scans", f"/scans/{scanned.ended}", f"/scans/new?targets={HERE}%2010.2.0.7", "/scans/grants")
    for path in (*paths, "/scans/schedules?edit=new"):
        await page.goto(scanned.home.server.url + path)
        await expect(page.locator("#content h1")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
