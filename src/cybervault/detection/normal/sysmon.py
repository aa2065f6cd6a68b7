"""Sysmon's events, on Windows and Linux alike: which categories of the Sigma taxonomy each of them belongs to."""

from collections.abc import Mapping
from typing import Final

CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "1": frozenset({"process_creation"}),
    "2": frozenset({"file_change"}),
    "3": frozenset({"network_connection"}),
    "4": frozenset({"sysmon_status"}),
    "5": frozenset({"process_termination"}),
    "6": frozenset({"driver_load"}),
    "7": frozenset({"image_load"}),
    "8": frozenset({"create_remote_thread"}),
    "9": frozenset({"raw_access_thread"}),
    "10": frozenset({"process_access"}),
    "11": frozenset({"file_event"}),
    "12": frozenset({"registry_event", "registry_add", "registry_delete"}),
    "13": frozenset({"registry_event", "registry_set"}),
    "14": frozenset({"registry_event", "registry_rename"}),
    "15": frozenset({"create_stream_hash"}),
    "16": frozenset({"sysmon_status"}),
    "17": frozenset({"pipe_created"}),
    "18": frozenset({"pipe_created"}),
    "19": frozenset({"wmi_event"}),
    "20": frozenset({"wmi_event"}),
    "21": frozenset({"wmi_event"}),
    "22": frozenset({"dns_query"}),
    "23": frozenset({"file_delete"}),
    "25": frozenset({"process_tampering"}),
    "26": frozenset({"file_delete"}),
    "27": frozenset({"file_block_executable"}),
    "28": frozenset({"file_block_shredding"}),
    "29": frozenset({"file_executable_detected"}),
    "255": frozenset({"sysmon_error"}),
}
