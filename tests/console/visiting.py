"""A visitor of the console: what people do there, in either language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.console.watching import Watch

KEYS_ITEM: Final = "ctai_api_keys"
OWNERS: Final = ("openrouter", "virustotal", "abuseipdb", "polyswarm")
OWNER_NAMES: Final = ("OpenRouter", "VirusTotal", "AbuseIPDB", "PolySwarm")


@dataclass(frozen=True, slots=True)
class Words:
    """What a visitor of one language looks for."""

    locale: str
    field: str
    start: str
    keys: str
    save: str
    clear_all: str
    cancel: str
    close: str
    warnings: str
    model: str


WORDS: Final[Mapping[str, Words]] = {
    "es": Words(
        locale="es-ES",
        field="Indicador (IoC)",
        start="Iniciar análisis",
        keys="Configurar API keys",
        save="Guardar",
        clear_all="Limpiar todas",
        cancel="Cancelar",
        close="Cerrar",
        warnings="Avisos",
        model="Modelo",
    ),
    "en": Words(
        locale="en-US",
        field="Indicator (IoC)",
        start="Start analysis",
        keys="Configure API keys",
        save="Save",
        clear_all="Clear all",
        cancel="Cancel",
        close="Close",
        warnings="Warnings",
        model="Model",
    ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the visitor's browser is set up."""

    language: str = "es"
    theme: str = "light"
    width: int = 1280
    height: int = 800
    is_calm: bool = False

    @property
    def words(self) -> Words:
        return WORDS[self.language]


@dataclass(frozen=True, slots=True)
class Visit:
    """One page of the console, and the watch over its context."""

    page: Page
    watch: Watch
    words: Words

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("searchbox", name=self.words.field)

    @property
    def start_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.start)

    @property
    def heading(self) -> Locator:
        return self.page.locator("#result-heading")

    @property
    def key_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.keys)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    @property
    def cards(self) -> Locator:
        return self.page.locator("li.source")

    @property
    def prose(self) -> Locator:
        return self.page.get_by_test_id("narrative-text")

    def card(self, title: str) -> Locator:
        """The card of one source."""
        return self.cards.filter(has=self.page.get_by_role("heading", name=title, exact=True))

    async def begin(self, indicator: str) -> None:
        """Type an indicator and start its analysis."""
        await self.field.fill(indicator)
        await self.start_button.click()
        await expect(self.heading).to_be_visible()

    async def analyse(self, indicator: str) -> None:
        """Analyse an indicator to the end, be it good or bad."""
        await self.begin(indicator)
        await expect(self.start_button).to_be_enabled()

    async def open_keys(self) -> None:
        """Open the dialog of keys."""
        await self.key_button.click()
        await expect(self.dialog).to_be_visible()

    async def press(self, name: str) -> None:
        """Press a button of the open dialog, which closes it."""
        await self.dialog.get_by_role("button", name=name).click()
        await expect(self.dialog).to_be_hidden()

    async def key_values(self) -> list[str]:
        """What the fields of the open dialog hold, from top to bottom."""
        return [await field.input_value() for field in await self.dialog.locator("input[type=password]").all()]

    async def stored(self, item: str = KEYS_ITEM) -> str | None:
        """An item of the browser's storage."""
        text: str | None = await self.page.evaluate("name => localStorage.getItem(name)", item)
        return text
