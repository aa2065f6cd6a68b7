"""`cybervault rules`: what there is, what is in force and why not, and what is switched off by whom."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.detection.sigma import selecting, text_of

STARTER = "5db09bd8-f6e8-48fe-9596-314f112e5c2e"
TITLE = "Outgoing connection to a default port of a remote access tool"
LOW = "4b89abaa-99fe-4232-afdd-000000000001"
HUNTING = "4b89abaa-99fe-4232-afdd-000000000002"
FILTER = "title: F\nlogsource: {product: windows}\nfilter: {rules: [nobody], s: {User: a}, condition: not s}\n"


@pytest.fixture
def _ours(data: Path) -> None:
    folder = data / "rules" / "packs" / "ours"
    folder.mkdir(parents=True)
    (folder / "low.yml").write_text(text_of(selecting(Image="a"), id=LOW, title="Low one", level="low"))
    (folder / "hunt.yml").write_text(
        text_of(selecting(Image="a"), id=HUNTING, title="Hunting [b]one[/b]", tags=["detection.threat-hunting"])
    )
    (folder / "filter.yml").write_text(FILTER)
    (folder / "broken.yml").write_text("- x")


@pytest.mark.usefixtures("_ours")
class TestList:
    def test_rules_in_force_are_listed_and_what_is_not_is_counted(self, run: Run) -> None:
        result = run("rules", "list", "--technique", "t1571")
        assert result.exit_code == 0
        (line,) = [line for line in result.stdout.splitlines() if STARTER in line]
        assert line.split()[0] == "high"
        assert "Low one" not in result.stdout
        assert "8 below the level, 1 for hunting" in result.stderr
        assert "ours: 1 rules cannot be used" in result.stderr
        assert "ours: filter.yml:1: the filter F is for no rule" in result.stderr

    def test_all_rules_say_why_they_are_not_in_force(self, run: Run) -> None:
        run("rules", "disable", TITLE, "--reason", "too loud here")
        result = run("rules", "list", "--all", "--json")
        rules = {one["id"]: one for one in document(result)["rules"]}
        assert (rules[LOW]["standing"], rules[HUNTING]["standing"]) == ("below_level", "hunting")
        assert (rules[STARTER]["standing"], rules[STARTER]["reason"]) == ("switched_off", "too loud here")
        assert document(result)["problems"][0]["path"] == "broken.yml"
        shown = run("rules", "list", "--all", "--pack", "ours").stdout
        assert "below the level" in shown
        assert "Hunting [b]one[/b]" in shown

    def test_a_narrow_terminal_has_room_for_titles(self, run: Run) -> None:
        shown = run("rules", "list", env={"COLUMNS": "90"}).stdout
        assert TITLE in shown
        assert STARTER not in shown
        assert STARTER[:8] in shown

    @pytest.mark.parametrize(
        ("words", "count"),
        [
            (("--pack", "ours", "--all"), 2),
            (("--pack", "ours", "--all", "--level", "low"), 1),
            (("--pack", "ours", "--all", "--product", "linux"), 0),
            (("--pack", "ours", "--all", "--technique", "T1"), 0),
        ],
    )
    def test_what_is_listed_can_be_narrowed(self, run: Run, words: tuple[str, ...], count: int) -> None:
        assert len(document(run("rules", "list", *words, "--json"))["rules"]) == count


class TestSwitching:
    def test_a_rule_is_switched_off_and_on_again_and_the_audit_knows(self, run: Run, data: Path) -> None:
        off = run("rules", "disable", STARTER[:8], "--reason", "too  loud\nhere")
        assert off.stdout == f"Switched off: {TITLE} ({STARTER})\n"
        assert f'"{STARTER}" = "too loud here"' in (data / "rules" / "profile.toml").read_text()
        assert ", 1 switched off" in run("rules", "list").stderr
        assert run("rules", "enable", TITLE).stdout == f"Switched on: {STARTER}\n"
        assert run("rules", "enable", TITLE).stderr == f"{STARTER} is not switched off.\n"
        rows = [json.loads(line) for line in run("audit", "export").stdout.splitlines()]
        told = "".join(map(json.dumps, rows))
        assert "rule.switched_off" in told
        assert "rule.switched_on" in told

    def test_a_rule_that_is_gone_can_be_forgotten_by_its_id(self, run: Run, data: Path) -> None:
        (data / "rules" / "profile.toml").write_text('[off]\ngone = "x"\n')
        assert run("rules", "enable", "gone").stdout == "Switched on: gone\n"

    def test_a_reason_is_asked_for(self, run: Run) -> None:
        result = run("rules", "disable", STARTER, "--reason", " ")
        assert result.exit_code == 2
        assert "1 to 500 characters" in result.stderr

    @pytest.mark.parametrize(("words", "said"), [("nonsense", "No rule has"), ("a", "give the id")])
    def test_a_rule_is_found_by_what_only_it_begins_with(self, run: Run, words: str, said: str) -> None:
        result = run("rules", "disable", words, "--reason", "x")
        assert isinstance(result.exception, Problem)
        assert result.exception.code == "rule_not_found"
        assert said in result.exception.message
