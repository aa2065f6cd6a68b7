"""Pages of ours as PDF, as a browser of this server prints them: it is given that page alone, and no way out."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cybervault.confinement.program import Bounds, run_program
from cybervault.confinement.ways import NOWHERE
from cybervault.domain.problems import Problem, ProblemKind

BROWSERS: Final = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
    "microsoft-edge", "microsoft-edge-stable",
)  # fmt: skip
"""Programs of the Chromium family, by their names on PATH; the first starts fastest."""
_MIB: Final = 1024 * 1024
_ADDRESSES_BYTES: Final = 1 << 46
"""It sets aside far more addresses than it ever uses memory behind; less, and it does not start."""
SECONDS_MAX: Final = 120.0
_PAGE, _PDF = "page.html", "page.pdf"
_PDF_BEGINS: Final = b"%PDF-"
# Its own sandbox does not start within ours, which leaves it fewer files and no network at all.
_ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--no-zygote", "--in-process-gpu", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-breakpad", "--disable-crash-reporter", "--disable-extensions", "--disable-background-networking",
    "--no-first-run", "--no-pdf-header-footer",
)  # fmt: skip


class Printer:
    """Prints with whatever browser is on PATH, one page at a time: each may take as much memory as the server."""

    def __init__(self, find: Callable[[str], str | None] = shutil.which) -> None:
        self._find = find
        self._turn = asyncio.Semaphore(1)

    @property
    def browser(self) -> Path | None:
        """What it prints with; looked for each time, so that what is installed counts at once."""
        return next((Path(found) for name in BROWSERS if (found := self._find(name))), None)

    async def printed(self, page: str) -> bytes:
        """The PDF; `Problem` UNAVAILABLE `no_browser` without one, UPSTREAM `not_printed` where it fails."""
        browser = self.browser
        if browser is None:
            message = "No browser is on this server's PATH to make a PDF with: install chromium, or print the page."
            raise Problem(ProblemKind.UNAVAILABLE, code="no_browser", message=message)
        async with self._turn:
            with tempfile.TemporaryDirectory(prefix="cybervault-", ignore_cleanup_errors=True) as name:
                return await _printed(page, browser, Path(name))


async def _printed(page: str, browser: Path, folder: Path) -> bytes:
    (folder / _PAGE).write_text(page, "utf-8")
    where = (f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={folder / _PDF}", (folder / _PAGE).as_uri())
    try:
        ended = await run_program([str(browser), *_ARGUMENTS, *where], _bounds(browser), folder=folder)
    except OSError as error:
        raise _not_printed(f"it could not be started ({error.strerror})") from None
    try:
        made = await asyncio.to_thread((folder / _PDF).read_bytes)
    except OSError:
        made = b""
    if ended.fault or ended.code or not made.startswith(_PDF_BEGINS):
        raise _not_printed(ended.fault or f"exit status {ended.code}", ended.said)
    return made


def _bounds(browser: Path) -> Bounds:
    return Bounds(
        seconds=SECONDS_MAX, memory_bytes=_ADDRESSES_BYTES, cpu_seconds=int(SECONDS_MAX), output_bytes=_MIB,
        files=1024, file_bytes=256 * _MIB, starts_programs=True, port=NOWHERE, reads=browser.resolve().parent,
    )  # fmt: skip


def _not_printed(reason: str, said: str = "") -> Problem:
    message = f"The browser of this server made no PDF: {reason}. The page itself can be printed."
    return Problem(ProblemKind.UPSTREAM, code="not_printed", message=message, detail=said)
