import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from cybervault.domain.evidence import EvidenceGroup, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.intel.allowlists import LOCAL_BINS
from cybervault.intel.compile import Packages, compile_knowledge
from cybervault.intel.generations import FILES
from cybervault.intel.knowledge import Knowledge
from tests.intel.small import BUILT_AT, EMPTY_MD5, KNOWN_SHA256

Bins = list[tuple[str, str]]


def bins(knowledge: Knowledge, text: str) -> Bins:
    answer = knowledge.answer(parse_observable(text))
    declared = dict(LOCAL_BINS)
    assert answer.source == "local"
    assert all(evidence.bin in declared[evidence.item] for evidence in answer.evidence)
    assert all(evidence.group is EvidenceGroup.LOCAL_LISTS for evidence in answer.evidence)
    return [(evidence.item, evidence.bin) for evidence in answer.evidence]


def opened(directory: Path) -> Knowledge:
    knowledge = Knowledge.open(directory)
    assert knowledge is not None
    return knowledge


def label(knowledge: Knowledge, text: str, name: str) -> list[str]:
    return [value for key, value in knowledge.answer(parse_observable(text)).labels if key == name]


class TestSmall:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("search.test-free.com", []),
            ("pop.search.com", []),
            ("8.8.8.8", [("standing", "hard_allow"), ("role", "cloud"), ("role", "public_resolver")]),
            ("8.8.8.9", [("role", "cloud")]),
            ("20.1.1.1", [("role", "cloud"), ("role", "public_resolver")]),
            ("20.2.2.7", [("role", "cloud"), ("role", "scanner")]),
            ("199.2.137.9", [("role", "sinkhole")]),
            ("146.112.61.104", [("role", "sinkhole")]),
            ("::ffff:9270:3d68", [("role", "sinkhole")]),
            ("104.21.27.14", [("role", "cdn")]),
            ("2606:4700::1", [("role", "cdn")]),
            ("203.0.114.9", []),
            (EMPTY_MD5, [("standing", "hard_allow"), ("known_file", "yes")]),
            (KNOWN_SHA256, [("known_file", "yes")]),
            ("cd" * 32, []),
            ("20.2.2.0/25", [("role", "cloud"), ("role", "scanner")]),
            ("20.2.0.0/16", [("role", "cloud")]),
            ("16.0.0.0/4", []),
            ("2606:4700:1::/48", [("role", "cdn")]),
            ("CVE-2024-1234", []),
            ("AS64500", []),
        ],
    )
    def test_an_observable_gets_what_the_lists_say(self, small: Knowledge, text: str, expected: Bins) -> None:
        assert bins(small, text) == expected
        outcome = small.answer(parse_observable(text)).outcome
        assert outcome is (Outcome.HIT if expected else Outcome.UNKNOWN)

    @pytest.mark.parametrize(
        ("text", "special"),
        [("10.1.2.3", "private network (RFC 1918)"), ("::1", "loopback (RFC 4291)"),
         ("192.0.2.5", "documentation (RFC 5737)"), ("10.0.0.0/8", "private network (RFC 1918)"),
         ("http://printer.local/", "name of the local link (RFC 6762)")],
    )  # fmt: skip
    def test_special_use_is_nothing_to_be_asked_about(self, small: Knowledge, text: str, special: str) -> None:
        answer = small.answer(parse_observable(text))
        assert answer.outcome is Outcome.NOT_APPLICABLE
        assert answer.labels == (("special use", special),)

    def test_an_answer_shows_its_lists(self, small: Knowledge) -> None:
        answer = small.answer(parse_observable("20.2.2.7"))
        assert answer.document is not None
        document = msgspec.json.decode(answer.document)
        assert [row["list"] for row in document["lists"]] == ["vpn-ipv4", "shodan-scanning"]
        assert document["observable"] == document["lists"][0]["matched"] == "20.2.2.7"
        assert ("owner", "Shodan") in answer.labels

    def test_what_is_only_named_is_unknown_with_a_label(self, small: Knowledge) -> None:
        answer = small.answer(parse_observable("203.0.114.9"))
        assert answer.outcome is Outcome.UNKNOWN
        assert answer.labels == (("list", "Microsoft 365 phishing exercises"), ("owner", "Microsoft"))
        assert answer.document is not None

    def test_nothing_known_is_unknown_without_a_document(self, small: Knowledge) -> None:
        answer = small.answer(parse_observable("1.2.3.4"))
        assert (answer.outcome, answer.labels, answer.document) == (Outcome.UNKNOWN, (), None)

    def test_a_family_is_found_by_its_alias(self, small: Knowledge) -> None:
        assert small.family("trojan.heodo") == ("Emotet", ("Geodo", "Heodo", "Feodo Version C"))
        assert small.family("nobody") is None

    @pytest.mark.parametrize(
        ("host", "registered"),
        [("a.b.shop.co.uk", "shop.co.uk"), ("co.uk", None), ("localhost", None), ("1.2.3.4", None), ("::1", None),
         ("evil.pages.example", "evil.pages.example"), ("a.evil.pages.example", "evil.pages.example")],
    )  # fmt: skip
    def test_the_registered_domain_follows_the_suffix_list(
        self, small: Knowledge, host: str, registered: str | None
    ) -> None:
        assert small.registered_domain(host) == registered

    def test_it_tells_what_it_is_made_of(self, small: Knowledge) -> None:
        state = small.describe()
        assert state.built_at == BUILT_AT
        assert dict(state.packages) == {"lists": "1.0", "clusters": "2.0", "suffixes": "3.0"}
        counts = dict(state.counts)
        assert counts["suffixes"] == 7
        assert counts["families"] == 5
        assert counts["hashes"] == 3
        assert state.disk_bytes > 1_000
        assert state.generation.startswith("generation-20261101T000000-")


class TestNames:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("search.com", [("standing", "hard_allow"), ("popularity", "top_1k")]),
            ("www.search.com", [("standing", "hard_allow"), ("popularity", "top_1k")]),
            ("evil.search.com", []),
            ("search.com.evil.com", []),
            ("lonely.com", [("popularity", "top_1k")]),
            ("cdn.google.com", [("standing", "hard_allow"), ("popularity", "top_1k")]),
            ("x.cdn.google.com", []),
            ("dropper-panel.com", [("popularity", "top_1m")]),
            ("xn--bcher-kva.com", [("popularity", "top_1m")]),
            ("bit.com", [("role", "shortener"), ("popularity", "top_1k")]),
            ("my.bit.com", [("role", "shortener")]),
            ("host.dyn.com", [("role", "dynamic_dns")]),
            ("evil.pages.com", [("role", "shared_platform")]),
            ("files.com", [("role", "shared_platform")]),
            ("x.files.com", []),
            ("trash.com", [("role", "disposable_email")]),
            ("somebody@trash.com", [("role", "disposable_email")]),
            ("somebody@search.com", []),
            ("shop.co.uk", []),
            ("lapsed.com", []),
            ("https://search.com/", [("standing", "hard_allow"), ("popularity", "top_1k")]),
            ("https://search.com/login", []),
            ("https://search.com/?q=1", []),
            ("https://search.com:8443/", []),
            ("https://bit.com/abc", [("role", "shortener")]),
            ("https://evil.pages.com/", [("role", "shared_platform")]),
            ("https://my.bit.com/", [("role", "shortener")]),
            ("http://104.21.27.14/", []),
            ("http://8.8.8.8/", []),
            ("http://199.2.137.9/x", [("role", "sinkhole")]),
        ],
    )
    def test_a_name_gets_what_the_lists_say(self, small_dot_com: Knowledge, text: str, expected: Bins) -> None:
        assert bins(small_dot_com, text) == expected

    def test_labels_tell_the_registered_domain_and_the_platform(self, small_dot_com: Knowledge) -> None:
        assert label(small_dot_com, "a.b.search.com", "registered domain") == ["search.com"]
        assert label(small_dot_com, "https://a.shop.co.uk/x", "registered domain") == ["shop.co.uk"]
        assert label(small_dot_com, "co.uk", "registered domain") == []
        assert label(small_dot_com, "https://bit.com/abc", "role") == ["URL shortener"]
        assert label(small_dot_com, "a.b.search.com", "platform suffix") == []


class TestOpening:
    def test_nothing_compiled_is_no_knowledge(self, directory: Path) -> None:
        assert Knowledge.open(directory) is None

    @pytest.mark.parametrize("name", FILES)
    def test_a_changed_byte_anywhere_is_refused(self, compiled: Path, name: str) -> None:
        path = next(compiled.glob("generation-*")) / name
        whole = path.read_bytes()
        for at in {0, 8, 16, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
            with pytest.raises(Problem) as caught:
                Knowledge.open(compiled)
            assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "local_knowledge_broken")
        path.write_bytes(whole)
        assert Knowledge.open(compiled) is not None

    @pytest.mark.parametrize("name", [*FILES, "manifest.json"])
    def test_a_truncated_or_missing_file_is_refused(self, compiled: Path, name: str) -> None:
        path = next(compiled.glob("generation-*")) / name
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(Problem) as caught:
            Knowledge.open(compiled)
        assert caught.value.code == "local_knowledge_broken"
        path.unlink()
        with pytest.raises(Problem, match="damaged"):
            Knowledge.open(compiled)

    def test_readers_survive_a_swap_and_see_that_it_happened(self, compiled: Path, packages: Packages) -> None:
        older = opened(compiled)
        assert older.is_current()
        for _ in range(3):
            compile_knowledge(compiled, packages, built_at=BUILT_AT)
        assert len(list(compiled.glob("generation-*"))) == 2
        assert not (compiled / older.describe().generation).exists()
        assert not older.is_current()
        assert bins(older, "20.2.2.7") == [("role", "cloud"), ("role", "scanner")]
        assert older.family("heodo") is not None
        assert opened(compiled).is_current()

    async def test_opening_amid_swaps_never_fails(self, compiled: Path, packages: Packages) -> None:
        """A generation may be removed between reading the pointer and mapping its files."""

        async def swap() -> None:
            for _ in range(12):
                await asyncio.to_thread(compile_knowledge, compiled, packages, built_at=BUILT_AT)

        times = 0
        async with asyncio.TaskGroup() as group:
            swapping = group.create_task(swap())
            while not swapping.done():
                knowledge = await asyncio.to_thread(Knowledge.open, compiled)
                assert knowledge is not None
                assert bins(knowledge, "20.1.1.1") == [("role", "cloud"), ("role", "public_resolver")]
                times += 1
        assert times

    def test_a_generation_gone_without_another_is_refused(self, compiled: Path) -> None:
        shutil.rmtree(compiled / opened(compiled).describe().generation)
        with pytest.raises(Problem):
            Knowledge.open(compiled)


@pytest.mark.timeout(180)
class TestShipped:
    """The lists as they ship, compiled once."""

    @pytest.mark.parametrize(
        "text",
        ["8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9", "2606:4700:4700::1111", "198.41.0.4", "2001:500:2::c",
         "google.com", "www.google.com", "microsoft.com", "github.com", "facebook.com", "wikipedia.org", "apple.com",
         "ctldl.windowsupdate.com", "a.root-servers.net", "https://google.com/", EMPTY_MD5,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    )  # fmt: skip
    def test_what_can_never_be_malicious(self, shipped: Knowledge, text: str) -> None:
        assert ("standing", "hard_allow") in bins(shipped, text)

    @pytest.mark.parametrize(
        "text",
        ["8.8.8.9", "1.0.0.19", "8.8.8.0/24", "bit.ly", "t.co", "tinyurl.com", "evil.github.io", "duckdns.org",
         "https://docs.google.com/forms/x", "https://8.8.8.8/", "0fflce.xyz", "mailinator.com", "c2.com",
         "0.google.com.evil.com", "104.16.1.1", "140.82.112.3", "somebody@gmail.com"],
    )  # fmt: skip
    def test_what_must_not_be_hard_allowed(self, shipped: Knowledge, text: str) -> None:
        assert ("standing", "hard_allow") not in bins(shipped, text)

    @pytest.mark.parametrize(
        ("text", "role"),
        [("bit.ly", "shortener"), ("https://bit.ly/abc", "shortener"), ("199.2.137.5", "sinkhole"),
         ("104.16.1.1", "cdn"), ("8.8.8.8", "public_resolver"), ("71.6.135.131", "scanner"),
         ("foo.duckdns.org", "dynamic_dns"), ("evil.github.io", "shared_platform"),
         ("somebody@mailinator.com", "disposable_email"), ("3.14.206.1", "cloud")],
    )  # fmt: skip
    def test_roles(self, shipped: Knowledge, text: str, role: str) -> None:
        assert ("role", role) in bins(shipped, text)

    @pytest.mark.parametrize("text", ["104.21.27.14", "13.107.246.57"])
    def test_a_sinkhole_entry_on_a_shared_front_end_is_no_sinkhole(self, shipped: Knowledge, text: str) -> None:
        assert bins(shipped, text) == [("role", "cdn")]

    def test_a_name_that_is_only_among_the_first_million_stays_suspect(self, shipped: Knowledge) -> None:
        """Known malware domains stand in every first million."""
        assert bins(shipped, "0fflce.xyz") == [("popularity", "top_1m")]

    def test_families_go_by_one_name(self, shipped: Knowledge) -> None:
        found = {label: shipped.family(label) for label in ("trojan.emotet/heodo", "Qbot", "Agent.Tesla", "APT28")}
        assert [None if family is None else family[0] for family in found.values()] == [
            "Emotet", "QakBot", "Agent Tesla", "APT28",
        ]  # fmt: skip

    def test_registered_domains_follow_the_shipped_suffix_list(self, shipped: Knowledge) -> None:
        assert shipped.registered_domain("a.b.example.co.uk") == "example.co.uk"
        assert shipped.registered_domain("www.city.kawasaki.jp") == "city.kawasaki.jp"
        assert shipped.registered_domain("foo.github.io") == "foo.github.io"

    def test_millions_of_entries_are_in_it(self, shipped: Knowledge) -> None:
        counts = dict(shipped.describe().counts)
        assert counts["keys"] > 2_000_000
        assert counts["networks"] > 100_000
        assert counts["families"] > 5_000
