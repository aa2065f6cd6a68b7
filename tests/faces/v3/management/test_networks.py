"""Networks as callers write them: what is meant is certain, or it is refused."""

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.v3.management.networks import networks_in


def test_networks_are_read_once_each_in_their_order() -> None:
    texts = ["203.0.113.0/24", "2001:DB8::/32", "192.0.2.7", "203.0.113.0/24"]
    assert [str(network) for network in networks_in(texts)] == ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32"]


@pytest.mark.parametrize("text", ["", "here", "203.0.113.7/24", "1.2.3", "fe80::1%eth0", "10.0.0.0/255.0.0.0", "0/0"])
def test_what_is_no_network_is_named_by_its_place_and_not_repeated(text: str) -> None:
    with pytest.raises(Problem, match=r"ip_allow_list\.1 is no address") as caught:
        networks_in(["10.0.0.0/8", text])
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_network")
    assert not text or text not in caught.value.message
