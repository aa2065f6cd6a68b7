"""The matches as SARIF 2.1.0, which issue trackers and editors read: a rule each, and where it fired."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from cybervault import __version__
from cybervault.assessments.conclude import hit_of_part
from cybervault.assessments.known_bad import BadIndicator, HitName
from cybervault.cli.detections.indicators import sarif_of
from cybervault.cli.detections.shown import not_looked_at
from cybervault.cli.detections.tally import KEPT_MAX, Kept, Seen, Tally
from cybervault.domain.attack import technique
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import spelled
from cybervault.pages.visible import visible

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
# What code scanning takes `security-severity` for: the bands of CVSS.
_SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFORMATIONAL: "0.0",
}


def log_of(tally: Tally) -> dict[str, object]:
    """One run with the matches that were kept."""
    seen = tally.ranked()
    places = {one.rule.id: place for place, one in enumerate(seen)}
    names = dict.fromkeys(hit_of_part(one.part).name for one in tally.indicators)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "CyberVault",
                        "version": __version__,
                        "rules": [*map(_rule, seen), *map(_named, names)],
                    }
                },
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notes(tally)}],
                "results": [*(_result(one, places[one.rule.id]) for one in tally.kept), *map(_bad, tally.indicators)],
                "columnKind": "unicodeCodePoints",
                "properties": {"events": tally.events, "matches": tally.matches, "matchesShown": len(tally.kept)},
            }
        ],
    }


def _rule(seen: Seen) -> dict[str, object]:
    rule = seen.rule
    link = link_of(rule.references)
    return {
        "id": visible(rule.id),
        "name": visible(rule.title),
        "shortDescription": {"text": visible(rule.title)},
        "fullDescription": {"text": visible(rule.description, kept="\n") or visible(rule.title)},
        **({"helpUri": link} if link else {}),
        "defaultConfiguration": {"level": _LEVELS.get(rule.level, "note")},
        "properties": {
            "tags": ["security", *map(_tag, rule.techniques)],
            "security-severity": _SCORES[rule.level],
            "author": visible(rule.author),
            "pack": visible(rule.pack),
            "count": seen.count,
        },
    }


def _named(name: str) -> dict[str, object]:
    """What stands for a rule where something known to be bad is named."""
    return {"id": name, "name": HitName.of(name).title, "shortDescription": {"text": HitName.of(name).title}}


def _bad(one: BadIndicator) -> dict[str, object]:
    return {"level": _LEVELS.get(one.part.weighing.severity, "note")} | sarif_of(one)


def link_of(references: Sequence[str]) -> str:
    """The first reference that a browser may follow; a rule could name anything."""
    safe = (one for one in references if one.startswith(("https://", "http://")) and one.isprintable())
    return next(safe, "")


def _tag(technique_id: str) -> str:
    known = technique(technique_id)
    return f"{visible(technique_id)}{'' if known is None else f' {known.name}'}"


def _result(match: Kept, place: int) -> dict[str, object]:
    about = [f"on {visible(match.host)}"] if match.host else []
    about += [f"by {visible(match.user)}"] if match.user else []
    about += [f"at {spelled(match.at)}"] if match.at else []
    doubt = "" if match.is_certain else " What would exclude it was not told."
    return {
        "ruleId": visible(match.rule.id),
        "ruleIndex": place,
        "level": _LEVELS.get(match.rule.level, "note"),
        "message": {"text": f"{visible(' '.join([match.rule.title, *about]))}.{doubt}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(match)},
                    # A file that breaks off is spoken of as its line 0.
                    "region": {"startLine": max(match.line, 1)},
                }
            }
        ],
        "properties": {"certain": match.is_certain},
    }


def _uri(match: Kept) -> str:
    return match.path.as_uri() if match.path.is_absolute() else quote(bytes(match.path))


def _notes(tally: Tally) -> list[dict[str, object]]:
    """What was not read, and what is not in the log."""
    texts = [f"{not_looked_at(count)}: {reason}" for reason, count in tally.unknown.most_common()]
    texts += [f"Not an event: {line}" for line in tally.bad]
    texts += [f"No event in {name}." for name in tally.silent_files]
    if tally.matches > KEPT_MAX:
        texts.append(f"The first {KEPT_MAX:,} of {tally.matches:,} matches are in this log.")
    return [{"level": "warning", "message": {"text": text}} for text in texts]
