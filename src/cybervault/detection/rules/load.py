"""Rules from text and files: parsed by pySigma, compiled, and what cannot be used named with its file and line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
import yaml
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaDetections, SigmaLogSource, SigmaRule

from cybervault.detection.compile.predicates import CannotCompileError, condition_in
from cybervault.detection.rule import Correlation, Filter, Rule, RuleProblem, Status, Where
from cybervault.detection.rules.files import FILE_BYTES_MAX
from cybervault.detection.tree import FALSE, TRUE, Tree, dumped
from cybervault.domain.verdicts import Severity

_HUNTING: Final = "threat-hunting"
_TECHNIQUE: Final = 1  # "t", then digits
_REFUSED: Final = (SigmaError, ValueError, TypeError, AttributeError, KeyError)
# An alias may name what has aliases itself: a few lines would fill the memory.
_CHARACTERS_MAX: Final = 4 * FILE_BYTES_MAX
Found: TypeAlias = Rule | Filter | Correlation | RuleProblem
# A rule of some hundred lines may name each of its parts again and again: aliases of aliases would fill the memory.
_VALUES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rules in the order of their files, those that cannot be used, and what came beside them."""

    rules: tuple[Rule, ...]
    problems: tuple[RuleProblem, ...]
    filters: tuple[Filter, ...] = ()
    correlations: tuple[Correlation, ...] = ()


def load_files(files: Iterable[tuple[str, bytes]], pack: str = "") -> Loaded:
    """All rules of some files; of two with one id the first is used, and the other is a problem."""
    rules: dict[str, Rule] = {}
    problems: list[RuleProblem] = []
    filters: list[Filter] = []
    correlations: list[Correlation] = []
    for path, raw in files:
        for line, found in _read(path, raw, pack):
            match found:
                case RuleProblem():
                    problems.append(found)
                case Filter():
                    filters.append(found)
                case Correlation():
                    correlations.append(found)
                case Rule() if found.id in rules:
                    reason = f"its id is that of {rules[found.id].path} too"
                    problems.append(RuleProblem(path, line, reason, found.title))
                case Rule():
                    rules[found.id] = found
    return Loaded(tuple(rules.values()), tuple(problems), tuple(filters), tuple(correlations))


def _read(path: str, raw: bytes, pack: str) -> Iterator[tuple[int, Found]]:
    if len(raw) > FILE_BYTES_MAX:
        yield 1, RuleProblem(path, 1, f"it is larger than {FILE_BYTES_MAX // 1024} KiB")
        return
    try:
        for line, detection_line, document in _documents(raw):
            yield line, _found(_Place(path, line, detection_line, pack), document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        reason = getattr(error, "problem", None) or "it is no YAML"
        yield line, RuleProblem(path, line, f"it is no YAML: {reason}")
    except _CannotUseError as error:
        yield 1, RuleProblem(path, 1, str(error))
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
            if _characters(node, {}) > _CHARACTERS_MAX:
                raise _CannotUseError("its aliases stand for too much")
            line = node.start_mark.line + 1
            keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
            at = next((key.start_mark.line + 1 for key in keys if key.value in {"detection", "filter"}), line)
            yield line, at, loader.construct_document(node)
    finally:
        loader.dispose()


def _characters(node: Any, known: dict[int, int]) -> int:  # noqa: ANN401 - the library brings no types
    """What a node would take with everything spelled out that its aliases stand for."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 1
    found = known.get(id(node))
    if found is None:
        pairs = node.value if isinstance(node, yaml.MappingNode) else [node.value]
        found = known[id(node)] = 1 + sum(_characters(one, known) for pair in pairs for one in pair)
    return found


def _found(place: _Place, document: object) -> Found:
    if not isinstance(document, Mapping):
        return RuleProblem(place.path, place.line, "it is no rule: a rule is a list of names and values")
    title = str(document.get("title", ""))
    if "action" in document:
        return RuleProblem(place.path, place.line, "it is an action, which is not supported", title)
    if "correlation" in document:
        return _correlation(place, dict(document), title)
    of_kind = _filter if "filter" in document else _rule
    kind = "filter" if "filter" in document else "rule"
    try:
        return of_kind(place, dict(document))
    except _CannotUseError as error:
        return RuleProblem(place.path, place.detection_line, str(error), title)
    except _REFUSED as error:
        return RuleProblem(place.path, place.line, f"it is no valid {kind}: {_said(error)}", title)


class _CannotUseError(Exception):
    """A sentence on why what pySigma understands is of no use here."""


def _correlation(place: _Place, document: dict[str, Any], title: str) -> Correlation | RuleProblem:
    try:
        msgspec.msgpack.encode(document)  # as it is kept
    except (TypeError, ValueError, OverflowError) as error:
        return RuleProblem(place.path, place.line, f"it is no valid correlation: {_said(error)}", title)
    return Correlation(place.path, place.line, document)


def _filter(place: _Place, document: dict[str, Any]) -> Filter:
    parsed = SigmaFilter.from_dict(document)
    named = parsed.filter.rules
    return Filter(
        id=str(parsed.id or f"{place.pack}:{place.path}:{place.line}"),
        title=parsed.title,
        where=_where(parsed.logsource),
        condition=_condition(parsed.filter),
        rules=() if isinstance(named, str) else tuple(_reference(one.reference) for one in named),
        written=_written({name: one for name, one in document["filter"].items() if name != "rules"}),
        pack=place.pack,
        path=place.path,
        line=place.line,
    )


def _reference(text: str) -> str:
    """An id as rules have it, in whatever case it was written; a name is left alone."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _condition(detections: SigmaDetections) -> Tree:
    try:
        condition = condition_in(detections)
    except (CannotCompileError, SigmaError) as error:
        raise _CannotUseError(_said(error)) from None
    if condition in {TRUE, FALSE}:
        raise _CannotUseError("its condition is the same for every event")
    return condition


def _written(detection: object) -> str:
    return json.dumps(detection, default=str)


def _where(where: SigmaLogSource) -> Where:
    return Where(where.product or "", where.category or "", where.service or "")


def _rule(place: _Place, document: dict[str, Any]) -> Rule:
    parsed = SigmaRule.from_dict(document)
    techniques, tactics, tags = _attack(parsed)
    return Rule(
        id=str(parsed.id or f"{place.pack}:{place.path}:{place.line}"),
        title=parsed.title,
        level=Severity.MEDIUM if parsed.level is None else Severity(parsed.level.name.lower()),
        where=_where(parsed.logsource),
        compiled=dumped(_condition(parsed.detection)),
        name=parsed.name or "",
        written=_written(document["detection"]),
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
