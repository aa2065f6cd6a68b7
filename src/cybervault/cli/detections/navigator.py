"""A layer for the ATT&CK Navigator, in its format 4.5: how many matches each technique has."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cybervault.cli.detections.coverage import Cell, cells_of
from cybervault.cli.detections.tally import Tally
from cybervault.domain.attack import NEWEST
from cybervault.pages.visible import visible

_RULES_MAX: Final = 20
_FILES_MAX: Final = 6
# Of the Navigator: the version of its own that first read what is written here.
_VERSIONS: Final = {"attack": NEWEST, "navigator": "5.1.0", "layer": "4.5"}
_FEW: Final = "#fff1b8"
_MANY: Final = "#d4380d"


def layer_of(tally: Tally, files: Sequence[str]) -> dict[str, object]:
    """The whole layer."""
    cells = cells_of(tally.ranked())
    left = len(files) - _FILES_MAX
    more = f" and {left:,} files more" if left > 0 else ""
    most = max((cell.count for cell in cells), default=1)
    return {
        "name": "Detections of CyberVault",
        "versions": _VERSIONS,
        "domain": "enterprise-attack",
        "description": f"{tally.matches:,} matches in {tally.events:,} events of {', '.join(files[:_FILES_MAX])}{more}",
        "sorting": 3,
        "hideDisabled": False,
        "techniques": [*map(_technique, cells), *_parents(cells)],
        "gradient": {"colors": [_FEW, _MANY], "minValue": 0, "maxValue": most},
        "legendItems": [{"label": "1 match", "color": _FEW}, {"label": f"{most:,} matches", "color": _MANY}],
        "metadata": [],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": False,
        "selectSubtechniquesWithParent": False,
    }


def _technique(cell: Cell) -> dict[str, object]:
    lines = [f"{one.count:,} x {visible(one.rule.title)} ({one.rule.level.value})" for one in cell.rules[:_RULES_MAX]]
    if len(cell.rules) > _RULES_MAX:
        lines.append(f"and {len(cell.rules) - _RULES_MAX} rules more")
    return {
        "techniqueID": cell.id,
        **({"tactic": cell.tactic} if cell.tactic else {}),
        "score": cell.count,
        "comment": "\n".join(lines),
        "enabled": True,
        "showSubtechniques": True,
    }


def _parents(cells: Iterable[Cell]) -> Iterator[dict[str, object]]:
    """Parents without matches of their own are opened, so that their sub-techniques are seen."""
    known = {(cell.id, cell.tactic) for cell in cells}
    parents = dict.fromkeys((cell.id.partition(".")[0], cell.tactic) for cell in cells)
    for id_, tactic in parents:
        if (id_, tactic) not in known:
            yield {"techniqueID": id_, **({"tactic": tactic} if tactic else {}), "showSubtechniques": True}
