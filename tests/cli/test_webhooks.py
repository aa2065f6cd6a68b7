"""`cybervault webhooks`: added, tried, given a new secret, looked at and removed by the operator."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(418 if self.path == "/teapot" else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - that of the library
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A receiver that the operator allows."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    origin = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("CYBERVAULT_WEBHOOKS__ALLOWED_ORIGINS", json.dumps([origin]))
    yield origin
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def acme(run: Run) -> str:
    """A tenant."""
    return run("tenants", "create", "acme").stdout.strip()


OF_ACME = ("--tenant", "acme")


@pytest.mark.usefixtures("acme")
def test_one_is_added_listed_given_a_new_secret_and_removed(run: Run, receiver: str) -> None:
    added = run("webhooks", "add", f"{receiver}/x", *OF_ACME, "--event", "scan.completed").stdout.split()
    assert added[0].startswith("hook_")
    assert added[1].startswith("whsec_")
    (listed,) = document(run("webhooks", "list", *OF_ACME, "--json"))["webhooks"]
    assert (listed["id"], listed["events"], listed["state"]) == (added[0], ["scan.completed"], "on")
    for text in (added[0], receiver, "scan.completed", "on"):
        assert text in run("webhooks", "list", *OF_ACME).stdout
    rotated = document(run("webhooks", "rotate", added[0], *OF_ACME, "--overlap", "1", "--json"))
    assert rotated["secret"] not in {added[1], ""}
    assert run("webhooks", "rotate", added[0], *OF_ACME).stdout.startswith("whsec_")
    assert run("webhooks", "remove", added[0], *OF_ACME).stdout == f"{added[0]} is removed.\n"
    assert document(run("webhooks", "list", *OF_ACME, "--json"))["webhooks"] == []


@pytest.mark.usefixtures("acme")
def test_a_test_is_sent_now_and_its_outcome_is_the_exit_status(run: Run, receiver: str) -> None:
    taken = document(run("webhooks", "add", f"{receiver}/x", *OF_ACME, "--json"))["webhook"]["id"]
    assert run("webhooks", "test", taken, *OF_ACME).stdout == "It was taken.\n"
    refused = document(run("webhooks", "add", f"{receiver}/teapot", *OF_ACME, "--json"))["webhook"]["id"]
    tried = run("webhooks", "test", refused, *OF_ACME, "--json")
    assert tried.exit_code == 1
    assert document(tried)["delivery"]["reason"] == "the receiver answered 418"
    (delivery,) = document(run("webhooks", "deliveries", refused, *OF_ACME, "--json"))["deliveries"]
    assert (delivery["event"], delivery["state"], delivery["attempts"]) == ("webhook.test", "failed", 1)
    for text in (delivery["id"], "418"):
        assert text in run("webhooks", "deliveries", refused, *OF_ACME, "--state", "failed").stdout
    again = run("webhooks", "replay", refused, *OF_ACME, "--delivery", delivery["id"])
    assert again.stdout == "1 to be sent again.\n"
    assert run("webhooks", "replay", refused, *OF_ACME, "--since", "2026-01-01").stdout == "0 to be sent again.\n"


@pytest.mark.usefixtures("acme")
def test_what_cannot_be_is_told(run: Run, receiver: str) -> None:
    webhook = document(run("webhooks", "add", f"{receiver}/x", *OF_ACME, "--json"))["webhook"]["id"]
    for words, code in (
        (("add", "https://10.0.0.5/"), "invalid_webhook_url"),
        (("remove", "hook_0000000000"), "not_found"),
        (("replay", webhook), "invalid_parameter"),
        (("replay", webhook, "--since", "yesterday"), "invalid_parameter"),
        (("replay", webhook, "--since", "2026-01-01", "--delivery", "x"), "invalid_parameter"),
    ):
        problem = run("webhooks", *words, *OF_ACME).exception
        assert isinstance(problem, Problem)
        assert problem.code == code
