"""What no action is done to, whoever asks: what machines live by, what is our own, and what everybody needs."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from cybervault.domain.actions import ActionType
from cybervault.domain.observables import is_outside_address
from cybervault.domain.problems import Problem, ProblemKind

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_T = ActionType
_STOPPING: Final = frozenset({_T.KILL_PROCESS, _T.SUSPEND_PROCESS})
_CUTTING_OFF: Final = frozenset({_T.ISOLATE_ENDPOINT, _T.RESTORE_FROM_BACKUP})
_TAKING_AWAY: Final = frozenset({_T.QUARANTINE_FILE, _T.DELETE_FILE})
_ENDING_SERVICES: Final = frozenset({_T.DISABLE_SERVICE, _T.REMOVE_SERVICE})

# Without any of these the machine stops, restarts, or lets nobody sign in.
_VITAL: Final = frozenset({
    "lsass", "csrss", "wininit", "winlogon", "services", "smss", "svchost", "system", "system idle process",
    "init", "systemd", "launchd", "kernel", "kernel_task",
})  # fmt: skip
# The numbers that the kernel and the first process have on Linux, macOS and Windows.
_VITAL_NUMBERS: Final = frozenset({"0", "1", "4"})
# Their files, by the folders that they lie in; elsewhere a file of such a name is another program.
_VITAL_FOLDERS: Final = re.compile(
    r"(?:[a-z]:)?/windows/(?:system32|syswow64)|/(?:usr/)?s?bin|/(?:usr/)?lib/systemd", re.IGNORECASE
)
# Remote calls, accounts, names and the directory; on Linux the bus and the sign-in.
_VITAL_SERVICES: Final = frozenset({
    "dcomlaunch", "rpcss", "rpceptmapper", "samss", "lsm", "plugplay", "power", "profsvc", "netlogon", "kdc", "ntds",
    "dbus", "dbus-broker", "systemd-journald", "systemd-logind", "systemd-udevd",
})  # fmt: skip
# The accounts that the system itself, and the tickets of a whole domain, go by.
_VITAL_ACCOUNTS: Final = frozenset({
    "system", "localsystem", "local system", "local service", "localservice", "network service", "networkservice",
    "trustedinstaller", "krbtgt", "root",
})  # fmt: skip
_CONTROLLER: Final = re.compile(r"(?:p|b|ro|rw)?dc\d{0,3}|(?:.*[-_])?(?:p|b|ro|rw|ad)?dc[-_]?\d{1,3}")
_WINDOWS_SUFFIX: Final = ".exe"
_SWITCHES: Final = re.compile(r"\s[-/].*")
_NUMBER_BEHIND: Final = re.compile(r"\s*[(\[:,#].*|\s+\d+\s*\Z")
_AROUND_NAME: Final = "\"'[](). "
_UNIT_SUFFIX: Final = ".service"


@dataclass(frozen=True, slots=True)
class Ground:
    """What is our own: names of hosts and domains in lower case, and networks. See `ground_of`."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def has_address(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        """Whether an address is ours."""
        return any(address.version == network.version and address in network for network in self.networks)

    def has_host(self, host: str) -> bool:
        """Whether a machine is ours, named with its domain or without."""
        try:
            return self.has_address(ipaddress.ip_address(host))
        except ValueError:
            name = _name(host)
        return name in self.names or any(
            name.partition(".")[0] == own.partition(".")[0] for own in self.names if "." not in name or "." not in own
        )

    def is_below(self, domain: str) -> bool:
        """Whether something of ours is this domain or lies below it, so that it would be unreachable too."""
        name = _name(domain)
        return any(own == name or own.endswith(f".{name}") for own in self.names)


NOBODYS: Final = Ground()


def ground_of(texts: Iterable[str]) -> Ground:
    """What is our own, told as addresses, networks and names; `ValueError` for what is none of them."""
    names, networks = set[str](), list[Network]()
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            name = _name(text)
            if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)*", name):
                raise ValueError(f"{text!r} is no address, network or name") from None
            names.add(name)
    return Ground(frozenset(names), tuple(networks))


def why_never(action: ActionType, target: str, ground: Ground = NOBODYS) -> str | None:  # noqa: PLR0911 - one line for each
    """Why an action on a canonical target is refused whoever asks, as a sentence; None where it is not."""
    match action:
        case _T.BLOCK_IP:
            return _why_no_address(target, ground)
        case _T.BLOCK_DOMAIN if ground.is_below(target):
            return f"{target} is our own, or something of our own lies below it."
        case _T.BLOCK_URL if _host_of(target) and ground.has_host(_host_of(target)):
            return f"{target} leads to our own server."
        case _ if action in _STOPPING and (vital := _vital_process(target)):
            return f"{vital} is a process that the operating system lives by: without it the endpoint goes down."
        case _ if action in _CUTTING_OFF:
            return _why_no_host(target, ground)
        case _ if action in _TAKING_AWAY and _is_vital_file(target):
            return f"{target} is a program that the operating system lives by: without it the endpoint does not start."
        case _ if action in _ENDING_SERVICES and target.lower().removesuffix(_UNIT_SUFFIX) in _VITAL_SERVICES:
            return f"{target} is a service that the operating system lives by: without it the endpoint goes down."
        case _T.DISABLE_ACCOUNT if _account(target) in _VITAL_ACCOUNTS:
            return f"{target} is an account that the operating system itself, or a whole domain, goes by."
    return None


def refuse_never(action: ActionType, target: str, ground: Ground = NOBODYS) -> None:
    """Raise `Problem` FORBIDDEN `action_refused` with the sentence of `why_never`."""
    reason = why_never(action, target, ground)
    if reason is not None:
        raise refused(reason)


def refused(reason: str) -> Problem:
    """What is told whoever asks for it."""
    return Problem(ProblemKind.FORBIDDEN, code="action_refused", message=reason)


def _why_no_address(target: str, ground: Ground) -> str | None:
    address = ipaddress.ip_address(target)
    if not is_outside_address(address):
        return f"{target} is no address of the public internet: to block it would cut inner systems off."
    return f"{target} is our own address." if ground.has_address(address) else None


def _why_no_host(target: str, ground: Ground) -> str | None:
    if ground.has_host(target):
        return f"{target} is protected: it is this server, or whoever runs it named it."
    if _CONTROLLER.fullmatch(_name(target).partition(".")[0]):
        return f"{target} is a domain controller by its name: cut off, it takes the sign-in of everybody with it."
    return None


def _name(text: str) -> str:
    return text.strip().rstrip(".").lower()


def _host_of(url: str) -> str:
    found = re.match(r"\w+://(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)", url)
    return "" if found is None else found[1].strip("[]")


def _account(target: str) -> str:
    """The name of an account without its domain."""
    return re.split(r"[\\/]", target)[-1].partition("@")[0].strip().lower()


def _is_vital_file(target: str) -> bool:
    folder, _, name = target.replace("\\", "/").rpartition("/")
    return name.lower().removesuffix(_WINDOWS_SUFFIX) in _VITAL and _VITAL_FOLDERS.fullmatch(folder) is not None


def _vital_process(target: str) -> str | None:
    return next((name for name in _names_in(target) if name in _VITAL or name in _VITAL_NUMBERS), None)


def _names_in(target: str) -> Iterator[str]:
    """What a process could be called that somebody names by name, number, path or command line."""
    for command in (target, _SWITCHES.sub("", target)):
        piece = re.split(r"[\\/]", command)[-1].lower().strip(_AROUND_NAME)
        name = _NUMBER_BEHIND.sub("", piece).strip(_AROUND_NAME)
        yield name.removesuffix(_WINDOWS_SUFFIX)
        first = name.partition(" ")[0]
        # "System Informer.exe" is not System.
        if first != "system":
            yield first.removesuffix(_WINDOWS_SUFFIX)
