"""`cybervault rules`: which detection rules there are, which of them are in force, and why the others are not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from cybervault.app.rules import RULES_FOLDER, RuleShelf
from cybervault.cli.detections.shown import LEVEL_COLORS
from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data, ForTenant
from cybervault.cli.tables import listing
from cybervault.detection.detector import Detector
from cybervault.detection.rule import Rule
from cybervault.detection.rules.choice import EVERYTHING, Choice, Place
from cybervault.detection.rules.pack import Pack, Profile, by_id
from cybervault.domain.assessments import rank_of
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.settings import load_settings

_WORDS: Final = {
    Place.IN_FORCE: "in force",
    Place.SWITCHED_OFF: "switched off",
    Place.BELOW_LEVEL: "below the level",
    Place.HUNTING: "for hunting",
    Place.DISABLED: "disabled by the tenant",
    Place.BELOW_OWN_LEVEL: "below the tenant's level",
}
_NAMED_MAX: Final = 5
# Below it the id is cut, which is still found by how it begins, and leaves its room to the title.
_WIDE_COLUMNS: Final = 120
_ID_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule and whether it is in force; `reason` is why somebody switched it off."""

    rule: Rule
    standing: Place
    reason: str = ""

    @property
    def said(self) -> str:
        """Whether it is in force, in words."""
        word = _WORDS[self.standing]
        return f"{word}: {self.reason}" if self.reason else word


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rules are to be listed; an empty text asks for nothing."""

    pack: str = ""
    level: Severity | None = None
    product: str = ""
    technique: str = ""

    def takes(self, rule: Rule) -> bool:
        """Whether a rule is among them; a technique stands for those below it too."""
        technique = self.technique.upper()
        return (
            self.pack in {"", rule.pack}
            and self.level in {None, rule.level}
            and self.product in {"", rule.where.product}
            and (not technique or any(one == technique or one.startswith(f"{technique}.") for one in rule.techniques))
        )


def shelf_in(data: Path | None) -> RuleShelf:
    """The rules of the folder of state, in force as the settings say."""
    settings = load_settings(data=data)
    profile = Profile(settings.rules_from, has_hunting=settings.hunting_rules)
    return RuleShelf(settings.folder / RULES_FOLDER, Detector(), profile)


def chosen(found: Mapping[str, Rule], words: str) -> Rule:
    """The rule with this id or title, or the only one that has one which begins so.

    Raises `Problem` NOT_FOUND `rule_not_found`.
    """
    text = words.casefold()
    whole = [rule for rule in found.values() if text in {rule.id.casefold(), rule.title.casefold()}]
    some = whole or [
        rule for rule in found.values() if rule.title.casefold().startswith(text) or rule.id.casefold().startswith(text)
    ]
    if len(some) == 1:
        return some[0]
    if not some:
        raise _not_found(f"No rule has the id {words}, or a title that begins so.")
    named = "; ".join(f"{rule.id} ({rule.title})" for rule in some[:_NAMED_MAX])
    raise _not_found(f"{len(some)} rules begin so, give the id: {named}{' …' if len(some) > _NAMED_MAX else ''}.")


def show_all(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    pack: Annotated[str, typer.Option(help="Only those of this pack.", show_default=False)] = "",
    level: Annotated[Severity | None, typer.Option(help="Only those of this level.")] = None,
    product: Annotated[str, typer.Option(help="Only those for windows, linux, aws ...", show_default=False)] = "",
    technique: Annotated[str, typer.Option(help="Only those for T1059, T1059.001 ...", show_default=False)] = "",
    everything: Annotated[bool, typer.Option("--all", help="Those that are not in force too, and why.")] = False,
    tenant: ForTenant = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the rules in force; how many there are in all, and what cannot be used, stands on standard error."""
    shelf = shelf_in(data)
    packs = shelf.packs()
    known = list(_listed(packs, shelf.profile(), _choice(data, shelf, tenant)))
    wanted = Wanted(pack, level, product, technique)
    shown = [
        one for one in known if (everything or one.standing is Place.IN_FORCE) and wanted.takes(one.rule)
    ]  # fmt: skip
    shown.sort(key=lambda one: (-rank_of(one.rule.level), one.rule.title))
    if as_json:
        print_json({"rules": [_document(one) for one in shown], "problems": list(_problems(packs))})
        return
    console = Console(markup=False, highlight=False)
    console.print(_table(shown, has_standing=everything, is_wide=console.width >= _WIDE_COLUMNS))
    _tell(packs, known, len(shown))


def _choice(data: Path | None, shelf: RuleShelf, tenant: str) -> Choice:
    if not tenant:
        return EVERYTHING
    # What needs the database takes a second more to start.
    from cybervault.cli.rule_choices import choice_of  # noqa: PLC0415

    return choice_of(data, shelf, tenant)


def _listed(packs: Sequence[Pack], profile: Profile, choice: Choice) -> Iterator[Listed]:
    for rule in by_id(packs).values():
        switch = choice.off.get(rule.id)
        reason = profile.off.get(rule.id) or (switch.reason if switch is not None else "")
        yield Listed(rule, choice.place(rule, profile), reason)


def _document(one: Listed) -> dict[str, Any]:
    rule = one.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "level": rule.level.value,
        "status": rule.status.value,
        "author": rule.author,
        "pack": rule.pack,
        "path": rule.path,
        "product": rule.where.product,
        "category": rule.where.category,
        "service": rule.where.service,
        "techniques": list(rule.techniques),
        "standing": one.standing.value,
        "reason": one.reason,
    }


def _problems(packs: Sequence[Pack]) -> Iterator[dict[str, Any]]:
    for pack in packs:
        for one in pack.problems:
            yield {"pack": pack.name, "path": one.path, "line": one.line, "title": one.title, "reason": one.reason}


def _table(shown: Sequence[Listed], *, has_standing: bool, is_wide: bool) -> Table:
    wide = ("pack", "author", "status") if is_wide else ()
    table = listing("level", "id", folded=("title", *wide, *(("in force",) if has_standing else ())))
    for one in shown:
        rule = one.rule
        table.add_row(
            rule.level.value,
            rule.id if is_wide else rule.id[:_ID_SHOWN],
            rule.title,
            *((rule.pack, rule.author, rule.status.value) if is_wide else ()),
            *((one.said,) if has_standing else ()),
            style=LEVEL_COLORS.get(rule.level, "") if one.standing is Place.IN_FORCE else "dim",
        )
    return table


def _tell(packs: Sequence[Pack], known: Sequence[Listed], shown: int) -> None:
    counts = Counter(one.standing for one in known)
    rest = ", ".join(f"{counts[one]} {_WORDS[one]}" for one in _WORDS if counts[one])
    typer.echo(f"{shown} shown; {len(known)} rules: {rest}.", err=True)
    for pack in packs:
        if pack.problems:
            typer.echo(f"{pack.name}: {len(pack.problems)} rules cannot be used; --json names them.", err=True)
        for one in pack.filters:
            if not any(map(one.is_for, by_id(packs).values())):
                typer.echo(f"{pack.name}: {one.path}:{one.line}: the filter {one.title} is for no rule.", err=True)


def _not_found(message: str) -> Problem:
    return Problem(ProblemKind.NOT_FOUND, code="rule_not_found", message=message)
