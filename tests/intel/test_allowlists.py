import msgspec
import pytest

from cybervault.intel.allowlists import (
    LOCAL_BINS,
    ROLE_WORDS,
    Covers,
    KnownList,
    Match,
    Scope,
    Sort,
    evidence_of,
    labels_of,
    read_table,
    table_text,
)
from cybervault.intel.compile import Packages, unsorted_lists


def known(sort: Sort, bin_: str = "", *, name: str = "", ranking: str = "", owner: str = "") -> KnownList:
    name = name or bin_ or sort.value
    return KnownList(name, sort, bin_, f"The {name} list", owner, ranking)


def role(bin_: str, *, is_itself: bool = True) -> Match:
    return Match(known(Sort.ROLE, bin_), "host", is_itself)


def ranked(bin_: str, ranking: str, *, is_itself: bool = True) -> Match:
    return Match(known(Sort.POPULARITY, bin_, name=f"{ranking} {bin_}", ranking=ranking), "host", is_itself)


def bins(*matches: Match, scope: Scope = Scope.WHOLE) -> list[tuple[str, str]]:
    return [(evidence.item, evidence.bin) for evidence in evidence_of(matches, scope)]


class TestTheTable:
    def test_every_shipped_list_is_sorted_by_hand(self) -> None:
        """A list that a new release of the package brings is not compiled before somebody has sorted it."""
        assert unsorted_lists(Packages.installed()) == ()

    def test_every_sorted_list_still_ships(self) -> None:
        shipped = {path.parent.name for path in Packages.installed().lists.glob("*/list.json")}
        assert set(read_table(table_text()).warninglists) <= shipped

    def test_no_line_lacks_its_reason_and_no_title_means_two_sorts(self) -> None:
        table = read_table(table_text())
        lines = [*table.warninglists.values(), *table.curated.values()]
        assert all(line.reason.endswith(".") and line.title for line in lines)
        assert not set(table.warninglists) & set(table.curated)

    def test_only_small_and_hand_picked_lists_are_hard_allowed(self) -> None:
        table = read_table(table_text())
        allowed = {name for name, line in table.warninglists.items() if line.sort is Sort.HARD_ALLOW}
        assert allowed == {"empty-hashes", "common-ioc-false-positive"}

    @pytest.mark.parametrize(
        ("name", "bin_"),
        [("public-dns-v4", "public_resolver"), ("vpn-ipv4", "cloud"), ("github", "cloud"), ("sinkholes", "sinkhole")],
    )
    def test_the_lists_with_misleading_names_are_roles(self, name: str, bin_: str) -> None:
        line = read_table(table_text()).warninglists[name]
        assert (line.sort, line.bin) == (Sort.ROLE, bin_)

    def test_curated_lists_hold_entries(self) -> None:
        assert all(line.names or line.networks for line in read_table(table_text()).curated.values())

    @pytest.mark.parametrize(
        "line",
        [
            '{ sort = "role", bin = "villain", title = "T", reason = "R." }',
            '{ sort = "role", title = "T", reason = "R." }',
            '{ sort = "named", bin = "cdn", title = "T", reason = "R." }',
            '{ sort = "popularity", bin = "top_1k", title = "T", reason = "R." }',
            '{ sort = "role", bin = "cdn", ranking = "Moz", title = "T", reason = "R." }',
            '{ sort = "good", title = "T", reason = "R." }',
            '{ sort = "named", title = "T", reason = "R.", colour = "red" }',
            '{ sort = "named", title = "T" }',
        ],
    )
    def test_a_wrong_line_is_refused(self, line: str) -> None:
        with pytest.raises(msgspec.ValidationError):
            read_table(f"[warninglists]\nx = {line}\n[curated]\n")

    def test_entries_are_exact_unless_said_otherwise(self) -> None:
        table = read_table('[warninglists]\nx = { sort = "named", title = "T", reason = "R." }\n[curated]\n')
        assert table.warninglists["x"].covers is Covers.EXACT


class TestEvidence:
    def test_nothing_matched_is_no_evidence(self) -> None:
        assert bins() == []

    def test_every_role_has_words(self) -> None:
        assert set(ROLE_WORDS) == set(dict(LOCAL_BINS)["role"])

    def test_each_bin_counts_once_and_the_first_list_speaks(self) -> None:
        first, second = (Match(known(Sort.ROLE, "scanner", name=name), "1.2.3.4", is_itself=True) for name in "ab")
        (evidence,) = evidence_of([first, second], Scope.WHOLE)
        assert (evidence.source, evidence.field, evidence.value) == ("local", "a", "The a list")

    def test_roles_stand_in_the_order_of_their_bins(self) -> None:
        assert bins(role("scanner"), role("cloud"), role("public_resolver")) == [
            ("role", "cloud"), ("role", "public_resolver"), ("role", "scanner"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("better", "worse"),
        [("shortener", "shared_platform"), ("dynamic_dns", "shared_platform"), ("cdn", "cloud"), ("cdn", "sinkhole")],
    )
    def test_a_role_that_another_says_better_is_left_out(self, better: str, worse: str) -> None:
        assert bins(role(worse), role(better)) == [("role", better)]

    def test_only_the_best_bucket_counts(self) -> None:
        assert bins(ranked("top_1m", "Tranco"), ranked("top_100k", "Cisco")) == [("popularity", "top_100k")]

    def test_popularity_of_a_parent_says_nothing_about_a_subdomain(self) -> None:
        assert bins(ranked("top_1k", "Cisco", is_itself=False), ranked("top_1k", "Moz", is_itself=False)) == []

    def test_a_known_file_counts_beside_its_standing(self) -> None:
        matches = (
            Match(known(Sort.KNOWN_FILE), "ab", is_itself=True),
            Match(known(Sort.HARD_ALLOW), "ab", is_itself=True),
        )
        assert bins(*matches) == [("standing", "hard_allow"), ("known_file", "yes")]

    def test_named_and_operator_lists_give_no_points(self) -> None:
        matches = [Match(known(sort), "host", is_itself=True) for sort in (Sort.NAMED, Sort.OPERATOR)]
        assert bins(*matches) == []


class TestStanding:
    def test_one_ranking_alone_gives_none(self) -> None:
        assert bins(ranked("top_1k", "Cisco")) == [("popularity", "top_1k")]
        assert bins(ranked("top_1k", "Cisco"), ranked("top_10k", "Cisco")) == [("popularity", "top_1k")]

    def test_a_first_thousand_that_another_ranking_confirms_gives_it(self) -> None:
        found = evidence_of([ranked("top_10k", "Tranco"), ranked("top_1k", "Moz")], Scope.WHOLE)
        assert [(evidence.item, evidence.field) for evidence in found] == [
            ("standing", "Moz top_1k"), ("popularity", "Moz top_1k"),
        ]  # fmt: skip

    def test_two_rankings_without_a_first_thousand_give_none(self) -> None:
        assert bins(ranked("top_10k", "Tranco"), ranked("top_10k", "Moz")) == [("popularity", "top_10k")]

    def test_three_rankings_that_agree_on_ten_thousand_give_it(self) -> None:
        matches = [ranked("top_10k", ranking) for ranking in ("Cisco", "Majestic", "Tranco")]
        assert bins(*matches) == [("standing", "hard_allow"), ("popularity", "top_10k")]

    def test_a_first_million_confirms_nothing(self) -> None:
        assert bins(ranked("top_1k", "Cisco"), ranked("top_1m", "Chrome")) == [("popularity", "top_1k")]

    def test_a_ranked_name_in_an_operators_zone_has_it(self) -> None:
        zone = Match(known(Sort.OPERATOR), "google.com", is_itself=False)
        assert ("standing", "hard_allow") in bins(ranked("top_1k", "Cisco"), zone)
        assert bins(zone) == []

    @pytest.mark.parametrize("bin_", ["shortener", "dynamic_dns", "disposable_email", "sinkhole"])
    def test_popularity_gives_none_to_names_that_stand_for_strangers(self, bin_: str) -> None:
        assert bins(role(bin_), ranked("top_1k", "Cisco"), ranked("top_1k", "Moz")) == [
            ("role", bin_), ("popularity", "top_1k"),
        ]  # fmt: skip

    def test_a_hard_allowed_thing_keeps_it_whatever_its_role(self) -> None:
        allowed = Match(known(Sort.HARD_ALLOW), "8.8.8.8", is_itself=True)
        assert bins(role("sinkhole"), allowed)[0] == ("standing", "hard_allow")

    def test_a_hard_allowed_parent_gives_none(self) -> None:
        assert bins(Match(known(Sort.HARD_ALLOW), "example.com", is_itself=False)) == []


class TestScope:
    @pytest.mark.parametrize("scope", [Scope.URL, Scope.MAIL])
    def test_nothing_exonerates_a_page_or_a_mailbox(self, scope: Scope) -> None:
        """A page of google.com can be a stranger's, and so can a mailbox."""
        matches = [
            ranked("top_1k", "Cisco"), ranked("top_1k", "Moz"), Match(known(Sort.HARD_ALLOW), "h", is_itself=True),
            role("cdn"), role("public_resolver"), role("scanner"),
        ]  # fmt: skip
        assert bins(*matches, scope=scope) == []

    def test_a_page_keeps_the_roles_that_tell_whose_it_may_be(self) -> None:
        assert bins(role("shortener"), role("disposable_email"), scope=Scope.URL) == [("role", "shortener")]

    def test_a_mailbox_is_told_when_it_is_disposable(self) -> None:
        matches = [role("shared_platform"), role("disposable_email")]
        assert bins(*matches, scope=Scope.MAIL) == [("role", "disposable_email")]


class TestLabels:
    def test_people_read_roles_lists_and_owners(self) -> None:
        cloud = Match(known(Sort.ROLE, "cloud", owner="Google Cloud"), "1.2.3.4", is_itself=True)
        crawler = Match(known(Sort.NAMED, name="bots", owner="Google"), "1.2.3.4", is_itself=True)
        assert labels_of([cloud, crawler]) == (
            ("role", "cloud or data centre"),
            ("list", "The cloud list"),
            ("list", "The bots list"),
            ("owner", "Google Cloud"),
            ("owner", "Google"),
        )

    def test_of_one_ranking_only_the_best_bucket_is_told(self) -> None:
        matches = [ranked("top_10k", "Cisco"), ranked("top_1k", "Cisco"), ranked("top_100k", "Cisco")]
        assert labels_of(matches) == (("list", "The Cisco top_1k list"),)

    def test_rankings_of_parents_and_zones_are_not_told(self) -> None:
        zone = Match(known(Sort.OPERATOR), "google.com", is_itself=False)
        assert labels_of([zone, ranked("top_1k", "Cisco", is_itself=False)]) == ()

    def test_at_most_eight_lists_are_told(self) -> None:
        matches = [Match(known(Sort.NAMED, name=str(number)), "h", is_itself=True) for number in range(20)]
        assert len(labels_of(matches)) == 8
