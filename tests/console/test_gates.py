"""The gates around every page hold, and they notice what they are there for."""

import json
import re
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.console.conftest import OpenConsole
from tests.console.visiting import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ELSEWHERE: Final = "https://elsewhere.example/"


STYLE: Final = "content policy: style-src-elem"
PLANTED: Final = (
    ("document.body.setAttribute('onclick', 'window.x = 1')", "content policy: require-trusted-types-for"),
    ("document.body.insertAdjacentHTML('beforeend', '<b>x</b>')", "content policy: require-trusted-types-for"),
    ("document.body.append(Object.assign(document.createElement('style'), { textContent: 'b {}' }))", STYLE),
    ("new Image().setAttribute('src', 'http://elsewhere.example/a.png')", "content policy: img-src"),
    ("Promise.reject(new Error('planted'))", "page: planted"),
    ("console.error('planted')", "console: planted"),
    (f"open('{ELSEWHERE}')", f"left the server: {ELSEWHERE}"),
    ("alert('planted')", "alert: planted"),
    ("fetch('/api/ctai')", "console: Failed to load resource: the server responded with a status of 400"),
)  # fmt: skip


async def test_every_planted_fault_is_noticed(open_console: OpenConsole) -> None:
    visit = await open_console()
    for deed, noticed in PLANTED:
        await visit.page.evaluate(f"void setTimeout(() => {{ {deed} }})")
        said = await _first_faults(visit)
        assert any(fault.startswith(noticed) for fault in said), (deed, said)


async def _first_faults(visit: Visit) -> list[str]:
    """What the gates noticed, once they noticed anything; they forget it, so that the test may end well."""
    for _ in range(200):
        if visit.watch.faults:
            break
        await visit.page.wait_for_timeout(10)
    await visit.page.wait_for_timeout(100)  # one deed is noticed by several gates
    said, visit.watch.faults[:] = list(visit.watch.faults), []
    return said


async def test_every_file_of_the_page_comes_from_the_server_itself(open_console: OpenConsole) -> None:
    visit = await open_console()
    await expect(visit.page.locator("[data-health=healthy]")).to_be_visible()
    paths = [urlsplit(request.url).path for request in visit.watch.requests]
    assert {"/", "/api/health", "/api/ctai/models"} <= set(paths)
    assert any(path.endswith(".woff2") for path in paths)
    assert {request.url.startswith(visit.watch.origin) for request in visit.watch.requests} == {True}


async def test_scripts_of_the_first_page_are_read_as_they_arrive(open_console: OpenConsole) -> None:
    """One by one, when each is first called, its functions take a slow processor a fifth longer."""
    visit = await open_console()
    page = await (await visit.page.request.get(visit.watch.origin)).text()
    names = [name for name in re.findall(r"/assets/[\w-]+\.js", page) if "early" not in name]
    texts = [await (await visit.page.request.get(f"{visit.watch.origin}{name}")).text() for name in names]
    assert len(texts) > 3
    assert {text.split("\n")[0] for text in texts} == {"//# allFunctionsCalledOnLoad"}


async def test_the_page_keeps_nothing_but_its_own_items(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.analyse("203.0.113.42")
    kept: list[str] = await visit.page.evaluate("Object.keys(localStorage)")
    assert kept == ["cybervault:recent"]
    assert await visit.page.context.cookies() == []
    recent = json.loads(await visit.stored("cybervault:recent") or "")
    assert [set(item) for item in recent] == [{"value", "kind", "verdict", "score", "at"}]


async def test_a_lost_connection_is_said_and_survived(open_console: OpenConsole) -> None:
    visit = await open_console()
    await visit.page.wait_for_load_state("networkidle")
    await visit.page.context.set_offline(offline=True)
    await visit.field.fill("203.0.113.42")
    await visit.start_button.click()
    await expect(visit.alert).to_contain_text("No se puede contactar con el servidor")
    await visit.page.context.set_offline(offline=False)
    await visit.alert.get_by_role("button", name="Reintentar").click()
    await expect(visit.prose).to_be_visible()
    visit.watch.faults[:] = [fault for fault in visit.watch.faults if "ERR_INTERNET_DISCONNECTED" not in fault]
