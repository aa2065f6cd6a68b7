from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from cybervault.intel.families import ACTOR, Cluster, Families, Family, fold, gather, readings, rows
from cybervault.intel.index import Index
from cybervault.intel.packing import Packer
from cybervault.intel.sections import Sections, write_sections


def malware(name: str, *synonyms: str) -> Cluster:
    return Cluster(name, synonyms, "malware")


GALAXIES = (
    [
        malware("Emotet", "Geodo", "Heodo"),
        malware("Bashlite", "Gafgyt", "Qbot"),
        malware("QakBot", "Qbot", "Pinkslipbot"),
        malware("Cobalt Strike", "BEACON"),
        malware("Mirai (ELF)"),
        malware("Mirai (Windows)"),
        malware("RedLine Stealer"),
        malware("Formbook", "win.xloader"),
        malware("Xloader", "Formbook"),
        malware("Sofacy"),
    ],
    [Cluster("Qbot", ("QakBot", "Akbot"), "botnet"), Cluster("Torpig", ("Sinowal", "x"), "botnet")],
    [Cluster("Geodo", ("Emotet", "Feodo Version C"), "banker"), Cluster("Sinowal", ("Mebroot",), "banker")],
    [malware("Emotet - S0367", "Emotet")],
    [Cluster("APT28", ("Sofacy", "FANCY BEAR"), ACTOR)],
)


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Families:
    folder: Path = tmp_path_factory.mktemp("families")
    gathered, places = gather(GALAXIES)
    packer = Packer.seeded(3)
    for folded, place in places.items():
        packer.add([folded.encode()], place)
    packer.write(folder / "names")
    write_sections(folder / "rows", rows(gathered))
    return Families(Index(folder / "names", 3), Sections(folder / "rows", 2))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Emotet", "Emotet"),
        ("EMOTET", "Emotet"),
        ("heodo", "Emotet"),
        ("trojan.emotet/heodo", "Emotet"),
        ("Trojan:Win32/Emotet.A!ml", "Emotet"),
        ("Win32.Trojan-Banker.Geodo", "Emotet"),
        ("feodo version c", "Emotet"),
        ("cobalt_strike", "Cobalt Strike"),
        ("CobaltStrike", "Cobalt Strike"),
        ("HackTool.Cobalt Strike!1", "Cobalt Strike"),
        ("elf.mirai", "Mirai"),
        ("trojan.redline/msil", "RedLine Stealer"),
        ("Akbot", "QakBot"),
        ("mebroot", "Torpig"),
        ("formbook", "Formbook"),
        ("xloader", "Xloader"),
        ("Fancy Bear", "APT28"),
    ],
)
def test_a_label_finds_its_family(families: Families, label: str, name: str) -> None:
    found = families.find(label)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "label", ["", "trojan", "Trojan.Win32.Generic", "Mal/Generic-S", "x", "a/b.c", "nothing known"]
)
def test_a_label_without_a_family_finds_none(families: Families, label: str) -> None:
    assert families.find(label) is None


def test_a_synonym_means_the_family_that_most_clusters_give_it_to(families: Families) -> None:
    """Two families claim "Qbot"; a second galaxy calls QakBot so."""
    found = families.find("qbot")
    assert found == Family("QakBot", "malware", ("Qbot", "Pinkslipbot", "Akbot"))


def test_a_family_lists_what_others_call_it(families: Families) -> None:
    assert families.find("emotet") == Family("Emotet", "malware", ("Geodo", "Heodo", "Feodo Version C"))
    assert families.find("mirai") == Family("Mirai", "malware", ())


def test_an_actor_does_not_join_the_malware_it_is_named_after(families: Families) -> None:
    tool, actor = families.find("Sofacy"), families.find("APT28")
    assert tool is not None
    assert actor is not None
    assert (tool.kind, actor.kind) == ("malware", ACTOR)
    assert actor.aliases == ("FANCY BEAR",)


def test_a_label_longer_than_any_name_is_just_unknown(families: Families) -> None:
    assert families.find("z" * 4_000) is None
    assert families.find("\N{BLACK HEART SUIT}" * 90) is None
    assert families.find("\u4e00" * 90) is None


def test_folding_keeps_letters_and_digits_only() -> None:
    assert fold("Agent-Tesla_v3 (NET)") == "agentteslav3net"
    assert fold("\N{FULLWIDTH LATIN CAPITAL LETTER R}ed\N{NO-BREAK SPACE}Line") == "redline"


def test_readings_go_from_the_whole_to_the_words() -> None:
    assert list(readings("Win32/Agent Tesla.SB")) == [
        "win32agentteslasb",
        "win32",
        "agenttesla",
        "win32",
        "agent",
        "tesla",
    ]


def test_rows_that_do_not_fill_their_section_are_refused(tmp_path: Path) -> None:
    Packer.seeded(3).write(tmp_path / "names")
    ends, texts = rows([Family("Emotet", "malware", ())])
    write_sections(tmp_path / "rows", [ends, texts[:-1]])
    with pytest.raises(Problem) as caught:
        Families(Index(tmp_path / "names", 3), Sections(tmp_path / "rows", 2))
    assert caught.value.code == "local_knowledge_broken"


def test_there_may_be_no_families_at_all(tmp_path: Path) -> None:
    Packer.seeded(3).write(tmp_path / "names")
    write_sections(tmp_path / "rows", rows([]))
    empty = Families(Index(tmp_path / "names", 3), Sections(tmp_path / "rows", 2))
    assert len(empty) == 0
    assert empty.find("emotet") is None
