"""`cybervault doctor`: what is configured, reachable, missing, and how to get it."""

import shutil
import sys
from pathlib import Path

import pytest

from cybervault.confinement import landlock
from cybervault.confinement.walls import Wall
from cybervault.scans.printing import Printer
from tests.cli.conftest import Run, document
from tests.fakes.processes import free_port
from tests.fakes.upstream import UpstreamFarm


def checks(run: Run, *words: str, env: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
    return {check["part"]: check for check in document(run("doctor", "--json", *words, env=env))["checks"]}


def test_a_whole_installation_is_well(run: Run) -> None:
    found = checks(run)
    for part in ("state", "local knowledge", "API keys", "language model", "VirusTotal", "AbuseIPDB", "DNS"):
        assert found[part]["state"] == "ok", found[part]


def test_the_database_is_named_and_works(run: Run, data: Path, postgres_url: str) -> None:
    assert checks(run, "--offline")["database"]["says"] == f"{data / 'cybervault.db'}; SQLite, for this machine"
    shared = checks(run, "--offline", env={"CYBERVAULT_DATABASE_URL": postgres_url})["database"]
    assert shared["state"] == "ok"
    assert shared["says"] == f"PostgreSQL at {postgres_url.rpartition('@')[2]}; shared by all nodes that use it"


def test_a_database_that_does_not_work_is_told_with_the_rest(run: Run) -> None:
    env = {"CYBERVAULT_DATABASE_URL": f"postgresql://cv:canary@127.0.0.1:{free_port()}/cybervault"}
    result = run("doctor", "--offline", "--json", env=env)
    found = {check["part"]: check for check in document(result)["checks"]}
    assert result.exit_code == 1
    assert found["database"]["state"] == "broken"
    assert "Connection refused" in found["database"]["says"]
    assert found["local knowledge"]["state"] == "ok"
    assert "canary" not in result.output


def test_for_people_it_is_a_table(run: Run) -> None:
    result = run("doctor", "--offline")
    assert result.exit_code == 0
    assert "what to do" in result.stdout


def test_a_missing_key_says_where_to_get_it(run: Run) -> None:
    found = checks(run, "--offline", env={"CYBERVAULT_SOURCES__VIRUSTOTAL__KEY": "", "CYBERVAULT_CHAT__KEY": ""})
    assert found["VirusTotal"]["state"] == "missing"
    assert "CYBERVAULT_SOURCES__VIRUSTOTAL__KEY" in found["VirusTotal"]["todo"]
    assert "virustotal.com" in found["VirusTotal"]["todo"]
    assert found["language model"]["state"] == "missing"
    assert "OPENROUTER_API_KEY" in found["language model"]["todo"]


def test_keys_that_no_longer_open_anything_are_told(run: Run) -> None:
    """Whoever loses the pepper loses every key, and should hear of it here first."""
    run("tenants", "create", "acme")
    run("keys", "create", "--tenant", "acme", "--name", "ci")
    assert checks(run, "--offline")["API keys"]["says"] == "1 kept"
    found = checks(run, "--offline", env={"CYBERVAULT_PEPPER": "another pepper, long enough as well"})
    assert found["API keys"]["state"] == "broken"
    assert "pepper" in found["API keys"]["todo"]


def test_a_source_that_is_switched_off_is_off(run: Run) -> None:
    found = checks(run, "--offline", env={"CYBERVAULT_SOURCES__RDAP__ENABLED": "false"})
    assert found["RDAP"]["state"] == "off"


def test_a_source_that_cannot_be_reached_is_named(run: Run, farm: UpstreamFarm) -> None:
    url = farm.dead_url()
    found = checks(run, env={"CYBERVAULT_SOURCES__ABUSEIPDB__URL": url})
    assert found["AbuseIPDB"]["state"] == "missing"
    assert url in found["AbuseIPDB"]["todo"]


def test_offline_nobody_is_asked(run: Run, farm: UpstreamFarm) -> None:
    checks(run, "--offline")
    assert farm.calls("virustotal") == []


def test_no_key_is_sent_to_see_whether_a_source_is_there(run: Run, farm: UpstreamFarm) -> None:
    checks(run)
    for name in ("virustotal", "abuseipdb", "polyswarm"):
        for call in farm.calls(name):
            assert "demo" not in str(call.headers)


def test_what_is_left_of_a_quota_is_told(run: Run) -> None:
    found = checks(run, "--offline", env={"CYBERVAULT_SOURCES__VIRUSTOTAL__UNMETERED": "false"})
    assert "calls left" in found["VirusTotal"]["says"]


def test_an_unbuilt_local_knowledge_says_how_to_build_it(run: Run, data: Path) -> None:
    shutil.rmtree(data / "knowledge")
    assert checks(run, "--offline")["local knowledge"]["todo"] == "cybervault intel build"


def test_the_walls_that_files_are_parsed_behind_are_told(run: Run) -> None:
    found = checks(run, "--offline")["confinement"]
    assert found["state"] == ("missing" if "without" in found["says"] else "ok")


@pytest.mark.parametrize(
    ("version", "state", "missing"),
    [(0, "missing", {"6.2", "6.7"}), (3, "missing", {"6.7"}), (4, "ok", set[str]())],
)
def test_walls_that_the_system_has_not_for_engines_are_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, version: int, state: str, missing: set[str]
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: version)
    found = checks(run, "--offline")["walls of engines"]
    assert found["state"] == state
    assert {one for one in ("6.2", "6.7") if one in found["says"]} == missing


def test_what_prints_reports_is_told_and_what_brings_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Printer, "browser", Path("/opt/chromium"))
    assert checks(run, "--offline")["reports as PDF"]["says"] == "printed by /opt/chromium"
    monkeypatch.setattr(Printer, "browser", None)
    assert checks(run, "--offline")["reports as PDF"]["todo"] == "apt install chromium"


def test_walls_that_are_missing_are_named_with_what_brings_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    found = checks(run, "--offline")["confinement"]
    assert found["state"] == "missing"
    assert all(wall.value in found["says"] for wall in Wall)
    assert "libseccomp" in found["todo"]
