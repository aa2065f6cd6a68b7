"""The connectors that ship, in the order in which people read them."""

from typing import Final

from cybervault.enrichment.connector import Connector
from cybervault.enrichment.connectors import (
    abuseipdb,
    dns,
    greynoise,
    hashlookup,
    internetdb,
    polyswarm,
    rdap,
    robtex,
    robtex_dns,
    virustotal,
)

CONNECTORS: Final[tuple[Connector, ...]] = (
    virustotal.CONNECTOR,
    abuseipdb.CONNECTOR,
    polyswarm.CONNECTOR,
    robtex.CONNECTOR,
    internetdb.CONNECTOR,
    greynoise.CONNECTOR,
    hashlookup.CONNECTOR,
    rdap.CONNECTOR,
    dns.CONNECTOR,
    robtex_dns.CONNECTOR,
)
