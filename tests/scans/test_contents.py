"""Contents: a later layer replaces files and takes them away."""

from cybervault.scans.contents import (
    Database,
    Fact,
    Gone,
    Layer,
    LayerContents,
    Opaque,
    Package,
    Release,
    Unread,
    contents_of,
)

STATUS = "var/lib/dpkg/status"


def at(place: int, *facts: Fact, fault: str = "") -> LayerContents:
    return LayerContents(Layer("oci://r.example/app", place, "sha256:x", 1), facts, fault)


def packages(version: str, path: str = STATUS) -> Database:
    return Database(path, "deb", (Package("openssl", version),))


def versions(*layers: LayerContents) -> list[str]:
    return [package.version for database in contents_of(layers).databases for package in database.packages]


def test_the_last_layer_that_has_a_file_is_right_in_whatever_order_they_come() -> None:
    assert versions(at(1, packages("2")), at(0, packages("1"))) == ["2"]


def test_what_was_taken_away_is_gone_and_what_came_after_is_there() -> None:
    assert versions(at(0, packages("1")), at(1, Gone(STATUS))) == []
    assert versions(at(0, packages("1")), at(1, Gone("var/lib"))) == []
    assert versions(at(0, packages("1")), at(1, Gone("var/lib/dp"))) == ["1"]
    assert versions(at(0, packages("1")), at(1, Opaque("var/lib/dpkg"), packages("2", "var/lib/dpkg/status.d/x"))) == [
        "2"
    ]
    assert versions(at(0, packages("1")), at(1, Opaque(""))) == []
    assert versions(at(0, packages("1")), at(1, Gone(STATUS)), at(2, packages("3"))) == ["3"]


def test_the_distribution_is_that_of_the_end() -> None:
    old, new = (
        Release("etc/os-release", "debian", "11", "Debian 11"),
        Release("etc/os-release", "debian", "12", "Debian 12"),
    )
    assert contents_of([at(0, old), at(1, new)]).release == new
    assert contents_of([at(0)]).release is None


def test_what_was_not_read_is_told_unless_it_is_gone() -> None:
    unread = Unread("var/lib/rpm/rpmdb.sqlite", "cannot be read yet")
    assert contents_of([at(0, unread)]).faults == ("var/lib/rpm/rpmdb.sqlite: cannot be read yet",)
    assert contents_of([at(0, unread), at(1, Gone("var/lib/rpm"))]).faults == ()
    assert contents_of([at(0), at(1, fault="it breaks off")]).faults == ("layer 2: it breaks off",)
