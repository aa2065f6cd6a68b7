"""What holds for every engine that is a process of its own."""

import ipaddress

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.apart import ADAPTERS
from cybervault.scans.engines import ENGINES
from cybervault.scans.engines.adapter import Adapter, Held, Judged
from cybervault.scans.engines.services import Named
from tests.scans.desk import profiles_of


def test_every_engine_has_its_bounds_and_stands_in_the_list() -> None:
    for adapter in ADAPTERS:
        assert adapter.engine in {engine.name for engine in ENGINES if engine.is_apart}
        assert adapter.bounds != Bounds()
        assert not adapter.bounds.starts_programs


def test_each_is_handed_the_address_that_was_checked() -> None:
    spot, adapters = Spot(ipaddress.ip_address("10.1.0.7"), 443), list[Adapter](ADAPTERS)
    for adapter in adapters:
        for profile in profiles_of(1).values():
            assert any("10.1.0.7" in word for word in adapter.arguments(spot, Named("ssh"), profile)), adapter.engine


def test_those_that_attack_or_follow_links_go_by_a_proxy() -> None:
    apart = {engine.name for engine in ENGINES if engine.is_attacking}
    assert {adapter.engine for adapter in ADAPTERS if adapter.proxy_option} == apart == {"wapiti"}
    assert not Judged([("service_open", "")]).within
    assert Judged([], within=(Held("web_sql_injection", "/a (q)", "by q"),)).fault == ""
