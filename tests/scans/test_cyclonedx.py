"""Bills of materials: valid by the schema of CycloneDX, whatever an image says, and honest about what is missing."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from cybervault.scans.contents import Package, Release
from cybervault.scans.cyclonedx import bom_of, purl_of
from cybervault.scans.inventory import Inventory, Item
from tests.scans.made import IMAGE, INVENTORY, NOW, SCAN

DEBIAN = INVENTORY.release
_VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def bom(inventory: Inventory) -> dict[str, Any]:
    """The document, once the schema has nothing against it."""
    made = bom_of(SCAN, inventory, NOW)
    assert _VALIDATOR.validate_str(json.dumps(made)) is None
    return made


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in document["components"]}


def test_the_image_is_what_it_is_about_and_its_packages_say_where_they_lie() -> None:
    document = bom(INVENTORY)
    image = document["metadata"]["component"]
    assert (image["type"], image["name"], image["version"]) == ("container", "r.example:5000/team/app", "1.4")
    assert image["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    purl = PackageURL.from_string(image["purl"])
    assert (purl.type, purl.name, purl.version) == ("oci", "app", INVENTORY.digest)
    assert purl.qualifiers == {"repository_url": "r.example:5000/team/app", "tag": "1.4"}
    found = by_name(document)
    assert {name: one["type"] for name, one in found.items()} == {
        "debian": "operating-system", "libc6": "library", "@babel/core": "library", "Flask_Login": "library",
    }  # fmt: skip
    assert (found["libc6"]["version"], found["debian"]["version"]) == ("2.36-9+deb12u3+b1", "12")
    assert [one["location"] for one in found["@babel/core"]["evidence"]["occurrences"]] == list(
        INVENTORY.items[1].paths
    )


def test_vulnerabilities_name_their_advisories_and_what_they_affect() -> None:
    document = bom(INVENTORY)
    rated, unrated = document["vulnerabilities"]
    assert (rated["id"], rated["ratings"], rated["bom-ref"]) == ("CVE-2026-0001", [{"severity": "info"}], "f00d")
    assert [one["id"] for one in rated["references"]] == ["DEBIAN-CVE-2026-0001", "DSA-1"]
    assert rated["source"]["url"] == "https://osv.dev/vulnerability/DEBIAN-CVE-2026-0001"
    assert (rated["description"], rated["recommendation"]) == ("A flaw.", "Update to 2.37 or newer.")
    refs = {one["bom-ref"]: one["name"] for one in document["components"]}
    assert [refs[one["ref"]] for one in rated["affects"]] == ["libc6"]
    assert [refs[one["ref"]] for one in unrated["affects"]] == ["@babel/core", "Flask_Login"]
    assert unrated["ratings"] == [{"severity": "unknown"}]
    assert not {"description", "recommendation"} & set(unrated)


def test_it_is_the_same_document_each_time_and_another_for_another_image() -> None:
    later = bom_of(replace(SCAN, finished_at=NOW), INVENTORY, NOW + timedelta(days=1))
    assert later == bom(INVENTORY)
    other = bom(msgspec.structs.replace(INVENTORY, image="oci://r.example/app"))
    assert other["serialNumber"] != later["serialNumber"]


def test_it_never_claims_to_be_complete_and_says_what_was_not_read() -> None:
    assert bom(INVENTORY)["compositions"] == [{"aggregate": "unknown", "assemblies": ["image"]}]
    part = bom(msgspec.structs.replace(INVENTORY, faults=("layer 2: it breaks off",)))
    assert part["compositions"] == [{"aggregate": "incomplete", "assemblies": ["image"]}]
    assert part["metadata"]["component"]["properties"] == [
        {"name": "cybervault:not_read", "value": "layer 2: it breaks off"}
    ]


def test_an_image_of_which_nothing_is_known_is_still_one() -> None:
    document = bom(Inventory("oci://r.example/app@sha256:" + "c" * 64, "", None, (), (), ("layer 1: gone",)))
    image = document["metadata"]["component"]
    assert (image["version"], document["components"], "hashes" in image) == ("", [], False)
    assert image["purl"] == "pkg:oci/app?repository_url=r.example%2Fapp"


@pytest.mark.parametrize(
    ("item", "release", "expected"),
    [
        (
            INVENTORY.items[0],
            DEBIAN,
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u3%2Bb1?distro=debian-12&upstream=glibc%402.36-9%2Bdeb12u3",
        ),
        (Item("deb", Package("a", "1:2~3", "b", "1:2~3"), ()), None, "pkg:deb/a@1:2~3?upstream=b"),
        (
            Item("apk", Package("musl", "1.2", "musl", "1.2"), ()),
            Release("", "alpine", "", ""),
            "pkg:apk/alpine/musl@1.2?distro=alpine",
        ),
        (INVENTORY.items[1], DEBIAN, "pkg:npm/%40babel/core@7.0.0"),
        (INVENTORY.items[2], DEBIAN, "pkg:pypi/flask-login@0.6"),
        (Item("npm", Package("x", ""), ()), None, "pkg:npm/x"),
        (
            Item("rpm", Package("openssl-libs", "1:3.0.7-6.el9", "openssl", "1:3.0.7-6.el9"), ()),
            Release("", "rhel", "9.4", ""),
            "pkg:rpm/redhat/openssl-libs@3.0.7-6.el9?distro=rhel-9.4&epoch=1&upstream=openssl",
        ),
    ],
)
def test_packages_are_called_as_everywhere(item: Item, release: Release | None, expected: str) -> None:
    assert purl_of(item, release) == expected
    read, version = PackageURL.from_string(expected), item.package.version
    epoch = read.qualifiers.get("epoch")
    assert (f"{epoch}:{read.version}" if epoch else read.version) == (version or None)


_WORDS = st.text(max_size=12)


@settings(max_examples=20)
@given(st.sampled_from(["deb", "apk", "pypi", "npm"]), st.text(min_size=1, max_size=12), _WORDS, _WORDS)
def test_no_word_of_an_image_reaches_beyond_its_place(system: str, name: str, version: str, source: str) -> None:
    """A package cannot name itself so that readers take it for another, or so that they refuse the document."""
    item = Item(system, Package(name, version, source, version), (name,))
    document = bom(Inventory(IMAGE, INVENTORY.digest, Release("", source, version, name), (item, item), (), (name,)))
    purl = document["components"][-1]["purl"]
    place, *qualifiers = purl.split("?")
    assert purl.isascii()
    assert len(qualifiers) <= 1
    assert {one.partition("=")[0] for one in "".join(qualifiers).split("&")} <= {"", "distro", "upstream"}
    assert place.count("@") <= 1
    assert place.count("/") <= 2
    assert "#" not in purl
