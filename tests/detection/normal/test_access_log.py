"""A web request under the names of proxy and web server rules."""

import pytest

from cybervault.detection.normal.access_log import parts_of, request_fields, request_line


def test_a_request_has_all_names_of_its_parts() -> None:
    assert request_fields({"cs-method": "GET", "cs-user-agent": "curl", "cs-host": None}, "http://h/a/b.PHP?x=1") == {
        "cs-method": "GET",
        "c-method": "GET",
        "cs-user-agent": "curl",
        "c-useragent": "curl",
        "c-uri": "http://h/a/b.PHP?x=1",
        "cs-uri": "http://h/a/b.PHP?x=1",
        "cs-uri-stem": "/a/b.PHP",
        "cs-uri-query": ("x=1", "/a/b.PHP?x=1"),
        "c-uri-query": "x=1",
        "c-uri-extension": "php",
    }


def test_stem_and_query_of_a_server_make_a_whole() -> None:
    fields = request_fields({"cs-uri-stem": "/a", "cs-uri-query": "x=1", "cs(Referer)": "r"}, "")
    assert fields["c-uri"] == "/a?x=1"
    assert fields["cs-uri-query"] == ("x=1", "/a?x=1")
    assert fields["cs-referer"] == "r"
    assert request_fields({"cs-uri-stem": "/a", "cs-uri-query": "-"}, "")["c-uri"] == "/a"


def test_without_any_address_no_part_is_made_up() -> None:
    assert request_fields({"sc-status": "200"}, "") == {"sc-status": "200"}


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("/a?b=c#d", ("/a", "b=c")),
        ("https://h:8/a?b", ("/a", "b")),
        ("h:443", ("h:443", "")),
        ("/x?u=http://h/?q", ("/x", "u=http://h/?q")),
        ("", ("", "")),
    ],
)
def test_path_and_query_are_told_apart(uri: str, parts: tuple[str, str]) -> None:
    assert parts_of(uri) == parts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /a b HTTP/1.1", {"method": "GET", "uri": "/a b"}),
        ("GET /a", {"method": "GET", "uri": "/a"}),
        ("\\x16\\x03", {}),
        ("", {}),
    ],
)
def test_a_request_line_is_read_or_left(line: str, expected: dict[str, str]) -> None:
    assert request_line(line) == expected
