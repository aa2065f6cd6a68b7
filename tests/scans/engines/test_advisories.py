"""Packages against advisories: what is affected, told once, and what nothing is known of."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Catalogue, Database, Fact, Gone, Layer, LayerContents, Package, Release, Unread
from cybervault.scans.engines import advisories
from cybervault.scans.engines.advisories import match_packages
from cybervault.scans.osv import advisory_of
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen
from cybervault.scans.store.advisories import Advisories
from tests.fakes.advisories import ALL, DJANGO_AGAIN, LEFT_PAD, OPENSSL, raw
from tests.scans.made import NOW

ASSET = "oci://r.example/app:1"
TWELVE = Release("etc/os-release", "debian", "12", "Debian GNU/Linux 12 (bookworm)")


@pytest.fixture
def knowledge(tmp_path: Path) -> Advisories:
    return knowing(tmp_path, *ALL)


def knowing(folder: Path, *records: dict[str, Any]) -> Advisories:
    kept = Advisories(folder / "osv.sqlite")
    kept.load((one for record in records if (one := advisory_of(raw(record))) is not None), at=NOW)
    return kept


def deb(source_version: str, name: str = "libssl3", source: str = "openssl") -> Database:
    return Database("var/lib/dpkg/status", "deb", (Package(name, source_version, source, source_version),))


def python(name: str, version: str, path: str = "a.dist-info/METADATA") -> Database:
    return Database(path, "pypi", (Package(name, version),))


def matched(knowledge: Advisories, *facts: Fact, fault: str = "") -> Report:
    return match_packages(ASSET, [LayerContents(Layer(ASSET, 0, "sha256:x", 1), facts, fault)], knowledge)


def one(report: Report) -> Seen:
    (seen,) = report.seen
    return seen


def of(report: Report, engine: str = "advisories") -> list[Coverage]:
    return [line for line in report.coverage if line.engine == engine]


def test_of_a_distribution_the_source_and_its_own_fixed_version_count(knowledge: Advisories) -> None:
    seen = one(matched(knowledge, TWELVE, deb("3.0.11-1~deb12u1")))
    assert (seen.rule, seen.place) == ("package_vulnerable", "pkg:deb/openssl CVE-2026-0001")
    assert seen.title == "libssl3 3.0.11-1~deb12u1 has a known vulnerability: CVE-2026-0001"
    assert seen.evidence == (
        "libssl3 3.0.11-1~deb12u1 in var/lib/dpkg/status; fixed in 3.0.13-1~deb12u1; nobody rated it; "
        "https://osv.dev/vulnerability/DEBIAN-CVE-2026-0001; A flaw in the parser."
    )
    assert seen.severity is Severity.MEDIUM
    assert matched(knowledge, TWELVE, deb("3.0.13-1~deb12u1")).seen == []


def test_two_advisories_of_one_vulnerability_are_one_finding_of_the_higher_severity(knowledge: Advisories) -> None:
    seen = one(matched(knowledge, python("Django", "2.2.5"), python("django", "2.2.5", "b.dist-info/METADATA")))
    assert (seen.place, seen.severity) == ("pkg:pypi/django CVE-2026-0002", Severity.CRITICAL)
    assert "in a.dist-info/METADATA, django 2.2.5 in b.dist-info/METADATA; fixed in 2.2.28" in seen.evidence
    assert matched(knowledge, python("Django", "2.2.28"), python("django", "3.3")).seen == []


def test_the_same_spot_has_the_same_key_whatever_its_version(tmp_path: Path, knowledge: Advisories) -> None:
    before = one(matched(knowledge, python("Django", "2.2.5")))
    other = knowing(tmp_path / "later", DJANGO_AGAIN)
    assert one(matched(other, python("django", "2.2.6"))).fingerprint == before.fingerprint


def test_a_listed_version_is_affected_and_no_other(knowledge: Advisories) -> None:
    def npm(version: str) -> Database:
        return Database("node_modules/left-pad/package.json", "npm", (Package("left-pad", version),))

    assert "no fixed version is known" in one(matched(knowledge, npm("9.9.9"))).evidence
    assert matched(knowledge, npm("9.9.8"), npm("not a version")).seen == []


def test_the_image_is_covered_only_where_something_is_known_of_everything(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, OPENSSL)
    whole = matched(knowledge, TWELVE, deb("4"))
    assert [(line.state, line.places) for line in of(whole)] == [(CoverageState.COVERED, ())]
    assert of(whole)[0].reason == "Debian:12: advisories of 2026-11-01"
    part = matched(knowledge, TWELVE, deb("4"), python("django", "2.2"))
    assert [(line.state, line.places) for line in of(part)] == [
        (CoverageState.NOT_TESTED, ()),
        (CoverageState.COVERED, ("Debian:12",)),
    ]
    assert of(part)[0].reason == (
        "no advisories of PyPI are loaded: cybervault scans update-advisories --ecosystem PyPI"
    )
    strange = matched(knowledge, Release("etc/os-release", "void", "", "Void \x1b[31mLinux"), deb("4"))
    assert of(strange)[0].reason == (
        "deb packages of Void  [31mLinux cannot be matched: it does not say which version it is"
    )
    nameless = matched(knowledge, deb("4"))
    assert of(nameless)[0].reason.endswith("the image does not say which distribution it is")
    assert [line.state for line in of(matched(knowledge))] == [CoverageState.COVERED]


def test_what_was_not_read_closes_nothing(knowledge: Advisories) -> None:
    broken = matched(knowledge, TWELVE, deb("4"), fault="it breaks off")
    assert {line.state for line in of(broken) if not line.places} == {CoverageState.FAILED}
    assert of(broken, "layers") == []
    unread = matched(knowledge, Unread("var/lib/rpm/rpmdb.sqlite", "databases of RPM cannot be read yet"))
    assert [line.state for line in of(unread)] == [CoverageState.FAILED]
    assert [line.state for line in of(unread, "layers")] == [CoverageState.COVERED]


def test_a_package_that_a_later_layer_took_away_is_not_there(knowledge: Advisories) -> None:
    layers = [
        LayerContents(Layer(ASSET, 0, "sha256:x", 1), (python("django", "2.2"),)),
        LayerContents(Layer(ASSET, 1, "sha256:y", 1), (Gone("a.dist-info"),)),
    ]
    assert match_packages(ASSET, layers, knowledge).seen == []


GIN = {
    "id": "GO-2026-1",
    "aliases": ["CVE-2026-0011"],
    "affected": [
        {
            "package": {"ecosystem": "Go", "name": "github.com/gin-gonic/gin"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.7.0"}]}],
        }
    ],
}


def test_what_the_catalogue_tells_of_is_seen_by_its_engine_and_covered_apart(tmp_path: Path) -> None:
    knowledge, layers = knowing(tmp_path, GIN, OPENSSL), [LayerContents(Layer(ASSET, 0, "sha256:x", 1), (TWELVE,))]
    go = Database("bin/tool", "golang", (Package("github.com/gin-gonic/gin", "v1.6.3"), Package("stdlib", "1.22.3")))
    report = match_packages(ASSET, layers, knowledge, catalogue=Catalogue((go,)))
    seen = one(report)
    assert (seen.engine, seen.place) == ("syft", "pkg:golang/github.com/gin-gonic/gin CVE-2026-0011")
    assert "github.com/gin-gonic/gin v1.6.3 in bin/tool; fixed in 1.7.0" in seen.evidence
    assert [(line.state, line.places) for line in of(report, "syft")] == [(CoverageState.COVERED, ())]
    assert [line.reason for line in of(report)] == ["no list of packages is in it"]
    assert {item.system for item in report.inventories[0].items} == {"golang"}
    gem = Database("a.gemspec", "gem", (Package("rack", "2.0.1"),))
    (gap,) = of(match_packages(ASSET, layers, knowledge, catalogue=Catalogue((gem,))), "syft")
    assert (gap.state, gap.reason) == (
        CoverageState.NOT_TESTED,
        "no advisories of RubyGems are loaded: cybervault scans update-advisories --ecosystem RubyGems",
    )


def test_a_catalogue_that_failed_covers_nothing_and_leaves_what_we_read_ourselves(knowledge: Advisories) -> None:
    layers = [LayerContents(Layer(ASSET, 0, "sha256:x", 1), (TWELVE, deb("3.0.11-1~deb12u1")))]
    report = match_packages(ASSET, layers, knowledge, catalogue=Catalogue((), "it crashed"))
    assert [(line.state, line.reason) for line in of(report, "syft")] == [(CoverageState.FAILED, "it crashed")]
    assert [line.state for line in of(report)] == [CoverageState.COVERED]
    assert (one(report).engine, report.inventories[0].faults) == ("advisories", ("syft: it crashed",))


def openssls(count: int) -> Database:
    """So many packages, each of another version of the same source."""
    some = (Package(f"libssl{number}", "1", "openssl", f"3.0.11-{number}") for number in range(count))
    return Database("var/lib/dpkg/status", "deb", tuple(some))


@pytest.mark.parametrize("bound", ["COMPARISONS_MAX", "HITS_MAX"])
def test_an_image_made_to_match_everything_is_read_so_far_and_no_further(
    knowledge: Advisories, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """A hundred thousand packages with ten thousand advisories each would take hours, and all memory."""
    monkeypatch.setattr(advisories, bound, 10)
    assert CoverageState.FAILED not in {line.state for line in of(matched(knowledge, TWELVE, openssls(5)))}
    report = matched(knowledge, TWELVE, openssls(50))
    assert one(report).place == "pkg:deb/openssl CVE-2026-0001"
    assert len(report.inventories[0].vulnerabilities[0].affected) == 10
    failed = [line.reason for line in of(report) if line.state is CoverageState.FAILED]
    assert failed == ["more than 1,000,000 comparisons or 200,000 matches; what came after was not looked at"]


def test_what_many_packages_are_of_is_compared_once(knowledge: Advisories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "COMPARISONS_MAX", 2)
    several = Database(
        "var/lib/dpkg/status", "deb", tuple(Package(f"libssl{n}", "3.0.11-1", "openssl", "3.0.11-1") for n in range(9))
    )
    report = matched(knowledge, TWELVE, several)
    assert "FAILED" not in {line.state.name for line in report.coverage}
    assert [len(found.affected) for found in report.inventories[0].vulnerabilities] == [9] * len(report.seen)


def test_malicious_code_keeps_its_severity(tmp_path: Path) -> None:
    knowledge = knowing(tmp_path, LEFT_PAD)
    database = Database("node_modules/left-pad/package.json", "npm", (Package("left-pad", "9.9.9"),))
    assert one(matched(knowledge, database)).severity is Severity.CRITICAL


def test_the_inventory_has_all_packages_and_says_of_findings_which_they_affect(knowledge: Advisories) -> None:
    layers = [
        LayerContents(
            Layer(ASSET, 0, "sha256:x", 1, "sha256:image"),
            (TWELVE, deb("3.0.11-1~deb12u1"), python("Django", "2.2.5"), python("django", "2.2.28", "b/METADATA")),
            "it breaks off",
        )
    ]
    report = match_packages(ASSET, layers, knowledge)
    (inventory,) = report.inventories
    assert (inventory.image, inventory.digest, inventory.release) == (ASSET, "sha256:image", TWELVE)
    assert [item.package.name for item in inventory.items] == ["libssl3", "Django", "django"]
    assert inventory.faults == ("layer 1: it breaks off",)
    by_id = {one.id: one for one in inventory.vulnerabilities}
    assert by_id["CVE-2026-0001"].affected == (0,)
    assert (by_id["CVE-2026-0001"].severity, by_id["CVE-2026-0001"].fixed) == (None, "3.0.13-1~deb12u1")
    assert set(by_id["CVE-2026-0002"].advisories) == {"GHSA-aaaa-bbbb-cccc", "PYSEC-2026-7"}
    assert by_id["CVE-2026-0002"].affected == (1,)
    assert [one.fingerprint for one in inventory.vulnerabilities] == [seen.fingerprint for seen in report.seen]


NINE = Release("etc/os-release", "rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)")


def rpm(name: str, version: str, source: str, module: str = "") -> Database:
    packages = (Package(name, version, source, version, module),)
    return Database("var/lib/rpm/rpmdb.sqlite", "rpm", packages)


def of_red_hat(name: str, fixed: str, summary: str = "Important: security update") -> dict[str, Any]:
    repositories = ("Red Hat:enterprise_linux:9::appstream", "Red Hat:enterprise_linux:9::baseos")
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = [
        {"package": {"ecosystem": one, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        for one in repositories
    ]
    return {"id": f"RHSA-2026:{name}", "summary": summary, "affected": affected}


def test_of_rpm_an_advisory_names_the_source_or_the_package_and_is_told_once(tmp_path: Path) -> None:
    for named in ("openssl", "openssl-libs"):
        knowledge = knowing(tmp_path, of_red_hat(named, "1:3.0.7-27.el9"))
        seen = one(matched(knowledge, NINE, rpm("openssl-libs", "1:3.0.7-6.el9", "openssl")))
        assert seen.place == f"pkg:rpm/openssl RHSA-2026:{named}"
        assert seen.evidence.startswith("openssl-libs 1:3.0.7-6.el9 in var/lib/rpm/rpmdb.sqlite; fixed in")
        for version in ("1:3.0.7-27.el9", "2:1.0-1.el9", "1:3.0.7-27.el9_4"):
            report = matched(knowledge, NINE, rpm("openssl-libs", version, "openssl"))
            assert report.seen == []
            assert of(report)[0].state is CoverageState.COVERED
    # Without its epoch the same would be older.
    assert matched(knowledge, NINE, rpm("openssl-libs", "4.0-1.el9", "openssl")).seen


@pytest.mark.parametrize(
    ("name", "version", "pretty"),
    [
        ("fedora", "42", "Fedora Linux 42"),
        ("ol", "9.4", "Oracle Linux Server 9.4"),
        ("amzn", "2023", "Amazon Linux 2023"),
        ("centos", "7", "CentOS Linux 7 (Core)"),
    ],
)
def test_of_whom_nobody_publishes_advisories_it_is_said_and_nothing_is_called_clean(
    tmp_path: Path, name: str, version: str, pretty: str
) -> None:
    """Those of Red Hat are loaded, and would match by name."""
    knowledge = knowing(tmp_path, of_red_hat("openssl", "1:3.0.7-27.el9"))
    release = Release("etc/os-release", name, version, pretty)
    report = matched(knowledge, release, rpm("openssl-libs", "1:3.0.7-6.el9", "openssl"))
    assert report.seen == []
    (line,) = of(report)
    assert (line.state, line.places) == (CoverageState.NOT_TESTED, ())
    assert line.reason.startswith(f"rpm packages of {pretty} cannot be matched: OSV publishes no advisories of it")


@pytest.mark.parametrize(
    ("module", "version", "is_seen"),
    [
        ("nodejs:22", "1:22.1.0-1.module+el9.4.0+1+a", True),
        ("nodejs:20", "1:20.1.0-1.module+el9.4.0+1+a", False),
        ("", "1:16.20.2-1.el9", False),
    ],
)
def test_a_stream_is_compared_with_its_own_fixes_alone(
    tmp_path: Path,
    module: str,
    version: str,
    is_seen: bool,  # noqa: FBT001 - a column
) -> None:
    record = of_red_hat("nodejs", "1:22.23.2-2.module+el9.8.0+24958+80b2ac6e", "Important: nodejs:22 security update")
    report = matched(knowing(tmp_path, record), NINE, rpm("nodejs", version, "nodejs", module))
    assert bool(report.seen) is is_seen


def test_advisories_of_a_maker_with_a_blank_in_its_name_are_asked_for_in_quotes(tmp_path: Path) -> None:
    (line, *_) = of(matched(knowing(tmp_path, OPENSSL), NINE, rpm("bash", "5.1-1.el9", "bash")))
    assert line.state is CoverageState.NOT_TESTED
    assert line.reason.endswith('cybervault scans update-advisories --ecosystem "Red Hat"')
