"""The stand-in resolvers answer by the little world, over UDP and TCP, and block each in its own way."""

import socket
import time
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.egress.guard import Guard, resolver_origin
from cybervault.egress.message import DnsQuestion
from cybervault.egress.resolver import DnsClient
from cybervault.enrichment.connector import DnsRequest, UpstreamReply
from cybervault.enrichment.connectors.dns import CONNECTOR
from tests.fakes.clock import HandClock
from tests.fakes.upstream import DnsBehaviour, UpstreamFarm
from tests.fakes.world import CLEANBROWSING, CLOUDFLARE_SECURITY, DNS4EU, QUAD9, ULTRADNS

FILTERS = (QUAD9, CLOUDFLARE_SECURITY, CLEANBROWSING, DNS4EU, ULTRADNS)


@pytest.fixture(scope="module")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm() as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


def place(farm: UpstreamFarm, resolver: str) -> tuple[str, int]:
    host, _, port = farm.dns_for(resolver).partition(":")
    return host, int(port)


def ask(farm: UpstreamFarm, name: str, kind: str = "A", resolver: str = "1.1.1.1") -> dns.message.Message:
    host, port = place(farm, resolver)
    return dns.query.udp(dns.message.make_query(name, kind), host, port=port, timeout=2)


def records(answer: dns.message.Message) -> list[str]:
    return sorted(record.to_text() for found in answer.answer for record in found)


async def ask_as_the_product(farm: UpstreamFarm, text: str) -> Answer:
    """What the product's own connector reads out of the product's own questions."""
    observable = parse_observable(text)
    asking = DnsClient(Guard(resolver_origin(local) for local in farm.resolvers.values()))
    replies = []
    for request in CONNECTOR.ask(observable, None):
        assert isinstance(request, DnsRequest)
        question = DnsQuestion(
            name=request.name, record_type=request.record_type, resolver=farm.dns_for(request.resolver)
        )
        reply = await asking.ask(question)
        assert reply.failure is None
        replies.append(UpstreamReply(HandClock().now(), status=reply.code, records=reply.records))
    return CONNECTOR.read(observable, tuple(replies))


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("google.com", "A", ["142.250.74.46"]),
        ("GOOGLE.com.", "AAAA", ["2a00:1450:400f:80c::200e"]),
        ("evil.example", "MX", ["10 mail.evil.example."]),
        ("evil.example", "NS", ["ns1.evil.example.", "ns2.evil.example."]),
        ("evil.example", "AAAA", []),
    ],
)
def test_the_world_has_names(farm: UpstreamFarm, name: str, kind: str, expected: list[str]) -> None:
    answer = ask(farm, name, kind)
    assert (answer.rcode(), records(answer)) == (dns.rcode.NOERROR, expected)


def test_other_names_do_not_exist(farm: UpstreamFarm) -> None:
    assert ask(farm, "nobody.example").rcode() == dns.rcode.NXDOMAIN


def test_each_filter_blocks_in_its_own_way(farm: UpstreamFarm) -> None:
    told = {resolver: ask(farm, "evil.example", resolver=resolver) for resolver in FILTERS}
    said = {resolver: records(answer) or dns.rcode.to_text(answer.rcode()) for resolver, answer in told.items()}
    assert said == {
        QUAD9: "NXDOMAIN",
        CLOUDFLARE_SECURITY: ["0.0.0.0"],  # noqa: S104 - an answer, nothing listens on it
        CLEANBROWSING: "NXDOMAIN",
        DNS4EU: ["203.0.113.42"],
        ULTRADNS: ["203.0.113.42"],
    }


@pytest.mark.parametrize(
    ("text", "outcome", "bins"),
    [
        ("evil.example", Outcome.HIT, ["resolves", "3+"]),
        ("shop.example", Outcome.HIT, ["resolves", "1"]),
        ("google.com", Outcome.CLEAN, ["resolves", "0"]),
        ("nobody.example", Outcome.UNKNOWN, ["nxdomain"]),
    ],
)
async def test_the_product_reads_the_story_that_was_meant(
    farm: UpstreamFarm, text: str, outcome: Outcome, bins: list[str]
) -> None:
    answer = await ask_as_the_product(farm, text)
    assert (answer.outcome, [item.bin for item in answer.evidence]) == (outcome, bins)


def test_a_long_answer_comes_over_tcp(farm: UpstreamFarm) -> None:
    host, port = place(farm, "1.1.1.1")
    query = dns.message.make_query("crowd.example", "A", use_edns=0, payload=1232)
    assert dns.query.udp(query, host, port=port, timeout=2).flags & dns.flags.TC
    answer = dns.query.tcp(query, host, port=port, timeout=2)
    assert len(records(answer)) == 120


def test_questions_are_kept(farm: UpstreamFarm) -> None:
    ask(farm, "Evil.Example", "MX", QUAD9)
    assert farm.questions(QUAD9) == [("evil.example", "MX")]
    assert farm.questions("1.1.1.1") == []
    farm.reset()
    assert farm.questions(QUAD9) == []


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (DnsBehaviour.NXDOMAIN, dns.rcode.NXDOMAIN),
        (DnsBehaviour.SERVER_FAILURE, dns.rcode.SERVFAIL),
        (DnsBehaviour.REFUSED, dns.rcode.REFUSED),
    ],
)
def test_a_resolver_may_refuse(farm: UpstreamFarm, behaviour: DnsBehaviour, code: dns.rcode.Rcode) -> None:
    farm.set_dns("1.1.1.1", behaviour)
    assert ask(farm, "google.com").rcode() == code
    assert ask(farm, "google.com", resolver=QUAD9).rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("behaviour", [DnsBehaviour.HANG, DnsBehaviour.GARBAGE])
def test_a_resolver_may_be_silent_or_mad(farm: UpstreamFarm, behaviour: DnsBehaviour) -> None:
    farm.set_dns("1.1.1.1", behaviour)
    host, port = place(farm, "1.1.1.1")
    with pytest.raises(dns.exception.DNSException):
        dns.query.udp(dns.message.make_query("google.com", "A"), host, port=port, timeout=0.2)


def test_what_is_no_question_gets_no_answer(farm: UpstreamFarm) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        for wire in (b"x", dns.message.Message().to_wire()):
            asking.sendto(wire, place(farm, "1.1.1.1"))
        with pytest.raises(TimeoutError):
            asking.recv(100)


def test_an_open_connection_does_not_hold_the_end() -> None:
    with UpstreamFarm() as farm, socket.create_connection(place(farm, QUAD9)) as asking:
        farm.set_dns(QUAD9, DnsBehaviour.HANG)
        asking.setblocking(False)  # noqa: FBT003 - the standard library's own
        with pytest.raises(dns.exception.Timeout):
            dns.query.tcp(dns.message.make_query("google.com", "A"), "127.0.0.1", timeout=0.2, sock=asking)
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 1.0


def test_only_known_resolvers_are_played(farm: UpstreamFarm) -> None:
    assert farm.dns_address == farm.dns_for("1.1.1.1")
    with pytest.raises(KeyError):
        farm.dns_for("203.0.113.1")
