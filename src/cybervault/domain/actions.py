"""Actions: what can be done in response to a threat, and to what; `never` says what is refused whoever asks.

References: MITRE D3FEND and RE&CT, whose ids stand beside each action that they know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from cybervault.domain.observables import ADDRESS_KINDS, HASH_KINDS, Kind, parse_observable
from cybervault.domain.problems import Problem, ProblemKind

ActionId = NewType("ActionId", str)

TARGET_CHARACTERS_MAX: Final = 255


class ActionType(StrEnum):
    """What can be done."""

    ISOLATE_ENDPOINT = "isolate_endpoint"
    BLOCK_IP = "block_ip"
    BLOCK_DOMAIN = "block_domain"
    BLOCK_URL = "block_url"
    KILL_PROCESS = "kill_process"
    SUSPEND_PROCESS = "suspend_process"
    QUARANTINE_FILE = "quarantine_file"
    BLOCK_HASH = "block_hash"
    DELETE_FILE = "delete_file"
    DISABLE_ACCOUNT = "disable_account"
    REVOKE_SESSIONS = "revoke_sessions"
    RESET_CREDENTIALS = "reset_credentials"
    REMOVE_REGISTRY_KEY = "remove_registry_key"
    DISABLE_SERVICE = "disable_service"
    REMOVE_SERVICE = "remove_service"
    COLLECT_FORENSICS = "collect_forensics"
    RESTORE_FROM_BACKUP = "restore_from_backup"
    PATCH = "patch"
    NOTIFY_OWNER = "notify_owner"
    RUN_PLAYBOOK = "run_playbook"


class TargetKind(StrEnum):
    """What an action is done to."""

    ENDPOINT = "endpoint"
    IP = "ip"
    DOMAIN = "domain"
    URL = "url"
    PROCESS = "process"
    FILE = "file"
    HASH = "hash"
    ACCOUNT = "account"
    REGISTRY_KEY = "registry_key"
    SERVICE = "service"
    PLAYBOOK = "playbook"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class ActionRule:
    """What one type of action is; `undo` says how it is taken back, None where nothing does."""

    target: TargetKind
    summary: str
    blast_radius: str
    undo: str | None = None
    d3fend: str | None = None
    react: str | None = None

    @property
    def is_reversible(self) -> bool:
        """Whether it can be taken back."""
        return self.undo is not None


_T, _K = ActionType, TargetKind

CATALOGUE: Final[Mapping[ActionType, ActionRule]] = {
    _T.ISOLATE_ENDPOINT: ActionRule(
        _K.ENDPOINT,
        "Cut an endpoint off from the network, but for its management.",
        "Everything that runs on the endpoint loses the network.",
        undo="Let the endpoint back into the network.",
        d3fend="D3-NI",
    ),
    _T.BLOCK_IP: ActionRule(
        _K.IP,
        "Block traffic to and from an address of the public internet.",
        "Every site behind the address becomes unreachable for the whole network.",
        undo="Take the address off the block list.",
        d3fend="D3-OTF",
        react="RA3101",
    ),
    _T.BLOCK_DOMAIN: ActionRule(
        _K.DOMAIN,
        "Stop a domain from being resolved.",
        "The domain and all names below it become unreachable for the whole network.",
        undo="Take the domain off the deny list.",
        d3fend="D3-DNSDL",
        react="RA3103",
    ),
    _T.BLOCK_URL: ActionRule(
        _K.URL,
        "Block one URL at the proxy.",
        "The one page becomes unreachable for everybody behind the proxy.",
        undo="Take the URL off the block list.",
        d3fend="D3-NTF",
        react="RA3105",
    ),
    _T.KILL_PROCESS: ActionRule(
        _K.PROCESS,
        "End a process.",
        "What the process has not saved is lost, and so is what its memory could prove.",
        d3fend="D3-PT",
    ),
    _T.SUSPEND_PROCESS: ActionRule(
        _K.PROCESS,
        "Halt a process and keep its memory.",
        "What waits for the process waits on.",
        undo="Let the process run on.",
        d3fend="D3-PS",
    ),
    _T.QUARANTINE_FILE: ActionRule(
        _K.FILE,
        "Move a file to where nothing can open it.",
        "Programs that need the file fail.",
        undo="Move the file back.",
        d3fend="D3-CQ",
        react="RA3302",
    ),
    _T.BLOCK_HASH: ActionRule(
        _K.HASH,
        "Forbid files of this hash to run.",
        "The program runs on no endpoint any more.",
        undo="Take the hash off the deny list.",
        d3fend="D3-EDL",
        react="RA3403",
    ),
    _T.DELETE_FILE: ActionRule(
        _K.FILE,
        "Delete a file.",
        "The file is gone, also as a proof; quarantine keeps it.",
        d3fend="D3-FEV",
        react="RA4301",
    ),
    _T.DISABLE_ACCOUNT: ActionRule(
        _K.ACCOUNT,
        "Lock an account.",
        "Nobody, and no program, can sign in with the account.",
        undo="Unlock the account.",
        d3fend="D3-AL",
        react="RA3601",
    ),
    _T.REVOKE_SESSIONS: ActionRule(
        _K.ACCOUNT,
        "End all sessions of an account.",
        "Its user signs in again on every device.",
        d3fend="D3-ST",
    ),
    _T.RESET_CREDENTIALS: ActionRule(
        _K.ACCOUNT,
        "Make the credentials of an account worthless and have new ones chosen.",
        "Programs that hold the old credentials fail until they get the new ones.",
        d3fend="D3-CR",
        react="RA4601",
    ),
    _T.REMOVE_REGISTRY_KEY: ActionRule(
        _K.REGISTRY_KEY,
        "Delete a key of the registry.",
        "Programs that read the key lose their settings.",
        d3fend="D3-RKD",
        react="RA4501",
    ),
    _T.DISABLE_SERVICE: ActionRule(
        _K.SERVICE,
        "Stop a system service and keep it from starting.",
        "Everything that depends on the service stops.",
        undo="Enable and start the service.",
        react="RA3501",
    ),
    _T.REMOVE_SERVICE: ActionRule(
        _K.SERVICE,
        "Remove a system service.",
        "Everything that depends on the service stops for good.",
        react="RA4502",
    ),
    _T.COLLECT_FORENSICS: ActionRule(
        _K.ENDPOINT,
        "Collect memory, processes and logs of an endpoint.",
        "The endpoint is slower meanwhile; what is collected may hold personal data.",
    ),
    _T.RESTORE_FROM_BACKUP: ActionRule(
        _K.ENDPOINT,
        "Restore an endpoint from its backup.",
        "What was changed since the backup is lost.",
        d3fend="D3-RDI",
        react="RA5002",
    ),
    _T.PATCH: ActionRule(
        _K.ENDPOINT,
        "Install the updates that an endpoint lacks.",
        "The endpoint may restart, and programs may behave in new ways.",
        d3fend="D3-SU",
        react="RA3001",
    ),
    _T.NOTIFY_OWNER: ActionRule(_K.OWNER, "Tell the owner.", "One message."),
    _T.RUN_PLAYBOOK: ActionRule(_K.PLAYBOOK, "Run a playbook.", "Whatever the steps of the playbook touch."),
}

_KINDS_OF: Final[Mapping[TargetKind, frozenset[Kind]]] = {
    TargetKind.IP: ADDRESS_KINDS,
    TargetKind.DOMAIN: frozenset({Kind.DOMAIN}),
    TargetKind.URL: frozenset({Kind.URL}),
    TargetKind.HASH: HASH_KINDS,
}


def read_target(action: ActionType, text: str) -> str:
    """The target of an action in canonical form, read from what somebody typed or pasted.

    Addresses, domains, URLs and hashes may be defanged; a file is named by path or by hash; all others are names.
    Raises `Problem` INVALID `invalid_target`.
    """
    kind = CATALOGUE[action].target
    wanted = _KINDS_OF.get(kind)
    if wanted is not None:
        value = _observed(text, wanted)
        if value is None:
            raise _invalid_target(f"The target of {action} is one {_WORDS.get(kind, kind.value)}.")
        return value
    name = text.strip()
    if not 0 < len(name) <= TARGET_CHARACTERS_MAX or not name.isprintable():
        what = _WORDS.get(kind, kind.value)
        raise _invalid_target(f"The target of {action} is one {what}, 1 to {TARGET_CHARACTERS_MAX} characters.")
    return (_observed(name, HASH_KINDS) if kind is TargetKind.FILE else None) or name


_WORDS: Final[Mapping[TargetKind, str]] = {
    TargetKind.IP: "IPv4 or IPv6 address",
    TargetKind.URL: "URL",
    TargetKind.HASH: "MD5, SHA-1, SHA-256 or SHA-512 hash",
    TargetKind.REGISTRY_KEY: "registry key",
}


def _observed(text: str, wanted: frozenset[Kind]) -> str | None:
    try:
        found = parse_observable(text)
    except Problem:
        return None
    return found.value if found.kind in wanted else None


def _invalid_target(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="invalid_target", message=message)
