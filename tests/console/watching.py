"""The gates that stand at every page of every test: nothing is violated, nothing fails, nothing leaves the server."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Route, WebError, WebSocket

KEY_HEADERS: Final = ("x-openrouter-key", "x-vt-key", "x-abuseipdb-key", "x-polyswarm-key")
ANALYSIS_PATH: Final = "/api/ctai/stream"

# Before the page's own scripts, so that not even the first violation is missed.
_REPORT_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
    window.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass  # no slots: Playwright leaves marks on objects whose methods listen to it
class Watch:
    """What one browser context asked for, and what went wrong there.

    `statuses` are answers of the server at which the browser's own note in its console is no fault.
    """

    origin: str
    statuses: Collection[int] = ()
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    async def begin(self, context: BrowserContext) -> None:
        """Watch every page that is opened in the context from now on."""
        await context.expose_function("reportViolation", lambda text: self.faults.append(f"content policy: {text}"))
        await context.add_init_script(_REPORT_VIOLATIONS)
        await context.route(lambda url: not url.startswith(f"{self.origin}/"), self._refuse)
        context.on("request", self._note)
        context.on("console", self._hear)
        context.on("weberror", self._fail)
        context.on("page", self._follow)

    async def _refuse(self, route: Route) -> None:
        self.faults.append(f"left the server: {route.request.url}")
        await route.abort()

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def _hear(self, message: ConsoleMessage) -> None:
        expected = {f"Failed to load resource: the server responded with a status of {code}" for code in self.statuses}
        if message.type == "error" and message.text.partition(" (")[0] not in expected:
            self.faults.append(f"console: {message.text}")

    def _fail(self, error: WebError) -> None:
        self.faults.append(f"page: {error.error}")

    def _follow(self, page: Page) -> None:
        page.on("websocket", self._refuse_socket)
        page.on("dialog", self._dismiss)

    def _refuse_socket(self, socket: WebSocket) -> None:
        self.faults.append(f"websocket: {socket.url}")

    async def _dismiss(self, dialog: Dialog) -> None:
        self.faults.append(f"{dialog.type}: {dialog.message}")
        await dialog.dismiss()

    def analyses(self) -> list[Request]:
        """The requests that start an analysis, in order."""
        return [request for request in self.requests if urlsplit(request.url).path == ANALYSIS_PATH]

    def others(self) -> list[Request]:
        """All other requests."""
        analyses = self.analyses()
        return [request for request in self.requests if request not in analyses]

    async def last_keys(self) -> Mapping[str, str]:
        """The key headers that went out with the newest analysis."""
        return keys_in(await self.analyses()[-1].all_headers())


def keys_in(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Those headers that carry a source's key."""
    return {name: headers[name] for name in KEY_HEADERS if name in headers}
