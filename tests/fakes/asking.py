"""Asks the upstream farm as the product's connectors do, for the farm's own checks."""

import ssl
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

import httpx2

from cybervault.domain.evidence import Answer
from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment.connector import HttpRequest, UpstreamReply
from cybervault.enrichment.connectors import CONNECTORS
from tests.fakes.clock import HandClock
from tests.fakes.upstream import UpstreamFarm
from tests.fakes.world import EICAR

# Nothing here speaks TLS, and loading certificates for every client would take longer than asking.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

CONNECTOR_OF: Final = {connector.source.name: connector for connector in CONNECTORS}
KEYS: Final = {"virustotal": {"x-apikey": "k"}, "abuseipdb": {"Key": "k"}, "polyswarm": {"Authorization": "k"}}
# One question to each source about something that it knows.
KNOWN: Final = {
    "virustotal": "/ip_addresses/203.0.113.42",
    "abuseipdb": "/check?ipAddress=203.0.113.42&maxAgeInDays=90&verbose",
    "polyswarm": f"/search/hash/md5?hash={EICAR.md5}",
    "robtex": "/domain_reputation?hostname=evil.example",
    "robtex_dns": "/pdns/forward/evil.example",
    "internetdb": "/203.0.113.42",
    "greynoise": "/203.0.113.42",
    "hashlookup": f"/lookup/md5/{EICAR.md5}",
    "rdap": "/domain/evil.example",
}


def client() -> httpx2.Client:
    """A client that follows redirects."""
    return httpx2.Client(trust_env=False, timeout=10, follow_redirects=True, verify=NO_TLS)


def get(farm: UpstreamFarm, name: str, path: str = "", **headers: str) -> httpx2.Response:
    """Ask a source; without a path about something known, without headers with a good key."""
    url = farm.url(name) + (path or KNOWN[name])
    with client() as asking:
        return asking.get(url, headers=headers or KEYS.get(name, {}))


def ask(farm: UpstreamFarm, name: str, text: str) -> Answer:
    """What the product's own connector reads out of the replies."""
    connector, observable = CONNECTOR_OF[name], parse_observable(text)
    replies = []
    for request in connector.ask(observable, Secret("k")):
        assert isinstance(request, HttpRequest)
        query = "&".join(f"{name}={value}" for name, value in request.query)
        headers = {header.name: header.secret.reveal() for header in request.secret_headers}
        reply = get(farm, name, f"{request.path}?{query}", **headers, accept="application/json")
        lowered = tuple((name.lower(), value) for name, value in reply.headers.items())
        replies.append(UpstreamReply(HandClock().now(), reply.status_code, lowered, reply.content))
    return connector.read(observable, tuple(replies))


def connect(farm: UpstreamFarm, timeout: float = 5.0) -> HTTPConnection:
    """A plain connection on which VirusTotal was asked."""
    connection = HTTPConnection(urlsplit(farm.url("virustotal")).netloc, timeout=timeout)
    connection.request("GET", f"/virustotal{KNOWN['virustotal']}", headers={"x-apikey": "k"})
    return connection
