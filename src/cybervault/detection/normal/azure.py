"""Azure's activity log and Entra's sign-in, audit and risk logs, as diagnostics, queries, Graph and Beats give them.

Rules use the names of all of these, so a field stands under each: as it is, without the properties around it, and
with a capital letter.
"""

import re
from collections.abc import Mapping
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import first, flatten, joined, moment
from cybervault.detection.record import LogSource, Record, Value

_SERVICES: Final[Mapping[str, str]] = {
    "administrative": "activitylogs", "alert": "activitylogs", "autoscale": "activitylogs", "policy": "activitylogs",
    "recommendation": "activitylogs", "resourcehealth": "activitylogs", "security": "activitylogs",
    "servicehealth": "activitylogs", "azureactivity": "activitylogs", "activitylogs": "activitylogs",
    "auditlogs": "auditlogs",
    "signinlogs": "signinlogs", "managedidentitysigninlogs": "signinlogs",
    "noninteractiveusersigninlogs": "signinlogs", "serviceprincipalsigninlogs": "signinlogs",
    "aadnoninteractiveusersigninlogs": "signinlogs", "aadserviceprincipalsigninlogs": "signinlogs",
    "userriskevents": "riskdetection", "aaduserriskevents": "riskdetection", "riskyusers": "riskdetection",
    "serviceprincipalriskevents": "riskdetection", "identity_protection": "riskdetection",
}  # fmt: skip
_PREFIXES: Final = ("azure.activitylogs.", "azure.signinlogs.", "azure.auditlogs.", "azure.identity_protection.")
_BEATS: Final = frozenset(prefix.split(".")[1] for prefix in _PREFIXES)
# Types of alert of Privileged Identity Management, which stand in the same field as those of Identity Protection.
_PIM: Final = frozenset(
    {
        "invalidLicenseAlertIncident", "noMfaOnRoleActivationAlertIncident", "redundantAssignmentAlertIncident",
        "rolesAssignedOutsidePrivilegedIdentityManagementAlertConfiguration",
        "sequentialActivationRenewalsAlertIncident", "staleSignInAlertIncident",
        "tooManyGlobalAdminsAssignedToTenantAlertIncident",
    }
)  # fmt: skip
_WRITTEN_OUT: Final = frozenset(
    {
        "properties.targetResources", "TargetResources", "targetResources", "properties.initiatedBy",
        "properties.networkLocationDetails", "networkLocationDetails", "NetworkLocationDetails",
    }
)  # fmt: skip
_SUCCESS: Final = frozenset({"0", "success"})
_SNAKE: Final = re.compile(r"_([a-z])")
_SIGNS: Final[Mapping[str, frozenset[str]]] = {
    "activitylogs": frozenset({"OperationNameValue", "CategoryValue"}),
    "auditlogs": frozenset({"activityDisplayName", "loggedByService"}),
    "signinlogs": frozenset({"conditionalAccessStatus", "appDisplayName"}),
    "riskdetection": frozenset({"riskEventType"}),
}
_ALIASES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "activitylogs": (
        ("operationName", "OperationNameValue"), ("operationName", "operationName.value"),
        ("OperationNameValue", "operationName"), ("CategoryValue", "category"), ("ResourceId", "resourceId"),
        ("ResourceProviderValue", "resourceProviderName.value"), ("CategoryValue", "category.value"),
    ),
    "auditlogs": (
        ("ActivityDisplayName", "activityDisplayName"), ("OperationName", "activityDisplayName"),
        ("operationName", "activityDisplayName"), ("properties.message", "activityDisplayName"),
        ("properties.message", "operationName"), ("ActivityType", "activityDisplayName"),
        ("activityType", "activityDisplayName"), ("Target", "targetResources.userPrincipalName"),
        ("Initiatedby", "initiatedBy.user.userPrincipalName"), ("Status", "resultReason"),
        ("Initiatied.By", "initiatedBy.user.userPrincipalName"),
    ),
    "signinlogs": (
        ("Username", "userPrincipalName"), ("ClientApp", "clientAppUsed"), ("Resultdescription", "ResultDescription"),
        ("DeviceDetail.trusttype", "DeviceDetail.trustType"), ("ResultType", "status.errorCode"),
        ("resultType", "ResultType"), ("ResultDescription", "status.failureReason"),
        ("callerIpAddress", "ipAddress"),
    ),
}  # fmt: skip


def recognises(event: Mapping[str, object]) -> bool:
    return bool(_service(event))


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    service = _service(event)
    fields = _with_other_names(flatten(event, written_out=_WRITTEN_OUT))
    for new, old in _ALIASES.get(service, ()):
        if fields.get(new) is None and fields.get(old) is not None:
            fields[new] = fields[old]
    _add_status(fields)
    if service == "riskdetection" and first(fields, "riskEventType") in _PIM:
        service = "pim"
    at = moment(*(fields.get(name) for name in _TIMES))
    entities = named([(USER, first(fields, *_USERS)), (IP, first(fields, "callerIpAddress", "ipAddress"))])
    return (Record(LogSource("azure", service=service), fields, at, named=entities),)


_TIMES: Final = ("time", "createdDateTime", "activityDateTime", "eventTimestamp", "TimeGenerated", "@timestamp")
_USERS: Final = ("userPrincipalName", "initiatedBy.user.userPrincipalName", "caller", "Caller", "identity")


def _service(event: Mapping[str, object]) -> str:
    beats = event.get("azure")
    if isinstance(beats, dict):
        return next((_SERVICES[name] for name in beats if name in _BEATS), "")
    for name, beside in (("category", "operationName"), ("Category", "OperationName"), ("Type", "TimeGenerated")):
        kind = event.get(name)
        if isinstance(kind, str) and beside in event and kind.lower() in _SERVICES:
            return _SERVICES[kind.lower()]
    if "operationName" in event and ("resourceId" in event or "resourceProviderName" in event):
        return "activitylogs" if _is_of_resource_manager(event) else ""
    return next((service for service, signs in _SIGNS.items() if signs <= event.keys()), "")


def _is_of_resource_manager(event: Mapping[str, object]) -> bool:
    return "caller" in event or "correlationId" in event or "subscriptionId" in event


def _with_other_names(fields: dict[str, Value]) -> dict[str, Value]:
    found = dict(fields)
    for path, value in fields.items():
        prefix = next((prefix for prefix in _PREFIXES if path.startswith(prefix)), "")
        name = _SNAKE.sub(lambda match: match[1].upper(), path[len(prefix) :]) if prefix else path
        for one in (name, name.removeprefix("properties.")):
            found.setdefault(one, value)
            found.setdefault(one[:1].upper() + one[1:], value)
    return found


def _add_status(fields: dict[str, Value]) -> None:
    """Rules look in Status for the outcome in a word, and for what the service says about it."""
    if fields.get("Status") is not None and "status.errorCode" not in fields:
        return
    outcome = first(fields, "ResultType", "result", "status.errorCode").lower()
    word = ("Success" if outcome in _SUCCESS else "Failure") if outcome else None
    said = joined(word, fields.get("status.failureReason"), fields.get("status.additionalDetails"))
    if said is not None:
        fields["Status"] = said
