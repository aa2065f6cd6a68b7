"""Where answers may be remembered: those of sources that fit, for the operator's keys."""

from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment.connector import SourceSetup
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.recollection import places_of

KEY = Secret("k0")


def test_sources_that_fit_and_are_switched_on_each_with_its_key() -> None:
    setups = {name: SourceSetup("") for name in ("abuseipdb", "polyswarm")} | {"virustotal": SourceSetup("", key=KEY)}
    address, digest = parse_observable("198.51.100.7"), parse_observable("44d88612fea8a8f36de82e1278abb02f")
    found = {(one.source.name, one.fingerprint) for one in places_of(address, CONNECTORS, setups)}
    assert found == {("abuseipdb", ""), ("virustotal", KEY.fingerprint)}
    assert {one.source.name for one in places_of(digest, CONNECTORS, setups)} == {"polyswarm", "virustotal"}
    assert all(one.observable == digest for one in places_of(digest, CONNECTORS, setups))
