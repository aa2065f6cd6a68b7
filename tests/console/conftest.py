"""One browser and one server for all tests of the console, and the gates around every page they open."""

import fcntl
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

import build_console
from cybervault.domain.clock import SystemClock
from tests.console.chromium import NOT_FOUND, find_chromium, flags
from tests.console.members import Home, settled
from tests.console.visiting import Look, Visit
from tests.console.watching import Watch
from tests.fakes.clock import HandClock
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running, Setup, running
from tests.fakes.upstream import UpstreamFarm

USUAL: Final = Look()
PATIENCE_MILLISECONDS: Final = 15_000
# Longer than any answer is remembered and any breaker stays open, so that no test meets what another one left.
_BETWEEN_TESTS_SECONDS: Final = 7 * 86_400

expect.set_options(timeout=PATIENCE_MILLISECONDS)


class OpenConsole(Protocol):
    """Opens the console in a context of its own."""

    async def __call__(
        self,
        look: Look = ...,
        *,
        url: str = ...,
        path: str = ...,
        stored: Mapping[str, str] = ...,
        cookie: str = ...,
        statuses: frozenset[int] = ...,
    ) -> Visit: ...


def _build_once(lock: Path) -> None:
    """The console of the sources as they stand, built by whichever process comes first."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            build_console.ensure(may_fail=False)
        except (build_console.BuildError, OSError, ImportError, subprocess.SubprocessError) as error:
            pytest.fail(f"the console cannot be built: {error}")
    if not build_console.is_fresh():
        pytest.fail("the console was not built: CYBERVAULT_CONSOLE=skip leaves nothing to test")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one browser of this run; where there is none, its tests are skipped and say so."""
    path = find_chromium()
    if path is None:
        pytest.skip(NOT_FOUND)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags())
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def lasting_server(
    whole_farm: UpstreamFarm, prepared_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    _build_once(tmp_path_factory.getbasetemp().parent / "console.lock")
    data = Path(shutil.copytree(prepared_state, tmp_path_factory.mktemp("console") / "state"))
    with running(Setup(whole_farm, data, keys={})) as server:
        yield server


@pytest.fixture
def site(lasting_server: Running, whole_farm: UpstreamFarm) -> Running:
    """A server with a key for everything, which remembers nothing of the test before."""
    whole_farm.reset()
    lasting_server.clock.advance(_BETWEEN_TESTS_SECONDS)
    return lasting_server


@pytest.fixture(scope="module")
def home_settings() -> Mapping[str, Any]:
    """What a file of tests changes of the settings of its `home`."""
    return {}


@pytest.fixture(scope="module")
def home(
    whole_farm: UpstreamFarm,
    small_knowledge: Path,
    tmp_path_factory: pytest.TempPathFactory,
    home_settings: Mapping[str, Any],
) -> Iterator[Home]:
    """A server at the browser's own time, with a tenant that has a member of each role."""
    _build_once(tmp_path_factory.getbasetemp().parent / "console.lock")
    data = tmp_path_factory.mktemp("home") / "state"
    shutil.copytree(small_knowledge, data / "knowledge")
    setup = Setup(whole_farm, data, keys={}, given=home_settings)
    with running(setup, HandClock(SystemClock().now())) as server:
        yield settled(server)


@pytest_asyncio.fixture(loop_scope="session")
async def open_console(
    browser: Browser,
    site: Running,
    serve: Serve,  # noqa: ARG001 - its servers must outlive what is asked of the pages at the end
) -> AsyncIterator[OpenConsole]:
    """Opens pages; at the end all gates must have held on each of them."""
    watches: list[Watch] = []
    async with AsyncExitStack() as contexts:

        async def start(
            look: Look = USUAL,
            *,
            url: str = site.url,
            path: str = "/",
            stored: Mapping[str, str] | None = None,
            cookie: str = "",
            statuses: frozenset[int] = frozenset(),
        ) -> Visit:
            options = _options(look) | _storage(url, stored or {}, cookie)
            context = await contexts.enter_async_context(await browser.new_context(**options))
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            watches.append(Watch(url, statuses))
            await watches[-1].begin(context)
            page = await context.new_page()
            await page.goto(url + path)
            visit = Visit(page, watches[-1], look.words)
            await expect(page.locator("#content h1")).to_be_visible()
            return visit

        yield start
        for context in browser.contexts:
            for page in context.pages:
                await page.evaluate("0")  # by now everything that it had to report has arrived
    faults = [fault for watch in watches for fault in watch.faults]
    assert not faults


def _options(look: Look) -> dict[str, Any]:
    return {
        "viewport": {"width": look.width, "height": look.height},
        "locale": look.words.locale,
        "color_scheme": look.theme,
        "reduced_motion": "reduce" if look.is_calm else "no-preference",
        "service_workers": "block",
    }


def _storage(url: str, items: Mapping[str, str], cookie: str) -> dict[str, Any]:
    """What the browser holds before the first visit; `cookie` is that of a session."""
    entries = [{"name": name, "value": value} for name, value in items.items()]
    kept = {"name": "cybervault-local", "value": cookie, "domain": "127.0.0.1", "path": "/", "expires": -1.0}
    cookies = [kept | {"httpOnly": True, "secure": False, "sameSite": "Lax"}] if cookie else []
    return {"storage_state": {"cookies": cookies, "origins": [{"origin": url, "localStorage": entries}]}}
