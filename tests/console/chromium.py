"""The Chromium that the tests of the console drive: found on this machine, never downloaded."""

import os
import shutil
from typing import Final

# The shell alone starts faster and takes a third less processor time; it has no windows, which no test opens.
NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
NOT_FOUND: Final = f"no browser on PATH: looked for {', '.join(NAMES)}"

_QUIET: Final = (
    "--headless",
    "--disable-gpu",
    "--in-process-gpu",  # one process less for each browser
    "--disable-features=SpareRendererForSitePerProcess",  # no process in store: a test opens one page
    "--disable-extensions",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Where the first browser of `NAMES` is; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name)) is not None), None)


def flags() -> list[str]:
    """How it is started. Its sandbox cannot be set up by root, so only root goes without."""
    return [*_QUIET, "--no-sandbox"] if os.geteuid() == 0 else [*_QUIET]
