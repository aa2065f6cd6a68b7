"""Observables: what is recognised, its one canonical form, and what may be asked about outside."""

import ipaddress
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cybervault.domain import observables
from cybervault.domain.observables import (
    TEXT_CHARACTERS_MAX,
    Kind,
    Marking,
    Observable,
    defang,
    embedded_ipv4,
    is_outside_address,
    parse_observable,
    refang,
)
from cybervault.domain.problems import Problem, ProblemKind

MD5 = "8ed4b4ed952526d89899e723f3488de4"
NO_BREAK_SPACE = "\u00a0"
LONG_S = "\u017f"
CAPITAL_I_WITH_DOT = "\u0130"
RIGHT_TO_LEFT = "\u202e"
HALF_CHARACTER = "\ud800"

RECOGNISED = [
    ("203.0.113.7", Kind.IPV4, "203.0.113.7"),
    ("  203.0.113.7\n", Kind.IPV4, "203.0.113.7"),
    ("[203.0.113.7]", Kind.IPV4, "203.0.113.7"),
    ("::FFFF:203.0.113.7", Kind.IPV4, "203.0.113.7"),
    ("2001:DB8:0:0::1", Kind.IPV6, "2001:db8::1"),
    ("[2001:db8::1]", Kind.IPV6, "2001:db8::1"),
    ("[::]", Kind.IPV6, "::"),
    ("203.0.113.7/24", Kind.CIDR, "203.0.113.0/24"),
    ("2001:db8::1/32", Kind.CIDR, "2001:db8::/32"),
    (MD5.upper(), Kind.MD5, MD5),
    ("A" * 40, Kind.SHA1, "a" * 40),
    ("1" * 64, Kind.SHA256, "1" * 64),
    ("f" * 128, Kind.SHA512, "f" * 128),
    ("cve-2021-44228", Kind.CVE, "CVE-2021-44228"),
    ("as64500", Kind.ASN, "AS64500"),
    ("ASN 0064500", Kind.ASN, "AS64500"),
    ("Example.COM.", Kind.DOMAIN, "example.com"),
    ("_dmarc.example.com", Kind.DOMAIN, "_dmarc.example.com"),
    ("münchen.example", Kind.DOMAIN, "xn--mnchen-3ya.example"),
    ("XN--MNCHEN-3YA.example", Kind.DOMAIN, "xn--mnchen-3ya.example"),
    ("例え。テスト", Kind.DOMAIN, "xn--r8jz45g.xn--zckzah"),
    ("User.Name+tag@Example.com", Kind.EMAIL, "user.name+tag@example.com"),
    ("info@münchen.example", Kind.EMAIL, "info@xn--mnchen-3ya.example"),
    ("HTTP://Example.com", Kind.URL, "http://example.com/"),
    ("https://example.com:443/a", Kind.URL, "https://example.com/a"),
    ("https://example.com:0080/a", Kind.URL, "https://example.com:80/a"),
    ("http://example.com:/", Kind.URL, "http://example.com/"),
    ("ftp://example.com:21/f", Kind.URL, "ftp://example.com/f"),
    ("http://example.com?q=1", Kind.URL, "http://example.com/?q=1"),
    ("http://example.com#top", Kind.URL, "http://example.com/#top"),
    ("http://[2001:DB8::1]:8080/x", Kind.URL, "http://[2001:db8::1]:8080/x"),
    ("http://[::ffff:192.0.2.1]/", Kind.URL, "http://192.0.2.1/"),
    ("http://[::]:80/", Kind.URL, "http://[::]/"),
    ("http://intranet/wiki", Kind.URL, "http://intranet/wiki"),
    ("http://münchen.example/ä?ö#ü", Kind.URL, "http://xn--mnchen-3ya.example/%C3%A4?%C3%B6#%C3%BC"),
    ("http://a%40b:sécret@example.com/", Kind.URL, "http://a%40b:s%C3%A9cret@example.com/"),
    # What stands before "@" is an account, and a backslash ends the authority as it does in browsers.
    ("http://good.example@evil.example/", Kind.URL, "http://good.example@evil.example/"),
    ("http://evil.example\\.good.example/", Kind.URL, "http://evil.example/\\.good.example/"),
    # A plain URL is what it is: nothing in its path is an escape of ours.
    ("https://example.com/Dot_(dot)/[.]?at=[at]", Kind.URL, "https://example.com/Dot_(dot)/[.]?at=[at]"),
]

DEFANGED = [
    ("203[.]0[.]113[.]7", "203.0.113.7"),
    ("203(.)0{.}113[dot]7", "203.0.113.7"),
    ("evil\\.example\\.com", "evil.example.com"),
    ("evil[DOT]example(dot)com", "evil.example.com"),
    ("evil dot example dot com", "evil.example.com"),
    ("evil\u3002example\uff0ecom", "evil.example.com"),
    ("user[at]example[.]com", "user@example.com"),
    ("user (at) example.com", "user @ example.com"),
    ("user at example dot com", "user@example.com"),
    ("2001[:]db8[:][:]1", "2001:db8::1"),
    ("2001[:]db8[::]1", "2001:db8::1"),
    ("[::]1", "::1"),
    ("fe80[::]", "fe80::"),
    ("hxxp://evil[.]example/a[.]php", "http://evil.example/a.php"),
    ("hXXps[:]//evil[.]example", "https://evil.example"),
    ("hxxps(:)//evil.example/x", "https://evil.example/x"),
    ("h**p://evil.example/", "http://evil.example/"),
    ("hxtp[://]evil.example/", "http://evil.example/"),
    ("meow://evil.example/", "http://evil.example/"),
    ("fxp://evil.example/", "ftp://evil.example/"),
    ("http:[/][/]evil.example[/]a[/]b", "http://evil.example/a/b"),
    ("hxxp://[2001:db8[::]1]:8080/", "http://[2001:db8::1]:8080/"),
    ("hxxp://[::]:80/", "http://[::]:80/"),
    ("http://evil[.]example/keep(dot)", "http://evil.example/keep(dot)"),
    ("HTTP://evil.example/[.]", "HTTP://evil.example/[.]"),
    ("https://evil.example[:]8443/", "https://evil.example:8443/"),
]

REFUSED = [
    "", "   ", "word", "two words", "256.1.1.1", "1.2.3", "127.1", "0x7f.1", "1.2.3.4.5", "1.2.3.4.",
    "fe80::1%eth0", ":::", "203.0.113.0/33", "203.0.113.7/x",
    "g" * 32, "a" * 33, "CVE-21-44228", "CVE-2021-123", "AS4294967296", "AS",
    "example", "-a.example", "a-.example", "a..example", "example.c", "example.123", "x" * 64 + ".example",
    "a." * 127 + "example", "\u00fc" * 80 + ".example", "ex ample.com", "xn--ü.example",
    "@example.com", "user@", "a b@example.com", "user@host", "u" * 65 + "@example.com", "a{{dot}}b@example.com",
    f"{RIGHT_TO_LEFT}user@example.com", f"{CAPITAL_I_WITH_DOT * 64}@example.com",
    "http://", "http:///path", "http://?q", "gopher://example.com/", f"http{LONG_S}://example.com/",
    "http://example.com:port/", "http://example.com:65536/", "http://example.com:-1/", "http://a b/",
    "http://example.com/a b", "http://example.com/\x01", "http://2001:db8::1/", "http://[2001:db8::1/",
    "http://[2001:db8::1]80/", "http://[example.com]/", "http://[192.0.2.1]/", "http://2130706433/",
    "http://" + "a" * 64 + "/", "http://a{{.}}b@example.com/", f"http://example.com/{HALF_CHARACTER}",
    f"{HALF_CHARACTER}@example.com",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), RECOGNISED)
def test_a_text_has_one_kind_and_one_canonical_form(text: str, kind: Kind, value: str) -> None:
    assert parse_observable(text) == Observable(kind, value)


@pytest.mark.parametrize(("text", "plain"), DEFANGED)
def test_the_usual_ways_of_defanging_are_undone(text: str, plain: str) -> None:
    assert refang(text) == plain


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_observable_is_refused_as_unknown(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        parse_observable(text)
    assert (refusal.value.kind, refusal.value.code) == (ProblemKind.INVALID, "unknown_observable")


@pytest.mark.parametrize(
    "text",
    [
        "a" * (TEXT_CHARACTERS_MAX + 1),
        "[" * TEXT_CHARACTERS_MAX + "[",
        "http://example.com/" + "ü" * 400,  # 6 characters each once it is encoded
    ],
)
def test_more_than_2048_characters_are_refused_before_and_after_encoding(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        parse_observable(text)
    assert (refusal.value.kind, refusal.value.code) == (ProblemKind.INVALID, "observable_too_long")


def test_an_observable_carries_its_marking_and_is_clear_without_one() -> None:
    assert parse_observable("example.com").marking is Marking.CLEAR
    assert parse_observable("example.com", Marking.RED).marking is Marking.RED


@pytest.mark.parametrize(
    ("marking", "may_leave"),
    [
        (Marking.CLEAR, True),
        (Marking.GREEN, True),
        (Marking.AMBER, True),
        (Marking.AMBER_STRICT, False),
        (Marking.RED, False),
    ],
)
def test_only_the_two_strictest_markings_keep_an_observable_here(marking: Marking, *, may_leave: bool) -> None:
    assert marking.may_leave is may_leave


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("example.com", "example.com"),
        ("user@example.com", "example.com"),
        ("http://user:p@example.com:81/@a:b", "example.com"),
        ("http://example.com?x@y", "example.com"),
        ("http://[2001:db8::1]:81/", "2001:db8::1"),
        (MD5, None),
        ("CVE-2021-44228", None),
        ("AS64500", None),
        ("203.0.113.0/24", None),
    ],
)
def test_the_host_is_what_an_observable_points_to(text: str, host: str | None) -> None:
    assert parse_observable(text).host == host


def test_the_address_of_an_address_is_a_value_and_of_a_name_a_bug() -> None:
    assert parse_observable("203.0.113.7").address == ipaddress.ip_address("203.0.113.7")
    with pytest.raises(ValueError, match=r"example\.com"):
        _ = parse_observable("example.com").address


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("example.com", "example.com"),
        ("xn--mnchen-3ya.example", "münchen.example"),
        ("xn--r8jz45g.xn--zckzah", "例え.テスト"),
        ("www.xn--3e0b707e", "www.한국"),
        ("xn--pple-43d.com", "xn--pple-43d.com"),  # Cyrillic "a" before "pple"
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),  # "apple" in nothing but Cyrillic letters
        ("xn--oogle-wmc.com", "xn--oogle-wmc.com"),  # a phonetic small capital "g"
        ("xn--e1afmkfd.xn--p1ai", "пример.рф"),
        ("xn--zz.example", "xn--zz.example"),  # no Punycode at all
    ],
)
def test_unicode_letters_are_shown_where_no_other_name_looks_the_same(value: str, shown: str) -> None:
    assert Observable(Kind.DOMAIN, value).display == shown


def test_only_names_are_shown_in_another_way() -> None:
    assert Observable(Kind.EMAIL, "a@xn--mnchen-3ya.example").display == "a@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.0.0.1",
        "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fd00::1", "ff02::1", "100::1", "64:ff9b:1::1",
        "2002:0a00:0001::", "64:ff9b::10.0.0.1", "::10.0.0.1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "10.0.0.0/8", "8.0.0.0/5", "fe80::/64", "0.0.0.0/0", "::/0",
        "printer.local", "a.localhost", "x.onion", "db.internal", "pc.lan", "x.home.arpa", "a.invalid", "dc.corp",
        "user@mail.local", "http://wiki/", "http://0x7f000001/", "http://localhost:8080/", "http://10.0.0.1/", "http://[::1]/",
        "http://router.home.arpa/",
    ],
)  # fmt: skip
def test_what_belongs_to_some_own_network_is_never_asked_outside(text: str) -> None:
    assert not parse_observable(text).is_outside


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8", "192.0.2.1", "198.51.100.1", "203.0.113.7", "2001:db8::1", "2606:4700::1111", "172.32.0.1",
        "2002:0808:0808::", "64:ff9b::8.8.8.8", "203.0.113.0/24", "2001:db8::/32",
        "example.com", "local.example", "myhome.arpa", "user@example.com", "http://example.com/local",
        "http://8.8.8.8/", MD5, "CVE-2021-44228", "AS64500",
    ],
)  # fmt: skip
def test_the_documentation_ranges_count_as_outside_like_every_public_thing(text: str) -> None:
    assert parse_observable(text).is_outside


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("203.0.113.7", None),
        ("2001:db8::1", None),
        ("::1", None),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::192.0.2.1", "192.0.2.1"),
        ("2002:c000:0201::", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdfe", "192.0.2.1"),
    ],
)
def test_an_ipv4_address_inside_an_ipv6_address_is_found(address: str, carried: str | None) -> None:
    expected = None if carried is None else ipaddress.IPv4Address(carried)
    assert embedded_ipv4(ipaddress.ip_address(address)) == expected


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_an_address_is_as_inside_as_the_one_it_carries(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(f"64:ff9b::{address}")
    assert is_outside_address(mapped) == is_outside_address(translated) == is_outside_address(address)


LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\Z") | st.sampled_from(["münchen", "例え", "пример"])
DOMAINS = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABELS, min_size=1, max_size=4),
                    st.sampled_from(["com", "example", "рф", "xn--p1ai"]))  # fmt: skip
ADDRESSES = st.ip_addresses().map(str)
HOSTS = DOMAINS | ADDRESSES.map(lambda text: f"[{text}]" if ":" in text else text)
TAILS = st.lists(
    st.sampled_from(["/", ".", "[.]", "(dot)", "[at]", "[/]", "[[.]]", "@", "?", "#", "%41", "ä", "{.}", "\\", "a"]),
    max_size=8,
).map("".join)
URLS = st.builds(
    lambda scheme, user, host, port, tail: f"{scheme}://{user}{host}{port}/{tail}",
    st.sampled_from(["http", "https", "ftp", "HTTP"]), st.sampled_from(["", "user@", "u:p%40@", "ü.ü@"]), HOSTS,
    st.none().map(lambda _: "") | st.integers(0, 65_535).map(":{}".format), TAILS,
)  # fmt: skip
HEX = "0123456789abcdefABCDEF"
TEXTS_BY_KIND = {
    "address": ADDRESSES,
    "network": st.builds("{}/{}".format, ADDRESSES, st.integers(0, 32)),
    "hash": st.sampled_from([32, 40, 64, 128]).flatmap(lambda size: st.text(HEX, min_size=size, max_size=size)),
    "cve": st.builds("CVE-{}-{}".format, st.integers(1999, 2099), st.integers(1000, 9_999_999)),
    "asn": st.integers(0, 2**32 - 1).map("AS{}".format),
    "domain": DOMAINS,
    "email": st.builds("{}@{}".format, st.from_regex(r"\A[a-zA-Z0-9.+{}_-]{1,12}\Z"), DOMAINS),
    "url": URLS,
}


@pytest.mark.parametrize("texts", TEXTS_BY_KIND.values(), ids=TEXTS_BY_KIND.keys())
def test_the_canonical_form_is_stable_and_survives_defanging(texts: st.SearchStrategy[str]) -> None:
    @given(texts)
    def holds(text: str) -> None:
        try:
            observable = parse_observable(text)
        except Problem:
            assume(False)  # noqa: FBT003 - a text such as "a..b@example.com" in disguise is refused, which is fine
        assert parse_observable(observable.value) == observable
        assert refang(defang(observable.value)) == observable.value
        assert parse_observable(defang(observable.value)) == observable

    holds()


@given(st.text() | st.text(alphabet="[](){}.:/@\\ dotahxp0"))
def test_any_text_is_an_observable_with_a_stable_form_or_refused(text: str) -> None:
    try:
        observable = parse_observable(text)
    except Problem:
        return
    assert parse_observable(observable.value) == observable
    assert refang(observable.value) == observable.value
    assert observable.display
    assert observable.is_outside in {True, False}
    observable.value.encode()


def test_a_defanged_text_holds_no_link() -> None:
    assert defang("https://user@evil.example:81/a.php") == "hxxps://user@evil[.]example:81/a[.]php"
    assert defang("ftp://evil.example/") == "fxp://evil[.]example/"
    assert defang("user@evil.example") == "user[at]evil[.]example"
    assert defang("203.0.113.7") == "203[.]0[.]113[.]7"


def test_no_pattern_nests_a_repetition_in_a_repetition() -> None:
    """The guarantee of linear time: texts are capped, and no expression can walk one text in many ways."""
    patterns = [value for value in vars(observables).values() if isinstance(value, re.Pattern)]
    assert len(patterns) >= 8
    nested = re.compile(r"[*+}]\)[*+{]")
    assert not [pattern.pattern for pattern in patterns if nested.search(pattern.pattern)]


@pytest.mark.parametrize(
    "piece",
    ["[.]", "[.", "[[.]]", "(dot", " dot ", "\\.", "[::]", "a[::]", "a-", "a.", "-.", ".", "9", ":", "1:", "xn--", "%",
     "@", "ü", "\u0958", "\u3002", "http://", "hxxp[:]//", "[/]", "http://[", "/", "1/"],
)  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{}", "http://{}", "http://{}/", "http://example.com/{}", "{}@example.com", "{}.com"]
)
def test_a_piece_repeated_to_the_longest_text_is_decided_like_any_other(piece: str, around: str) -> None:
    room = TEXT_CHARACTERS_MAX - len(around)
    text = around.format((piece * room)[:room])
    try:
        value = parse_observable(text).value
    except Problem as problem:
        value = problem.code
    assert value
    assert len(refang(text)) <= TEXT_CHARACTERS_MAX
