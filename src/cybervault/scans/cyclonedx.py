"""The packages of an image as a bill of materials: CycloneDX 1.6 (ECMA-424), which inventories and matchers read."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from cybervault import __version__
from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Release
from cybervault.scans.engines.syft import SYSTEMS
from cybervault.scans.inventory import Inventory, Item, Vulnerability
from cybervault.scans.scan import Scan
from cybervault.scans.targets import parse_target

_SCOPED: Final = re.compile(r"(@[^/]+)/([^/]+)")
_SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.6.schema.json"
_IMAGE: Final = "image"
_SEVERITIES: Final[Mapping[Severity | None, str]] = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
    Severity.INFORMATIONAL: "info",
    None: "unknown",
}
# How the registry of package types calls makers of distributions, where that is not what these call themselves.
_RPM_HOMES: Final = {"rhel": "redhat", "sles": "suse", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse"}


def bom_of(scan: Scan, inventory: Inventory, at: datetime) -> dict[str, Any]:
    """One image with its packages and their known vulnerabilities; what may be missing is told as such."""
    # The same scan of the same image is the same document, however often it is asked for.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"cybervault/{scan.id}/{inventory.image}")
    components = [_component(number, item, inventory.release) for number, item in enumerate(inventory.items)]
    return {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": f"{scan.finished_at or at:%Y-%m-%dT%H:%M:%SZ}",
            "tools": {"components": [{"type": "application", "name": "CyberVault", "version": __version__}]},
            "component": _container(inventory),
            "properties": [{"name": "cybervault:scan", "value": scan.id}],
        },
        "components": _distribution(inventory.release) + components,
        # Programs that no list of packages names are not seen, so that it is never known to be complete.
        "compositions": [{"aggregate": "incomplete" if inventory.faults else "unknown", "assemblies": [_IMAGE]}],
        "vulnerabilities": [_vulnerability(one) for one in inventory.vulnerabilities],
    }


def _container(inventory: Inventory) -> dict[str, Any]:
    name, digest = parse_target(inventory.image, has_loopback=True).image, inventory.digest
    place = f"{name.host}:{name.port}/{name.path}" if name.port else f"{name.host}/{name.path}"
    qualifiers = {"repository_url": place} | ({"tag": name.tag} if name.tag else {})
    found: dict[str, Any] = {
        "type": "container",
        "bom-ref": _IMAGE,
        "name": place,
        "version": name.tag or digest,
        "purl": _purl("oci", (name.path.rpartition("/")[2],), digest, **qualifiers),
    }
    if digest:
        found["hashes"] = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    if inventory.faults:
        found["properties"] = [{"name": "cybervault:not_read", "value": fault} for fault in inventory.faults]
    return found


def _distribution(release: Release | None) -> list[dict[str, Any]]:
    if release is None or not release.id:
        return []
    return [
        {
            "type": "operating-system",
            "bom-ref": "distribution",
            "name": release.id,
            "version": release.version_id,
            "description": release.pretty_name,
        }
    ]


def _component(number: int, item: Item, release: Release | None) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _ref(number),
        "name": item.package.name,
        "version": item.package.version,
        "purl": purl_of(item, release),
        "evidence": {"occurrences": [{"location": path} for path in item.paths]},
    }


def _vulnerability(one: Vulnerability) -> dict[str, Any]:
    found: dict[str, Any] = {
        "bom-ref": one.fingerprint,
        "id": one.id,
        "source": _osv(one.advisories[0]),
        "references": [{"id": advisory, "source": _osv(advisory)} for advisory in one.advisories],
        "ratings": [{"severity": _SEVERITIES[one.severity]}],
        "affects": [{"ref": _ref(number)} for number in one.affected],
    }
    if one.summary:
        found["description"] = one.summary
    if one.fixed:
        found["recommendation"] = f"Update to {one.fixed} or newer."
    return found


def _osv(advisory: str) -> dict[str, str]:
    return {"name": "OSV", "url": f"https://osv.dev/vulnerability/{quote(advisory, safe='')}"}


def _ref(number: int) -> str:
    """Not the package URL: packages that spell their names differently may have the same."""
    return f"package-{number}"


def purl_of(item: Item, release: Release | None) -> str:
    """What a package is called everywhere (purl-spec); that of a distribution names what it was built from, too."""
    package = item.package
    if item.system == "npm":
        scoped = _SCOPED.fullmatch(package.name)
        return _purl("npm", scoped.groups() if scoped else (package.name,), package.version)
    if item.system in SYSTEMS:
        return _purl(item.system, package.name.replace(":", "/").split("/"), package.version)
    if item.system == "pypi":
        return _purl("pypi", (package.name.lower().replace("_", "-"),), package.version)
    qualifiers = dict[str, str]()
    if release is not None and release.id:
        qualifiers["distro"] = f"{release.id}-{release.version_id}" if release.version_id else release.id
    if package.source not in {"", package.name}:
        is_other = package.source_version not in {"", package.version}
        qualifiers["upstream"] = f"{package.source}@{package.source_version}" if is_other else package.source
    home: tuple[str, ...] = (release.id.lower(),) if release is not None and release.id else ()
    version = package.version
    if item.system == "rpm":
        epoch, _, rest = version.rpartition(":")
        version, home = rest, tuple(_RPM_HOMES.get(name, name) for name in home)
        if epoch:
            qualifiers["epoch"] = epoch
    return _purl(item.system, (*home, package.name), version, **qualifiers)


def _purl(system: str, names: Iterable[str], version: str, **qualifiers: str) -> str:
    path = "/".join(map(_quoted, names))
    behind = f"@{_quoted(version)}" if version else ""
    added = "&".join(f"{name}={_quoted(value)}" for name, value in sorted(qualifiers.items()))
    return f"pkg:{_quoted(system)}/{path}{behind}{f'?{added}' if added else ''}"


def _quoted(text: str) -> str:
    return quote(text, safe=":")
