"""The analysis page before a real server: checks 61 and 62, cards that fill as sources answer, and hostile texts."""

import re
from typing import Final

import pytest
from playwright.async_api import Locator, expect

from tests.console.conftest import OpenConsole
from tests.console.visiting import Visit
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Running
from tests.fakes.upstream import Behaviour, UpstreamFarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS: Final = "203.0.113.42"
MODEL_ITEM: Final = "ctai:selected-model"
QUICK_SECONDS: Final = 0.2
SLOW_SECONDS: Final = 1.0


class TestWarnings:
    async def test_check_061_bad_keys_and_missing_data_stand_in_separate_lines(
        self, open_console: OpenConsole, farm: UpstreamFarm
    ) -> None:
        farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
        farm.set("virustotal", Behaviour.THROTTLED)
        farm.set("internetdb", Behaviour.NOT_FOUND)
        visit = await open_console()
        await visit.analyse(ADDRESS)
        box = visit.page.get_by_role("region", name="Avisos")
        lines = [await line.inner_text() for line in await box.get_by_role("paragraph").all()]
        assert len(lines) == 2
        assert lines[0] == "Clave ausente o no válida: AbuseIPDB"
        title, _, sources = lines[1].partition(": ")
        assert title == "Sin datos"
        assert set(sources.split(", ")) == {"VirusTotal", "Shodan InternetDB"}
        red, green, blue = await _tone(box)
        assert red > green > blue

    async def test_a_missing_key_is_told_from_a_rejected_one(self, open_console: OpenConsole, serve: Serve) -> None:
        visit = await open_console(url=serve(keys={"virustotal": None}, chat_key=None).url)
        await visit.analyse(ADDRESS)
        box = visit.page.get_by_role("region", name="Avisos")
        await expect(box).to_have_text("Clave ausente o no válida: VirusTotal (sin clave)")
        await expect(visit.page.get_by_text("No hay ningún modelo configurado")).to_be_visible()
        await expect(visit.alert).to_have_count(0)

    async def test_no_warning_no_box(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.analyse(ADDRESS)
        await expect(visit.page.get_by_role("region", name="Avisos")).to_have_count(0)


class TestErrors:
    async def test_check_061_what_nobody_can_analyse_gets_the_red_box(self, open_console: OpenConsole) -> None:
        visit = await open_console(statuses=frozenset({400}))
        await visit.analyse("no such thing")
        await expect(visit.alert).to_contain_text("No se pudo completar el análisis")
        red, green, blue = await _tone(visit.alert)
        assert red > 2 * max(green, blue)

    @pytest.mark.parametrize(
        ("behaviour", "said"),
        [
            (Behaviour.UNAUTHORIZED, "La clave de OpenRouter falta, no es válida"),
            (Behaviour.ERROR_MID_STREAM, "El modelo elegido ha fallado"),
            (Behaviour.DROP_MID_STREAM, "imprevisto"),
        ],
    )
    async def test_check_061_a_failing_model_gets_the_red_box_and_the_score_stands(
        self, open_console: OpenConsole, farm: UpstreamFarm, behaviour: Behaviour, said: str
    ) -> None:
        farm.set("chat", behaviour)
        visit = await open_console()
        await visit.analyse(ADDRESS)
        await expect(visit.alert).to_contain_text("El modelo no pudo dar su valoración")
        await expect(visit.alert).to_contain_text(said)
        await expect(visit.page.get_by_role("region", name="Resultado", exact=True)).to_contain_text("Malicioso")
        await visit.alert.get_by_role("button", name="Detalles del servidor").click()
        await expect(visit.alert.locator(".server-text")).not_to_be_empty()

    async def test_too_many_analyses_say_when_to_try_again(self, open_console: OpenConsole, serve: Serve) -> None:
        visit = await open_console(url=serve(points=1).url, statuses=frozenset({429}))
        await visit.analyse(ADDRESS)
        await visit.analyse(ADDRESS)
        await expect(visit.alert).to_contain_text("Demasiados análisis")
        await expect(visit.alert.get_by_role("button", name=re.compile(r"Reintentar en \d+ segundos"))).to_be_disabled()

    async def test_an_empty_field_sends_nothing(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        for text in ("", "   "):
            await visit.field.fill(text)
            await visit.start_button.click()
        await expect(visit.heading).to_have_count(0)
        assert visit.watch.analyses() == []

    async def test_a_stopped_analysis_ends_the_models_work(self, open_console: OpenConsole, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.SLOW)
        visit = await open_console()
        await visit.begin(ADDRESS)
        await expect(visit.prose).to_be_visible()
        await visit.page.get_by_role("button", name="Detener").click()
        await expect(visit.page.get_by_text("Has detenido este análisis")).to_be_visible()
        await expect(visit.start_button).to_be_enabled()
        assert farm.chat_closed_after(2.0)


async def _tone(box: Locator) -> tuple[int, int, int]:
    """Red, green and blue of a box's sign."""
    color = await box.locator("svg").first.evaluate("svg => getComputedStyle(svg).color")
    red, green, blue = map(int, re.findall(r"\d+", color)[:3])
    return red, green, blue


class TestHostileTexts:
    async def test_check_061_a_script_in_the_models_words_is_not_executed(
        self, open_console: OpenConsole, farm: UpstreamFarm
    ) -> None:
        """The model's Markdown can neither run a script, load a picture nor lead anywhere unseen."""
        farm.set_speech(
            "**Veredicto:** Malicioso\n\n<script>window.taken = 1</script>\n\n"
            '<img src="https://evil.example/a.png" onerror="window.taken = 2">\n\n'
            "![picture](https://evil.example/b.png)\n\n[press](javascript:window.taken=3)\n\n"
            "[data](data:text/html,<script>window.taken=4</script>)\n\n[plain](http://evil.example/c)\n\n"
            "[lead](https://evil.example/d)\n\n<iframe src='https://evil.example/e'></iframe>\n\nlast words"
        )
        visit = await open_console()
        await visit.analyse(ADDRESS)
        await expect(visit.prose).to_contain_text("last words")
        for said in ("press", "data", "plain", "picture"):
            await visit.prose.get_by_text(said, exact=True).click()
        assert await visit.page.evaluate("window.taken") is None
        assert await visit.prose.locator("script, img, iframe, object, embed, form, style").count() == 0
        links = await visit.prose.locator("a").evaluate_all("all => all.map((link) => [link.href, link.textContent])")
        assert links == [["https://evil.example/d", "[abrir evil.example]"]]

    async def test_what_a_stranger_told_a_source_is_shown_as_text(
        self, open_console: OpenConsole, farm: UpstreamFarm
    ) -> None:
        """What attackers write at AbuseIPDB is read as words, never as markup."""
        farm.set("abuseipdb", Behaviour.INJECTION)
        visit = await open_console()
        await visit.analyse(ADDRESS)
        card = visit.card("AbuseIPDB")
        await card.get_by_role("button", name="Detalles de AbuseIPDB").click()
        await card.get_by_role("button", name="Respuesta en bruto").click()
        await expect(card.locator("pre")).to_contain_text(farm.injected_text)
        await expect(card.locator("pre")).to_contain_text("<script>alert(1)</script>")
        assert await card.locator("script, a[href*='evil.example']").count() == 0


class TestModel:
    async def test_check_062_the_chosen_model_survives_a_reload(
        self, open_console: OpenConsole, farm: UpstreamFarm
    ) -> None:
        visit = await open_console()
        await expect(_model(visit)).to_contain_text("Free")
        await _model(visit).click()
        await visit.page.get_by_role("option", name="Auto").click()
        assert await visit.stored(MODEL_ITEM) == "openrouter/auto"
        await visit.page.reload()
        await expect(_model(visit)).to_contain_text("Auto")
        await visit.analyse(ADDRESS)
        assert farm.calls("chat")[0].json()["model"] == "openrouter/auto"
        await expect(visit.page.get_by_role("region", name="Resultado", exact=True)).to_contain_text(
            "demo/analyst-large"
        )

    async def test_check_062_a_removed_model_gives_way_to_the_default(
        self, open_console: OpenConsole, farm: UpstreamFarm
    ) -> None:
        visit = await open_console(stored={MODEL_ITEM: "vendor/withdrawn"})
        await expect(_model(visit)).to_contain_text("Free")
        await visit.analyse(ADDRESS)
        assert "model=openrouter%2Ffree" in visit.watch.analyses()[0].url
        assert farm.calls("chat")[0].json()["model"] == "openrouter/free"


def _model(visit: Visit) -> Locator:
    return visit.page.locator(".model-field button")


class TestLive:
    async def test_cards_fill_one_by_one_and_nothing_moves(self, open_console: OpenConsole, farm: UpstreamFarm) -> None:
        farm.set_default(Behaviour.OK, delay_seconds=QUICK_SECONDS)
        farm.set("virustotal", Behaviour.OK, delay_seconds=SLOW_SECONDS)
        visit = await open_console()
        await visit.page.evaluate(_WATCH_CARDS)
        await visit.analyse(ADDRESS)
        seen: list[dict[str, list[str]]] = await visit.page.evaluate("window.seenCards")
        assert seen[0].keys() == seen[-1].keys()
        assert seen[0]["VirusTotal"][0] == "pending"
        others = {"AbuseIPDB", "GreyNoise Community", "Shodan InternetDB"}
        assert any(
            cards["VirusTotal"][0] == "pending" and all(cards[name][0] == "data" for name in others) for cards in seen
        )
        assert seen[-1]["VirusTotal"][0] == "data"
        for title in seen[0]:
            assert {cards[title][1] for cards in seen} == {seen[0][title][1]}, title

    async def test_the_same_names_the_same_places_on_a_second_run(
        self, open_console: OpenConsole, site: Running
    ) -> None:
        visit = await open_console()
        await visit.analyse(ADDRESS)
        titles = await visit.cards.locator("h4").all_inner_texts()
        assert titles[0].startswith("CyberVault")
        assert titles[1:3] == ["VirusTotal", "AbuseIPDB"]
        site.clock.advance(60)
        await visit.analyse(ADDRESS)
        assert await visit.cards.locator("h4").all_inner_texts() == titles
        await expect(visit.card("VirusTotal")).to_contain_text("recordada, de hace 1 minuto")


# Every change of the page is looked at, so that a card that moves and returns is caught too.
_WATCH_CARDS: Final = """() => {
    window.seenCards = [];
    const look = () => {
        const cards = [...document.querySelectorAll("li.source")].map((card) => {
            const { x, y, width, height } = card.getBoundingClientRect();
            const place = [x, y + scrollY, width, height].map(Math.round).join(" ");
            return [card.querySelector("h4").textContent, [card.dataset.state, place]];
        });
        if (cards.length > 0) window.seenCards.push(Object.fromEntries(cards));
    };
    new MutationObserver(look).observe(document.body,
        { subtree: true, childList: true, attributes: true, characterData: true });
}"""


class TestResult:
    async def test_the_parts_of_the_score_add_up(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.analyse(ADDRESS)
        account = visit.page.get_by_role("region", name="Por qué esta puntuación")
        await account.get_by_role("button", name="Ver todas").click()
        shown = await account.locator(".bar .bar-points").all_inner_texts()
        total = await account.locator(".account-total .bar-points").inner_text()
        assert len(shown) > 3
        assert round(sum(map(_number, shown)), 2) == _number(total)
        await account.get_by_role("radio", name="Tabla").click()
        rows = await account.get_by_role("row").all()
        assert len(rows) == len(shown) + 1

    async def test_each_label_of_the_models_answer_begins_a_paragraph(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.analyse(ADDRESS)
        await expect(visit.prose.get_by_role("listitem")).to_have_count(4)
        paragraphs = await visit.prose.locator("> p").all_inner_texts()
        labels = [text.partition(":")[0] for text in paragraphs]
        assert labels == ["Veredicto", "Confianza", "Resumen", "Motivos", "Acciones recomendadas"]

    async def test_an_indicator_that_nobody_knows_has_a_page_of_its_own(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        await visit.analyse("198.51.100.99")
        await expect(visit.page.get_by_role("region", name="Resultado", exact=True)).to_contain_text("Desconocido")
        await expect(visit.page.get_by_role("region", name="No saber también es una respuesta")).to_be_visible()

    async def test_an_address_with_an_indicator_starts_nothing_by_itself(self, open_console: OpenConsole) -> None:
        visit = await open_console(path=f"/analyze?ioc={ADDRESS}")
        await expect(visit.field).to_have_value(ADDRESS)
        assert visit.watch.analyses() == []
        await visit.start_button.click()
        await expect(visit.heading).to_contain_text("203[.]0[.]113[.]42")

    async def test_the_chip_of_the_typed_kind_lights_up(self, open_console: OpenConsole) -> None:
        visit = await open_console()
        chip = visit.page.locator(".chip[aria-current]")
        for typed, expected in ((ADDRESS, "IPv4 / IPv6"), ("evil[.]example", "Dominio"), ("a" * 40, "SHA1")):
            await visit.field.fill(typed)
            await expect(chip).to_have_text(expected)
        await visit.field.fill("not yet")
        await expect(chip).to_have_count(0)


def _number(shown: str) -> float:
    """A number as Spanish writes it."""
    return float(shown.replace("\N{MINUS SIGN}", "-").replace(",", "."))
