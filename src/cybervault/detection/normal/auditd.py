"""Linux audit records: one record an event, all records of one call in an event (Laurel), or auditbeat's form.

Arguments and titles with blanks or odd letters are logged as hexadecimal digits. A started program also gives a
process record; audit does not know its parent's program, so that is an excerpt.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from cybervault.detection.entities import HOST, IP, PROCESS, USER, named
from cybervault.detection.normal.values import first, flatten, mapping_at, mappings_of, moment
from cybervault.detection.record import LogSource, Record, Value

_SOURCE: Final = LogSource("linux", service="auditd")
_PROCESS: Final = LogSource("linux", frozenset({"process_creation"}))
# Numbers of records in linux/audit.h.
_TYPES: Final[Mapping[str, str]] = {
    "1100": "USER_AUTH", "1105": "USER_START", "1112": "USER_LOGIN", "1123": "USER_CMD", "1130": "SERVICE_START",
    "1131": "SERVICE_STOP", "1300": "SYSCALL", "1302": "PATH", "1306": "SOCKADDR", "1307": "CWD", "1309": "EXECVE",
    "1326": "SECCOMP", "1327": "PROCTITLE",
}  # fmt: skip
_STARTS: Final = frozenset({"59", "322", "execve", "execveat", "221", "281"})  # of x86-64, then of ARM64
_STAMP: Final = re.compile(r"audit\((\d{1,11}\.\d{1,6}):\d{1,20}\)")
_LAUREL_ID: Final = re.compile(r"(\d{1,11}\.\d{1,6}):\d{1,20}")
_TYPE: Final = re.compile(r"[A-Z][A-Z_]{1,40}")
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}){4,}")
_HEX_MAX: Final = 262_144  # digits of 128 KiB, the longest argument that Linux takes
_ARGUMENT: Final = re.compile(r"a(\d{1,4})")
_QUOTED_NAMES: Final = frozenset({"exe", "comm", "name", "cwd", "key", "proctitle", "acct", "terminal"})
_BEATS_PREFIX: Final = "auditd."


def recognises(event: Mapping[str, object]) -> bool:
    return _is_record(event) or _is_laurel(event) or _is_beats(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    if _is_laurel(event):
        return tuple(_laurel(event))
    if _is_record(event):
        return tuple(_records(_of_record(flatten(event)), _moment_of_record(event)))
    return tuple(_beats(event))


def _is_record(event: Mapping[str, object]) -> bool:
    kind = event.get("type")
    if not isinstance(kind, str | int) or not (kind := _TYPES.get(str(kind)[:5], str(kind)[:50])):
        return False
    stamp = event.get("msg")
    is_stamped = isinstance(stamp, str) and _STAMP.search(stamp[:200]) is not None
    return _TYPE.fullmatch(kind) is not None and (is_stamped or (kind in _KNOWN and _has_audit_fields(event)))


_KNOWN: Final = frozenset(_TYPES.values())
_SIGNS: Final = frozenset({"a0", "argc", "syscall", "proctitle", "auid", "cwd", "nametype", "saddr", "unit", "exe"})


def _has_audit_fields(event: Mapping[str, object]) -> bool:
    return not _SIGNS.isdisjoint(event)


def _is_laurel(event: Mapping[str, object]) -> bool:
    stamp = event.get("ID")
    return isinstance(stamp, str) and _LAUREL_ID.fullmatch(stamp[:40]) is not None and len(event) > 1


def _is_beats(event: Mapping[str, object]) -> bool:
    return isinstance(event.get("auditd"), dict) or "auditd.message_type" in event


def _moment_of_record(event: Mapping[str, object]) -> datetime | None:
    stamp = event.get("msg")
    found = _STAMP.search(stamp[:200]) if isinstance(stamp, str) else None
    return moment(found[1] if found else None, event.get("@timestamp"), event.get("timestamp"))


def _of_record(fields: dict[str, Value]) -> dict[str, Value]:
    """With its type by name, and its texts in clear."""
    kind = first(fields, "type")
    read = {name: _in_clear(name, value) for name, value in fields.items()}
    return read | {"type": _TYPES.get(kind, kind)}


def _in_clear(name: str, value: Value) -> Value:
    if not isinstance(value, str) or not (name in _QUOTED_NAMES or _ARGUMENT.fullmatch(name)):
        return value
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return _decoded(value)


def _decoded(text: str) -> str:
    """Hexadecimal digits decoded, where that gives text which audit would have had to encode."""
    if len(text) > _HEX_MAX or _HEX.fullmatch(text) is None:
        return text
    try:
        found = bytes.fromhex(text).decode().replace("\0", " ").rstrip()
    except UnicodeDecodeError:
        return text
    has_odd = any(letter in ' "\t\r\n' or letter > "~" for letter in found)
    has_letter = any(letter.isalpha() for letter in found)
    is_readable = all(letter.isprintable() or letter in "\t\r\n" for letter in found)
    return found if has_odd and has_letter and is_readable else text


def _records(fields: dict[str, Value], at: datetime | None) -> Iterator[Record]:
    kind = first(fields, "type")
    if kind == "EXECVE" and (command := _command_line(fields)):
        fields["CommandLine"] = command
    elif kind == "PROCTITLE" and (title := first(fields, "proctitle")):
        fields["CommandLine"] = title
    entities = _entities(fields)
    yield Record(_SOURCE, fields, at, named=entities)
    if (process := _process(fields, kind)) is not None:
        bare = frozenset({"Image"}) if "/" not in (first(process, "Image") or "/") else frozenset[str]()
        yield Record(_PROCESS, process, at, bare=bare, is_excerpt=True, named=entities)


def _command_line(fields: Mapping[str, Value]) -> str:
    numbers = sorted(int(found[1]) for name in fields if (found := _ARGUMENT.fullmatch(name)) is not None)
    return " ".join(first(fields, f"a{number}") for number in numbers)


def _process(fields: Mapping[str, Value], kind: str) -> dict[str, Value] | None:
    if kind == "EXECVE":
        image, command = first(fields, "exe", "a0"), first(fields, "CommandLine")
    elif kind == "SYSCALL" and first(fields, "SYSCALL", "syscall") in _STARTS:
        image, command = first(fields, "exe"), first(fields, "CommandLine")
    else:
        return None
    texts = {
        "Image": image,
        "CommandLine": command,
        "CurrentDirectory": first(fields, "cwd"),
        "ProcessId": first(fields, "pid"),
        "ParentProcessId": first(fields, "ppid"),
        "User": first(fields, "UID", "uid"),
    }
    return {name: text for name, text in texts.items() if text}


def _entities(fields: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    host = first(fields, "node", "NODE", "hostname", "host.name")
    user = first(fields, "AUID", "acct", "UID")
    image = first(fields, "exe", "a0" if first(fields, "type") == "EXECVE" else "exe")
    return named([(HOST, host), (USER, user), (PROCESS, image), (IP, first(fields, "addr"))])


def _laurel(event: Mapping[str, object]) -> Iterator[Record]:
    """A record for each audit record; the call's program and arguments, which stand in two, make up the process."""
    stamp = str(event["ID"])[:40]
    at = moment(stamp.partition(":")[0])
    node = event.get("NODE")
    shared: dict[str, Value] = {"node": node} if isinstance(node, str) else {}
    whole: dict[str, Value] = {}
    for kind, value in event.items():
        if _TYPE.fullmatch(kind[:50]) is None:
            continue
        for part in mappings_of(value):
            fields = _arguments(flatten(part)) | shared | {"type": kind}
            if kind in {"SYSCALL", "EXECVE", "CWD", "PROCTITLE"}:
                for name, text in fields.items():
                    whole.setdefault(name, text)
            yield Record(_SOURCE, fields, at, named=_entities(fields))
    if "EXECVE" in event and (process := _process(whole | {"type": "EXECVE"}, "EXECVE")) is not None:
        yield Record(_PROCESS, process, at, is_excerpt=True, named=_entities(whole))


def _arguments(fields: dict[str, Value]) -> dict[str, Value]:
    """Laurel's lists of arguments under audit's names, and joined."""
    arguments = fields.pop("ARGV", None)
    if arguments is None:
        return fields
    texts = (arguments,) if isinstance(arguments, str) else arguments
    named_ = {f"a{number}": text for number, text in enumerate(texts)}
    return named_ | fields | {"CommandLine": " ".join(texts)}


def _beats(event: Mapping[str, object]) -> Iterator[Record]:
    flat = flatten(event)
    fields: dict[str, Value] = {
        path.removeprefix(f"{_BEATS_PREFIX}data."): value
        for path, value in flat.items()
        if path.startswith(_BEATS_PREFIX)
    }
    process = mapping_at(event, "process")
    names = {
        "exe": "process.executable",
        "comm": "process.name",
        "pid": "process.pid",
        "cwd": "process.working_directory",
    }
    fields |= {new: flat[old] for new, old in names.items() if old in flat}
    fields["type"] = first(flat, "auditd.message_type").upper()
    arguments = process.get("args")
    if isinstance(arguments, list):
        texts = [text for text in arguments[:_ARGUMENTS_MAX] if isinstance(text, str)]
        fields |= {f"a{number}": text for number, text in enumerate(texts)} | {"CommandLine": " ".join(texts)}
    fields["node"] = first(flat, "host.hostname", "host.name") or None
    yield from _records(fields, moment(flat.get("@timestamp")))


_ARGUMENTS_MAX: Final = 4096
