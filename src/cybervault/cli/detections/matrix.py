"""The part of the page that shows which techniques of ATT&CK were seen, tactic by tactic."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cybervault.cli.detections.coverage import Cell
from cybervault.domain.attack import NEWEST, NOTICE, VERSION, matrix, url_of
from cybervault.pages.markup import Markup, element, joined, link

_FORM: Final = re.compile(r"T\d{4}(\.\d{3})?")
_WITHOUT: Final = "no tactic"


def matrix_of(cells: Sequence[Cell]) -> Markup:
    """A column for each tactic with matches, in the order of ATT&CK; those without are named below."""
    if not cells:
        return element("p", "No rule that fired names a technique.", class_="quiet")
    most = max(cell.count for cell in cells)
    columns = [(one.short, link(one.url, one.name)) for one in matrix()]
    by_tactic = {short: [cell for cell in cells if cell.tactic == short] for short, _ in columns}
    shown = [_column(head, by_tactic[short], most) for short, head in columns if by_tactic[short]]
    if rest := [cell for cell in cells if cell.tactic not in by_tactic]:
        shown.append(_column(_WITHOUT, rest, most))
    empty = ", ".join(one.name for one in matrix() if not by_tactic[one.short])
    return Markup(
        element("div", shown, class_="matrix")
        + (element("p", f"Without a match: {empty}.", class_="quiet") if empty else "")
        + element("p", _said(), class_="quiet")
    )


def _column(head: str, cells: Iterable[Cell], most: int) -> Markup:
    return element("section", [element("h3", [head]), element("ol", [_cell(cell, most) for cell in cells])])


def _cell(cell: Cell, most: int) -> Markup:
    id_ = link(url_of(cell.id), cell.id) if _FORM.fullmatch(cell.id) else joined([cell.id])
    rules = f"{len(cell.rules):,} rule{'' if len(cell.rules) == 1 else 's'}, {cell.worst.value}"
    return element(
        "li",
        [
            element("span", f"{cell.count:,}", class_="count", title="matches"),
            element("b", cell.name or "not in our table"),
            element("small", [id_, f", {rules}"]),
            element("span", element("span", "", style=f"width:{100 * cell.count / most:.1f}%"), class_="bar"),
        ],
        class_=f"edge-{cell.worst.value}",
    )


def _said() -> str:
    return (
        "Numbers are matches; one of a rule with several techniques is in each. The level is that of the worst rule. "
        f"Names of MITRE ATT&CK {VERSION}, ids and tactics brought forward to {NEWEST}. {NOTICE}"
    )
