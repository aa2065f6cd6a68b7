"""An image lies in a folder for a while, compared with its digests, and is gone afterwards."""

import hashlib
import json
import os
import tempfile
from pathlib import Path

import pytest

from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.scans import fetching as module
from cybervault.scans.contents import Layer
from cybervault.scans.fetching import fetched, layout
from cybervault.scans.registry import Registry, RegistryError
from cybervault.scans.targets import parse_target
from tests.fakes.registry import digest_of, layer
from tests.scans.desk import reading, stored

BASE, APP = layer({"etc/x": b"x"}), layer({"etc/y": b"y"})


async def test_layers_lie_there_from_the_bottom_and_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with reading(stored(BASE, APP), BASE, APP) as (listed, registry), fetched(listed, registry) as image:
        assert [image.blob(one).read_bytes() for one in image.layers] == [BASE, APP]
        assert all(image.folder in image.blob(one).parents for one in image.layers)
    assert not any(os.scandir(tmp_path))


async def test_what_does_not_come_or_is_too_large_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lying = stored(BASE)
    lying.lies[digest_of(BASE)] = bytes(len(BASE))
    async with reading(lying, BASE) as (listed, registry):
        with pytest.raises(RegistryError, match="what came is not what its digest says"):
            await fetched(listed, registry).__aenter__()
    monkeypatch.setattr(module, "PACKED_BYTES_MAX", 1)
    async with reading(stored(BASE), BASE) as (listed, registry):
        with pytest.raises(RegistryError, match="the image is larger than 0 GiB"):
            await fetched(listed, registry).__aenter__()


async def test_a_digest_that_is_a_path_names_no_file() -> None:
    odd = Layer("oci://r.example/app:1", 0, "sha256:../../../etc/x", 1)
    async with Egress(Guard()) as egress:
        registry = Registry(egress, parse_target(odd.target).image)
        with pytest.raises(RegistryError, match="not SHA-256"):
            await fetched([odd], registry).__aenter__()


def test_an_image_is_laid_out_of_its_layers_alone() -> None:
    layers = [Layer("oci://r.example/app:1", place, f"sha256:{place:064x}", 10 + place) for place in range(3)]
    files = layout(layers, [b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"app/"])
    (described,) = json.loads(files["index.json"])["manifests"]
    for path, raw in files.items():
        if path.startswith("blobs/"):
            assert path == f"blobs/sha256/{hashlib.sha256(raw).hexdigest()}"
    manifest = json.loads(files[f"blobs/sha256/{described['digest'].removeprefix('sha256:')}"])
    assert [(one["digest"], one["size"], one["mediaType"].rpartition(".")[2]) for one in manifest["layers"]] == [
        (layers[0].digest, 10, "tar+gzip"), (layers[1].digest, 11, "tar+zstd"), (layers[2].digest, 12, "tar"),
    ]  # fmt: skip
    config = json.loads(files[f"blobs/sha256/{manifest['config']['digest'].removeprefix('sha256:')}"])
    assert config["rootfs"]["diff_ids"] == [one.digest for one in layers]
