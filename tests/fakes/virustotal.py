"""How VirusTotal speaks: envelopes, statistics that differ by type, relationships, and errors with a code."""

import hashlib
from typing import Final
from urllib.parse import urlsplit

from tests.fakes.wire import Fault, Json, Reply, Scene, Wire
from tests.fakes.world import File

_ENGINES: Final = 94
_FILE_ENGINES: Final = 76
_PAGE: Final = "https://www.virustotal.com/api/v3"

_KINDS: Final = {"ip_addresses": "ip_address", "domains": "domain", "files": "file", "urls": "url"}

_CODES: Final = {
    Fault.BAD_REQUEST: "BadRequestError",
    Fault.FORBIDDEN: "ForbiddenError",
    Fault.NOT_FOUND: "NotFoundError",
    Fault.UNPROCESSABLE: "InvalidArgumentError",
    Fault.THROTTLED: "TooManyRequestsError",
    Fault.QUOTA: "QuotaExceededError",
    Fault.SERVER_ERROR: "InternalServerError",
}


def _problem(fault: Fault, scene: Scene) -> Reply:
    if fault is Fault.UNAUTHORIZED:
        code = "WrongCredentialsError" if "x-apikey" in scene.call.headers else "AuthenticationRequiredError"
    else:
        code = _CODES[fault]
    return Reply(fault.status, ({"error": {"code": code, "message": f"Not answered ({code})."}},))


def _answer(scene: Scene) -> Reply:
    """An address is always answered; a name, file or URL that nobody looked at is 404."""
    folder = scene.call.path.split("/")[1]
    known = scene.known
    is_known = folder == "ip_addresses" or known.detections or known.harmless or known.file is not None
    if folder not in _KINDS or not is_known:
        return _problem(Fault.NOT_FOUND, scene)
    kind = _KINDS[folder]
    own_id = file_of(scene).sha256 if kind == "file" else scene.call.path.rsplit("/", maxsplit=1)[-1]
    data: Json = {
        "id": own_id,
        "type": kind,
        "links": {"self": f"{_PAGE}/{folder}/{own_id}"},
        "attributes": _analysis(scene, is_file=kind == "file") | _ATTRIBUTES[kind](scene),
    }
    wanted = [name for name in scene.call.query.get("relationships", "").split(",") if name]
    if wanted:
        data["relationships"] = {name: _relationship(name, scene) for name in wanted}
    return Reply(200, ({"data": data},))


def _analysis(scene: Scene, *, is_file: bool) -> Json:
    """What every type has: engines by what they said, and the community."""
    known = scene.known
    suspicious = 1 if known.detections > 1 else 0
    stats = {
        "malicious": known.detections - suspicious,
        "suspicious": suspicious,
        "undetected": (_FILE_ENGINES if is_file else _ENGINES) - known.detections - known.harmless,
        "harmless": known.harmless,
        "timeout": 0,
    }
    engines = {
        f"Engine{number:02}": {
            "method": "blacklist",
            "engine_name": f"Engine{number:02}",
            "category": category,
            "result": "malware" if category == "malicious" else "clean",
        }
        for number, category in enumerate(
            name for name in ("malicious", "harmless") for _ in range(min(stats[name], 8))
        )
    }
    extra = {"confirmed-timeout": 0, "failure": 1, "type-unsupported": 13} if is_file else {}
    votes = max(known.reputation, 0) // 4, max(-known.reputation, 0) // 4
    return {
        "last_analysis_stats": stats | extra,
        "last_analysis_results": engines,
        "last_analysis_date": scene.epoch(0.5),
        "last_modification_date": scene.epoch(0.25),
        "reputation": known.reputation,
        "total_votes": {"harmless": votes[0], "malicious": votes[1]},
        "tags": [scene.written(tag) for tag in known.tags],
    }


def _address(scene: Scene) -> Json:
    known = scene.known
    place: Json = {
        "whois": scene.written(f"NetRange: {known.network or '192.0.2.0/24'}"),
        "whois_date": scene.epoch(20),
        "last_https_certificate": {"subject": {"CN": scene.written("www.host.example")}},
    }
    if known.asn:
        place |= {"asn": known.asn, "as_owner": known.owner, "country": known.country, "network": known.network}
    return place


def _domain(scene: Scene) -> Json:
    registered = scene.registered_at
    return {
        "creation_date": int(registered.timestamp()) if registered else None,
        "registrar": scene.known.registrar,
        "whois": scene.written(f"Domain Name: {scene.subject}"),
        "categories": {"Engine01": scene.written("business")},
        "popularity_ranks": {"Tranco": {"rank": scene.known.rank}} if scene.known.rank else {},
        "last_dns_records": [
            {"type": kind, "value": scene.written(value), "ttl": 300}
            for kind, values in scene.known.records.items()
            for value in values[:10]
        ],
        "last_https_certificate": {"subject": {"CN": scene.written(scene.subject)}},
    }


def _url(scene: Scene) -> Json:
    return {
        "url": scene.subject,
        "last_final_url": scene.written(scene.subject),
        "title": scene.written("Welcome"),
        "last_http_response_code": 200,
        "first_submission_date": scene.epoch(4),
        "times_submitted": 3,
    }


def _contents(scene: Scene) -> Json:
    known, file = scene.known, file_of(scene)
    attributes: Json = {
        "md5": file.md5,
        "sha1": file.sha1,
        "sha256": file.sha256,
        "size": file.size,
        "type_description": file.description,
        "names": [scene.written(file.name)],
        "meaningful_name": scene.written(file.name),
        "first_submission_date": scene.epoch(900),
        "times_submitted": 17,
    }
    if known.family:
        category, _, name = known.family.partition(".")
        attributes["popular_threat_classification"] = {
            "suggested_threat_label": known.family,
            "popular_threat_category": [{"count": known.detections, "value": category}],
            "popular_threat_name": [{"count": known.detections, "value": name}],
        }
    return attributes


_ATTRIBUTES: Final = {"ip_address": _address, "domain": _domain, "url": _url, "file": _contents}


def _relationship(name: str, scene: Scene) -> Json:
    addresses = [other for other in scene.known.related if _is_address(other)]
    names = [scene.written(other) for other in scene.known.related if not _is_address(other)]
    data: object = []
    match name:
        case "resolutions" if _is_address(scene.subject):
            data = [{"type": "resolution", "id": f"{scene.subject}{other}"} for other in names]
        case "resolutions":
            data = [{"type": "resolution", "id": f"{other}{scene.subject}"} for other in addresses]
        case "contacted_ips":
            data = [{"type": "ip_address", "id": other} for other in addresses]
        case "contacted_domains":
            data = [{"type": "domain", "id": other} for other in names]
        case "last_serving_ip_address":
            data = {"type": "ip_address", "id": addresses[0]} if addresses else None
        case "network_location":
            data = {"type": "domain", "id": scene.written(urlsplit(scene.subject).hostname or "")}
        case _:
            pass
    return {"data": data, "links": {"self": f"{_PAGE}{scene.call.path}/relationships/{name}"}}


def file_of(scene: Scene) -> File:
    """The file of a story, or one made up for the hash that was asked about."""
    if scene.known.file is not None:
        return scene.known.file
    asked = {len(scene.subject): scene.subject}
    whole = hashlib.sha256(scene.subject.encode()).hexdigest()
    return File(
        md5=asked.get(32, whole[:32]),
        sha1=asked.get(40, whole[:40]),
        sha256=asked.get(64, whole),
        name="setup.exe",
        size=190_464,
        mime="application/x-dosexec",
        description="Win32 EXE",
    )


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdigit() or ":" in text


WIRE: Final = Wire(
    answer=_answer,
    problem=_problem,
    key_header="x-apikey",
    needs_key=True,
    bulk=("data", "attributes", "last_analysis_results"),
)
