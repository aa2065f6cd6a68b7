"""The layers of an image, fetched once for all engines that look at it as a whole, in a folder that goes afterwards."""

import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cybervault.scans.contents import Layer
from cybervault.scans.registry import Registry, RegistryError

PACKED_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_BEGINNINGS: Final = {b"\x1f\x8b": "+gzip", b"\x28\xb5\x2f\xfd": "+zstd"}
_BEGINNING_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Fetched:
    """The layers from the bottom, each in a file as it is packed; what is made of them may lie in the same folder."""

    folder: Path
    layers: tuple[Layer, ...]

    @property
    def image(self) -> Path:
        """Where they lie, as an OCI image layout has them."""
        return self.folder / "image"

    def blob(self, layer: Layer) -> Path:
        """The file of a layer; that its digest is one was checked before it was fetched."""
        return self.image / "blobs" / "sha256" / layer.digest.partition(":")[2]


@asynccontextmanager
async def fetched(layers: Sequence[Layer], registry: Registry) -> AsyncIterator[Fetched]:
    """Raises `RegistryError` for what does not come, or is more than 2 GiB, and OSError where there is no room."""
    if sum(layer.size for layer in layers) > PACKED_BYTES_MAX:
        raise RegistryError(f"the image is larger than {PACKED_BYTES_MAX >> 30} GiB")
    with tempfile.TemporaryDirectory(prefix="cybervault-") as folder:
        found = Fetched(Path(folder), tuple(sorted(layers, key=lambda one: one.place)))
        (found.image / "blobs" / "sha256").mkdir(parents=True)
        for layer in found.layers:
            registry.name_of_blob(layer.digest)
            with found.blob(layer).open("wb") as file:
                await registry.copy_layer(layer.digest, layer.size, file)
        for name, content in layout(found.layers, [_beginning(found.blob(one)) for one in found.layers]).items():
            (found.image / name).write_bytes(content)
        yield found


def _beginning(blob: Path) -> bytes:
    with blob.open("rb") as file:
        return file.read(_BEGINNING_BYTES)


def layout(layers: Sequence[Layer], beginnings: Sequence[bytes]) -> Mapping[str, bytes]:
    """The files that make an image of layers (OCI image layout 1.0), by their paths; the layers lie there already.

    A manifest of our own: nothing that the registry's says, but the layers, is for anybody else. `beginnings` are their
    first bytes, by which their form is told. What they are unpacked is not known, and not asked.
    """
    blobs = dict[str, bytes]()

    def kept(document: object, sort: str) -> dict[str, object]:
        raw = json.dumps(document).encode()
        digest = hashlib.sha256(raw).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = raw
        return {"mediaType": sort, "digest": f"sha256:{digest}", "size": len(raw)}

    forms = [next((_BEGINNINGS[one] for one in _BEGINNINGS if begin.startswith(one)), "") for begin in beginnings]
    content = [
        {"mediaType": f"{_LAYER}{form}", "digest": layer.digest, "size": layer.size}
        for layer, form in zip(layers, forms, strict=True)
    ]
    unpacked = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
    config = kept({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": unpacked}, _CONFIG)
    manifest = kept({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": content}, _MANIFEST)
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    return {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index, **blobs}
