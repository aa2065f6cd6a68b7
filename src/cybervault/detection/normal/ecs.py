"""Events under the names of the Elastic Common Schema: what happened stands in event.category, .type and .action."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from cybervault.detection.normal.access_log import request_fields
from cybervault.detection.normal.values import Fields, first, flatten, moment, renamed
from cybervault.detection.record import LogSource, Record, Value

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Image": ("process.executable",),
    "CommandLine": ("process.command_line",),
    "ParentImage": ("process.parent.executable",),
    "ParentCommandLine": ("process.parent.command_line",),
    "ProcessId": ("process.pid",),
    "ParentProcessId": ("process.parent.pid",),
    "CurrentDirectory": ("process.working_directory",),
    "OriginalFileName": ("process.pe.original_file_name", "dll.pe.original_file_name", "file.pe.original_file_name"),
    "Company": ("process.pe.company",),
    "Description": ("process.pe.description",),
    "Product": ("process.pe.product",),
    "FileVersion": ("process.pe.file_version",),
    "IntegrityLevel": ("process.Ext.token.integrity_level_name",),
    "TargetFilename": ("file.path",),
    "ImageLoaded": ("dll.path", "driver.path"),
    "TargetObject": ("registry.path",),
    "Details": ("registry.data.strings", "registry.data.bytes"),
    "QueryName": ("dns.question.name",),
    "QueryResults": ("dns.answers.data", "dns.resolved_ip"),
    "query": ("dns.question.name",),
    "record_type": ("dns.question.type",),
    "answer": ("dns.answers.data",),
    "SourceIp": ("source.ip",),
    "SourcePort": ("source.port",),
    "SourceHostname": ("source.domain",),
    "DestinationIp": ("destination.ip",),
    "DestinationPort": ("destination.port",),
    "DestinationHostname": ("destination.domain",),
    "Protocol": ("network.transport",),
    "Computer": ("host.hostname", "host.name"),
    "SourceFilename": ("file.Ext.original.path",),
    "src_ip": ("source.ip",),
    "dst_ip": ("destination.ip",),
    "dst_port": ("destination.port",),
}
_DIRECTIONS: Final[Mapping[str, str]] = {
    "egress": "true", "outbound": "true", "ingress": "false", "inbound": "false",
}  # fmt: skip
_HASHES: Final = ("process.hash.", "dll.hash.", "file.hash.")
_PRODUCTS: Final[Mapping[str, str]] = {"windows": "windows", "linux": "linux", "macos": "macos", "darwin": "macos"}
_REGISTRY: Final[Mapping[str, str]] = {
    "creation": "registry_add", "change": "registry_set", "deletion": "registry_delete",
}  # fmt: skip
_FILE: Final[Mapping[str, str]] = {
    "creation": "file_event", "overwrite": "file_event", "deletion": "file_delete", "rename": "file_rename",
    "access": "file_access", "open": "file_access",
}  # fmt: skip
_PROCESS: Final[Mapping[str, str]] = {"start": "process_creation", "end": "process_termination"}
_SIGNS: Final = ("process", "host", "agent", "file", "destination", "dns", "url", "http")
ROOTS: Final = frozenset(name.partition(".")[0] for names in _NAMES.values() for name in names) | {"user", "network"}
"""Where names of the taxonomy are read from."""


def recognises(event: Mapping[str, object]) -> bool:
    if "event.category" in event or "ecs.version" in event:
        return True
    inner = event.get("event")
    if "ecs" in event or (isinstance(inner, dict) and ("category" in inner or "dataset" in inner)):
        return any(name in event for name in _SIGNS)
    return False


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    flat = flatten(event)
    categories = _categories(flat)
    if not categories:
        return ()
    product = "" if categories <= _WEB else _product(flat)
    fields = fields_of(flat)
    if categories & _WEB:
        fields |= _request(flat)
    at = moment(flat.get("@timestamp"), flat.get("event.created"))
    return (Record(LogSource(product, categories), fields, at),)


_WEB: Final = frozenset({"proxy", "webserver"})


def fields_of(flat: Fields) -> dict[str, Value]:
    """What these fields are called in the Sigma taxonomy, and nothing that has no name there."""
    fields = renamed(flat, _NAMES)
    if "CommandLine" not in fields and (arguments := _arguments(flat.get("process.args"))):
        fields["CommandLine"] = arguments
    if name := first(flat, "user.name"):
        domain = first(flat, "user.domain")
        fields["User"] = f"{domain}\\{name}" if domain else name
    if direction := _DIRECTIONS.get(first(flat, "network.direction").lower()):
        fields["Initiated"] = direction
    if hashes := _hashes(flat):
        fields["Hashes"] = hashes
    return fields


def _arguments(value: Value) -> str:
    return " ".join((value,) if isinstance(value, str) else value or ())


def _hashes(flat: Fields) -> str:
    for prefix in _HASHES:
        found = [f"{name.upper()}={text}" for name in _DIGESTS if (text := first(flat, prefix + name))]
        if imphash := first(flat, prefix.removesuffix("hash.") + "pe.imphash"):
            found.append(f"IMPHASH={imphash}")
        if found:
            return ",".join(found)
    return ""


_DIGESTS: Final = ("md5", "sha1", "sha256")


def _product(flat: Fields) -> str:
    """The system that the host runs; a path with a drive says Windows."""
    for name in ("host.os.type", "host.os.family", "host.os.platform", "host.os.name"):
        if found := _PRODUCTS.get(first(flat, name).lower()):
            return found
    return "windows" if _DRIVE.match(first(flat, "process.executable", "file.path")) else _linux(flat)


_DRIVE: Final = re.compile(r"[A-Za-z]:\\")
_LINUXES: Final = frozenset({"debian", "redhat", "suse", "arch", "ubuntu", "centos", "rhel", "fedora", "amazon"})


def _linux(flat: Fields) -> str:
    return "linux" if first(flat, "host.os.family", "host.os.platform").lower() in _LINUXES else ""


def _categories(flat: Fields) -> frozenset[str]:
    kinds = _texts(flat, "event.category")
    types = (*_texts(flat, "event.action"), *_texts(flat, "event.type"))
    found: set[str] = set()
    if "process" in kinds:
        found.update(_mapped(types, _PROCESS))
    if "file" in kinds:
        found.update(list(_mapped(types, _FILE))[:1])
    if "registry" in kinds:
        found |= {"registry_event", *_mapped(types, _REGISTRY)}
    if "library" in kinds:
        found.add("image_load")
    if "driver" in kinds:
        found.add("driver_load")
    if "network" in kinds or first(flat, "dns.question.name"):
        found.update(_network(flat))
    if "web" in kinds:
        found |= {"proxy"} if first(flat, "event.dataset").startswith("squid") else {"proxy", "webserver"}
    return frozenset(found)


def _network(flat: Fields) -> tuple[str, ...]:
    if first(flat, "dns.question.name"):
        return "dns_query", "dns"
    if not first(flat, "destination.ip", "destination.domain"):
        return ()
    # A connection of which no process is known was seen on the way and not at its end.
    return ("network_connection",) if first(flat, "process.executable", "process.pid") else ("firewall",)


def _texts(flat: Fields, name: str) -> tuple[str, ...]:
    value = flat.get(name)
    return tuple(text.lower() for text in ((value,) if isinstance(value, str) else value or ()))


def _mapped(texts: Iterable[str], names: Mapping[str, str]) -> dict[str, None]:
    return {names[text]: None for text in texts if text in names}


def _request(flat: Fields) -> dict[str, Value]:
    return request_fields(
        {
            "cs-method": flat.get("http.request.method"),
            "cs-host": flat.get("url.domain"),
            "cs-user-agent": flat.get("user_agent.original"),
            "cs-referer": flat.get("http.request.referrer"),
            "sc-status": flat.get("http.response.status_code"),
        },
        first(flat, "url.original", "url.full"),
    )
