"""Domains: records of a made-up zone, and the rules on each."""

import pytest

from cybervault.egress.message import DnsQuestion, DnsReply, EgressFailure
from cybervault.scans.engines.names import dmarc_rules, look_at_name, spf_end
from cybervault.scans.seen import CoverageState, Host, Report

Zone = dict[tuple[str, str], tuple[str, ...]]
GOOD: Zone = {
    ("example.com", "A"): ("8.8.8.8",),
    ("example.com", "AAAA"): ("2606:4700::1",),
    ("example.com", "NS"): ("ns1.example.net.", "ns2.example.net."),
    ("example.com", "MX"): ("10 mail.example.com.",),
    ("example.com", "TXT"): ("v=spf1 mx -all", "other"),
    ("_dmarc.example.com", "TXT"): ("v=DMARC1; p=reject; rua=mailto:d@example.com",),
    ("mail.example.com", "A"): ("8.8.4.4",),
    ("example.com", "CAA"): ('0 issue "ca.example"',),
    ("example.com", "DS"): ("1 13 2 ab",),
    ("_mta-sts.example.com", "TXT"): ("v=STSv1; id=1",),
}


async def looked(
    zone: Zone, domain: str = "example.com", *, is_compliance: bool = False, silent: frozenset[str] = frozenset()
) -> Report:
    """What is seen of a zone, whose name server does not answer for some types."""
    names = {name for name, _ in zone}

    async def resolve(question: DnsQuestion) -> DnsReply:
        if question.record_type in silent:
            return DnsReply(failure=EgressFailure.TIMEOUT)
        found = zone.get((question.name, question.record_type), ())
        return DnsReply(code=0 if found or question.name in names else 3, records=found)

    return await look_at_name(domain, resolve, has_compliance_rules=is_compliance)


def rules(report: Report) -> list[str]:
    return [seen.rule for seen in report.seen]


async def test_a_domain_in_order_is_covered_and_leads_to_its_addresses() -> None:
    report = await looked(GOOD, is_compliance=True)
    assert rules(report) == []
    assert [(line.asset, line.state) for line in report.coverage] == [("example.com", CoverageState.COVERED)]
    assert report.hosts == [
        Host("example.com", "8.8.8.8", "example.com"),
        Host("example.com", "2606:4700::1", "example.com"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({("example.com", "TXT"): ("v=spf1 +all",)}, ["spf_allows_all"]),
        ({("example.com", "TXT"): ("v=spf1 mx all",)}, ["spf_allows_all"]),
        ({("example.com", "TXT"): ("v=spf1 mx ?all",)}, ["spf_neutral"]),
        ({("example.com", "TXT"): ("v=spf1 mx",)}, ["spf_neutral"]),
        ({("example.com", "TXT"): ("v=spf1 -all", "v=spf1 mx -all")}, ["spf_broken"]),
        ({("example.com", "TXT"): ("v=spf1 " + "a:x.example " * 11 + "-all",)}, ["spf_broken"]),
        ({("example.com", "TXT"): ("v=spf10 -all",)}, ["spf_missing"]),
        ({("_dmarc.example.com", "TXT"): ("v=DMARC1; p=none; rua=mailto:d@x",)}, ["dmarc_not_enforced"]),
        ({("_dmarc.example.com", "TXT"): ()}, ["dmarc_missing"]),
        ({("example.com", "MX"): ("10 gone.example.org.",)}, ["mx_dangling"]),
        ({("example.com", "NS"): ("ns1.example.net.",)}, ["single_name_server"]),
        ({("example.com", "CNAME"): ("gone.cloud.example.",)}, ["cname_dangling"]),
    ],
)
async def test_a_record_that_is_wrong_is_told(changed: Zone, expected: list[str]) -> None:
    assert rules(await looked(GOOD | changed)) == expected


async def test_terms_of_included_records_count_and_a_circle_ends() -> None:
    many = " ".join(f"a:{number}.example" for number in range(6))
    zone = GOOD | {
        ("example.com", "TXT"): (f"v=spf1 include:one.example {many} -all",),
        ("one.example", "TXT"): (f"v=spf1 {many} -all",),
    }
    assert rules(await looked(zone)) == ["spf_broken"]
    circle = GOOD | {("example.com", "TXT"): ("v=spf1 include:example.com -all",)}
    assert rules(await looked(circle)) == ["spf_broken"]


async def test_what_frameworks_ask_for_is_told_to_those_who_asked() -> None:
    bare = {key: value for key, value in GOOD.items() if key[1] not in {"CAA", "DS"} and "mta-sts" not in key[0]}
    assert rules(await looked(bare)) == []
    assert rules(await looked(bare, is_compliance=True)) == ["caa_missing", "dnssec_missing", "mta_sts_missing"]


async def test_a_name_below_without_mail_needs_none_of_its_rules() -> None:
    zone = GOOD | {("www.example.com", "A"): ("8.8.8.8",)}
    assert rules(await looked(zone, "www.example.com", is_compliance=True)) == []


async def test_a_name_below_with_mail_is_under_the_policy_of_the_domain_above() -> None:
    zone = GOOD | {("news.example.com", "MX"): ("10 mail.example.com.",), ("news.example.com", "TXT"): ("v=spf1 -all",)}
    assert rules(await looked(zone, "news.example.com")) == []


async def test_where_nobody_answers_nothing_is_missing_for_certain() -> None:
    """Silence is no proof: what was found before stays open, and the coverage says what failed."""
    report = await looked(GOOD, is_compliance=True, silent=frozenset({"TXT", "CAA", "DS"}))
    assert rules(report) == []
    (line,) = report.coverage
    assert line.state is CoverageState.FAILED
    assert "TXT of example.com" in line.reason


async def test_odd_records_are_passed_over() -> None:
    zone = GOOD | {("example.com", "A"): ("no address", "8.8.8.8"), ("example.com", "CNAME"): ("a b;c.",)}
    report = await looked(zone)
    assert [host.address for host in report.hosts] == ["8.8.8.8", "2606:4700::1"]
    assert rules(report) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 -all", None),
        ("v=spf1 ~all", None),
        ("v=spf1 redirect=other.example", None),
        ("V=SPF1 +ALL", "spf_allows_all"),
    ],
)
def test_the_end_of_spf_says_who_may(record: str, expected: str | None) -> None:
    assert spf_end(record) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=DMARC1; p=reject; sp=none; rua=mailto:x", ["dmarc_weaker_below"]),
        ("v=DMARC1;p=quarantine", ["dmarc_without_reports"]),
        ("v=DMARC1; p=odd; rua=x", ["dmarc_not_enforced"]),
        ("v=DMARC1", ["dmarc_not_enforced", "dmarc_without_reports"]),
    ],
)
def test_the_tags_of_dmarc_say_how_strict_it_is(record: str, expected: list[str]) -> None:
    assert dmarc_rules(record) == expected
