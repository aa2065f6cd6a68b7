"""The packages of an image: each once, and nothing longer than it may be."""

import pytest

from cybervault.scans import stocktaking as module
from cybervault.scans.contents import Contents, Database, Package, Release
from cybervault.scans.stocktaking import CHARACTERS_MAX, FAULTS_MAX, PATHS_MAX, items_of, release_in

DJANGO = Package("Django", "2.2.5")


def holding(*databases: Database, faults: tuple[str, ...] = (), release: Release | None = None) -> Contents:
    return Contents(databases, release, faults)


def test_a_package_in_several_places_is_one_and_names_the_first_of_them() -> None:
    places = [Database(f"{n}/METADATA", "pypi", (DJANGO, DJANGO)) for n in range(PATHS_MAX + 2)]
    items, faults = items_of(holding(*places, Database("x/package.json", "npm", (DJANGO,))))
    assert list(items) == [("pypi", DJANGO), ("npm", DJANGO)]
    assert items["pypi", DJANGO].paths == tuple(f"{n}/METADATA" for n in range(PATHS_MAX))
    assert faults == ()


def test_hostile_text_is_cut_and_has_no_control_characters() -> None:
    evil = Package("a\x1b[31m" + "b" * 10_000, "1\n2", "s" * 10_000, "\ud800")
    contents = holding(
        Database("p" * 1_000, "deb", (evil,)),
        faults=("f" * 1_000,) * (FAULTS_MAX + 1),
        release=Release("etc/os-release", "de\nbian", "v" * 1_000, ""),
    )
    items, faults = items_of(contents)
    item = items["deb", evil]
    assert item.package.name.startswith("a [31mb")
    assert (item.package.version, item.package.source_version) == ("1 2", "")
    assert max(map(len, (item.package.name, item.package.source, *item.paths, *faults))) <= 300
    assert len(faults) == FAULTS_MAX
    release = release_in(contents)
    assert release is not None
    assert (release.id, len(release.version_id)) == ("de bian", 200)
    assert release_in(holding()) is None


def test_what_is_too_much_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many packages an image claims to have, what is kept of it has an end."""
    assert CHARACTERS_MAX <= 4_000_000
    monkeypatch.setattr(module, "CHARACTERS_MAX", 200)
    many = Database("x", "deb", tuple(Package(f"p{n}", "1") for n in range(1_000)))
    items, faults = items_of(holding(many, faults=("layer 1: it breaks off",)))
    assert [item.package.name for item in items.values()] == ["p0", "p1", "p2"]
    assert faults == ("997 packages are left out: there are too many", "layer 1: it breaks off")
