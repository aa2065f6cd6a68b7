"""The upstream farm keeps its records, comes and goes quickly, and says where it is."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.fakes.asking import client, connect, get
from tests.fakes.clock import HandClock
from tests.fakes.loopback import Ports
from tests.fakes.upstream import Behaviour, UpstreamFarm


@pytest.fixture(scope="module")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm(clock=HandClock()) as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


class TestRecords:
    def test_a_call_is_kept_as_it_came(self, farm: UpstreamFarm) -> None:
        with client() as asking:
            asking.post(farm.url("abuseipdb") + "/check?ipAddress=2001%3Adb8%3A%3A1&verbose", json={"a": 1})
        (call,) = farm.calls("abuseipdb")
        assert (call.method, call.path, call.query) == ("POST", "/check", {"ipAddress": "2001:db8::1", "verbose": ""})
        assert call.json() == {"a": 1}
        assert call.headers["content-type"] == "application/json"
        farm.reset()
        assert farm.calls("abuseipdb") == []

    def test_a_call_knows_its_time(self) -> None:
        clock = HandClock()
        with UpstreamFarm(clock=clock) as farm:
            get(farm, "internetdb")
            clock.advance(7)
            get(farm, "internetdb")
            assert [call.at for call in farm.calls("internetdb")] == [0.0, 7.0]

    def test_a_body_that_is_no_object_is_said_to_be_none(self, farm: UpstreamFarm) -> None:
        with client() as asking:
            asking.post(farm.url("internetdb") + "/8.8.8.8", json=[])
        with pytest.raises(ValueError, match="no JSON object"):
            farm.calls("internetdb")[0].json()


class TestLife:
    def test_it_stops_quickly_in_the_middle_of_everything(self) -> None:
        before = threading.active_count()
        with UpstreamFarm() as farm:
            connections = []
            for behaviour in (Behaviour.HANG, Behaviour.ENDLESS, Behaviour.DRIP, Behaviour.OK) * 5:
                farm.set("virustotal", behaviour)
                connections.append(connect(farm))
                assert wait_until(lambda: len(farm.calls("virustotal")) == len(connections))
            begun = time.perf_counter()
        assert time.perf_counter() - begun < 1.0
        assert threading.active_count() == before
        for connection in connections:
            connection.close()

    def test_given_a_port_it_takes_that(self) -> None:
        with UpstreamFarm() as probe:
            free = urlsplit(probe.dead_url()).port
        assert free is not None
        with UpstreamFarm(port=free) as farm:
            assert farm.url("rdap") == f"http://127.0.0.1:{free}/rdap"
            assert get(farm, "internetdb").status_code == 200
            with pytest.raises(OSError, match="in use"), UpstreamFarm(port=free):
                pass

    def test_a_name_server_gets_a_port_that_is_free_twice(self) -> None:
        with ExitStack() as sockets, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            first: int = taken.getsockname()[1]
            stream, datagram = Ports(first).pair(sockets)
            assert stream.getsockname() == datagram.getsockname()
            assert stream.getsockname()[1] > first

    def test_its_environment_points_at_it(self, farm: UpstreamFarm) -> None:
        settings = farm.environment()
        assert settings["CYBERVAULT_SOURCES__VIRUSTOTAL__URL"] == farm.url("virustotal")
        assert settings["CYBERVAULT_SOURCES__VIRUSTOTAL__KEY"]
        assert json.loads(settings["CYBERVAULT_DNS__RESOLVERS"]) == farm.resolvers
        assert not [name for name in farm.environment(has_keys=False) if name.endswith("__KEY")]

    def test_by_hand_it_prints_its_settings_and_ends_when_told(self) -> None:
        command = [sys.executable, "-m", "tests.fakes.upstream", "--port", "0", "--pace", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            url = first.partition("=")[2].strip()
            with client() as asking:
                assert asking.get(f"{url}/ip_addresses/8.8.8.8").status_code == 401
            process.terminate()
            rest = process.stdout.read()
            assert process.wait(5) == 0
        assert "export CYBERVAULT_CHAT__URL=http://127.0.0.1:" in rest


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Whether something becomes true within two seconds."""
    end = time.perf_counter() + 2
    while time.perf_counter() < end:
        if is_so():
            return True
        time.sleep(0.002)
    return False
