"""Rules and records, written shortly."""

from collections.abc import Mapping

import yaml
from sigma.rule import SigmaRule

from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Rule
from cybervault.detection.rules.load import load_files

PROCESSES = LogSource("windows", frozenset({"process_creation"}), "sysmon")


def text_of(detection: Mapping[str, object], **more: object) -> str:
    """A rule for processes on Windows with this detection, as its file would have it."""
    whole: dict[str, object] = {
        "title": "A rule",
        "id": "4b89abaa-99fe-4232-afdd-8f9aa4d20382",
        "logsource": {"product": "windows", "category": "process_creation"},
        "level": "high",
        "detection": dict(detection),
    }
    return yaml.safe_dump(whole | more, allow_unicode=True)


def rule(detection: Mapping[str, object], **more: object) -> Rule:
    """The same rule, loaded."""
    loaded = load_files([("rule.yml", text_of(detection, **more).encode())])
    assert loaded.problems == ()
    return loaded.rules[0]


def parsed(detection: Mapping[str, object]) -> SigmaRule:
    """The same rule, as pySigma reads it."""
    return SigmaRule.from_yaml(text_of(detection))


def selecting(**fields: object) -> Mapping[str, object]:
    """A detection of one selection; `Image__endswith` is the field Image with the modifier endswith."""
    return {
        "selection": {name.replace("__", "|"): value for name, value in fields.items()},
        "condition": "selection",
    }


def record(source: LogSource = PROCESSES, **fields: Value) -> Record:
    """A process on Windows."""
    return Record(source, fields)
