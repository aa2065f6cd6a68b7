"""The program of a confined child: loads a parser, raises the walls, then parses the file on its standard input.

`python -I -m cybervault.confinement.child MODULE:FUNCTION FOLDER MEMORY_BYTES CPU_SECONDS`. Each line that it writes
begins with a mark; a line without end, or no mark at the end, means that it did not get to the end.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import BinaryIO, Final, TypeAlias

from cybervault.confinement.walls import Wall, raise_walls

# A record in bytes without a line feed (in JSON it is but a blank), or as a text why one could not be read.
Part: TypeAlias = bytes | str

WALLS: Final = b"#"
RECORD: Final = b"="
FAULT: Final = b"!"
END: Final = b"."
EXIT_MEMORY: Final = 3
_FAULT_CHARACTERS_MAX: Final = 500
_BUFFER_BYTES: Final = 64 * 1024


def main(
    arguments: Sequence[str],
    file: BinaryIO,
    out: BinaryIO,
    *,
    raised: Callable[[int, int], frozenset[Wall]] = raise_walls,
) -> int:
    """Parse `file` and write the marked lines; the exit status."""
    place, folder, memory_bytes, cpu_seconds = arguments
    if folder:
        sys.path.insert(0, folder)
    module, _, function = place.partition(":")
    parse: Callable[[BinaryIO], Iterator[Part]] = getattr(import_module(module), function)
    standing = raised(int(memory_bytes), int(cpu_seconds))
    try:
        out.write(WALLS + " ".join(sorted(standing)).encode() + b"\n")
        out.writelines(_line(part) for part in parse(file))
        out.write(END + b"\n")
        out.flush()
    except MemoryError:
        return EXIT_MEMORY
    return 0


def _line(part: Part) -> bytes:
    if isinstance(part, bytes):
        return b"%b%b\n" % (RECORD, part.replace(b"\n", b" "))
    return b"%b%b\n" % (FAULT, " ".join(part.split())[:_FAULT_CHARACTERS_MAX].encode(errors="replace"))


if __name__ == "__main__":
    os.set_blocking(2, False)  # who reads it does so at the end: what does not fit is lost
    with open(1, "wb", _BUFFER_BYTES, closefd=False) as written:  # whoever reads sees its end when the process ends
        sys.exit(main(sys.argv[1:], sys.stdin.buffer, written))
