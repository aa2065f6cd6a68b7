"""Names: addresses checked by the guard, and questions to DNS resolvers on loopback."""

import asyncio
import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from cybervault.egress.guard import Guard, Origin
from cybervault.egress.message import DnsQuestion, DnsReply, EgressError, EgressFailure
from cybervault.egress.resolver import DnsClient, LookUp, PinnedResolver, SystemLookUp
from tests.egress.dns_server import DnsAnswer, DnsServer


def gives(*turns: tuple[str, ...]) -> LookUp:
    """A look-up with an answer for each turn; the last one stays."""
    waiting = list(turns)

    async def look_up(_host: str, _port: int) -> tuple[str, ...]:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return look_up


async def resolved(look_up: LookUp, guard: Guard | None = None) -> list[str]:
    found = await PinnedResolver(guard or Guard(), look_up).resolve("source.test", 443)
    return [entry["host"] for entry in found]


class TestPinned:
    async def test_gives_the_checked_addresses_and_nothing_to_look_up_again(self) -> None:
        resolver = PinnedResolver(Guard(), gives(("8.8.8.8", "2606:4700::1111")))
        v4, v6 = await resolver.resolve("source.test", 443)
        assert v4 == {
            "hostname": "source.test",
            "host": "8.8.8.8",
            "port": 443,
            "family": socket.AF_INET,
            "proto": 0,
            "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        }
        assert (v6["host"], v6["family"]) == ("2606:4700::1111", socket.AF_INET6)
        await resolver.close()

    @pytest.mark.parametrize(
        "inside",
        [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "203.0.113.1",
            "::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "fe80::1%eth0",
        ],
    )
    async def test_one_address_inside_refuses_all(self, inside: str) -> None:
        """A name that points inside and outside at once is an attack, whichever comes first."""
        for addresses in ((inside,), ("8.8.8.8", inside), (inside, "8.8.8.8")):
            with pytest.raises(EgressError) as caught:
                await resolved(gives(addresses))
            assert caught.value.failure is EgressFailure.REFUSED

    async def test_a_name_that_moves_inside_is_refused_when_it_does(self) -> None:
        """DNS rebinding: each look-up is judged anew, and the answer judged is the answer used."""
        resolver = PinnedResolver(Guard(), gives(("8.8.8.8",), ("127.0.0.1",)))
        assert [entry["host"] for entry in await resolver.resolve("source.test", 443)] == ["8.8.8.8"]
        with pytest.raises(EgressError):
            await resolver.resolve("source.test", 443)

    async def test_a_configured_host_may_lead_inside_on_its_port(self) -> None:
        guard = Guard({Origin("http", "source.test", 443)})
        assert await resolved(gives(("10.0.0.1",)), guard) == ["10.0.0.1"]
        with pytest.raises(EgressError):
            await resolved(gives(("10.0.0.1",)), Guard({Origin("http", "source.test", 444)}))

    async def test_a_name_without_an_address_is_an_os_error(self) -> None:
        with pytest.raises(OSError, match="no address"):
            await resolved(gives(()))


class TestSystem:
    async def test_asks_the_machine_for_each_address_once(self) -> None:
        system = SystemLookUp()
        assert await system("127.0.0.1", 80) == ("127.0.0.1",)
        assert set(await system("localhost", 80)) <= {"127.0.0.1", "::1"}
        system.close()


def records(*lines: str) -> DnsAnswer:
    """Answers with records in presentation form: name, TTL, class, type, value."""

    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        for line in lines:
            name, ttl, in_class, record_type, value = line.split(" ", 4)
            response.answer.append(dns.rrset.from_text(name, int(ttl), in_class, record_type, value))
        return response

    return answer


def code(number: dns.rcode.Rcode) -> DnsAnswer:
    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.set_rcode(number)
        return response

    return answer


def silence(_query: dns.message.Message) -> None:
    """Say nothing."""


async def replied(answer: DnsAnswer, name: str = "a.test", record_type: str = "A", timeout: float = 4.0) -> DnsReply:  # noqa: ASYNC109 - the question's own
    async with DnsServer(answer) as server:
        question = DnsQuestion(name=name, record_type=record_type, resolver=server.place, timeout_seconds=timeout)
        return await DnsClient(Guard({server.origin}), ()).ask(question)


class TestQuestions:
    async def test_gives_the_answers(self) -> None:
        got = await replied(records("a.test. 60 IN A 192.0.2.1", "a.test. 60 IN A 192.0.2.2"))
        assert got == DnsReply(code=0, records=("192.0.2.1", "192.0.2.2"))

    async def test_gives_only_the_asked_type(self) -> None:
        answer = records("a.test. 60 IN CNAME b.test.", "b.test. 60 IN A 192.0.2.1")
        assert (await replied(answer)).records == ("192.0.2.1",)
        assert (await replied(answer, record_type="CNAME")).records == ("b.test.",)

    async def test_text_is_joined_and_without_quotes(self) -> None:
        line = 'a.test. 60 IN TXT "15169 | 8.8.8.0/24 " "| US \\255 \\" end"'
        assert (await replied(records(line), record_type="TXT")).records == ('15169 | 8.8.8.0/24 | US \ufffd " end',)

    @pytest.mark.parametrize(
        ("rcode", "number"), [(dns.rcode.NXDOMAIN, 3), (dns.rcode.SERVFAIL, 2), (dns.rcode.REFUSED, 5)]
    )
    async def test_a_code_is_an_answer(self, rcode: dns.rcode.Rcode, number: int) -> None:
        assert await replied(code(rcode)) == DnsReply(code=number)

    async def test_no_records_is_an_answer(self) -> None:
        assert await replied(records()) == DnsReply(code=0)

    async def test_a_long_answer_comes_over_tcp(self) -> None:
        lines = [f"a.test. 60 IN A 10.1.{number // 250}.{number % 250 + 1}" for number in range(300)]
        async with DnsServer(records(*lines)) as server:
            question = DnsQuestion(name="a.test", record_type="A", resolver=server.place)
            got = await DnsClient(Guard({server.origin}), ()).ask(question)
        assert [transport for transport, _ in server.asked] == ["udp", "tcp"]
        assert len(got.records) == 256

    async def test_silence_is_asked_again_and_then_a_timeout(self) -> None:
        async with DnsServer(silence) as server:
            question = DnsQuestion(name="a.test", record_type="A", resolver=server.place, timeout_seconds=0.3)
            assert await DnsClient(Guard({server.origin}), ()).ask(question) == DnsReply(failure=EgressFailure.TIMEOUT)
        assert len(server.asked) == 2

    async def test_a_lost_datagram_is_made_good(self) -> None:
        def second(query: dns.message.Message) -> dns.message.Message | bytes | None:
            asked.append(query)
            return None if len(asked) == 1 else records("a.test. 60 IN A 192.0.2.1")(query)

        asked: list[dns.message.Message] = []
        got = await replied(second, timeout=2.0)
        assert got.records == ("192.0.2.1",)

    async def test_garbage_and_answers_to_other_questions_are_passed_over(self) -> None:
        def other(_query: dns.message.Message) -> dns.message.Message:
            return dns.message.make_response(dns.message.make_query("evil.test", "A"))

        assert (await replied(lambda _: b"\0\1garbage", timeout=0.2)).failure is EgressFailure.TIMEOUT
        assert (await replied(other, timeout=0.2)).failure is EgressFailure.TIMEOUT

    async def test_garbage_over_tcp_has_its_name(self) -> None:
        def answer(query: dns.message.Message) -> dns.message.Message | bytes:
            asked.append(query)
            if len(asked) > 1:
                return b"\0\1garbage"
            response = dns.message.make_response(query)
            response.flags |= dns.flags.TC
            return response

        asked: list[dns.message.Message] = []
        assert (await replied(answer)).failure is EgressFailure.BAD_ENCODING

    async def test_a_resolver_that_hangs_up_is_unreachable(self) -> None:
        def cut(query: dns.message.Message) -> dns.message.Message:
            response = dns.message.make_response(query)
            response.flags |= dns.flags.TC
            return response

        async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with DnsServer(cut) as server:
            server._tcp.close()
            await server._tcp.wait_closed()
            async with await asyncio.start_server(hang_up, "127.0.0.1", server.port):
                question = DnsQuestion(name="a.test", record_type="A", resolver=server.place, timeout_seconds=2)
                got = await DnsClient(Guard({server.origin}), ()).ask(question)
        assert got.failure is EgressFailure.UNREACHABLE

    @pytest.mark.parametrize(
        ("name", "record_type"),
        [
            ("", "A"),
            (".", "A"),
            ("a..test", "A"),
            ("a" * 64 + ".test", "A"),
            ("a." * 130, "A"),
            ("ümlaut.test", "A"),
            ("a\\999.test", "A"),
            ("a.test", "NONSENSE"),
            ("a.test", ""),
            ("a.test", "AXFR"),
            ("a.test", "ANY"),
            ("a.test", "TYPE999999"),
        ],
    )
    async def test_what_is_no_question_is_not_asked(self, name: str, record_type: str) -> None:
        async with DnsServer(records()) as server:
            question = DnsQuestion(name=name, record_type=record_type, resolver=server.place)
            got = await DnsClient(Guard({server.origin}), ()).ask(question)
        assert (got.failure, server.asked) == (EgressFailure.BAD_ENCODING, [])

    @pytest.mark.parametrize("resolver", ["127.0.0.1", "127.0.0.1:{port}", "10.0.0.53", "dns.test", "[::1]:{port}"])
    async def test_resolvers_inside_are_asked_only_where_configured(self, resolver: str) -> None:
        async with DnsServer(records()) as server:
            question = DnsQuestion(name="a.test", record_type="A", resolver=resolver.format(port=server.port))
            got = await DnsClient(Guard(), ()).ask(question)
        assert (got.failure, server.asked) == (EgressFailure.REFUSED, [])


class TestOwnServers:
    async def test_this_machines_servers_need_no_leave(self) -> None:
        async with DnsServer(records("a.test. 60 IN A 192.0.2.1")) as server:
            client = DnsClient(Guard(), (server.origin,))
            for resolver in ("", "127.0.0.1"):
                got = await client.ask(DnsQuestion(name="a.test", record_type="A", resolver=resolver))
                assert got.records == ("192.0.2.1",)

    async def test_a_server_that_fails_is_followed_by_the_next(self) -> None:
        async with DnsServer(code(dns.rcode.SERVFAIL)) as bad, DnsServer(records("a.test. 60 IN A 192.0.2.1")) as good:
            client = DnsClient(Guard(), (bad.origin, good.origin))
            got = await client.ask(DnsQuestion(name="a.test", record_type="A"))
        assert got.records == ("192.0.2.1",)

    async def test_a_silent_server_does_not_hide_what_another_said(self) -> None:
        async with DnsServer(code(dns.rcode.REFUSED)) as bad, DnsServer(silence) as silent:
            client = DnsClient(Guard(), (bad.origin, silent.origin))
            got = await client.ask(DnsQuestion(name="a.test", record_type="A", timeout_seconds=1.6))
            assert (got, len(bad.asked), len(silent.asked)) == (DnsReply(code=5), 1, 2)

    async def test_without_a_server_nothing_is_reachable(self) -> None:
        got = await DnsClient(Guard(), ()).ask(DnsQuestion(name="a.test", record_type="A"))
        assert got.failure is EgressFailure.UNREACHABLE

    async def test_the_machine_says_which_servers_are_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def without_configuration(_resolver: object, _path: str) -> None:
            raise dns.resolver.NoResolverConfiguration

        question = DnsQuestion(name="a..test", record_type="A")
        assert (await DnsClient(Guard()).ask(question)).failure is EgressFailure.BAD_ENCODING
        monkeypatch.setattr("dns.resolver.BaseResolver.read_resolv_conf", without_configuration)
        good = DnsQuestion(name="a.test", record_type="A")
        assert (await DnsClient(Guard()).ask(good)).failure is EgressFailure.UNREACHABLE
