"""HTML from text that nobody trusts."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.pages.markup import Markup, element, joined, lines, link, text


class Reader(HTMLParser):
    """What a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(st.text(st.characters()), st.text(st.characters()))
def test_no_text_is_ever_more_than_text(content: str, value: str) -> None:
    seen = Reader(element("p", content, title=f"x{value}"))
    assert seen.tags == ["p"]
    assert list(seen.attributes[0]) == ["title"]
    assert "".join(seen.texts).replace("\n", "").replace("\t", "").isprintable()


def test_what_is_html_already_stays_and_what_is_beside_it_is_escaped() -> None:
    assert joined([element("b", "1"), "<i>"]) == "<b>1</b>&lt;i&gt;"
    assert element("ul", [element("li", "a"), "&"]) == "<ul><li>a</li>&amp;</ul>"
    assert lines([Markup("<b></b>"), "<"]) == "<b></b><br>&lt;"
    assert text("a\r\n\tb\x1b\r") == "a\n\tb\\x1b\\r"


def test_attributes_are_named_as_html_names_them_and_empty_ones_are_left_out() -> None:
    assert element("a", "x", class_="y", aria_label="z", id="") == '<a class="y" aria-label="z">x</a>'
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert element("rect", x=1.5) == '<rect x="1.5"/>'


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//x.example", "https://a\nb", ""])
def test_only_addresses_of_the_web_are_links(address: str) -> None:
    assert "href" not in link(address, "x")


def test_a_link_tells_nobody_where_it_was_followed() -> None:
    assert link("https://a.example/?a=1&b", "<x>", class_="y") == (
        '<a href="https://a.example/?a=1&amp;b" rel="noopener noreferrer" class="y">&lt;x&gt;</a>'
    )
