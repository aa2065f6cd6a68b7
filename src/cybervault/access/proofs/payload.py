"""What a row of the audit tells, and the one way it is written as bytes, so that its hash can be made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom, when, and from where it was asked for."""

    occurred_at: datetime
    action: str
    actor: str
    targets: tuple[str, ...]
    tenant_id: str | None
    ip: str | None = None
    agent: str | None = None
    request_id: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def names(self, subject: str) -> bool:
        """Whether an id stands in it anywhere: as who acted, as what was changed, or in a detail."""
        who = self.actor.partition(" ")[0]
        return subject in {who, who.partition(":")[2], *self.targets, *self.details.values()}


@dataclass(frozen=True, slots=True)
class Copies:
    """What stands beside a payload once more, to be searched by; all None for rows of the first form."""

    tenant_id: str | None = None
    action: str | None = None
    at: float | None = None


def payload_of(entry: AuditEntry) -> bytes:
    """The bytes of a row."""
    return canonical(
        {
            "version": _VERSION,
            "occurred_at": entry.occurred_at.isoformat(),
            "action": entry.action,
            "actor": entry.actor,
            "targets": list(entry.targets),
            "tenant_id": entry.tenant_id,
            "context": {"ip": entry.ip, "agent": entry.agent, "request_id": entry.request_id},
            "details": dict(entry.details),
        }
    )


def canonical(document: object) -> bytes:
    """JSON with sorted names and no blanks, as UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def entry_of(payload: bytes) -> AuditEntry | None:
    """Read a payload of this or the first form; None when it is neither, which only tampering can cause."""
    try:
        document: Any = json.loads(payload)
        return _present(document) if "version" in document else _first(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def copies_of(payload: bytes) -> Copies:
    """What must stand beside this payload."""
    entry = entry_of(payload)
    if entry is None or b'"version"' not in payload:
        return Copies()
    return Copies(entry.tenant_id, entry.action, entry.occurred_at.timestamp())


def _present(document: Any) -> AuditEntry:  # noqa: ANN401 - read from bytes
    context = document["context"]
    return AuditEntry(
        _moment(document["occurred_at"]), document["action"], document["actor"], tuple(document["targets"]),
        document["tenant_id"], context["ip"], context["agent"], context["request_id"], dict(document["details"]),
    )  # fmt: skip


def _first(document: Any) -> AuditEntry:  # noqa: ANN401 - read from bytes
    """The form of rows that were written before there was a version."""
    return AuditEntry(
        _moment(document["at"]), document["change"], document["actor"], (document["target"],), document["tenant_id"],
        details=dict(document["details"]),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
