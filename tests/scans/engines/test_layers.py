"""A layer is copied, read by a child, and what it holds is told."""

import tempfile

import pytest

from cybervault.confinement.parse import ParseFault
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.scans.contents import Database, Layer, Release
from cybervault.scans.engines import layers as module
from cybervault.scans.engines.layers import look_at_layer, read_layer
from cybervault.scans.registry import Registry
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.targets import parse_target
from tests.confinement.parsers.test_layers import KEY
from tests.fakes.registry import DEBIAN, OPENSSL, Shelves, digest_of, layer, registry_of

RAW = layer({"var/lib/dpkg/status": OPENSSL, "etc/os-release": DEBIAN, "root/.ssh/id_rsa": KEY})


async def looked(shelves: Shelves, raw: bytes, *, digest: str = "") -> Report:
    with registry_of(shelves) as place:
        origin, target = origin_of(f"http://{place}"), parse_target(f"oci://{place}/app:1")
        async with Egress(Guard([origin])) as egress:
            one = Layer(target.value, 1, digest or digest_of(raw), len(raw))
            return await look_at_layer(one, Registry(egress, target.image, frozenset({origin})))


async def test_packages_are_kept_for_later_and_a_secret_is_told_at_once() -> None:
    shelves = Shelves()
    shelves.push("app:1", [RAW])
    report = await looked(shelves, RAW)
    (secret,) = report.seen
    assert (secret.rule, secret.place) == ("image_secret_in_file", "root/.ssh/id_rsa")
    assert secret.evidence.startswith("private key in line 1, layer 2 (sha256:")
    assert [(line.engine, line.state, line.places) for line in report.coverage] == [
        ("layers", CoverageState.COVERED, ("layer 2",))
    ]
    (contents,) = report.contents
    assert {type(fact) for fact in contents.facts} == {Database, Release}
    assert contents.fault == ""


async def test_a_layer_that_does_not_come_or_breaks_off_is_told_and_leaves_the_rest_open() -> None:
    shelves = Shelves()
    missing = await looked(shelves, RAW)
    assert [line.state for line in missing.coverage] == [CoverageState.FAILED]
    assert missing.contents[0].fault == "its registry has no such image"
    broken = RAW[: len(RAW) // 2]
    shelves.keep(broken)
    half = await looked(shelves, broken)
    assert [line.state for line in half.coverage] == [CoverageState.FAILED]
    assert "breaks off" in half.contents[0].fault


def test_what_no_child_can_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Layer("oci://r.example/app", 0, digest_of(RAW), len(RAW))
    with tempfile.TemporaryFile() as file:
        file.write(RAW)
        file.flush()
        monkeypatch.setattr(module, "FACTS_MAX", 1)
        assert read_layer(one, file).fault == "it holds more than 1 files of interest"
        monkeypatch.setattr(module, "parsed", lambda *_: iter([b"{"]))
        assert read_layer(one, file).fault == "no child could read it"
        monkeypatch.setattr(module, "parsed", lambda *_: iter([ParseFault("It crashed.", is_final=True)]))
        assert read_layer(one, file).fault == "It crashed."
