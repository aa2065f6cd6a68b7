"""OSV: what the exports of Debian, GitHub and PyPA say, each in its own way."""

from typing import Any

import pytest

from cybervault.domain.verdicts import Severity
from cybervault.scans.osv import Advisory, advisory_of
from cybervault.scans.versions import Span
from tests.fakes.advisories import DJANGO, DJANGO_AGAIN, LEFT_PAD, OPENSSL, raw


def read(record: dict[str, Any]) -> Advisory:
    found = advisory_of(raw(record))
    assert found is not None
    return found


def test_a_record_of_debian_names_its_cve_and_the_version_of_each_release() -> None:
    found = read(OPENSSL)
    assert (found.group, found.summary) == ("CVE-2026-0001", "A flaw in the parser.")
    twelve, eleven = found.affected
    assert (twelve.ecosystem, twelve.name) == ("Debian:12", "openssl")
    assert twelve.spans == (Span("0", fixed="3.0.13-1~deb12u1"),)
    assert twelve.versions == ()
    assert (twelve.severity, eleven.severity) == (None, Severity.LOW)
    assert eleven.spans == (Span("0"),)


def test_a_vector_says_more_than_a_word_and_several_spans_stand_apart() -> None:
    found = read(DJANGO)
    assert (found.group, found.severity) == ("CVE-2026-0002", Severity.CRITICAL)
    assert found.affected[0].spans == (Span("2.2", fixed="2.2.28"), Span("3.0", fixed="3.2.13"))
    assert read(DJANGO | {"severity": []}).severity is Severity.MEDIUM
    v4 = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}
    assert read(DJANGO | {"severity": [v4]}).severity is Severity.HIGH


def test_a_vector_of_the_old_version_counts_where_there_is_no_newer() -> None:
    v2 = {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}
    v3 = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"}
    assert read(DJANGO | {"severity": [v2]}).severity is Severity.HIGH
    assert read(DJANGO | {"severity": [v2, v3]}).severity is Severity.LOW


def test_one_vulnerability_has_one_name_whoever_tells_of_it() -> None:
    assert read(DJANGO).group == read(DJANGO_AGAIN).group
    assert read(DJANGO_AGAIN).affected[0].spans == (Span("0", last="2.2.27"),)
    assert read(LEFT_PAD).group == "MAL-2026-1"
    several = OPENSSL | {"id": "DSA-5000-1", "upstream": ["CVE-2026-0001", "CVE-2026-0009"]}
    assert read(several).group == "DSA-5000-1"


def test_versions_are_kept_where_no_span_says_it() -> None:
    assert read(LEFT_PAD).affected[0].versions == ("9.9.9",)
    only_git = {"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["1"], "ranges": [{"type": "GIT"}]}
    assert read(LEFT_PAD | {"affected": [only_git]}).affected[0].versions == ("1",)


def test_what_begins_again_ends_what_was_open() -> None:
    events = [{"introduced": "1"}, {"introduced": "2"}, {"limit": "*"}, {"fixed": "3"}, {"fixed": "4"}]
    affected = {"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": [{"type": "SEMVER", "events": events}]}
    assert read(LEFT_PAD | {"affected": [affected]}).affected[0].spans == (Span("1", fixed="2"), Span("2", fixed="3"))


def test_what_was_withdrawn_is_none_and_what_names_no_package_affects_none() -> None:
    assert advisory_of(raw(DJANGO | {"withdrawn": "2026-10-01T00:00:00Z"})) is None
    assert read(DJANGO | {"affected": [{"versions": ["1"]}]}).affected == ()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"id": 1}', b'{"id": "x", "affected": [{"package": 1}]}'])
def test_what_is_no_record_is_told(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        advisory_of(text)
