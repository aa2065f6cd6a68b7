"""Rules from text and files: parsed by pySigma, compiled, and what cannot be used named with its file and line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from cybervault.detection.compile.predicates import CannotCompileError, condition_of
from cybervault.detection.rule import Rule, RuleProblem, Status, Where
from cybervault.detection.rules.files import FILE_BYTES_MAX
from cybervault.detection.tree import FALSE, TRUE, Tree
from cybervault.domain.verdicts import Severity

_HUNTING: Final = "threat-hunting"
_TECHNIQUE: Final = 1  # "t", then digits


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rules in the order of their files, and those that cannot be used."""

    rules: tuple[Rule, ...]
    problems: tuple[RuleProblem, ...]


def load_files(files: Iterable[tuple[str, bytes]], pack: str = "") -> Loaded:
    """All rules of some files; of two with one id the first is used, and the other is a problem."""
    rules: dict[str, Rule] = {}
    problems: list[RuleProblem] = []
    for path, raw in files:
        for line, found in _read(path, raw, pack):
            if isinstance(found, RuleProblem):
                problems.append(found)
            elif found.id in rules:
                reason = f"its id is that of {rules[found.id].path} too"
                problems.append(RuleProblem(path, line, reason, found.title))
            else:
                rules[found.id] = found
    return Loaded(tuple(rules.values()), tuple(problems))


def _read(path: str, raw: bytes, pack: str) -> Iterator[tuple[int, Rule | RuleProblem]]:
    if len(raw) > FILE_BYTES_MAX:
        yield 1, RuleProblem(path, 1, f"it is larger than {FILE_BYTES_MAX // 1024} KiB")
        return
    try:
        for line, detection_line, document in _documents(raw):
            yield line, _rule(_Place(path, line, detection_line, pack), document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        reason = getattr(error, "problem", None) or "it is no YAML"
        yield line, RuleProblem(path, line, f"it is no YAML: {reason}")
    except RecursionError:
        yield 1, RuleProblem(path, 1, "it is nested too deeply")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule stands."""

    path: str
    line: int
    detection_line: int
    pack: str


def _documents(raw: bytes) -> Iterator[tuple[int, int, object]]:
    """Each document of a file, with the line where it begins and that of its detection."""
    loader = yaml.CSafeLoader(raw)
    try:
        while loader.check_node():
            node: Any = loader.get_node()
            line = node.start_mark.line + 1
            keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
            at = next((key.start_mark.line + 1 for key in keys if key.value == "detection"), line)
            yield line, at, loader.construct_document(node)
    finally:
        loader.dispose()


def _rule(place: _Place, document: object) -> Rule | RuleProblem:
    if not isinstance(document, Mapping):
        return RuleProblem(place.path, place.line, "it is no rule: a rule is a list of names and values")
    title = str(document.get("title", ""))
    for kind in ("correlation", "filter", "action"):
        if kind in document:
            return RuleProblem(place.path, place.line, f"it is a {kind}, which is not supported yet", title)
    try:
        parsed = SigmaRule.from_dict(dict(document))
    except (SigmaError, ValueError, TypeError, AttributeError, KeyError) as error:
        return RuleProblem(place.path, place.line, f"it is no valid rule: {_said(error)}", title)
    try:
        condition = condition_of(parsed)
    except (CannotCompileError, SigmaError) as error:
        return RuleProblem(place.path, place.detection_line, _said(error), title)
    if condition in {TRUE, FALSE}:
        return RuleProblem(place.path, place.detection_line, "its condition is the same for every event", title)
    return _made(place, parsed, condition)


def _made(place: _Place, parsed: SigmaRule, condition: Tree) -> Rule:
    techniques, tactics, tags = _attack(parsed)
    where = parsed.logsource
    return Rule(
        id=str(parsed.id or f"{place.pack}:{place.path}:{place.line}"),
        title=parsed.title,
        level=Severity.MEDIUM if parsed.level is None else Severity(parsed.level.name.lower()),
        where=Where(where.product or "", where.category or "", where.service or ""),
        condition=condition,
        status=Status.TEST if parsed.status is None else Status(parsed.status.name.lower()),
        author=parsed.author or "",
        description=parsed.description or "",
        references=tuple(map(str, parsed.references)),
        false_positives=tuple(map(str, parsed.falsepositives)),
        techniques=techniques,
        tactics=tactics,
        tags=tags,
        is_hunting=_HUNTING in place.path or f"detection.{_HUNTING}" in tags,
        pack=place.pack,
        path=place.path,
    )


def _attack(parsed: SigmaRule) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Techniques and tactics of ATT&CK among its tags, and all tags. Older rules write tactics with underscores."""
    names = [tag.name for tag in parsed.tags if tag.namespace == "attack"]
    techniques = [name.upper() for name in names if name[:1] == "t" and name[_TECHNIQUE : _TECHNIQUE + 4].isdigit()]
    tactics = [name.replace("_", "-") for name in names if "." not in name and not name[_TECHNIQUE:].isdigit()]
    tags = [f"{tag.namespace}.{tag.name}" for tag in parsed.tags]
    return tuple(dict.fromkeys(techniques)), tuple(dict.fromkeys(tactics)), tuple(dict.fromkeys(tags))


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
