"""How the other sources speak, each with its own way to say "unknown", "refused" and "slower"."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tests.fakes import virustotal
from tests.fakes.wire import HTML, NDJSON, Fault, Json, Reply, Scene, Wire

_SOON_SECONDS: Final = 30
_TOMORROW_SECONDS: Final = 28_800


def _wait(fault: Fault) -> int:
    return _TOMORROW_SECONDS if fault is Fault.QUOTA else _SOON_SECONDS


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# --- AbuseIPDB: never 404, errors as a list

_ABUSEIPDB_DETAILS: Final = {
    Fault.UNAUTHORIZED: "The API key is missing, incorrect or revoked.",
    Fault.UNPROCESSABLE: "The ip address must be a valid IPv4 or IPv6 address.",
    Fault.THROTTLED: "Too many requests.",
    Fault.QUOTA: "Daily rate limit of 1000 requests exceeded for this endpoint.",
}


def _abuseipdb_problem(fault: Fault, scene: Scene) -> Reply:
    error: Json = {"detail": _ABUSEIPDB_DETAILS.get(fault, "Not answered."), "status": fault.status}
    if fault is Fault.UNPROCESSABLE:
        error["source"] = {"parameter": "ipAddress"}
    headers: tuple[tuple[str, str], ...] = ()
    if fault in {Fault.THROTTLED, Fault.QUOTA}:
        reset = scene.now + timedelta(seconds=_wait(fault))
        headers = (
            ("Retry-After", str(_wait(fault))),
            ("X-RateLimit-Limit", "1000"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", str(int(reset.timestamp()))),
        )
    return Reply(fault.status, ({"errors": [error]},), headers=headers)


def _abuseipdb(scene: Scene) -> Reply:
    known = scene.known
    if not _is_address(scene.subject):
        return _abuseipdb_problem(Fault.UNPROCESSABLE, scene)
    last = scene.days_ago(0.5) if known.reports else None
    data: Json = {
        "ipAddress": scene.subject,
        "isPublic": True,
        "ipVersion": 6 if ":" in scene.subject else 4,
        "isWhitelisted": True if known.is_whitelisted else None,
        "abuseConfidenceScore": known.abuse_score,
        "countryCode": known.country or None,
        "usageType": "Data Center/Web Hosting/Transit" if known.owner else None,
        "isp": known.owner,
        "domain": scene.written("host.example") if known.owner else None,
        "hostnames": [scene.written(name) for name in known.related],
        "isTor": known.is_tor,
        "totalReports": known.reports,
        "numDistinctUsers": known.reporters,
        "lastReportedAt": _stamp(last),
    }
    if "verbose" in scene.call.query:
        data |= {"countryName": known.country or None, "reports": _reports(scene)}
    rest = (("X-RateLimit-Limit", "1000"), ("X-RateLimit-Remaining", "998"))
    return Reply(200, ({"data": data},), headers=rest)


def _reports(scene: Scene) -> list[Json]:
    """The newest reports; their comments are free text of anyone."""
    return [
        {
            "reportedAt": _stamp(scene.days_ago(0.5 + number)),
            "comment": scene.written("Failed password for root from this address"),
            "categories": list(scene.known.categories),
            "reporterId": 1000 + number,
            "reporterCountryCode": "DE",
            "reporterCountryName": "Germany",
        }
        for number in range(min(scene.known.reports, 12))
    ]


# --- PolySwarm: unknown is 204 with an empty body of type text/html


def _polyswarm_problem(fault: Fault, _scene: Scene) -> Reply:
    text = "You have exceeded your usage limit." if fault.status == 429 else f"Refused: {fault.value[1]}."
    body: Json = {"status": "error", "result": text, "errors": text, "has_more": False}
    return Reply(fault.status, (body,), headers=(("X-Billing-ID", "0"),))


def _polyswarm(scene: Scene) -> Reply:
    known = scene.known
    if known.polyscore is None:
        return Reply(204, content_type=HTML, headers=(("X-Billing-ID", "42"),))
    body: Json = {"status": "OK", "has_more": False, "limit": 50, "result": [_instance(scene, known.polyscore)]}
    return Reply(200, (body,), headers=(("X-Billing-ID", "42"),))


def _instance(scene: Scene, score: float) -> Json:
    file = virustotal.file_of(scene)
    malicious = round(score * 12)
    name, family = scene.written(file.name), scene.known.family.rpartition(".")[2]
    assertions = [
        {
            "author_name": f"engine-{number}",
            "engine": {"name": f"engine-{number}"},
            "bid": "500000000000000000",
            "mask": True,
            "verdict": number < malicious,
            "metadata": {"malware_family": scene.written(family or "unnamed") if number < malicious else ""},
        }
        for number in range(12)
    ]
    return {
        "id": "74329217065172518",
        "sha256": file.sha256,
        "sha1": file.sha1,
        "md5": file.md5,
        "mimetype": file.mime,
        "extended_type": file.description,
        "size": file.size,
        "filename": name,
        "first_seen": scene.days_ago(400).replace(tzinfo=None).isoformat(),
        "last_scanned": _stamp(scene.days_ago(2)),
        "window_closed": True,
        "failed": False,
        "polyscore": score,
        "detections": {"benign": 12 - malicious, "malicious": malicious, "total": 12},
        "assertions": assertions,
        "votes": [],
        "metadata": [{"tool": "hash", "tool_metadata": {"name": name}}],
        "permalink": f"https://polyswarm.network/scan/results/file/{file.sha256}",
    }


# --- Robtex: unknown is 200 with an empty body; the form of the first two bodies is published nowhere


def _robtex_problem(fault: Fault, _scene: Scene) -> Reply:
    return Reply(fault.status, ({"status": fault.value[1]},))


def _robtex(scene: Scene) -> Reply:
    known = scene.known
    if scene.call.path == "/domain_ranking" and known.rank:
        return Reply(200, ({"status": "ok", "hostname": scene.subject, "rank": known.rank},))
    if scene.call.path == "/domain_reputation" and known.standing:
        body: Json = {"status": "ok", "hostname": scene.subject, "reputation": known.standing}
        return Reply(200, (body | {"description": scene.written("a web site")},))
    return Reply(200)


def _robtex_dns(scene: Scene) -> Reply:
    if scene.call.path.startswith("/ipquery/"):
        return Reply(200, (_network_of_address(scene),))
    owner = scene.written(scene.subject)
    is_forward = scene.call.path.startswith("/pdns/forward/")
    pairs = [(owner, other) if is_forward else (scene.written(other), owner) for other in scene.known.related]
    records = tuple(
        {
            "rrname": name,
            "rrdata": data,
            "rrtype": "A",
            "time_first": scene.epoch(700),
            "time_last": scene.epoch(3),
            "count": 7,
        }
        for name, data in pairs
    )
    return Reply(200, records, content_type=NDJSON)


def _network_of_address(scene: Scene) -> Json:
    known = scene.known
    seen = [{"o": scene.written(name), "t": scene.epoch(3)} for name in known.related]
    body: Json = {"status": "ok", "act": seen, "acth": [], "pas": [], "pash": []}
    if known.asn:
        body |= {"as": known.asn, "asname": known.owner, "country": known.country, "bgproute": known.network}
    return body


# --- Shodan InternetDB, GreyNoise, CIRCL hashlookup: unknown is 404


def _internetdb_problem(fault: Fault, _scene: Scene) -> Reply:
    text = "No information available" if fault is Fault.NOT_FOUND else f"Refused: {fault.value[1]}"
    return Reply(fault.status, ({"detail": text},))


def _internetdb(scene: Scene) -> Reply:
    known = scene.known
    if not known.ports:
        return _internetdb_problem(Fault.NOT_FOUND, scene)
    body: Json = {
        "ip": scene.subject,
        "ports": list(known.ports),
        "hostnames": [scene.written(name) for name in known.related],
        "cpes": [scene.written("cpe:/a:f5:nginx:1.18.0")],
        "tags": list(known.tags),
        "vulns": list(known.vulnerabilities),
    }
    return Reply(200, (body,))


def _greynoise_problem(fault: Fault, scene: Scene) -> Reply:
    words = {
        Fault.UNAUTHORIZED: "Invalid API key.",
        Fault.NOT_FOUND: "IP not observed scanning the internet or contained in RIOT data set.",
        Fault.THROTTLED: "Too many requests, slow down.",
        Fault.QUOTA: "You have hit your weekly rate limit on this plan.",
    }
    body: Json = {"message": words.get(fault, f"Refused: {fault.value[1]}.")}
    if fault is Fault.NOT_FOUND:
        body = {"ip": scene.subject, "noise": False, "riot": False} | body
    return Reply(fault.status, (body,))


def _greynoise(scene: Scene) -> Reply:
    known = scene.known
    if not known.noise:
        return _greynoise_problem(Fault.NOT_FOUND, scene)
    body: Json = {
        "ip": scene.subject,
        "noise": not known.is_riot,
        "riot": known.is_riot,
        "classification": known.noise,
        "name": scene.written(known.actor),
        "link": f"https://viz.greynoise.io/ip/{scene.subject}",
        "last_seen": scene.days_ago(1).date().isoformat(),
        "message": "Success",
    }
    return Reply(200, (body,))


def _hashlookup_problem(fault: Fault, scene: Scene) -> Reply:
    kind = scene.call.path.split("/")[-2].upper()
    text = f"Non existing {kind}" if fault is Fault.NOT_FOUND else f"Refused: {fault.value[1]}"
    return Reply(fault.status, ({"message": text, "query": scene.subject},))


def _hashlookup(scene: Scene) -> Reply:
    known, file = scene.known, virustotal.file_of(scene)
    if known.trust is None and not known.malicious_list:
        return _hashlookup_problem(Fault.NOT_FOUND, scene)
    body: Json = {
        "FileName": scene.written(file.name),
        "FileSize": str(file.size),
        "MD5": file.md5.upper(),
        "SHA-1": file.sha1.upper(),
        "SHA-256": file.sha256.upper(),
        "ProductCode": {"ProductName": scene.written("Demo Linux"), "ProductVersion": "1"},
        "mimetype": file.mime,
        "source": "NSRL",
        "db": "nsrl_legacy",
    }
    if known.malicious_list:
        return Reply(200, (body | {"KnownMalicious": known.malicious_list, "hashlookup:trust": 5},))
    return Reply(200, (body | {"hashlookup:trust": known.trust},))


# --- RDAP: the well-known address redirects to the registry

RDAP_JSON: Final = "application/rdap+json"


def _rdap_problem(fault: Fault, _scene: Scene) -> Reply:
    body: Json = {"errorCode": fault.status, "title": fault.value[1].title(), "description": ["Not answered."]}
    return Reply(fault.status, (body,), content_type=RDAP_JSON)


def _rdap(scene: Scene) -> Reply:
    registered = scene.registered_at
    if registered is None:
        return _rdap_problem(Fault.NOT_FOUND, scene)
    events = [
        {"eventAction": "registration", "eventDate": _stamp(registered)},
        {"eventAction": "expiration", "eventDate": _stamp(scene.days_ago(-240))},
        {"eventAction": "last changed", "eventDate": _stamp(max(registered, scene.days_ago(30)))},
        {"eventAction": "last update of RDAP database", "eventDate": _stamp(scene.days_ago(0))},
    ]
    body: Json = {"rdapConformance": ["rdap_level_0"], "events": events, "status": list(scene.known.status)}
    body |= _registered_name(scene) if "/domain/" in scene.call.path else _registered_network(scene)
    return Reply(200, (body,), content_type=RDAP_JSON)


def _registered_name(scene: Scene) -> Json:
    return {
        "objectClassName": "domain",
        "handle": "D1234-EXAMPLE",
        "ldhName": scene.subject.upper(),
        "nameservers": [
            {"objectClassName": "nameserver", "ldhName": scene.written(name.removesuffix(".").upper())}
            for name in scene.known.records.get("NS", ())
        ],
        "entities": [
            _entity("registrar", scene.known.registrar),
            _entity("registrant", scene.written("Private Person")),
        ],
        "remarks": [{"title": "Notes", "description": [scene.written("Contact us by e-mail.")]}],
    }


def _registered_network(scene: Scene) -> Json:
    known = scene.known
    return {
        "objectClassName": "ip network",
        "handle": f"NET-{known.asn}",
        "name": known.owner,
        "startAddress": known.network.partition("/")[0],
        "endAddress": known.network.partition(".0/")[0] + ".255",
        "ipVersion": "v4",
        "country": known.country,
        "entities": [_entity("registrant", scene.written(known.owner))],
    }


def _entity(role: str, name: str) -> Json:
    card = ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]]
    return {"objectClassName": "entity", "roles": [role], "vcardArray": card}


WIRES: Final[Mapping[str, Wire]] = {
    "virustotal": virustotal.WIRE,
    "abuseipdb": Wire(
        answer=_abuseipdb, problem=_abuseipdb_problem, key_header="key", needs_key=True, bulk=("data", "reports")
    ),
    "polyswarm": Wire(answer=_polyswarm, problem=_polyswarm_problem, key_header="authorization", needs_key=True),
    "robtex": Wire(answer=_robtex, problem=_robtex_problem),
    "robtex_dns": Wire(answer=_robtex_dns, problem=_robtex_problem),
    "internetdb": Wire(answer=_internetdb, problem=_internetdb_problem),
    "greynoise": Wire(answer=_greynoise, problem=_greynoise_problem, key_header="key"),
    "hashlookup": Wire(answer=_hashlookup, problem=_hashlookup_problem),
    "rdap": Wire(answer=_rdap, problem=_rdap_problem),
}
