"""One layer of an image: copied from the registry into a file without a name, and read by a confined child."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import msgspec

from cybervault.confinement.parse import Limits, ParseFault, parsed
from cybervault.confinement.parsers import LAYERS as LAYERS_PARSER
from cybervault.scans.contents import Fact, Layer, LayerContents, Secret
from cybervault.scans.engines import LAYERS
from cybervault.scans.engines.image import not_looked_at
from cybervault.scans.registry import Registry, RegistryError
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, shown

FACTS_MAX: Final = 100_000
IN_A_FILE: Final = "image_secret_in_file"
SPOTS_OF_FILE_MAX: Final = 20
_MIB: Final = 1024 * 1024
_FACTS: Final = msgspec.json.Decoder(Fact)


async def look_at_layer(layer: Layer, registry: Registry) -> Report:
    """What one layer holds; a secret is a finding even where a later layer takes its file away."""
    with tempfile.TemporaryFile() as file:
        try:
            await registry.copy_layer(layer.digest, layer.size, file)
        except RegistryError as error:
            return _unread(layer, error)
        file.flush()
        contents = await asyncio.to_thread(read_layer, layer, file)
    asset = layer.target
    secrets = ((layer, fact, IN_A_FILE) for fact in contents.facts if isinstance(fact, Secret))
    seen = list(seen_in_files(LAYERS, secrets))
    state = CoverageState.FAILED if contents.fault else CoverageState.COVERED
    # A layer is no place of the image: only with all of them is what stood there gone.
    line = Coverage(asset, LAYERS, state, contents.fault, (f"layer {layer.place + 1}",))
    kept = tuple(fact for fact in contents.facts if not isinstance(fact, Secret))
    return Report(seen, [line], contents=[LayerContents(layer, kept, contents.fault)])


def read_layer(layer: Layer, file: BinaryIO) -> LayerContents:
    """Have a child read it; blocks until it has."""
    facts, faults = list[Fact](), list[str]()
    for part in _parts(layer, file):
        match part:
            case ParseFault():
                faults.append(part.reason)
            case _ if len(facts) >= FACTS_MAX:
                faults.append(f"it holds more than {FACTS_MAX:,} files of interest")
                break
            case _:
                facts.append(part)
    return LayerContents(layer, tuple(facts), shown(" ".join(faults[:3]), 300))


def _parts(layer: Layer, file: BinaryIO) -> Iterator[Fact | ParseFault]:
    limits = Limits(
        cpu_seconds=120 + layer.size // (4 * _MIB), wait_seconds=600.0, output_bytes=128 * _MIB, line_bytes=64 * _MIB
    )
    try:
        for part in parsed(LAYERS_PARSER, file, limits):
            yield part if isinstance(part, ParseFault) else _FACTS.decode(part)
    except (OSError, msgspec.DecodeError):
        yield ParseFault("no child could read it", is_final=True)


def seen_in_files(engine: str, found: Iterable[tuple[Layer, Secret, str]]) -> Iterator[Seen]:
    """What an engine found in files of layers, each with its rule; of one file the first spots are enough."""
    spots = Counter[str]()
    for layer, secret, rule in found:
        spots[secret.path] += 1
        if spots[secret.path] <= SPOTS_OF_FILE_MAX:
            yield Seen(layer.target, rule, engine, shown(secret.path, 300), _evidence(layer, secret))


def _evidence(layer: Layer, secret: Secret) -> str:
    """Which sort of secret it is and where it stands (line 0: nobody knows in which)."""
    line = f" in line {secret.line}" if secret.line else ""
    return f"{secret.what}{line}, layer {layer.place + 1} ({layer.digest[:19]})"


def _unread(layer: Layer, error: RegistryError) -> Report:
    report = Report(coverage=not_looked_at(layer.target, error, (LAYERS,)))
    report.contents = [LayerContents(layer, (), error.reason)]
    return report
