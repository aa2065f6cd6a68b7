"""`make screenshots`: the pictures of README.md and docs/, of made-up data, taken anew.

What would change from run to run stands still where it can: motion, letters, the size of the window.
"""

import asyncio
import struct
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from playwright.async_api import Browser, async_playwright, expect

import build_console
from tests.console.chromium import NOT_FOUND, find_chromium, flags
from tests.console.visiting import Look, Visit
from tests.console.watching import Watch
from tests.fakes.clock import HandClock
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.serving import Running, Setup, running
from tests.fakes.upstream import Behaviour, UpstreamFarm

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
BYTES_MAX: Final = 300_000
INDICATOR: Final = "203.0.113.42"
# How long the sources take, by far more alike than in the world outside.
PACES: Final = {
    "virustotal": 0.31,
    "abuseipdb": 0.22,
    "internetdb": 0.08,
    "greynoise": 0.17,
    "rdap": 0.09,
    "robtex_dns": 0.14,
}
_TICK_SECONDS: Final = 0.004
# Longer than an answer is remembered.
_BETWEEN_PICTURES_SECONDS: Final = 86_400

Reach: TypeAlias = Callable[[Visit], Awaitable[None]]


async def _start(visit: Visit) -> None:
    await expect(visit.page.locator("[data-health=healthy]")).to_be_visible()


async def _analysis(visit: Visit) -> None:
    await visit.analyse(INDICATOR)
    await expect(visit.prose.get_by_role("listitem").last).to_be_visible()


async def _keys(visit: Visit) -> None:
    await _start(visit)
    await visit.open_keys()


@dataclass(frozen=True, slots=True)
class Picture:
    """One sight of the page, a file for each theme that was taken at the same moment."""

    name: str
    reach: Reach
    themes: tuple[Literal["light", "dark"], ...]
    look: Look


WIDE: Final = Look("en", width=1440, height=900, is_calm=True)
PHONE: Final = Look("en", width=390, height=844, is_calm=True)
PICTURES: Final = (
    Picture("analysis", _analysis, ("light", "dark"), WIDE),
    Picture("start", _start, ("light", "dark"), WIDE),
    Picture("keys", _keys, ("light",), WIDE),
    Picture("phone", _analysis, ("light",), PHONE),
)


@asynccontextmanager
async def _visiting(browser: Browser, url: str, look: Look) -> AsyncIterator[Visit]:
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height}, locale=look.words.locale, reduced_motion="reduce"
    )
    watch = Watch(url)
    await watch.begin(context)
    page = await context.new_page()
    await page.goto(url)
    yield Visit(page, watch, look.words)
    await context.close()
    if watch.faults:
        sys.exit(f"the page is not well: {watch.faults}")


async def _take(browser: Browser, url: str, picture: Picture) -> None:
    async with _visiting(browser, url, picture.look) as visit:
        await picture.reach(visit)
        await visit.page.evaluate("document.fonts.ready")
        await visit.page.mouse.move(0, 0)
        for theme in picture.themes:
            await visit.page.emulate_media(color_scheme=theme)
            png = await visit.page.screenshot(caret="hide")
            await asyncio.to_thread(_keep, f"{picture.name}-{theme}.png", png)


def _keep(name: str, png: bytes) -> None:
    """Write one picture; ends the program when it is too large for a README."""
    width, height = struct.unpack(">II", png[16:24])
    sys.stdout.write(f"{name}: {width} x {height}, {len(png) // 1000} kB\n")
    if len(png) > BYTES_MAX:
        sys.exit(f"{name} has {len(png)} bytes, more than {BYTES_MAX}")
    (FOLDER / name).write_bytes(png)


@contextmanager
def _passing_time(clock: HandClock) -> Iterator[None]:
    """Let a clock for tests go by itself, so that sources take time in the pictures too."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(_TICK_SECONDS):
            clock.advance(_TICK_SECONDS)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


async def _take_all(browser_path: str, server: Running) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=flags())
        for picture in PICTURES:
            server.clock.advance(_BETWEEN_PICTURES_SECONDS)
            await _take(browser, server.url, picture)
        await browser.close()


def main() -> int:
    """Take all pictures; the exit status."""
    path = find_chromium()
    if path is None:
        sys.stdout.write(f"No pictures: {NOT_FOUND}.\n")
        return 1
    build_console.ensure(may_fail=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, UpstreamFarm(clock=HandClock()) as farm:
        compile_small_knowledge(Path(folder))
        for name, seconds in PACES.items():
            farm.set(name, Behaviour.OK, delay_seconds=seconds)
        with running(Setup(farm, Path(folder), keys={})) as server, _passing_time(server.clock):
            asyncio.run(_take_all(path, server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
