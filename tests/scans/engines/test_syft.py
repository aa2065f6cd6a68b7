"""What syft says is read as what a stranger wrote."""

import json

import pytest

from cybervault.scans.contents import Database, Package
from cybervault.scans.engines import syft as module
from cybervault.scans.engines.syft import judge


def said(*artifacts: dict[str, object]) -> bytes:
    return json.dumps({"artifacts": artifacts, "schema": {}}).encode()


def artifact(purl: str, *paths: str) -> dict[str, object]:
    return {"name": "x", "type": "y", "purl": purl, "locations": [{"path": path, "layerID": "z"} for path in paths]}


def test_packages_stand_by_their_files_under_the_names_of_advisories() -> None:
    found = judge(
        said(
            artifact("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "/app/a.jar", "/app/b.jar"),
            artifact("pkg:maven/alone@1", "/app/a.jar"),
            artifact("pkg:golang/github.com/gin-gonic/gin@v1.6.0?type=module#sub", "/bin/tool"),
            artifact("pkg:golang/stdlib@1.22.3", "/bin/tool"),
            artifact("pkg:golang/stdlib@1.22.3", "/bin/tool"),
            artifact("pkg:gem/rack@2.0.1", "/specs/rack.gemspec"),
            artifact("pkg:composer/acme/b%40x@v6.5.0", "/installed.json"),
            artifact("pkg:deb/debian/libc6@2.36", "/var/lib/dpkg/status"),  # which we read ourselves
            artifact("pkg:cargo/serde@1.0.0%2Bbuild"),
            artifact("no purl", "/x"),
            artifact("", "/x"),
        ),
        0,
    )
    assert found == (
        Database("", "cargo", (Package("serde", "1.0.0+build"),)),
        Database(
            "app/a.jar", "maven", (Package("org.apache.logging.log4j:log4j-core", "2.14.1"), Package("alone", "1"))
        ),
        Database("bin/tool", "golang", (Package("github.com/gin-gonic/gin", "v1.6.0"), Package("stdlib", "1.22.3"))),
        Database("installed.json", "composer", (Package("acme/b@x", "v6.5.0"),)),
        Database("specs/rack.gemspec", "gem", (Package("rack", "2.0.1"),)),
    )


@pytest.mark.parametrize(
    ("output", "code", "reason"),
    [
        (said(), 1, "exit status 1"),
        (said(), None, "exit status None"),
        (said()[:-4], 0, "no list of packages"),
        (b"", 0, "no list of packages"),
        (b"[" * 100_000, 0, "no list of packages"),
        (b'{"artifacts": [{"purl": "\xff"}]}', 0, "no list of packages"),
        (b'{"artifacts": {"purl": "x"}}', 0, "no list of packages"),
    ],
)
def test_what_is_no_whole_list_is_none(output: bytes, code: int | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        judge(output, code)


def test_more_packages_than_any_image_has_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES_MAX", 1)
    with pytest.raises(ValueError, match="more than 1 packages"):
        judge(said(artifact("pkg:gem/a@1"), artifact("pkg:gem/b@1")), 0)
