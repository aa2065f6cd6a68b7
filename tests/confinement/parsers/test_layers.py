"""Layers: packages, distribution and secrets are found, however they are packed; hostile archives cost nothing."""

import base64
import gzip
import io
import json
import random
import tarfile
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

from cybervault.confinement.parse import Limits, Parsed, ParseFault, parsed
from cybervault.confinement.parsers import LAYER_TEXTS, LAYERS
from cybervault.confinement.parsers.layers import facts, texts, zstd
from tests.fakes.registry import DEBIAN, OPENSSL, layer
from tests.fakes.rpm import bdb_of, header, ndb_of, sqlite_of

KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq98\n-----END RSA PRIVATE KEY-----\n"
AWS = b"aws_access_key_id = AKIA" + b"QYLPMN5HHHFPZAM2\n"


def read(raw: bytes) -> list[Any]:
    return [part if isinstance(part, str) else json.loads(part) for part in facts(io.BytesIO(raw))]


def confined(raw: bytes, limits: Limits | None = None) -> list[Parsed]:
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        return list(parsed(LAYERS, file, limits or Limits(cpu_seconds=20)))


def of(path: str, content: bytes) -> Any:  # noqa: ANN401 - JSON
    """What one file gives, the same in this process and behind the walls, where no module can be loaded any more."""
    raw = layer({path: content})
    (fact,) = read(raw)
    assert fact["path"] == path
    assert [json.loads(part) for part in confined(raw) if isinstance(part, bytes)] == [fact]
    return fact


def test_a_dpkg_database_gives_what_is_installed_with_its_source() -> None:
    fact = of("var/lib/dpkg/status", OPENSSL)
    assert (fact["sort"], fact["system"]) == ("packages", "deb")
    assert [(one["name"], one["version"], one["source"], one["source_version"]) for one in fact["packages"]] == [
        ("libssl3", "3.0.11-1~deb12u1", "openssl", "3.0.11-1~deb12u1"),
        ("libc6", "2.36-9+deb12u3+b1", "glibc", "2.36-9+deb12u3"),
    ]
    single = of("var/lib/dpkg/status.d/base", b"Package: base-files\nVersion: 12.4\n")
    assert [one["name"] for one in single["packages"]] == ["base-files"]


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_an_apk_database_gives_its_packages(path: str) -> None:
    fact = of(path, b"C:Q1x\nP:libcrypto3\nV:3.1.4-r0\no:openssl\n\nP:musl\nV:1.2.4-r2\n")
    assert [(one["name"], one["source"]) for one in fact["packages"]] == [("libcrypto3", "openssl"), ("musl", "musl")]


@pytest.mark.parametrize(
    ("path", "content", "system"),
    [
        (
            "opt/venv/lib/python3.11/site-packages/Django-2.2.dist-info/METADATA",
            b"Name: Django\nVersion: 2.2\n\nx",
            "pypi",
        ),
        ("usr/lib/python3/dist-packages/django.egg-info/PKG-INFO", b"Name: Django\nVersion: 2.2\n", "pypi"),
        ("app/node_modules/@x/y/package.json", b'{"name": "Django", "version": "2.2"}', "npm"),
        ("node_modules/y/package.json", b'{"name": "Django", "version": "2.2"}', "npm"),
    ],
)
def test_packages_of_languages_are_found_where_they_lie(path: str, content: bytes, system: str) -> None:
    fact = of(path, content)
    assert (fact["system"], fact["packages"][0]["name"], fact["packages"][0]["version"]) == (system, "Django", "2.2")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 1}', b"[" * 100_000, b"\xff\xfe"])
def test_what_names_no_package_gives_none(content: bytes) -> None:
    assert of("node_modules/y/package.json", content)["packages"] == []
    assert of("x.dist-info/METADATA", content)["packages"] == []


def test_the_distribution_is_read_wherever_it_stands() -> None:
    for path in ("etc/os-release", "usr/lib/os-release"):
        fact = of(path, DEBIAN)
        assert (fact["sort"], fact["id"], fact["version_id"]) == ("release", "debian", "12")


def test_what_a_layer_takes_away_is_told() -> None:
    found = read(layer({"etc/.wh.passwd": b"", "var/.wh..wh..opq": b"", "./a/../lib/apk/db/.wh.installed": b""}))
    assert [(one["sort"], one["path"]) for one in found] == [
        ("gone", "etc/passwd"),
        ("opaque", "var"),
        ("gone", "lib/apk/db/installed"),
    ]


@pytest.mark.parametrize(
    ("content", "what", "line"),
    [(KEY, "private key", 1), (b"# here\n" + AWS, "AWS access key", 2), (b"t: ghp_" + b"a1" * 18, "GitHub token", 1)],
)
def test_a_secret_is_named_and_its_value_stays_inside(content: bytes, what: str, line: int) -> None:
    raw = layer({"root/config": content})
    (fact,) = read(raw)
    assert fact == {"sort": "secret", "path": "root/config", "what": what, "line": line}
    said = b"".join(part for part in confined(raw) if isinstance(part, bytes))
    assert b"MIIE" not in said
    assert b"QYLP" not in said
    assert b"a1a1" not in said


@pytest.mark.parametrize("path", ["usr/share/doc/x/key.pem", "app/tests/key.pem", "test/key.pem"])
def test_examples_and_test_material_are_no_secrets(path: str) -> None:
    assert read(layer({path: KEY})) == []


@pytest.mark.parametrize(
    "content", [b"\0" + KEY, b"PRIVATE KEY-----", b"AKIA is what they begin with", b"x" * 600_000 + KEY]
)
def test_what_only_looks_like_a_secret_is_none(content: bytes) -> None:
    assert read(layer({"root/x": content})) == []


def test_plain_gzip_and_zstd_are_read_alike_and_behind_the_walls_too() -> None:
    plain = layer({"etc/os-release": DEBIAN}, is_packed=False)
    ours = read(plain)
    assert len(ours) == 1
    assert read(gzip.compress(plain)) == read(zstd.compress(plain)) == ours
    (alone,) = confined(zstd.compress(plain))
    assert isinstance(alone, bytes)
    assert json.loads(alone) == ours[0]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("var/lib/rpm/rpmdb.sqlite", sqlite_of),
        ("usr/lib/sysimage/rpm/Packages.db", ndb_of),
        ("var/lib/rpm/Packages", bdb_of),
    ],
)
def test_a_database_of_rpm_gives_its_packages(path: str, form: Callable[[list[bytes]], bytes]) -> None:
    fact = of(path, form([header("openssl-libs", "3.0.7", epoch=1, source="openssl-3.0.7-1.src.rpm")]))
    assert (fact["sort"], fact["system"]) == ("packages", "rpm")
    assert [(one["name"], one["source"]) for one in fact["packages"]] == [("openssl-libs", "openssl")]


def test_a_database_that_cannot_be_read_is_told() -> None:
    assert of("var/lib/rpm/rpmdb.sqlite", b"SQLite")["sort"] == "unread"
    assert of("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", b"")["packages"] == []
    assert "in its log" in of("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", b"x")["reason"]
    big = of("etc/os-release", b"x" * 1_100_000)
    assert (big["sort"], "larger than" in big["reason"]) == ("unread", True)


TEXTS = {
    "srv/.env": b"TOKEN=x\n",
    "../../etc/x": b"leads out\n",
    "a" * 1_025: b"nobody could keep its name\n",
    "usr/share/doc/x": b"a text about keys\n",
    "bin/tool": b"\x7fELF\x00",
    "srv/empty": b"",
    "srv/.wh.gone": b"",
    "var/log/long": b"x" * (8 * 1024 * 1024 + 1),
    "srv/\udce9": b"a name that is no UTF-8\n",
}


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress, zstd.compress])
def test_texts_are_given_under_paths_from_the_root_however_they_are_packed(pack: Callable[[bytes], bytes]) -> None:
    raw = pack(layer(TEXTS, is_packed=False))
    found = [json.loads(part) for part in texts(io.BytesIO(raw)) if isinstance(part, bytes)]
    assert [(one["path"], len(base64.b64decode(one["content"])), one["is_cut"]) for one in found] == [
        ("srv/.env", 8, False),
        ("etc/x", 10, False),
        ("var/log/long", 8 * 1024 * 1024, True),
        ("srv/?", 24, False),
    ]
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        behind_walls = list(parsed(LAYER_TEXTS, file, Limits(cpu_seconds=20)))
    assert [json.loads(part) for part in behind_walls if isinstance(part, bytes)] == found


def test_no_link_gives_a_text() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for sort in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            head = tarfile.TarInfo("x")
            head.type, head.linkname = sort, "../../../../etc/passwd"
            archive.addfile(head)
    assert list(texts(io.BytesIO(made.getvalue()))) == []
    (fault,) = texts(io.BytesIO(b"no archive"))
    assert "breaks off" in str(fault)


@pytest.mark.parametrize("cut", [200, 60])
def test_a_layer_that_breaks_off_gives_what_stood_before_and_says_so(cut: int) -> None:
    raw = layer({"etc/os-release": DEBIAN, "x": random.Random(1).randbytes(90_000)})  # noqa: S311 - does not shrink
    found = read(raw[: len(raw) - len(raw) * cut // 1_000])
    assert found[0]["sort"] == "release"
    assert found[-1].startswith("The layer breaks off")


@pytest.mark.parametrize("raw", [b"", b"no archive", b"\x1f\x8bno", b"\x28\xb5\x2f\xfdno", b"x" * 5_000])
def test_what_is_no_layer_is_told(raw: bytes) -> None:
    (reason,) = read(raw)
    assert isinstance(reason, str)
    assert "breaks off" in reason


def test_a_bomb_is_stopped_and_the_parent_lives() -> None:
    """Fifty megabytes that unpack to fifty gigabytes would take hours; the child is told when to end."""
    member = tarfile.TarInfo("var/lib/dpkg/status")
    member.size = 60 * 1024 * 1024
    head = gzip.compress(member.tobuf() + b"a" * member.size, compresslevel=1)
    parts = confined(head * 200, Limits(cpu_seconds=2, memory_bytes=400 * 1024 * 1024))
    last = parts[-1]
    assert isinstance(last, ParseFault)
    assert last.is_final


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bytes_never_harm_the_reader(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chooses bytes to break
    raw = bytearray(layer({"var/lib/dpkg/status": OPENSSL, "etc/os-release": DEBIAN}, is_packed=False))
    for _ in range(chance.choice([1, 10, 100])):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    for part in read(bytes(raw)):
        assert isinstance(part, str | dict)


def test_links_out_of_the_root_and_devices_are_not_followed() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, sort in (
            ("etc/os-release", tarfile.SYMTYPE),
            ("../../x", tarfile.LNKTYPE),
            ("dev/x", tarfile.CHRTYPE),
        ):
            head = tarfile.TarInfo(name)
            head.type, head.linkname = sort, "../../../../etc/passwd"
            archive.addfile(head)
    assert read(made.getvalue()) == []
