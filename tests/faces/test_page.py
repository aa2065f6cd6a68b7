"""The policy of every HTML page: own files only, no inline script, nothing kept by caches."""

from cybervault.faces.page import BASE_HEADERS, page_headers


def test_only_what_the_server_itself_sends_is_loaded() -> None:
    headers = page_headers("n0nce")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self' 'nonce-n0nce'"
    assert policy["require-trusted-types-for"] == "'script'"


def test_the_base_holds_for_pages_too() -> None:
    assert BASE_HEADERS["Cache-Control"] == "no-store"
    assert BASE_HEADERS.items() <= page_headers("x").items()


def test_a_page_with_a_library_may_start_it_and_still_ask_nothing_but_this_server() -> None:
    headers = page_headers("n0nce", shows_library=True)
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' 'nonce-n0nce'"
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "require-trusted-types-for" not in policy
