"""Has kingfisher look for secrets in the texts of every layer, those of files too that a later layer takes away.

A confined child reads the layers; the texts lie under names of our own, so that no path of an image leads anywhere.
"""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from cybervault.confinement.parse import Limits, ParseFault, parsed
from cybervault.confinement.parsers import LAYER_TEXTS
from cybervault.scans.contents import Layer, Secret
from cybervault.scans.engines import KINGFISHER, kingfisher
from cybervault.scans.engines.kingfisher import Found
from cybervault.scans.engines.layers import seen_in_files
from cybervault.scans.fetching import Fetched
from cybervault.scans.seen import Coverage, CoverageState, Report, shown
from cybervault.scans.watching import run_watched

_MIB: Final = 1024 * 1024
TEXTS_MAX: Final = 200_000
TEXT_BYTES_MAX: Final = 2 * 1024 * _MIB
"""Of all texts together."""
_CUT_SHOWN: Final = 20
# Rules look at endings too; a name that begins with a dot may mean something to who looks.
_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")


class _Text(msgspec.Struct, frozen=True):
    path: str
    content: bytes
    is_cut: bool


@dataclass(slots=True)
class _Texts:
    """Which text has which number, and why they are not all; they lie in a folder."""

    folder: Path
    listed: list[tuple[Layer, str]] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _is_left: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, layer: Layer, text: _Text) -> bool:
        """Write one more; whether it is still wanted."""
        with self._lock:
            if self._is_left:
                return False
            place = self.folder / str(len(self.listed))
            place.mkdir()
            (place / _name(text.path)).write_bytes(text.content)
            self.listed.append((layer, text.path))
            self.cut += [text.path] if text.is_cut else []
            return True

    def leave(self) -> None:
        """From here on none is written: whoever takes the folder away leaves nothing."""
        with self._lock:
            self._is_left = True


_TEXTS: Final = msgspec.json.Decoder(_Text)


async def uncover(image: Fetched, program: Sequence[str]) -> Report:
    """The secrets of an image; `program` are the words that kingfisher's arguments follow."""
    # A folder of its own: what another left in that of the image is neither for it nor of its doing.
    asset, place, found = image.layers[0].target, image.folder / "uncovering", tuple[Found, ...]()
    folder = place / "texts"
    texts = _Texts(folder)
    try:
        folder.mkdir(parents=True)
        await asyncio.to_thread(_put, image, texts)
        if texts.listed:
            words = [*program, *kingfisher.arguments(folder)]
            ended = await run_watched(words, kingfisher.BOUNDS, folder=place)
            if ended.fault:
                return _failed(asset, ended.fault)
            found = await asyncio.to_thread(kingfisher.judge, ended.output, ended.code, folder)
        seen = list(seen_in_files(KINGFISHER, _secrets(texts, found)))
    except OSError as error:
        return _failed(asset, f"this server has no room for it ({error.strerror})")
    except ValueError as error:
        return _failed(asset, str(error))
    finally:
        texts.leave()
    return Report(seen, list(_coverage(asset, texts)))


def _failed(asset: str, reason: str) -> Report:
    return Report(coverage=[Coverage(asset, KINGFISHER, CoverageState.FAILED, reason)])


def _put(image: Fetched, texts: _Texts) -> None:
    """Blocks until the texts of all layers lie in the folder, or nobody wants them any more."""
    room = TEXT_BYTES_MAX
    for layer in image.layers:
        for part in _parts(image, layer):
            if isinstance(part, ParseFault):
                texts.faults.append(f"layer {layer.place + 1}: {part.reason}")
                continue
            room -= len(part.content)
            if room < 0 or len(texts.listed) >= TEXTS_MAX:
                texts.faults.append(f"it holds more than {TEXTS_MAX:,} texts or {TEXT_BYTES_MAX >> 30} GiB of them")
                return
            if not texts.keep(layer, part):
                return


def _parts(image: Fetched, layer: Layer) -> Iterator[_Text | ParseFault]:
    limits = Limits(
        cpu_seconds=120 + layer.size // (4 * _MIB), wait_seconds=600.0, output_bytes=16 * _MIB + 2 * TEXT_BYTES_MAX
    )  # fmt: skip
    with image.blob(layer).open("rb") as file:
        for part in parsed(LAYER_TEXTS, file, limits):
            try:
                yield part if isinstance(part, ParseFault) else _TEXTS.decode(part)
            except msgspec.DecodeError:
                yield ParseFault("a child wrote what is no text")


def _name(path: str) -> str:
    name = path.rpartition("/")[2]
    safe = _SAFE.fullmatch(f"dot{name}" if name.startswith(".") else name)
    return safe[0] if safe else "text"


def _secrets(texts: _Texts, found: Sequence[Found]) -> Iterator[tuple[Layer, Secret, str]]:
    for one in found:
        if one.number >= len(texts.listed):
            raise ValueError("it names a file that it was not given")
        layer, path = texts.listed[one.number]
        yield layer, Secret(path, one.what, one.line), one.rule


def _coverage(asset: str, texts: _Texts) -> Iterator[Coverage]:
    if texts.faults:
        yield Coverage(asset, KINGFISHER, CoverageState.FAILED, shown(" ".join(texts.faults[:3]), 300))
    else:
        yield Coverage(asset, KINGFISHER, CoverageState.COVERED)
    if texts.cut:
        reason = f"files of which the first 8 MiB were looked at: {len(texts.cut)}"
        places = tuple(shown(path, 300) for path in texts.cut[:_CUT_SHOWN])
        yield Coverage(asset, KINGFISHER, CoverageState.NOT_TESTED, reason, places)
