"""How the explanation of a rule is shown: as a tree for people, as a document for machines."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from cybervault.detection.explain import Explanation, Said, Step, Verdict
from cybervault.detection.rules.outline import Sign
from cybervault.detection.tree import ANYWHERE, Kind

_MARKS: Final = {Said.YES: ("✓", "green"), Said.NO: ("✗", "red"), Said.UNKNOWN: ("?", "yellow")}
_JOINED: Final = {Sign.EVERY: "all of", Sign.SOME: "one of", Sign.NOT: "not"}
_KINDS: Final = {
    Kind.EQUALS: "is",
    Kind.CONTAINS: "contains",
    Kind.STARTS: "starts with",
    Kind.ENDS: "ends with",
    Kind.WILDCARD: "is like",
    Kind.REGEX: "matches",
    Kind.CIDR: "is in",
    Kind.COMPARE: "is",
    Kind.NULL: "is absent",
    Kind.EXISTS: "is there",
    Kind.SAME: "is the same as",
    Kind.SAME_START: "starts with the text of",
    Kind.SAME_END: "ends with the text of",
}
_BARE: Final = frozenset({Kind.NULL, Kind.EXISTS})
SENTENCES: Final = {
    Verdict.FIRES: ("It fires.", "bold green"),
    Verdict.FIRES_UNCERTAIN: ("It fires, but what would exclude the event is not known.", "bold yellow"),
    Verdict.UNDECIDED: ("It does not fire; it might if more of the event were known.", "bold yellow"),
    Verdict.SILENT: ("It does not fire.", "bold red"),
    Verdict.NOT_ASKED: ("It is not asked: it is for another log source.", "bold red"),
}
_ALIKE_SHOWN_MAX: Final = 3
_VALUE_SHOWN_MAX: Final = 160


def view(found: Explanation) -> RenderableType:
    """The whole, for people."""
    rule, (sentence, style) = found.rule, SENTENCES[found.verdict]
    where = ", ".join(filter(None, (rule.where.product, rule.where.category, rule.where.service)))
    head = Text.assemble((rule.title, "bold"), f"\n{rule.id} · {rule.level} · {rule.pack or rule.path} · {where}")
    if rule.author:
        head.append(f"\nby {rule.author}", "dim")
    tree = Tree(_label(found.root), guide_style="dim")
    _grow(tree, found.root)
    return Group(head, Text(sentence, style), tree)


def document_of(step: Step) -> dict[str, Any]:
    """A part and what is below it, for machines."""
    part, predicate = step.part, step.part.predicate
    document: dict[str, Any] = {"outcome": step.said.value, "sign": part.sign.value}
    if part.name:
        document["name"] = part.name
    if predicate is None:
        return document | {"of": [document_of(one) for one in step.of]}
    return document | {
        "field": predicate.field or None,
        "kind": predicate.kind.value,
        "pattern": part.pattern,
        "cased": predicate.is_cased,
        "value": list(step.value),
        "matched": list(step.matched),
        "note": step.note,
    }


def _grow(tree: Tree, step: Step) -> None:
    shown, left = _shown(step)
    for one in shown:
        _grow(tree.add(_label(one)), one)
    if left:
        tree.add(Text(f"… and {left} more", "dim"))


def _shown(step: Step) -> tuple[Sequence[Step], int]:
    """The parts that decide; of many alike some stand for all."""
    if len(step.of) <= _ALIKE_SHOWN_MAX or any(one.part.predicate is None for one in step.of):
        return step.of, 0
    deciding = [one for one in step.of if one.said is step.said] or list(step.of)
    return deciding[:_ALIKE_SHOWN_MAX], len(step.of) - len(deciding[:_ALIKE_SHOWN_MAX])


def _label(step: Step) -> Text:
    mark, color = _MARKS[step.said]
    part, predicate = step.part, step.part.predicate
    text = Text.assemble((f"{mark} ", color))
    if part.name:
        text.append(part.name, "bold")
        text.append(": " if part.sign in _JOINED else "")
    if predicate is None:
        return text.append(_JOINED[part.sign], "dim")
    text.append(predicate.field if predicate.field != ANYWHERE else "any field", "cyan")
    text.append(f" {_KINDS[predicate.kind]}")
    if predicate.kind not in _BARE:
        text.append(f" {part.pattern or '(empty text)'}", "magenta")
    return text.append(_because(step), "dim")


def _because(step: Step) -> str:
    values = step.matched or step.value
    if step.note:
        named = f" ({_cut(values[0])})" if values else ""
        return f" — not known: {step.note}{named}"
    if not values:
        is_anywhere = step.part.predicate is not None and step.part.predicate.field == ANYWHERE
        return "" if is_anywhere else " — the event does not have it"
    more = f" and {len(values) - 1} more" if len(values) > 1 else ""
    return f" — {_cut(values[0])}{more}"


def _cut(value: str) -> str:
    shown = "".join(letter if letter.isprintable() else "·" for letter in value)
    return f"“{shown if len(shown) <= _VALUE_SHOWN_MAX else f'{shown[:_VALUE_SHOWN_MAX]}…'}”"
