"""Every source speaks so that the product's own connectors read the story that was meant."""

from collections.abc import Iterator

import pytest

from cybervault.domain.evidence import Outcome
from tests.fakes.asking import KNOWN, ask, get
from tests.fakes.clock import HandClock
from tests.fakes.upstream import UpstreamFarm
from tests.fakes.world import CLEAN_FILE, EICAR


@pytest.fixture(scope="module")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm(clock=HandClock()) as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


class TestShapes:
    @pytest.mark.parametrize(
        ("name", "text", "outcome"),
        [
            ("virustotal", "203.0.113.42", Outcome.HIT),
            ("virustotal", "8.8.8.8", Outcome.CLEAN),
            ("virustotal", "198.51.100.99", Outcome.UNKNOWN),
            ("virustotal", "evil.example", Outcome.HIT),
            ("virustotal", "nobody.example", Outcome.UNKNOWN),
            ("virustotal", "http://evil.example/login?next=1", Outcome.HIT),
            ("virustotal", "http://nobody.example/", Outcome.UNKNOWN),
            ("virustotal", EICAR.sha256, Outcome.HIT),
            ("virustotal", CLEAN_FILE.md5, Outcome.CLEAN),
            ("virustotal", "f" * 64, Outcome.UNKNOWN),
            ("abuseipdb", "203.0.113.42", Outcome.HIT),
            ("abuseipdb", "8.8.8.8", Outcome.CLEAN),
            ("abuseipdb", "2001:db8::1", Outcome.UNKNOWN),
            ("polyswarm", EICAR.sha1, Outcome.HIT),
            ("polyswarm", CLEAN_FILE.sha256, Outcome.CLEAN),
            ("polyswarm", "f" * 32, Outcome.UNKNOWN),
            ("robtex", "evil.example", Outcome.HIT),
            ("robtex", "google.com", Outcome.CLEAN),
            ("robtex", "nobody.example", Outcome.UNKNOWN),
            ("robtex_dns", "evil.example", Outcome.HIT),
            ("robtex_dns", "203.0.113.42", Outcome.HIT),
            ("robtex_dns", "nobody.example", Outcome.UNKNOWN),
            ("robtex_dns", "198.51.100.99", Outcome.UNKNOWN),
            ("internetdb", "203.0.113.42", Outcome.HIT),
            ("internetdb", "198.51.100.99", Outcome.UNKNOWN),
            ("greynoise", "8.8.8.8", Outcome.HIT),
            ("greynoise", "198.51.100.99", Outcome.UNKNOWN),
            ("hashlookup", EICAR.md5, Outcome.HIT),
            ("hashlookup", CLEAN_FILE.sha1, Outcome.HIT),
            ("hashlookup", "f" * 40, Outcome.UNKNOWN),
            ("rdap", "evil.example", Outcome.HIT),
            ("rdap", "8.8.8.8", Outcome.HIT),
            ("rdap", "nobody.example", Outcome.UNKNOWN),
        ],
    )
    def test_the_products_connectors_understand_what_is_said(
        self, farm: UpstreamFarm, name: str, text: str, outcome: Outcome
    ) -> None:
        assert ask(farm, name, text).outcome is outcome

    @pytest.mark.parametrize(
        ("name", "text", "bins"),
        [
            ("virustotal", "1.2.3.4", {"1"}),
            ("abuseipdb", "203.0.113.42", {"high_many"}),
            ("abuseipdb", "1.2.3.4", {"medium"}),
            ("polyswarm", EICAR.md5, {"very_high"}),
            ("rdap", "evil.example", {"under_7_days", "active"}),
            ("rdap", "google.com", {"over_10_years", "active"}),
            ("hashlookup", EICAR.md5, {"known_malicious"}),
            ("hashlookup", CLEAN_FILE.md5, {"high"}),
            ("greynoise", "8.8.8.8", {"yes"}),
        ],
    )
    def test_each_story_is_told_in_its_bins(self, farm: UpstreamFarm, name: str, text: str, bins: set[str]) -> None:
        assert {item.bin for item in ask(farm, name, text).evidence} == bins

    @pytest.mark.parametrize(
        ("text", "pivots"),
        [
            ("203.0.113.42", ("evil.example", "login.evil.example")),
            ("evil.example", ("203.0.113.42", "198.51.100.23")),
            ("http://evil.example/", ("203.0.113.42", "evil.example")),
            (EICAR.md5, ("evil.example", "203.0.113.42")),
        ],
    )
    def test_virustotal_names_related_objects_on_request(
        self, farm: UpstreamFarm, text: str, pivots: tuple[str, ...]
    ) -> None:
        assert ask(farm, "virustotal", text).pivots == pivots
        assert "relationships" not in get(farm, "virustotal").json()["data"]

    def test_documents_do_not_change_within_a_day(self) -> None:
        clock = HandClock()
        with UpstreamFarm(clock=clock) as farm:
            first = {name: get(farm, name).content for name in KNOWN}
            clock.advance(3_600)
            assert {name: get(farm, name).content for name in KNOWN} == first

    def test_rdap_sends_on_to_the_registry(self, farm: UpstreamFarm) -> None:
        assert get(farm, "rdap").json()["ldhName"] == "EVIL.EXAMPLE"
        assert [call.path for call in farm.calls("rdap")] == ["/domain/evil.example", "/registry/domain/evil.example"]

    def test_variety_gives_others_a_story_which_stays_the_same(self) -> None:
        texts = [f"host{number}.example" for number in range(60)]
        with UpstreamFarm(has_variety=True, clock=HandClock()) as one, UpstreamFarm(has_variety=True) as other:
            outcomes = {text: ask(one, "robtex", text).outcome for text in texts}
            assert set(outcomes.values()) == {Outcome.HIT, Outcome.CLEAN, Outcome.UNKNOWN}
            assert {text: ask(other, "robtex", text).outcome for text in texts} == outcomes
            assert ask(one, "virustotal", "203.0.113.42").outcome is Outcome.HIT

    def test_an_unknown_source_is_404(self, farm: UpstreamFarm) -> None:
        assert get(farm, "nobody", "/x").status_code == 404
        assert get(farm, "virustotal", "/users/x").status_code == 404
        assert get(farm, "virustotal", "/urls/%21%21%21").status_code == 404
        assert get(farm, "abuseipdb", "/check").status_code == 422


class TestKeys:
    @pytest.mark.parametrize(
        ("name", "header", "words"),
        [
            ("virustotal", "x-apikey", ("AuthenticationRequiredError", "WrongCredentialsError")),
            ("abuseipdb", "Key", ("errors", "errors")),
            ("polyswarm", "Authorization", ("errors", "errors")),
        ],
    )
    def test_no_key_and_a_wrong_key_are_401(
        self, farm: UpstreamFarm, name: str, header: str, words: tuple[str, str]
    ) -> None:
        without, wrong = get(farm, name, accept="*/*"), get(farm, name, **{header: "bad"})
        assert (without.status_code, wrong.status_code) == (401, 401)
        assert words[0] in without.text
        assert words[1] in wrong.text

    def test_greynoise_takes_no_key_but_no_wrong_one(self, farm: UpstreamFarm) -> None:
        assert get(farm, "greynoise").status_code == 200
        assert get(farm, "greynoise", key="bad").status_code == 401
