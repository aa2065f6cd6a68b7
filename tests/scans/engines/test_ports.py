"""The sweep: real ports on loopback, open, closed and silent."""

from dataclasses import replace

from cybervault.egress.probing import Contact, Prober, Spot
from cybervault.scans.engines.ports import sweep
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.seen import Closed, Coverage, CoverageState, Host
from tests.fakes.processes import free_port
from tests.fakes.scanned import HOST, listening, silent

HERE = Prober(lambda _: True, has_loopback=True)
STANDARD = load_profiles()[ProfileName.STANDARD]


class Played(Prober):
    """A network that answers as a table says; what is not in it is silent."""

    def __init__(self, table: dict[tuple[str, int], Contact]) -> None:
        super().__init__(lambda _: True)
        self._table = table
        self.asked: list[tuple[str, int]] = []

    async def connect(self, spot: Spot, seconds: float) -> Contact:  # noqa: ARG002 - that of the real one
        self.asked.append((str(spot.address), spot.port))
        return self._table.get((str(spot.address), spot.port), Contact.SILENT)


async def test_open_ports_are_found_among_closed_ones() -> None:
    async with listening(silent) as first, listening(silent) as second:
        shut = free_port()
        profile = replace(STANDARD, ports=tuple(sorted((first.port, second.port, shut))))
        report = await sweep([Host(HOST, HOST)], profile, HERE)
    assert {service.port for service in report.services} == {first.port, second.port}
    assert report.closed == [Closed(HOST, (f"{shut}/tcp",))]
    (line,) = report.coverage
    assert (line.asset, line.state, len(line.places)) == (HOST, CoverageState.COVERED, 3)


async def test_a_host_that_says_nothing_is_asked_little_and_not_called_clean() -> None:
    network = Played({})
    report = await sweep([Host("10.1.0.0/30", "10.1.0.1")], STANDARD, network)
    assert [port for _, port in network.asked] == [22, 80, 443, 445, 3389]
    assert (report.services, report.closed) == ([], [])
    assert report.coverage == [Coverage("10.1.0.1", "ports", CoverageState.NOT_REACHED, "no port answered")]


async def test_a_port_of_a_name_is_shut_where_all_its_addresses_say_so() -> None:
    hosts = [Host("web.example", "10.1.0.1", "web.example"), Host("web.example", "10.1.0.2", "web.example")]
    profile = replace(STANDARD, ports=(80, 443))
    table = {(host.address, port): Contact.CLOSED for host in hosts for port in (80, 443)}
    open_at_one = table | {("10.1.0.2", 443): Contact.OPEN}
    assert (await sweep(hosts, profile, Played(open_at_one))).closed == [Closed("web.example", ("80/tcp",))]
    one_is_down = {place: answer for place, answer in table.items() if place[0] == "10.1.0.1"}
    assert (await sweep(hosts, profile, Played(one_is_down))).closed == []
