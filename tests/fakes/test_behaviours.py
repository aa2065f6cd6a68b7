"""Each misbehaviour is what its name says, for every source."""

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import RemoteDisconnected
from urllib.parse import urlsplit

import httpx2
import pytest

from cybervault.domain.evidence import Outcome
from tests.fakes.asking import KNOWN, ask, client, connect, get
from tests.fakes.behaviours import BOMB_BYTES, HUGE_BYTES, INJECTION_TEXT
from tests.fakes.clock import HandClock
from tests.fakes.sources import WIRES
from tests.fakes.upstream import Behaviour, UpstreamFarm
from tests.fakes.world import EICAR


@pytest.fixture(scope="module")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm(clock=HandClock()) as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


class TestBehaviours:
    @pytest.mark.parametrize("name", sorted(WIRES))
    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [
            (Behaviour.NOT_FOUND, 404),
            (Behaviour.NO_CONTENT, 204),
            (Behaviour.UNAUTHORIZED, 401),
            (Behaviour.FORBIDDEN, 403),
            (Behaviour.UNPROCESSABLE, 422),
            (Behaviour.THROTTLED, 429),
            (Behaviour.QUOTA, 429),
            (Behaviour.SERVER_ERROR, 500),
            (Behaviour.ERROR_IN_200, 200),
            (Behaviour.HTML, 200),
            (Behaviour.EMPTY, 200),
        ],
    )
    def test_a_refusal_has_its_status(self, farm: UpstreamFarm, name: str, behaviour: Behaviour, status: int) -> None:
        farm.set(name, behaviour)
        assert get(farm, name).status_code == status

    @pytest.mark.parametrize(
        ("name", "behaviour", "outcome"),
        [
            ("virustotal", Behaviour.THROTTLED, Outcome.THROTTLED),
            ("virustotal", Behaviour.QUOTA, Outcome.QUOTA),
            ("abuseipdb", Behaviour.THROTTLED, Outcome.THROTTLED),
            ("abuseipdb", Behaviour.QUOTA, Outcome.QUOTA),
            ("greynoise", Behaviour.THROTTLED, Outcome.THROTTLED),
            ("greynoise", Behaviour.QUOTA, Outcome.QUOTA),
        ],
    )
    def test_haste_and_a_spent_allowance_differ_where_they_do_outside(
        self, farm: UpstreamFarm, name: str, behaviour: Behaviour, outcome: Outcome
    ) -> None:
        farm.set(name, behaviour)
        assert ask(farm, name, "203.0.113.42").outcome is outcome

    def test_robtex_says_in_the_body_that_it_is_throttled(self, farm: UpstreamFarm) -> None:
        farm.set("robtex", Behaviour.ERROR_IN_200)
        assert ask(farm, "robtex", "evil.example").outcome is Outcome.THROTTLED

    def test_no_content_is_html_without_a_body(self, farm: UpstreamFarm) -> None:
        reply = get(farm, "polyswarm", f"/search/hash/md5?hash={'f' * 32}")
        assert (reply.status_code, reply.headers["content-type"], reply.content) == (204, "text/html", b"")

    @pytest.mark.parametrize("name", sorted(WIRES))
    def test_broken_json_is_none(self, farm: UpstreamFarm, name: str) -> None:
        farm.set(name, Behaviour.BROKEN_JSON)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting|Invalid control"):
            json.loads(get(farm, name).content)

    @pytest.mark.parametrize("name", sorted(WIRES))
    def test_wrong_types_keep_the_names(self, farm: UpstreamFarm, name: str) -> None:
        good = json.loads(get(farm, name).content.splitlines()[0])
        farm.set(name, Behaviour.WRONG_TYPES)
        wrong = json.loads(get(farm, name).content.splitlines()[0])
        assert set(wrong) == set(good)
        assert all(type(wrong[key]) is not type(good[key]) or isinstance(good[key], dict) for key in good)

    @pytest.mark.parametrize("name", sorted(WIRES))
    def test_huge_is_the_right_document_of_two_megabytes(self, farm: UpstreamFarm, name: str) -> None:
        good = json.loads(get(farm, name).content.splitlines()[0])
        farm.set(name, Behaviour.HUGE)
        body = get(farm, name).content
        assert HUGE_BYTES <= len(body) <= 2 * HUGE_BYTES
        assert set(json.loads(body.splitlines()[0])) >= set(good)

    def test_huge_grows_where_a_source_grows(self, farm: UpstreamFarm) -> None:
        farm.set_default(Behaviour.HUGE)
        assert len(get(farm, "virustotal").json()["data"]["attributes"]["last_analysis_results"]) > 10_000
        assert len(get(farm, "abuseipdb").json()["data"]["reports"]) > 10_000

    @pytest.mark.parametrize("name", sorted(WIRES))
    @pytest.mark.parametrize("subject", ["known", "unknown"])
    def test_an_injection_stands_in_every_source_and_leaves_its_facts(
        self, farm: UpstreamFarm, name: str, subject: str
    ) -> None:
        unknown = KNOWN[name].replace("203.0.113.42", "198.51.100.99").replace("evil.example", "nobody.example")
        path = KNOWN[name] if subject == "known" else unknown.replace(EICAR.md5, "f" * 32)
        good = get(farm, name, path)
        farm.set(name, Behaviour.INJECTION)
        reply = get(farm, name, path)
        assert (reply.status_code, farm.injected_text in reply.text) == (200, True)
        assert json.dumps(INJECTION_TEXT)[1:-1] in reply.text
        if subject == "known":
            assert "INJECT" not in good.text
            assert farm.injected_text not in good.text

    def test_an_injection_does_not_move_the_weighed_facts(self, farm: UpstreamFarm) -> None:
        before = {name: ask(farm, name, "203.0.113.42").evidence for name in ("virustotal", "abuseipdb")}
        farm.set_default(Behaviour.INJECTION)
        assert {name: ask(farm, name, "203.0.113.42").evidence for name in before} == before

    def test_one_resource_may_fail_alone(self, farm: UpstreamFarm) -> None:
        farm.set("robtex", Behaviour.SERVER_ERROR, resource="domain_ranking")
        assert get(farm, "robtex", "/domain_ranking?hostname=evil.example").status_code == 500
        assert get(farm, "robtex", "/domain_reputation?hostname=evil.example").status_code == 200

    def test_the_default_is_for_sources_that_were_not_set(self, farm: UpstreamFarm) -> None:
        farm.set_default(Behaviour.FORBIDDEN)
        farm.set("greynoise", Behaviour.OK)
        assert (get(farm, "virustotal").status_code, get(farm, "greynoise").status_code) == (403, 200)
        farm.reset()
        assert get(farm, "virustotal").status_code == 200

    def test_a_behaviour_that_does_not_fit_is_refused(self, farm: UpstreamFarm) -> None:
        for name, behaviour in (
            ("nobody", Behaviour.OK),
            ("virustotal", Behaviour.ERROR_MID_STREAM),
            ("chat", Behaviour.HUGE),
        ):
            with pytest.raises(ValueError, match="cannot behave"):
                farm.set(name, behaviour)


class TestMisdeeds:
    def test_a_redirect_leads_to_another_origin_that_keeps_what_it_got(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.REDIRECT_AWAY)
        with client() as asking:
            url = farm.url("virustotal") + "/ip_addresses/8.8.8.8?a=b"
            reply = asking.get(url, headers={"x-apikey": "k"}, follow_redirects=False)
            target = reply.headers["location"]
            assert reply.status_code == 302
            assert urlsplit(target).port != urlsplit(url).port
            asking.get(target, headers={"x-apikey": "k"})
        (call,) = farm.calls("elsewhere")
        assert (call.headers["x-apikey"], call.query) == ("k", {"a": "b"})

    def test_a_dropped_connection_has_no_reply(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.DROP)
        with closing(connect(farm)) as connection, pytest.raises(RemoteDisconnected):
            connection.getresponse()

    def test_a_hanging_source_says_nothing_and_notices_that_nobody_waits(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.HANG)
        with closing(connect(farm, timeout=0.2)) as connection, pytest.raises(TimeoutError):
            connection.getresponse()
        assert farm.idle_within(2, "virustotal")
        assert len(farm.calls("virustotal")) == 1

    def test_a_bomb_is_small_on_the_wire(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.GZIP_BOMB)
        with closing(connect(farm)) as connection:
            reply = connection.getresponse()
            body = reply.read()
        assert reply.headers["content-encoding"] == "gzip"
        assert len(body) < 100_000
        assert len(gzip.decompress(body)) > BOMB_BYTES

    def test_an_endless_body_ends_with_its_reader(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.ENDLESS)
        with closing(connect(farm)) as connection:
            assert len(connection.getresponse().read(5_000_000)) == 5_000_000
            assert farm.in_flight("virustotal") == 1
            connection.close()
        assert farm.idle_within(2, "virustotal")

    def test_a_dripping_body_comes_by_the_byte(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.DRIP)
        begun = time.perf_counter()
        with closing(connect(farm)) as connection:
            reply = connection.getresponse()
            assert reply.read(4) == b'{"da'
            assert int(reply.headers["content-length"]) > 1_000
        assert time.perf_counter() - begun > 0.25

    def test_a_dead_address_refuses(self, farm: UpstreamFarm) -> None:
        with client() as asking, pytest.raises(httpx2.ConnectError):
            asking.get(farm.dead_url())

    def test_a_delay_passes_before_the_answer(self, farm: UpstreamFarm) -> None:
        farm.set("virustotal", Behaviour.OK, delay_seconds=0.2)
        begun = time.perf_counter()
        assert get(farm, "virustotal").status_code == 200
        assert time.perf_counter() - begun >= 0.2
