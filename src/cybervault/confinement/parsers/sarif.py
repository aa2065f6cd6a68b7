"""SARIF 2.1.0, as scanners write it: each result as one line of JSON, with what its rule says of it.

The file begins with the head of the request that it came by: a body of parts holds it in the field `sarif`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from email.parser import BytesParser
from typing import Any, BinaryIO, Final

_FIELD: Final = "sarif"
_VERSION: Final = "2.1."
# A result is a finding, or says that there is none where it points to (SARIF 2.1.0, 3.27.9 and 3.27.24), or neither.
_KINDS: Final = frozenset({"fail", "open", "review"})
_GONE: Final = frozenset({"absent", "pass"})
_TEXT_CHARACTERS_MAX: Final = 4_096


def records(file: BinaryIO) -> Iterator[bytes | str]:
    """A file that is none is one fault; a result that has not the form is a fault of its own."""
    content = _content(file.read())
    if content is None:
        yield f"The form has no field `{_FIELD}`."
        return
    try:
        log = json.loads(content)
        runs = _list(log["runs"]) if str(log["version"]).startswith(_VERSION) else None
    except (ValueError, KeyError, TypeError, LookupError, RecursionError):
        runs = None
    if runs is None:
        yield "It is no SARIF file of version 2.1.0."
        return
    for run in runs:
        for number, result in enumerate(_list(_of(run, "results")), 1):
            if _is_told(result):
                found = _result(run, result)
                yield f"Result {number} names no rule." if found is None else json.dumps(found).encode()


def _content(raw: bytes) -> bytes | None:
    """What is in the field; None for parts without it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"multipart/" not in head.lower():
        return body
    # Named, or it would be loaded when it is first needed, which is behind the walls.
    message = BytesParser(_new_message).parsebytes(raw)
    for part in message.walk():
        if part.get_param("name", header="content-disposition") == _FIELD:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    return None


def _new_message() -> "Message[str, str]":
    return Message()


def _is_told(result: object) -> bool:
    kind, baseline = _of(result, "kind"), _of(result, "baselineState")
    is_suppressed = any(_of(one, "status") in {None, "accepted"} for one in _list(_of(result, "suppressions")))
    return (kind is None or kind in _KINDS or kind in _GONE or baseline in _GONE) and not is_suppressed


def _result(run: object, result: object) -> dict[str, object] | None:
    driver = _of(_of(run, "tool"), "driver")
    rule = _rule(driver, result)
    rule_id = _text(_of(result, "ruleId")) or _text(_of(_of(result, "rule"), "id")) or _text(_of(rule, "id"))
    if not rule_id:
        return None
    title = _text(_of(_of(rule, "shortDescription"), "text")) or _text(_of(rule, "name")) or rule_id
    level = _of(result, "level") or _of(_of(rule, "defaultConfiguration"), "level")
    asset, line = _place(run, result)
    return {
        "tool": _text(_of(driver, "name")) or "SARIF",
        "rule": rule_id,
        "title": title,
        "level": _text(level) or "warning",
        "score": _score(rule, result),
        "vector": _vector(rule, result),
        "message": _text(_of(_of(result, "message"), "text")),
        "asset": asset,
        "line": line,
        "gone": bool(_GONE.intersection((_text(_of(result, "kind")), _text(_of(result, "baselineState"))))),
    }


def _rule(driver: object, result: object) -> object:
    """What the tool says of the rule of a result, which names it by place or by id."""
    rules, index = _list(_of(driver, "rules")), _of(result, "ruleIndex")
    if isinstance(index, int) and 0 <= index < len(rules):
        return rules[index]
    wanted = _of(result, "ruleId")
    return next((rule for rule in rules if _of(rule, "id") == wanted), None)


def _score(rule: object, result: object) -> float | None:
    for one in (result, rule):
        said = _of(_of(one, "properties"), "security-severity")
        try:
            score = float(said)
        except (TypeError, ValueError):
            continue
        if 0 <= score <= 10:  # noqa: PLR2004 - the scale of CVSS
            return score
    return None


# Those of CVSS 2 name no version.
_VECTORS: Final = ("CVSS:", "CVSS2#", "AV:", "(AV:")


def _vector(rule: object, result: object) -> str:
    """A vector of CVSS, that some tools write where others write its score; "" where there is none."""
    for one in (result, rule):
        said = _text(_of(_of(one, "properties"), "security-severity"))
        if said.startswith(_VECTORS):
            return said
    return ""


def _place(run: object, result: object) -> tuple[str, int]:
    """The file or thing that it is about, and the line, 0 where there is none."""
    location = next(iter(_list(_of(result, "locations"))), None)
    physical = _of(location, "physicalLocation")
    file, line = _of(physical, "artifactLocation"), _of(_of(physical, "region"), "startLine")
    uri, artifacts, index = _text(_of(file, "uri")), _list(_of(run, "artifacts")), _of(file, "index")
    if not uri and isinstance(index, int) and 0 <= index < len(artifacts):
        uri = _text(_of(_of(artifacts[index], "location"), "uri"))
    logical = next(iter(_list(_of(location, "logicalLocations"))), None)
    name = _text(_of(logical, "fullyQualifiedName")) or _text(_of(logical, "name"))
    return uri or name or "unknown", line if isinstance(line, int) and 0 < line < 2**31 else 0


def _of(value: object, name: str) -> Any:  # noqa: ANN401 - JSON
    return value.get(name) if isinstance(value, Mapping) else None


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value[:_TEXT_CHARACTERS_MAX] if isinstance(value, str) else ""
