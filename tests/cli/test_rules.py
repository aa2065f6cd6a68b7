"""`cybervault rules`: what there is, what is in force and why not, and what is switched off by whom."""

from pathlib import Path

import pytest

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
