"""The layers of an image, fetched once for all engines that look at it as a whole, in a folder that goes afterwards."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cybervault.scans.contents import Layer
from cybervault.scans.registry import Registry, RegistryError

PACKED_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024


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
    with tempfile.TemporaryDirectory(prefix="cybervault-") as name:
        found = Fetched(Path(name), tuple(sorted(layers, key=lambda one: one.place)))
        (found.image / "blobs" / "sha256").mkdir(parents=True)
        for layer in found.layers:
            registry.name_of_blob(layer.digest)
            with found.blob(layer).open("wb") as file:
                await registry.copy_layer(layer.digest, layer.size, file)
        yield found
