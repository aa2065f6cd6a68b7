"""Windows events, however they were shipped: from channel, provider, id and fields to records of the Sigma taxonomy.

Security events that say what a Sysmon event says (4688, 4657, 5156) give a second record in Sysmon's words, so that
rules about processes, the registry and connections see them where Sysmon is not installed.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from cybervault.detection.normal import sysmon
from cybervault.detection.normal.security_events import as_connection, as_process, as_registry_value
from cybervault.detection.normal.values import Fields, joined, moment
from cybervault.detection.record import EVENT_ID, LogSource, Record, Value

PRODUCT: Final = "windows"


class WindowsEvent(NamedTuple):
    """One event as its format tells it; `fields` holds everything, and belongs to the record that is made of it."""

    channel: str
    provider: str
    event_id: str
    fields: dict[str, Value]
    host: str = ""
    at: datetime | None = None


_SERVICES: Final[Mapping[str, str]] = {
    "application": "application",
    "dns server": "dns-server",
    "microsoft-iis-configuration/operational": "iis-configuration",
    "microsoft-servicebus-client/admin": "microsoft-servicebus-client",
    "microsoft-servicebus-client/operational": "microsoft-servicebus-client",
    "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
    "microsoft-windows-application-experience/program-compatibility-assistant": "application-experience",
    "microsoft-windows-application-experience/program-telemetry": "application-experience",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-applocker/msi and script": "applocker",
    "microsoft-windows-applocker/packaged app-deployment": "applocker",
    "microsoft-windows-applocker/packaged app-execution": "applocker",
    "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
    "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
    "microsoft-windows-bitlocker/bitlocker management": "bitlocker",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-capi2/operational": "capi2",
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational": (
        "certificateservicesclient-lifecycle-system"
    ),
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-dhcp-server/operational": "dhcp",
    "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
    "microsoft-windows-dns client events/operational": "dns-client",
    "microsoft-windows-dns-client/operational": "dns-client",
    "microsoft-windows-dns-server/analytical": "dns-server-analytic",
    "microsoft-windows-dns-server/audit": "dns-server",
    "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
    "microsoft-windows-hyper-v-worker": "hyper-v-worker",
    "microsoft-windows-kernel-eventtracing": "kernel-event-tracing",
    "microsoft-windows-kernel-shimengine/diagnostic": "kernel-shimengine",
    "microsoft-windows-kernel-shimengine/operational": "kernel-shimengine",
    "microsoft-windows-ldap-client/debug": "ldap",
    "microsoft-windows-lsa/operational": "lsa-server",
    "microsoft-windows-ntfs/operational": "ntfs",
    "microsoft-windows-ntlm/operational": "ntlm",
    "microsoft-windows-powershell/operational": "powershell",
    "microsoft-windows-printservice/admin": "printservice-admin",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
    "microsoft-windows-security-mitigations/user mode": "security-mitigations",
    "microsoft-windows-sense/operational": "sense",
    "microsoft-windows-shell-core/operational": "shell-core",
    "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
    "microsoft-windows-smbclient/security": "smbclient-security",
    "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-terminalservices-localsessionmanager/operational": "terminalservices-localsessionmanager",
    "microsoft-windows-vhdmp/operational": "vhdmp",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "msexchange management": "msexchange-management",
    "openssh/operational": "openssh",
    "powershellcore/operational": "powershell",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
}
# For collectors that drop the channel, and for the channel that events are forwarded to: providers with one log only.
_SERVICES_BY_PROVIDER: Final[Mapping[str, str]] = {
    "microsoft-windows-powershell": "powershell",
    "microsoft-windows-security-auditing": "security",
    "microsoft-windows-sysmon": "sysmon",
    "microsoft-windows-windows defender": "windefend",
    "microsoft-windows-wmi-activity": "wmi",
    "powershellcore": "powershell",
}
_CATEGORIES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    **{("sysmon", event_id): categories for event_id, categories in sysmon.CATEGORIES.items()},
    ("powershell", "4103"): frozenset({"ps_module"}),
    ("powershell", "4104"): frozenset({"ps_script"}),
    ("powershell-classic", "400"): frozenset({"ps_classic_start"}),
    ("powershell-classic", "600"): frozenset({"ps_classic_provider_start"}),
    ("powershell-classic", "800"): frozenset({"ps_classic_script"}),
}
_SOURCES: Final[Mapping[tuple[str, str], LogSource]] = {
    (service, event_id): LogSource(PRODUCT, categories, service)
    for (service, event_id), categories in _CATEGORIES.items()
}
_SOURCES_BY_SERVICE: Final[Mapping[str, LogSource]] = {
    service: LogSource(PRODUCT, service=service) for service in {*_SERVICES.values(), ""}
}
_REGISTRY_SOURCES: Final[Mapping[Value, LogSource]] = {
    kind: LogSource(PRODUCT, frozenset({"registry_event", category}), "sysmon")
    for kind, category in (
        ("CreateKey", "registry_add"),
        ("DeleteKey", "registry_delete"),
        ("DeleteValue", "registry_delete"),
    )
}
_REGISTRY_SOURCE: Final = LogSource(PRODUCT, frozenset({"registry_event"}), "sysmon")
SYSTEM_FIELDS: Final = (EVENT_ID, "Channel", "Provider_Name", "Computer")
Derive: TypeAlias = Callable[[Fields], tuple[frozenset[str], dict[str, Value]]]
_DERIVED: Final[Mapping[str, Derive]] = {
    "4657": as_registry_value,
    "4688": as_process,
    "5156": as_connection,
}


def known_sources() -> Iterator[tuple[LogSource, str | None]]:
    """All log sources of events of Windows, those in Sysmon's words too, each with its only event id if it has one."""
    yield from ((source, event_id) for (_, event_id), source in _SOURCES.items())
    yield from ((source, None) for source in _SOURCES_BY_SERVICE.values())
    yield from ((source, "12") for source in (*_REGISTRY_SOURCES.values(), _REGISTRY_SOURCE))
    yield from ((LogSource(PRODUCT, derive({})[0]), event_id) for event_id, derive in _DERIVED.items())


def records_of(event: WindowsEvent) -> tuple[Record, ...]:
    """The record of the event, and behind it the same in Sysmon's words where there are such."""
    fields = _with_system_fields(event)
    at = event.at or moment(fields.get("UtcTime"), is_utc=True)
    source = source_of(event)
    raw = Record(source, fields, at)
    derive = derivation(source, event.event_id)
    return (raw,) if derive is None else (raw, derived(derive, fields, at))


def derivation(source: LogSource, event_id: str) -> Derive | None:
    """What tells such an event in Sysmon's words; None where Sysmon has none for it."""
    return _DERIVED.get(event_id) if source.service == "security" else None


def derived(derive: Derive, fields: Fields, at: datetime | None = None) -> Record:
    """The event in Sysmon's words."""
    categories, found = derive(fields)
    found.update({name: fields.get(name) for name in SYSTEM_FIELDS})
    return Record(LogSource(PRODUCT, categories), found, at)


def source_of(event: WindowsEvent) -> LogSource:
    """By the channel; an unknown one stays without service, so that no service's rule sees its events.

    An event 12 of Sysmon that does not say what was done (some collectors lose that) is a registry event only.
    """
    service = _SERVICES.get(event.channel.lower(), "") if len(event.channel) < _CHANNEL_CHARACTERS_MAX else ""
    if not service and event.channel.lower() in {"", "forwardedevents"}:
        service = _SERVICES_BY_PROVIDER.get(event.provider.lower(), "")
    if service == "sysmon" and event.event_id == "12":
        return _REGISTRY_SOURCES.get(event.fields.get("EventType"), _REGISTRY_SOURCE)
    return _SOURCES.get((service, event.event_id)) or _SOURCES_BY_SERVICE[service]


_CHANNEL_CHARACTERS_MAX: Final = 256


def _with_system_fields(event: WindowsEvent) -> dict[str, Value]:
    """What every event has, beside a field of that name which the event itself carries (104 has a Channel)."""
    fields = event.fields
    fields[EVENT_ID] = event.event_id
    for name, value in (("Channel", event.channel), ("Provider_Name", event.provider), ("Computer", event.host)):
        if value:
            other = fields.get(name)
            fields[name] = value if other is None or other == value else joined(value, other)
    if "Data" not in fields:
        _add_data(event, fields)
    return fields


def _add_data(event: WindowsEvent, fields: dict[str, Value]) -> None:
    """Texts without names: Beats number them; and of classic PowerShell events the message consists of them."""
    if "param1" in fields:
        fields["Data"] = joined(*(fields.get(f"param{number}") for number in range(1, _PARAMETERS_MAX)))
    elif event.channel == "Windows PowerShell" and "Message" in fields:
        fields["Data"] = fields["Message"]


_PARAMETERS_MAX: Final = 40
