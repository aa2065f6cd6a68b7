"""Ecosystems: distributions as advisories call them."""

import pytest

from cybervault.scans.contents import Release
from cybervault.scans.ecosystems import ecosystem_of, parts_of, why_without
from cybervault.scans.versions import Span, span_with

LOADED = (
    "Debian:12", "Red Hat:enterprise_linux:8::baseos", "Red Hat:enterprise_linux:9::appstream",
    "Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:10.0", "Red Hat:rhel_eus:9.2::baseos",
    "SUSE:Linux Enterprise Server 15 SP5", "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
    "SUSE:Linux Enterprise Server 15 SP4",
)  # fmt: skip


@pytest.mark.parametrize(
    ("system", "release", "ecosystem"),
    [
        ("deb", ("debian", "12"), "Debian:12"),
        ("deb", ("debian", ""), ""),
        ("deb", ("ubuntu", "22.04"), "Ubuntu:22.04:LTS"),
        ("deb", ("ubuntu", "23.10"), "Ubuntu:23.10"),
        ("deb", ("ubuntu", "23.04"), "Ubuntu:23.04"),
        ("apk", ("alpine", "3.19.1"), "Alpine:v3.19"),
        ("apk", ("debian", "12"), ""),
        ("pypi", ("void", ""), "PyPI"),
        ("npm", None, "npm"),
        ("maven", None, "Maven"),
        ("golang", ("debian", "12"), "Go"),
        ("rpm", ("rhel", "9.4"), "Red Hat:enterprise_linux:9"),
        ("rpm", ("rocky", "8.9"), "Rocky Linux:8"),
        ("rpm", ("almalinux", "9.3"), "AlmaLinux:9"),
        ("rpm", ("sles", "15.5"), "SUSE:15 SP5"),
        ("rpm", ("sles", "16.0"), "SUSE:16"),
        ("rpm", ("opensuse-leap", "15.6"), "openSUSE:Leap 15.6"),
        ("rpm", ("opensuse-tumbleweed", "20261101"), "openSUSE:Tumbleweed"),
        ("rpm", ("mageia", "9"), "Mageia:9"),
        ("rpm", ("azurelinux", "3.0"), "Azure Linux:3"),
        ("rpm", ("mariner", "2.0"), "Azure Linux:2"),
        ("apk", ("wolfi", "20230201"), "Wolfi"),
        ("apk", ("chainguard", "20230214"), "Chainguard"),
        ("apk", ("wolfi", ""), "Wolfi"),
        ("rpm", ("fedora", "42"), ""),
        ("rpm", ("centos", "9"), ""),
        ("deb", None, ""),
    ],
)
def test_the_home_of_a_package_is_called_as_advisories_call_it(
    system: str, release: tuple[str, str] | None, ecosystem: str
) -> None:
    found = None if release is None else Release("etc/os-release", *release, "")
    assert ecosystem_of(system, found) == ecosystem


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        (("fedora", "42"), "OSV publishes no advisories of it"),
        (("ol", "9.4"), "OSV publishes no advisories of it"),
        (("amzn", "2023"), "OSV publishes no advisories of it"),
        (("centos", "7"), "OSV publishes no advisories of it, and those of Red Hat are about other builds"),
        (("debian", ""), "it does not say which version it is"),
        (("void", "1"), "no advisories of it are known here"),
    ],
)
def test_why_there_is_none_is_said(release: tuple[str, str], reason: str) -> None:
    made = Release("etc/os-release", *release, "")
    assert ecosystem_of("rpm", made) == ""
    assert why_without(made) == reason


def test_centos_is_not_taken_for_red_hat_whose_releases_are_ordered_otherwise() -> None:
    """The same fix: what CentOS built of httpd would count as older than what Red Hat calls fixed."""
    fixed = Span("0", fixed="2.4.6-99.el7_9.1")
    assert span_with("rpm", "2.4.6-99.el7.centos.1", [fixed]) == fixed


@pytest.mark.parametrize(
    ("ecosystem", "parts"),
    [
        ("Debian:12", ["Debian:12"]),
        ("Debian:1", []),
        ("", []),
        ("Red Hat:enterprise_linux:9", [LOADED[2], LOADED[3]]),
        ("Red Hat:enterprise_linux:10", [LOADED[4]]),
        ("Red Hat:enterprise_linux:1", []),
        ("SUSE:15 SP5", [LOADED[6], LOADED[7]]),
        ("SUSE:15", []),
    ],
)
def test_who_divides_advisories_by_repositories_is_looked_up_in_all_of_a_version(
    ecosystem: str, parts: list[str]
) -> None:
    assert parts_of(ecosystem, LOADED) == parts
