"""What no scan may reach."""

import ipaddress

import pytest

from cybervault.domain.never_scanned import is_never_scanned


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.1", "0.0.0.0/0", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254",
        "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:1::1",
        "169.0.0.0/8", "100.100.0.0/16",
    ],
)  # fmt: skip
def test_metadata_services_and_what_is_no_host_are_closed_however_they_are_written(text: str) -> None:
    network = ipaddress.ip_network(text)
    assert is_never_scanned(network)
    assert is_never_scanned(network, has_loopback=True)
    if network.num_addresses == 1:
        assert is_never_scanned(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.255.0.0/16", "::1"])
def test_this_machine_is_closed_until_the_operator_opens_it(text: str) -> None:
    assert is_never_scanned(ipaddress.ip_network(text))
    assert not is_never_scanned(ipaddress.ip_network(text), has_loopback=True)


@pytest.mark.parametrize("text", ["10.1.0.0/24", "192.168.0.1", "203.0.113.7", "100.100.100.199", "fd12::1", "2606::1"])
def test_hosts_of_private_and_public_networks_are_open(text: str) -> None:
    assert not is_never_scanned(ipaddress.ip_network(text))
