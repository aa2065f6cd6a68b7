"""The weights file: what ships is sound, agrees with the connectors, and every fault in a changed one is named."""

import importlib
import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.evidence import Evidence, EvidenceGroup
from cybervault.domain.observables import Kind
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.enrichment.connector import Source
from cybervault.verdict.weights import (
    FILE,
    NO_WEIGHT,
    UNKNOWN_ITEM,
    Fading,
    is_hard_allow,
    load_weights,
    read_weights,
)

SHIPPED = resources.files("cybervault.verdict").joinpath(FILE).read_text(encoding="utf-8")
WEIGHTS = load_weights()
CONNECTORS = Path(__file__).parents[2] / "src" / "cybervault" / "enrichment" / "connectors"
LOCAL_BINS = {
    "standing": ("hard_allow",),
    "role": (
        "cdn", "cloud", "public_resolver", "scanner", "shared_platform", "shortener", "dynamic_dns",
        "disposable_email", "vpn", "tor_exit", "sinkhole",
    ),
    "popularity": ("top_1k", "top_10k", "top_100k", "top_1m"),
    "known_file": ("yes",),
}  # fmt: skip


def shipped_sources() -> list[Source]:
    """What every connector file says about its source."""
    names = sorted(path.stem for path in CONNECTORS.glob("*.py") if path.stem != "__init__")
    return [importlib.import_module(f"cybervault.enrichment.connectors.{name}").SOURCE for name in names]


def said(source: str, item: str, bin_: str) -> Evidence:
    return Evidence(source, item, bin_, "field", 1, EvidenceGroup.ANTIVIRUS)


class TestShipped:
    def test_every_bin_of_every_connector_has_a_weight_in_the_same_order(self) -> None:
        for source in shipped_sources():
            weighed = {item: tuple(bins) for item, bins in WEIGHTS.sources[source.name].items.items()}
            assert weighed == dict(source.bins), source.name

    def test_no_source_is_weighed_that_nobody_speaks_for(self) -> None:
        assert set(WEIGHTS.sources) == {source.name for source in shipped_sources()} | {"local"}

    def test_groups_are_those_that_the_connectors_declare(self) -> None:
        assert {source.name: source.group for source in shipped_sources()} | {"local": EvidenceGroup.LOCAL_LISTS} == {
            name: source.group for name, source in WEIGHTS.sources.items()
        }

    def test_what_our_own_lists_say_has_a_weight(self) -> None:
        assert {item: tuple(bins) for item, bins in WEIGHTS.sources["local"].items.items()} == LOCAL_BINS

    def test_every_source_of_a_kind_counts_for_its_coverage_or_is_named_as_context(self) -> None:
        for kind, rules in WEIGHTS.kinds.items():
            fitting = {source.name for source in shipped_sources() if kind in source.kinds}
            assert set(rules.mass) == fitting | {"local"}, kind

    def test_weights_never_fall_from_one_bin_to_the_next_except_in_categories(self) -> None:
        for name, source in WEIGHTS.sources.items():
            for item, bins in source.items.items():
                rising = all(lower.points <= upper.points for lower, upper in pairwise(bins.values()))
                assert rising or item in source.categories, (name, item)

    def test_each_weight_has_its_reason_as_one_sentence_in_two_languages(self) -> None:
        for source in WEIGHTS.sources.values():
            for weight in (weight for bins in source.items.values() for weight in bins.values()):
                for reason in (weight.reason, weight.reason_es):
                    assert reason.endswith(".")
                    assert reason[0].isupper()
                assert weight.reason != weight.reason_es

    def test_context_weighs_nothing(self) -> None:
        for name, source in WEIGHTS.sources.items():
            for item, bins in source.items.items():
                assert "seen" not in bins or bins["seen"].points == 0.0, (name, item)

    def test_silence_of_a_source_weighs_little_and_never_against(self) -> None:
        silences = [source.unknown.points for source in WEIGHTS.sources.values() if source.unknown is not None]
        assert silences
        assert all(-0.5 <= points <= 0 for points in silences)

    def test_it_is_version_1(self) -> None:
        assert WEIGHTS.version == "1"


class TestWeightOf:
    def test_gives_the_weight_of_a_bin(self) -> None:
        assert WEIGHTS.weight_of(said("virustotal", "detections", "10+"), Kind.IPV4).points == 5.0

    @pytest.mark.parametrize(
        "evidence",
        [
            said("nobody", "detections", "10+"),
            said("virustotal", "rumours", "10+"),
            said("virustotal", "detections", "99+"),
            said("virustotal", UNKNOWN_ITEM, "unknown"),
        ],
    )
    def test_what_the_file_does_not_know_weighs_nothing_and_says_so(self, evidence: Evidence) -> None:
        assert WEIGHTS.weight_of(evidence, Kind.IPV4) == NO_WEIGHT

    def test_that_a_source_knows_nothing_can_have_a_weight_of_its_own(self) -> None:
        assert WEIGHTS.weight_of(said("abuseipdb", UNKNOWN_ITEM, "unknown"), Kind.IPV4).points == -0.5

    def test_the_fame_of_a_host_weighs_for_the_host_and_not_for_its_urls(self) -> None:
        fame = said("local", "popularity", "top_1k")
        assert WEIGHTS.weight_of(fame, Kind.DOMAIN).points == -2.5
        assert WEIGHTS.weight_of(fame, Kind.URL).points == 0.0
        assert WEIGHTS.weight_of(fame, Kind.URL).reason == WEIGHTS.weight_of(fame, Kind.DOMAIN).reason

    def test_only_one_statement_is_a_hard_allow(self) -> None:
        assert is_hard_allow(said("local", "standing", "hard_allow"))
        assert not is_hard_allow(said("virustotal", "standing", "hard_allow"))


class TestFreshness:
    @pytest.mark.parametrize(
        ("kind", "source", "age_days", "freshness"),
        [
            (Kind.IPV4, "virustotal", 0, 1.0),
            (Kind.IPV4, "virustotal", 14, 0.93),
            (Kind.IPV4, "virustotal", 60, 0.44),
            (Kind.IPV4, "virustotal", 90, 0.25),
            (Kind.IPV4, "virustotal", 5000, 0.25),
            (Kind.IPV4, "virustotal", -3, 1.0),
            (Kind.IPV4, "virustotal", None, 1.0),
            (Kind.URL, "virustotal", 15, 0.63),
            (Kind.DOMAIN, "virustotal", 180, 0.64),
            (Kind.SHA256, "virustotal", 5000, 1.0),
            (Kind.DOMAIN, "rdap", 5000, 1.0),
            (Kind.IPV4, "nobody", 60, 0.44),
        ],
    )
    def test_fades_by_kind(self, kind: Kind, source: str, age_days: float | None, freshness: float) -> None:
        assert WEIGHTS.freshness_of(said(source, "detections", "1"), kind, age_days) == freshness

    @given(
        older=st.floats(0, 10_000),
        younger=st.floats(0, 10_000),
        fading=st.builds(Fading, st.floats(0.1, 1000), st.floats(0.1, 10), st.floats(0, 1)),
    )
    def test_what_is_older_is_never_fresher(self, older: float, younger: float, fading: Fading) -> None:
        younger, older = sorted((younger, older))
        assert fading.least - 0.005 <= fading.freshness(older) <= fading.freshness(younger) <= 1.0


FAULTS = {
    'version = "1"': [
        ("version = 1", "version is no text"),
        ('version = "1"\nauthor = "me"', "author is no key"),
        ("version = ", "the file is no TOML"),
    ],
    "malicious_from = 70": [
        ("malicious_from = 30", "rules needs 0 < benign_to < suspicious_from"),
        ("malicious_from = 170", "rules needs 0 < benign_to < suspicious_from"),
        ("malicious_from = true", "rules.malicious_from is no finite number"),
        ('malicious_from = "70"', "rules.malicious_from is no finite number"),
        ("malicius_from = 70", "rules.malicius_from is no key"),
    ],
    "benign_to = 15": [("benign_to = 0", "rules needs 0 < benign_to")],
    "coverage_floor = 0.35": [("coverage_floor = 35", "rules.coverage_floor must lie between -inf and 1")],
    "conflict_points = 2.0": [("conflict_points = 0", "rules needs conflict_points")],
    "prior = -1.8": [
        ("prior = nan", "kinds.url.prior is no finite number"),
        ("prior = -inf", "kinds.url.prior is no finite number"),
        ("prior = 9.9", "bins.local.standing.hard_allow.weight must outweigh"),
    ],
    "[kinds.url]": [("[kinds.uri]", "kinds.uri is no name")],
    "mass = { local = 1.0 }": [
        ("mass = { local = -1.0 }", "kinds.sha512.mass.local must lie between 0"),
        ("mass = { rumours = 1.0 }", "kinds.sha512 names rumours"),
        ("mass = 3", "kinds.sha512.mass is no table"),
    ],
    'without = ["local.known_file", "local.popularity"]': [
        ('without = ["local.fame"]', "kinds.url names local.fame"),
        ("without = [1]", "kinds.url.without is no list of texts"),
        ('without = "local.popularity"', "kinds.url.without is no list of texts"),
    ],
    "{ lifetime_days = 30, speed = 0.7": [
        ("{ lifetime_days = 0, speed = 0.7", "kinds.url.fading.lifetime_days must lie"),
        ("{ lifetime_days = 30, speed = 0", "kinds.url.fading.speed must lie"),
    ],
    "exposure = { most = 2.5, least = -0.5 }": [
        ("exposure = { most = -2.5, least = -0.5 }", "groups.exposure.most must lie"),
        ("exposure = { most = 2.5, least = 0.5 }", "groups.exposure.least must lie"),
        ("", "groups.exposure is missing"),
        ("exposed = { most = 2.5, least = -0.5 }", "groups.exposed is no name"),
        ("exposure = { most = 25, least = -0.5 }", "bins.local.standing.hard_allow.weight must outweigh"),
    ],
    "local_lists = { most = 1.0, least = -40.0 }": [
        ("local_lists = { most = 1.0, least = -4.0 }", "bins.local.standing.hard_allow.weight must outweigh")
    ],
    'group = "known_files"': [("group = 'files'", "sources.hashlookup.group is no group")],
    "[sources.rdap]": [("[sources.whois]", "sources and bins must name the same sources, not rdap, whois")],
    'categories = ["role"]': [("", "bins.local.role.public_resolver.weight is below")],
    "fades = false # what our": [
        ("fades = 0 # what our", "sources.local.fades is neither true nor false"),
        ("fades = true # what our", "bins.local.standing.hard_allow.weight must outweigh"),
    ],
    '"5-9" = { weight = 3.8,': [
        ('"5-9" = { weight = 2.7,', "bins.virustotal.detections.5-9.weight is below"),
        ('"5-9" = { weight = inf,', "bins.virustotal.detections.5-9.weight is no finite number"),
        ('"5-9" = { weigth = 3.8,', "bins.virustotal.detections.5-9.weigth is no key"),
    ],
    'reason = "Our own lists know it as good."': [
        ('reason = " "', "bins.local.standing.hard_allow.reason is no text")
    ],
    "hard_allow = {": [("soft_allow = {", "bins.local.standing.hard_allow is missing")],
    "[bins.robtex_dns.records]\nseen = {": [
        ("[bins.robtex_dns.records]\n[bins.robtex_dns.others]\nseen = {", "bins.robtex_dns.records has no bins"),
        ("[bins.robtex_dns]\n[bins.dns.others]\nseen = {", "bins.robtex_dns has no items"),
    ],
}  # fmt: skip


class TestFaults:
    @pytest.mark.parametrize(
        ("old", "new", "fault"), [(old, new, fault) for old, faults in FAULTS.items() for new, fault in faults]
    )
    def test_the_key_at_fault_is_named(self, old: str, new: str, fault: str) -> None:
        assert SHIPPED.count(old) >= 1, old
        with pytest.raises(Problem) as caught:
            read_weights(SHIPPED.replace(old, new, 1))
        assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "bad_weights")
        assert caught.value.message.startswith(f"{FILE}: {fault}"), caught.value.message

    def test_what_ships_reads_back_as_written(self) -> None:
        plain: dict[str, Any] = tomllib.loads(SHIPPED)
        assert read_weights(SHIPPED) == WEIGHTS
        assert WEIGHTS.rules.malicious_from == plain["rules"]["malicious_from"]
        assert WEIGHTS.kinds[Kind.URL].prior == plain["kinds"]["url"]["prior"]
