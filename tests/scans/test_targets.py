"""Targets: one spelling of each, and nothing that another program could read otherwise."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.targets import Arn, Target, TargetKind, parse_target, parse_targets

DIGEST = f"sha256:{'ab' * 32}"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("10.1.0.0/24", TargetKind.NETWORK, "10.1.0.0/24"),
        ("10.1.0.7", TargetKind.NETWORK, "10.1.0.7"),
        ("10.1.0.7/32", TargetKind.NETWORK, "10.1.0.7"),
        ("10.1.0.0/16", TargetKind.NETWORK, "10.1.0.0/16"),
        ("FD12::1", TargetKind.NETWORK, "fd12::1"),
        ("fd12::100/120", TargetKind.NETWORK, "fd12::100/120"),
        ("WWW.Example.com", TargetKind.DOMAIN, "www.example.com"),
        ("xn--bcher-kva.example", TargetKind.DOMAIN, "xn--bcher-kva.example"),
        (TOPIC, TargetKind.CLOUD, TOPIC),
        ("arn:aws:s3:::my-bucket", TargetKind.CLOUD, "arn:aws:s3:::my-bucket"),
        ("oci://registry.example.com/team/app:1.2", TargetKind.IMAGE, "oci://registry.example.com/team/app:1.2"),
        ("registry.example.com:5000/app", TargetKind.IMAGE, "oci://registry.example.com:5000/app"),
        ("oci://10.1.0.7:5000/app@" + DIGEST, TargetKind.IMAGE, "oci://10.1.0.7:5000/app@" + DIGEST),
        ("registry:5000/app", TargetKind.IMAGE, "oci://registry:5000/app"),
    ],
)
def test_each_form_has_one_spelling(text: str, kind: TargetKind, value: str) -> None:
    target = parse_target(text)
    assert target == Target(kind, value)
    assert parse_target(value) == target


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "10.0.0.5/8", "10.1.0.0/33", "10.1.0.0/24 ", " 10.1.0.1", "10.1.0.0/024", "010.1.0.1", "10.1.1",
        "0x7f000001", "0x7f.1", "2130706433", "10.1.0.1\n", "10.1.0.1-20", "10.1.0.*", "\u0661.1.0.1", "10.1.0.1;id",
        "-oN", "--script=x", "-iL/etc/passwd", "example", "localhost", "exa mple.com", "example.com;id", "-example.com",
        "example-.com", "example.com.", ".example.com", "example..com", "bücher.example", "example.c0m/", "a_b.example",
        "http://example.com", "example.com:443", "user@example.com", "$(id).example.com", f"{'a' * 64}.example",
        f"{'a.' * 130}example", "fd12::/64", "fe80::1%eth0", "[fd12::1]", "10.0.0.0/8", "fd12::1/64",
        "arn:aws:s3:::*", "arn:gcp:s3:::x", "arn:aws:s3", "arn:aws:iam::12345:root", "arn:aws:s3:::a b",
        "oci:///app", "oci://registry.example.com", "oci://registry.example.com:0/app", "oci://r.example:70000/app",
        "oci://r.example/App", "oci://r.example/../x", "oci://r.example/app@sha256:ab", "team/app:1", "x" * 513,
    ],
)  # fmt: skip
def test_what_has_no_known_form_or_another_reading_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_target(text)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_target")
    assert not text or text.isspace() or text not in caught.value.message


@pytest.mark.parametrize(
    "text", ["0.0.0.0/0", "169.254.169.254", "127.0.0.1", "::1", "::ffff:10.0.0.1", "224.0.0.0/24"]
)
def test_what_nobody_may_scan_is_forbidden_whatever_was_granted(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_target(text)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "target_not_authorized")


def test_this_machine_can_be_opened() -> None:
    assert parse_target("127.0.0.0/28", has_loopback=True).addresses == 16


def test_a_scan_has_targets_and_not_too_many() -> None:
    many = [f"host{number}.example.com" for number in range(256)]
    assert len(parse_targets(many)) == 256
    for texts in ([], [*many, "one.more.example"], ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.1"]):
        with pytest.raises(Problem) as caught:
            parse_targets(texts)
        assert caught.value.code == "invalid_target"


def test_the_same_target_counts_once() -> None:
    assert parse_targets(["10.1.0.7", "10.1.0.7/32", "EXAMPLE.com", "example.com"]) == (
        Target(TargetKind.NETWORK, "10.1.0.7"),
        Target(TargetKind.DOMAIN, "example.com"),
    )


def test_parts_of_a_target() -> None:
    assert parse_target(TOPIC).account == "123456789012"
    assert parse_target("arn:aws:s3:::my-bucket").account is None
    assert parse_target("example.com").account is None
    assert parse_target(TOPIC).arn == Arn("aws", "sns", "eu-west-1", "123456789012", "alerts")
    assert parse_target("arn:aws:s3:::my-bucket").arn == Arn("aws", "s3", "", "", "my-bucket")
    assert parse_target("arn:aws:iam::123456789012:root").arn.is_account
    assert not parse_target("arn:aws:iam::123456789012:user/root").arn.is_account
    with pytest.raises(ValueError, match="no ARN"):
        _ = parse_target("example.com").arn
    assert parse_target(f"oci://r.example:5000/app:1@{DIGEST}").repository == "oci://r.example:5000/app"
    assert parse_target("oci://r.example:5000/app").repository == "oci://r.example:5000/app"
    assert parse_target("example.com").repository == "example.com"
    assert parse_target("10.1.0.0/24").addresses == 256
    assert parse_target("example.com").addresses == 0


@given(st.text(max_size=80))
def test_no_text_is_read_as_something_that_it_does_not_say(text: str) -> None:
    try:
        target = parse_target(text)
    except Problem:
        return
    assert text.isascii()
    assert not set(text) & set(" \t\r\n;|&$`'\"\\<>(){}*?!#%^~")
    assert not text.startswith("-")
    if target.kind is TargetKind.NETWORK:
        assert ipaddress.ip_network(text) == target.network
