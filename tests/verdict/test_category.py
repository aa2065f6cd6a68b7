"""The sort and the family of a threat, from what sources said."""

import pytest

from cybervault.domain.assessments import Category
from cybervault.domain.verdicts import Verdict
from cybervault.verdict.category import category_of, family_of


@pytest.mark.parametrize(
    ("verdict", "kind", "labels", "category"),
    [
        (Verdict.BENIGN, "ipv4", (("tags", "c2"),), Category.BENIGN),
        (Verdict.UNKNOWN, "ipv4", (), Category.UNKNOWN),
        (Verdict.UNKNOWN, "ipv4", (("role", "Tor exit"),), Category.ANONYMIZER),
        (Verdict.UNKNOWN, "ipv4", (("tags", "c2"),), Category.UNKNOWN),
        (Verdict.MALICIOUS, "ipv4", (("tags", "c2, vpn"),), Category.COMMAND_AND_CONTROL),
        (Verdict.MALICIOUS, "ipv4", (("categories", "port scan, brute force"),), Category.BRUTE_FORCE),
        (Verdict.SUSPICIOUS, "ipv4", (("categories", "web spam"),), Category.SPAM),
        (Verdict.MALICIOUS, "domain", (("categories", "phishing"),), Category.PHISHING),
        (Verdict.MALICIOUS, "sha256", (("family", "trojan.lockbit/ransom"),), Category.RANSOMWARE),
        (Verdict.MALICIOUS, "sha256", (), Category.MALWARE),
        (Verdict.MALICIOUS, "payload", (), Category.MALWARE),
        (Verdict.SUSPICIOUS, "sha256", (), Category.UNKNOWN),
        (Verdict.MALICIOUS, "ipv4", (), Category.UNKNOWN),
        (Verdict.MALICIOUS, "ipv4", (("isp", "Malware Hosting"),), Category.UNKNOWN),
    ],
)
def test_the_gravest_sort_that_is_named_counts(
    verdict: Verdict, kind: str, labels: tuple[tuple[str, str], ...], category: Category
) -> None:
    assert category_of(verdict, kind, labels) is category


def test_the_first_family_that_is_named_is_it_in_snake_case() -> None:
    labels = (("isp", "x"), ("family", "Cobalt Strike"), ("family", "beacon"))
    assert family_of(labels) == "cobalt_strike"
    assert family_of((("family", "trojan.mirai/gafgyt"),)) == "trojan_mirai_gafgyt"


@pytest.mark.parametrize("labels", [(), (("isp", "x"),), (("family", "-"),)])
def test_where_nobody_names_a_family_there_is_none(labels: tuple[tuple[str, str], ...]) -> None:
    assert family_of(labels) is None
