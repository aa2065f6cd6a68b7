"""Events of the Open Cybersecurity Schema Framework: the class says what they are about, the activity what happened."""

from collections.abc import Callable, Mapping
from typing import Final

from cybervault.detection.normal.values import (
    Fields,
    first,
    flatten,
    mapping_at,
    mappings_of,
    moment,
    renamed,
    text_of,
    whole_number,
)
from cybervault.detection.record import LogSource, Record, Value

# Class and activity to categories; "" stands for every other activity.
_CATEGORIES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "1001": {
        "1": frozenset({"file_event"}), "2": frozenset({"file_access"}), "3": frozenset({"file_event"}),
        "4": frozenset({"file_delete"}), "5": frozenset({"file_rename"}),
    },
    "1005": {"1": frozenset({"image_load"})},
    "1007": {
        "1": frozenset({"process_creation"}), "2": frozenset({"process_termination"}),
        "3": frozenset({"process_access"}), "4": frozenset({"create_remote_thread"}),
    },
    "4001": {"": frozenset({"network_connection"})},
    "4003": {"": frozenset({"dns_query", "dns"})},
    "201001": {
        "1": frozenset({"registry_event", "registry_add"}), "3": frozenset({"registry_event", "registry_set"}),
        "4": frozenset({"registry_event", "registry_delete"}), "5": frozenset({"registry_event", "registry_rename"}),
    },
    "201002": {
        "1": frozenset({"registry_event", "registry_set"}), "2": frozenset({"registry_event", "registry_set"}),
        "3": frozenset({"registry_event", "registry_set"}), "4": frozenset({"registry_event", "registry_delete"}),
    },
}  # fmt: skip
_API: Final = "6003"
_NETWORK: Final = frozenset({"4001", "4003"})
_PRODUCTS: Final[Mapping[str, str]] = {"100": "windows", "200": "linux", "300": "macos"}
_DIRECTIONS: Final[Mapping[str, str]] = {"1": "false", "2": "true"}
_PROTOCOLS: Final[Mapping[str, str]] = {"6": "tcp", "17": "udp"}
_SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "Computer": ("device.hostname", "device.name"),
    "User": ("actor.user.name", "actor.process.user.name"),
}
# The process that acts: of a started process it is the parent.
_ACTOR: Final[Mapping[str, tuple[str, ...]]] = {
    "Image": ("actor.process.file.path", "actor.process.path"),
    "CommandLine": ("actor.process.cmd_line",),
    "ProcessId": ("actor.process.pid",),
}
_PARENTS: Final = ("process.parent_process", "actor.process")
_STARTED: Final[Mapping[str, tuple[str, ...]]] = {
    "Image": ("process.file.path", "process.path"),
    "CommandLine": ("process.cmd_line",),
    "ProcessId": ("process.pid",),
    "IntegrityLevel": ("process.integrity",),
    "CurrentDirectory": ("process.working_directory",),
    "OriginalFileName": ("process.file.internal_name",),
    "Company": ("process.file.company_name",),
    "Product": ("process.file.product.name",),
    "Description": ("process.file.desc",),
    "FileVersion": ("process.file.version",),
    "User": ("process.user.name", "actor.user.name"),
    "ParentImage": tuple(f"{parent}.file.path" for parent in _PARENTS),
    "ParentCommandLine": tuple(f"{parent}.cmd_line" for parent in _PARENTS),
    "ParentProcessId": tuple(f"{parent}.pid" for parent in _PARENTS),
    "ParentUser": tuple(f"{parent}.user.name" for parent in _PARENTS),
}
_TOUCHED: Final[Mapping[str, tuple[str, ...]]] = {
    "SourceImage": _ACTOR["Image"],
    "SourceUser": ("actor.process.user.name", "actor.user.name"),
    "TargetImage": ("process.file.path", "process.path"),
    "GrantedAccess": ("actual_permissions", "requested_permissions"),
    "StartAddress": ("injection_address",),
}
_FILE: Final[Mapping[str, tuple[str, ...]]] = {
    **_ACTOR,
    "TargetFilename": ("file_result.path", "file.path"),
    "FileName": ("file.path",),
    "SourceFilename": ("file.path",),
}
_MODULE: Final[Mapping[str, tuple[str, ...]]] = {
    **_ACTOR,
    "ImageLoaded": ("module.file.path",),
    "OriginalFileName": ("module.file.internal_name",),
    "Signature": ("module.file.signature.certificate.subject",),
}
_CONNECTION: Final[Mapping[str, tuple[str, ...]]] = {
    **_ACTOR,
    "SourceIp": ("src_endpoint.ip",),
    "SourcePort": ("src_endpoint.port",),
    "SourceHostname": ("src_endpoint.hostname", "src_endpoint.domain"),
    "DestinationIp": ("dst_endpoint.ip",),
    "DestinationPort": ("dst_endpoint.port",),
    "DestinationHostname": ("dst_endpoint.hostname", "dst_endpoint.domain"),
    "Protocol": ("connection_info.protocol_name",),
    "QueryName": ("query.hostname",),
    "query": ("query.hostname",),
    "record_type": ("query.type",),
    "QueryResults": ("answers.rdata",),
    "answer": ("answers.rdata",),
}
_REGISTRY: Final[Mapping[str, tuple[str, ...]]] = {**_ACTOR, "NewName": ("reg_key_result.path",)}
_API_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "eventName": ("api.operation",),
    "eventSource": ("api.service.name",),
    "errorCode": ("api.response.error",),
    "errorMessage": ("api.response.error_message",),
    "userAgent": ("http_request.user_agent",),
    "sourceIPAddress": ("src_endpoint.ip", "src_endpoint.domain"),
    "awsRegion": ("cloud.region",),
    "recipientAccountId": ("cloud.account.uid",),
    "userIdentity.type": ("actor.user.type",),
    "userIdentity.arn": ("actor.user.uid_alt", "actor.user.uid"),
    "userIdentity.userName": ("actor.user.name",),
    "userIdentity.sessionContext.sessionIssuer.type": ("actor.session.issuer_type",),
}


def recognises(event: Mapping[str, object]) -> bool:
    return _class_of(event) in _READERS


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    kind = _class_of(event)
    flat = flatten(event)
    source = _aws(flat) if kind == _API else _source(kind, flat)
    if source is None:
        return ()
    fields = renamed(flat, _SHARED) | _READERS[kind](event, flat)
    at = moment(event.get("time"), event.get("time_dt"))
    return (Record(source, fields, at),)


def _class_of(event: Mapping[str, object]) -> str:
    return text_of(event.get("class_uid")) or ""


def _source(kind: str, flat: Fields) -> LogSource | None:
    activities = _CATEGORIES[kind]
    categories = activities.get(first(flat, "activity_id")) or activities.get("")
    product = _PRODUCTS.get(first(flat, "device.os.type_id")) or _by_name(
        first(flat, "device.os.type", "device.os.name")
    )
    if kind.startswith("201"):
        product = "windows"
    return None if categories is None else LogSource(product, categories)


def _by_name(name: str) -> str:
    return next((product for product in _PRODUCTS.values() if name.lower().startswith(product)), "")


def _aws(flat: Fields) -> LogSource | None:
    """API calls of AWS only: for other clouds the rules use names that this schema does not keep."""
    makers = first(flat, "cloud.provider", "metadata.product.vendor_name", "metadata.product.name").lower()
    return LogSource("aws", service="cloudtrail") if makers.startswith(("aws", "cloudtrail", "amazon")) else None


def _process(event: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    if first(flat, "activity_id") in {"3", "4"}:
        return renamed(flat, _TOUCHED)
    return renamed(flat, _STARTED) | _hashes(mapping_at(event, "process", "file"))


def _file(event: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    return renamed(flat, _FILE) | _hashes(mapping_at(event, "file"))


def _module(event: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    return renamed(flat, _MODULE) | _hashes(mapping_at(event, "module", "file"))


def _connection(_: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    found = renamed(flat, _CONNECTION)
    if direction := _DIRECTIONS.get(first(flat, "connection_info.direction_id")):
        found["Initiated"] = direction
    if "Protocol" not in found and (protocol := _PROTOCOLS.get(first(flat, "connection_info.protocol_num"))):
        found["Protocol"] = protocol
    return found


def _registry(_: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    found = renamed(flat, _REGISTRY)
    path, name = first(flat, "reg_value.path", "reg_key.path"), first(flat, "reg_value.name")
    if path:
        found["TargetObject"] = f"{path}\\{name}" if name and not path.endswith(f"\\{name}") else path
    details, number = first(flat, "reg_value.data"), whole_number(first(flat, "reg_value.data"))
    if number is not None and first(flat, "reg_value.type") == "REG_DWORD":
        details = f"DWORD (0x{number:08x})"
    return found | ({"Details": details} if details else {})


def _call(event: Mapping[str, object], flat: Fields) -> dict[str, Value]:
    found = renamed(flat, _API_NAMES)
    unmapped = {name.removeprefix("unmapped."): value for name, value in flat.items() if name.startswith("unmapped.")}
    request = mapping_at(event, "api", "request").get("data")
    if isinstance(request, dict):
        unmapped |= flatten({"requestParameters": request}, written_out=frozenset({"requestParameters"}))
    return unmapped | found


def _hashes(file: Mapping[str, object]) -> dict[str, Value]:
    pairs = ((text_of(one.get("algorithm")), text_of(one.get("value"))) for one in mappings_of(file.get("hashes")))
    found = [f"{name.upper().replace('-', '')}={value}" for name, value in pairs if name and value]
    return {"Hashes": ",".join(found)} if found else {}


_READERS: Final[Mapping[str, Callable[[Mapping[str, object], Fields], dict[str, Value]]]] = {
    "1001": _file,
    "1005": _module,
    "1007": _process,
    "201001": _registry,
    "201002": _registry,
    "4001": _connection,
    "4003": _connection,
    _API: _call,
}
