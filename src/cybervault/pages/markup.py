"""HTML from text that nobody trusts: everything that is no `Markup` is escaped."""

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

from cybervault.pages.visible import visible

_ALONE: Final = frozenset({"meta", "rect", "line", "path"})


class Markup(str):
    """Text that is HTML already. Only this module and templates that are written out make any."""

    __slots__ = ()


Content: TypeAlias = str | Iterable[str]


def text(content: str) -> Markup:
    """Text of anybody as HTML shows it; lines stay lines, what does not print is spelled."""
    if isinstance(content, Markup):
        return content
    return Markup(escape(visible(content.replace("\r\n", "\n"), kept="\n\t"), quote=True))


def element(name: str, content: Content = "", /, **attributes: str | float) -> Markup:
    """An element; `class_` is its class, and underscores in names are hyphens."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"' for key, value in attributes.items() if value != ""
    )
    if name in _ALONE:
        return Markup(f"<{name}{shown}>" if name == "meta" else f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{joined(content)}</{name}>")


def joined(content: Content) -> Markup:
    """Parts one behind the other, each escaped unless it is HTML."""
    if isinstance(content, str):
        return text(content)
    return Markup("".join(map(text, content)))


def lines(parts: Iterable[str]) -> Markup:
    """Parts one below the other."""
    return Markup("<br>".join(map(text, parts)))


def link(address: str, content: Content, **attributes: str) -> Markup:
    """A link to elsewhere; what is no address of the web is no link, for a rule may name anything."""
    if not address.startswith(("https://", "http://")) or not address.isprintable():
        return element("span", content, **attributes)
    return element("a", content, href=address, rel="noopener noreferrer", **attributes)
