"""The pages of telemetry: a file goes in, and what fired in it, why and what was not read is found by anybody."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from cybervault.domain.principals import Role
from tests.console.axe import violations
from tests.console.conftest import OpenConsole
from tests.console.members import Home
from tests.console.visiting import Look
from tests.fakes.telemetry import CALLBACK, EVTX, QUIET, REFUSED, lines_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLBACKS = "Outgoing connection to a default port of a remote access tool"
EVENTS = lines_of(*REFUSED, b"{broken", QUIET, CALLBACK, CALLBACK | {"Computer": "finance-08"})


def file_of(content: bytes, name: str = "events.ndjson") -> FilePayload:
    return FilePayload(name=name, mimeType="", buffer=content)


def page_title(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


def rules(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Reglas activadas")


async def hand_in(page: Page, *files: FilePayload) -> None:
    """Pick files as a mouse does."""
    async with page.expect_file_chooser() as opened:
        await page.get_by_role("button", name="Elegir ficheros").click()
    await (await opened.value).set_files(files)


@pytest.fixture(scope="module")
def batch(home: Home) -> str:
    """The id of a batch; its page waits until it is done."""
    return home.hand_in(EVENTS)


async def test_from_any_page_a_file_to_the_reason_why_by_keyboard(open_console: OpenConsole, home: Home) -> None:
    page = (await open_console(url=home.server.url, path="/account", cookie=home.cookies[Role.MEMBER])).page
    await page.keyboard.type("ge")
    await expect(page_title(page, "Telemetría")).to_be_focused()
    async with page.expect_file_chooser() as opened:
        await page.get_by_role("button", name="Elegir ficheros").focus()
        await page.keyboard.press("Enter")
    await (await opened.value).set_files([file_of(EVENTS)])
    await expect(page_title(page, "events.ndjson")).to_be_visible()
    await expect(page.get_by_role("heading", level=3)).to_have_text(f"{CALLBACKS} ▲Alta")
    why = page.get_by_role("region", name="Por qué se activó")
    asked = why.get_by_role("row").filter(has_text="DestinationPort")
    await expect(asked).to_contain_text("4444")
    await expect(why.locator("mark", has_text="4444")).to_be_visible()
    await expect(page.get_by_role("region", name="El evento")).to_contain_text("198[.]51[.]100[.]42")
    await page.get_by_role("listbox", name=f"Coincidencias de {CALLBACKS}").get_by_role("option").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("region", name="El evento")).to_contain_text("finance-08")
    await rules(page).get_by_role("option").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_text("12 contados").first).to_be_visible()
    assert "rule=" in page.url
    await page.reload()
    await expect(page.get_by_role("heading", level=3)).to_contain_text("Many refused logons")


class TestIntake:
    async def test_several_files_stand_in_the_list_and_one_that_says_nothing_says_so(
        self, open_console: OpenConsole, home: Home
    ) -> None:
        page = (await open_console(url=home.server.url, path="/telemetry", cookie=home.cookies[Role.MEMBER])).page
        await hand_in(page, file_of(EVTX, "certutil.evtx"), file_of(lines_of(QUIET), "quiet.json"))
        sent = page.get_by_role("list", name="En camino").get_by_role("listitem")
        await expect(sent.filter(has_text="Entregado")).to_have_count(2)
        batches = page.get_by_role("region", name="Lotes").get_by_role("row")
        await expect(batches.filter(has_text="quiet.json")).to_contain_text("Terminado")
        await batches.get_by_role("link", name="certutil.evtx").click()
        await expect(page.get_by_text("Ninguna regla se activó (eventos mirados: 1)")).to_be_visible()

    async def test_a_pasted_event_is_looked_through_and_a_broken_line_is_told(
        self, open_console: OpenConsole, home: Home
    ) -> None:
        page = (await open_console(url=home.server.url, path="/telemetry", cookie=home.cookies[Role.MEMBER])).page
        await page.get_by_role("button", name="O pega un evento").click()
        await page.get_by_label("Evento en JSON").fill(lines_of(CALLBACK, b"{oops").decode())
        await page.get_by_role("button", name="Examinar").click()
        await expect(page_title(page, "Eventos pegados")).to_be_visible()
        await expect(page.get_by_role("heading", level=3)).to_contain_text(CALLBACKS)
        unread = page.get_by_role("region", name="Lo que no se leyó").get_by_role("row")
        await expect(unread.last).to_contain_text("2")
        await expect(unread.last).to_contain_text("No es JSON.")

    async def test_a_file_that_is_dropped_is_taken(self, open_console: OpenConsole, home: Home, tmp_path: Path) -> None:
        file = tmp_path / "dropped.json"
        file.write_text(json.dumps(CALLBACK), encoding="utf-8")
        page = (await open_console(url=home.server.url, path="/telemetry", cookie=home.cookies[Role.MEMBER])).page
        box = await page.locator(".drop-zone").bounding_box()
        assert box is not None
        place = {
            "x": box["x"] + 9,
            "y": box["y"] + 9,
            "data": {"items": [], "files": [str(file)], "dragOperationsMask": 1},
        }
        hand = await page.context.new_cdp_session(page)
        for act in ("dragEnter", "dragOver", "drop"):
            await hand.send("Input.dispatchDragEvent", {"type": act} | place)
        await expect(page_title(page, "dropped.json")).to_be_visible()

    async def test_who_may_only_read_is_told_so(self, open_console: OpenConsole, home: Home, batch: str) -> None:
        page = (await open_console(url=home.server.url, path="/telemetry", cookie=home.cookies[Role.VIEWER])).page
        await expect(page.get_by_role("button", name="Elegir ficheros")).to_be_disabled()
        await expect(page.get_by_text("Tu rol (Observador) puede ver los lotes.")).to_be_visible()
        await page.get_by_role("link", name=batch).click()
        await expect(page.get_by_role("region", name="Por qué se activó").get_by_role("table")).to_be_visible()


async def test_a_batch_that_runs_is_cancelled_and_then_deleted(open_console: OpenConsole, home: Home) -> None:
    many = lines_of(*({"number": number} for number in range(300_000)))
    id_ = home.hand_in(many)
    page = (await open_console(url=home.server.url, path=f"/telemetry/{id_}", cookie=home.cookies[Role.MEMBER])).page
    await page.get_by_role("button", name="Cancelar lote").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancelar lote").click()
    await expect(page.get_by_text("Este lote se canceló")).to_be_visible()
    assert home.ask("GET", f"/v3/telemetry/{id_}").json()["state"] == "cancelled"
    await page.get_by_role("button", name="Borrar lote").click()
    await page.get_by_role("dialog").get_by_role("button", name="Borrar lote").click()
    await expect(page_title(page, "Telemetría")).to_be_visible()
    await expect(page.get_by_text("El lote está borrado.")).to_be_visible()
    await expect(page.get_by_role("link", name=id_)).to_have_count(0)
    assert home.ask("GET", f"/v3/telemetry/{id_}").status_code == 404


class TestWhatToDo:
    async def test_an_action_is_tried_dry_and_then_asked_for(
        self, open_console: OpenConsole, home: Home, batch: str
    ) -> None:
        page = (
            await open_console(url=home.server.url, path=f"/telemetry/{batch}", cookie=home.cookies[Role.ADMIN])
        ).page
        todo = page.get_by_role("region", name="Qué hacer")
        action = todo.get_by_role("listitem").filter(has_text="Aislar el equipo")
        await expect(action).to_contain_text("Todo lo que se ejecuta en el equipo pierde la red.")
        await expect(action).to_contain_text("D3FEND D3-NI")
        await expect(action).to_contain_text("Se puede deshacer")
        before = len(home.ask("GET", "/v3/response/actions").json()["data"])
        await action.get_by_role("button", name="Probar: Aislar el equipo finance-07").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Motivo").fill("It calls a known bad port.")
        await dialog.get_by_role("button", name="Probar").click()
        await expect(dialog.get_by_text("Se aceptaría")).to_be_visible()
        await dialog.get_by_role("button", name="Pedir la acción").click()
        await expect(page.get_by_text("Aislar el equipo: anotada, no se ha cambiado nada")).to_be_visible()
        actions = home.ask("GET", "/v3/response/actions").json()["data"]
        # Both of one moment, in whichever order.
        assert sorted((one["state"], one["target"], one["reason"]) for one in actions[: len(actions) - before]) == [
            (state, "finance-07", "It calls a known bad port.") for state in ("checked", "recorded")
        ]
        threat = actions[0]["finding_id"]
        await todo.get_by_role("link", name=threat).click()
        await expect(page.get_by_role("region", name="Qué hacer")).to_contain_text("Aislar el equipo")

    async def test_who_may_not_act_sees_what_to_do_and_why_not(
        self, open_console: OpenConsole, home: Home, batch: str
    ) -> None:
        page = (
            await open_console(url=home.server.url, path=f"/telemetry/{batch}", cookie=home.cookies[Role.VIEWER])
        ).page
        todo = page.get_by_role("region", name="Qué hacer")
        await expect(todo.get_by_text("response:write")).to_be_visible()
        await expect(todo.get_by_role("button", name="Probar").first).to_be_disabled()
        await expect(todo.get_by_role("listitem").first).to_contain_text("Aislar el equipo")


class TestBatch:
    async def test_a_technique_shows_its_rules_alone_and_stays_in_the_address(
        self, open_console: OpenConsole, home: Home, batch: str
    ) -> None:
        page = (
            await open_console(url=home.server.url, path=f"/telemetry/{batch}", cookie=home.cookies[Role.VIEWER])
        ).page
        await expect(rules(page).get_by_role("option")).to_have_count(2)
        await page.get_by_role("grid", name="Técnicas por táctica").get_by_role("link", name="T1571").click()
        await expect(rules(page).get_by_role("option")).to_have_count(1)
        assert page.url.endswith("?technique=T1571#rules")
        await page.reload()
        await page.get_by_role("button", name="Mostrar todas las reglas").click()
        await expect(rules(page).get_by_role("option")).to_have_count(2)

    async def test_its_matches_and_techniques_leave_as_files(
        self, open_console: OpenConsole, home: Home, batch: str
    ) -> None:
        page = (
            await open_console(url=home.server.url, path=f"/telemetry/{batch}", cookie=home.cookies[Role.VIEWER])
        ).page
        told: dict[str, str] = {}
        for name in ("Coincidencias en CSV", "Coincidencias en líneas JSON", "Capa para ATT&CK Navigator"):
            await page.get_by_role("button", name="Exportar").click()
            async with page.expect_download() as started:
                await page.get_by_role("menuitem", name=name).click()
            told[name] = (await (await started.value).path()).read_text(encoding="utf-8")
        table, lines, layer = told.values()
        assert table.count(CALLBACKS) == 2
        found: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines()]
        assert json.loads(found[0]["event"]) == CALLBACK
        assert found[-1]["burst"]["count"] == 12
        assert {one["techniqueID"] for one in json.loads(layer)["techniques"]} >= {"T1571"}

    async def test_one_that_is_not_there_is_told_as_such(self, open_console: OpenConsole, home: Home) -> None:
        visit = await open_console(
            url=home.server.url, path="/telemetry/tel_0000000000", cookie=home.cookies[Role.VIEWER],
            statuses=frozenset({404}),
        )  # fmt: skip
        await expect(page_title(visit.page, "No hay tal lote")).to_be_visible()


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(Look("es", "light", is_calm=True), id="light es"),
        pytest.param(Look("en", "dark", is_calm=True), id="dark en", marks=pytest.mark.full),
        pytest.param(Look("es", "light", width=320, height=640, is_calm=True), id="phone"),
    ],
)
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    open_console: OpenConsole, home: Home, batch: str, look: Look
) -> None:
    page = (await open_console(look, url=home.server.url, path="/telemetry", cookie=home.cookies[Role.OWNER])).page
    await expect(page.locator(".batch-name").first).to_be_visible()
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.goto(f"{home.server.url}/telemetry/{batch}")
    await page.wait_for_load_state("networkidle")
    await page.locator(".fired .fold-trigger").first.click()
    await expect(page.locator(".parts").first).to_be_visible()
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
