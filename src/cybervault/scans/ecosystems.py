"""What advisories of OSV call the home of a package (ossf.github.io/osv-schema, `affected[].package`; pure)."""

import re
from collections.abc import Collection
from typing import Final

from cybervault.scans.contents import Release

_LANGUAGES: Final = {
    "pypi": "PyPI", "npm": "npm", "maven": "Maven", "golang": "Go", "cargo": "crates.io", "gem": "RubyGems",
    "nuget": "NuGet", "composer": "Packagist",
}  # fmt: skip
# Distributions that OSV has nothing of, by their names in os-release. CentOS builds what Red Hat publishes, but under
# releases of its own (1.el7.centos stands before 1.el7_9, which it has mended): compared, fixed packages would seem
# vulnerable; and what Red Hat mends after the end of CentOS is never built there.
_UNPUBLISHED: Final = {
    "fedora": "",
    "ol": "",
    "amzn": "",
    "centos": ", and those of Red Hat are about other builds",
}
# Those that roll: their advisories are of no version.
_ROLLING: Final = {
    ("rpm", "opensuse-tumbleweed"): "openSUSE:Tumbleweed",
    ("apk", "wolfi"): "Wolfi",
    ("apk", "chainguard"): "Chainguard",
}


def ecosystem_of(system: str, release: Release | None) -> str:
    """The home of packages of one system in a distribution; "" where it has no name."""
    if system in _LANGUAGES:
        return _LANGUAGES[system]
    name, version = ("", "") if release is None else (release.id, release.version_id)
    if not version or (system, name) in _ROLLING:
        return _ROLLING.get((system, name), "")
    major, _, minor = version.partition(".")
    names = {
        ("deb", "debian"): f"Debian:{major}",
        ("deb", "ubuntu"): f"Ubuntu:{version}{':LTS' if _is_long(major, minor) else ''}",
        ("apk", "alpine"): f"Alpine:v{'.'.join(version.split('.')[:2])}",
        ("rpm", "rhel"): f"Red Hat:enterprise_linux:{major}",
        ("rpm", "rocky"): f"Rocky Linux:{major}",
        ("rpm", "almalinux"): f"AlmaLinux:{major}",
        ("rpm", "sles"): f"SUSE:{major} SP{minor}" if minor not in {"", "0"} else f"SUSE:{major}",
        ("rpm", "opensuse-leap"): f"openSUSE:Leap {version}",
        ("rpm", "mageia"): f"Mageia:{major}",
        ("rpm", "mariner"): f"Azure Linux:{major}",  # as it was called before
        ("rpm", "azurelinux"): f"Azure Linux:{major}",
    }
    return names.get((system, name), "")


def why_without(release: Release) -> str:
    """Why packages of a distribution have no home in OSV, as a clause."""
    if release.id in _UNPUBLISHED:
        return f"OSV publishes no advisories of it{_UNPUBLISHED[release.id]}"
    if not release.version_id:
        return "it does not say which version it is"
    return "no advisories of it are known here"


def parts_of(ecosystem: str, loaded: Collection[str]) -> list[str]:
    """Those that are loaded of one: Red Hat and SUSE divide theirs by repositories, which an image does not name."""
    family, _, rest = ecosystem.partition(":")
    if family == "Red Hat":
        return [one for one in loaded if re.fullmatch(rf"{re.escape(ecosystem)}(?:\.[0-9]+)?(?:::.*)?", one)]
    if family == "SUSE":
        return [one for one in loaded if one.startswith("SUSE:") and one.endswith(f" {rest}")]
    return [ecosystem] if ecosystem in loaded else []


def _is_long(year: str, month: str) -> bool:
    """Whether a version of Ubuntu has support for long: April of each second year."""
    return month == "04" and year.isdecimal() and int(year) % 2 == 0
