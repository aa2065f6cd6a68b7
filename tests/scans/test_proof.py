"""What a domain shows as its proof, by a real name server and a real web server on loopback."""

import ssl

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin
from cybervault.scans.proof import DomainProof
from tests.egress.asks import to_loopback
from tests.egress.dns_server import DnsServer
from tests.egress.servers import AUTHORITY, RawServer, ok, reply, says, server_tls

TEXT = "cybervault-challenge=4k1x"


def records(*texts: str) -> DnsServer:
    """A name server with these TXT records below the label."""

    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        name = query.question[0].name
        if texts and name.to_text() == "_cybervault-challenge.upstream.test.":
            quoted = [f'"{text}"' for text in texts]
            response.answer.append(dns.rrset.from_text_list(name, 60, dns.rdataclass.IN, dns.rdatatype.TXT, quoted))
        return response

    return DnsServer(answer)


def trust() -> ssl.SSLContext:
    """The client's side, which trusts our own authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    return context


async def is_proved(names: DnsServer, file: bytes) -> bool:
    async with names, RawServer(says(file), tls=server_tls()) as web:
        guard = Guard({names.origin, Origin("https", "upstream.test", web.port)})
        async with Egress(guard, look_up=to_loopback, own_servers=(names.origin,), tls=trust()) as egress:
            return await DomainProof(egress, web.port).is_published("upstream.test", TEXT)


@pytest.mark.parametrize(
    ("texts", "file", "expected"),
    [
        ((TEXT,), reply(404), True),
        (("v=spf1 -all", f" {TEXT} "), reply(404), True),
        ((), ok(f"{TEXT}\n".encode()), True),
        ((), reply(404, TEXT.encode()), False),
        ((f"{TEXT}5",), ok(f"{TEXT}5".encode()), False),
        ((), ok(b"x" * 5_000 + TEXT.encode()), False),
        ((), ok(b"\xff\xfe"), False),
    ],
)
async def test_the_record_or_the_file_shows_the_challenge_and_nothing_else(
    texts: tuple[str, ...],
    file: bytes,
    expected: bool,  # noqa: FBT001 - the expectation
) -> None:
    assert await is_proved(records(*texts), file) is expected


async def test_a_name_that_leads_inside_proves_nothing() -> None:
    """Whoever can write a name server's records cannot have our own machines asked."""
    async with records() as names, RawServer(says(ok(TEXT.encode())), tls=server_tls()) as web:
        async with Egress(Guard({names.origin}), look_up=to_loopback, own_servers=(names.origin,)) as egress:
            assert not await DomainProof(egress, web.port).is_published("upstream.test", TEXT)
        assert web.connections == 0
