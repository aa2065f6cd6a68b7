"""EVTX: what is whole is read, what is broken is told, and no bytes harm who asked for them."""

import gzip
import io
import json
import random
import tempfile
from pathlib import Path

import pytest

from cybervault.confinement.parse import Limits, Parsed, ParseFault, parsed
from cybervault.confinement.parsers import EVTX
from cybervault.confinement.parsers.evtx import records

SAMPLE = gzip.decompress((Path(__file__).parents[2] / "cases" / "evtx" / "certutil_drops_a_file.evtx.gz").read_bytes())
HEAD, CHUNK = SAMPLE[:4096], SAMPLE[4096:]


def read(raw: bytes) -> list[bytes | str]:
    return list(records(io.BytesIO(raw)))


def confined(raw: bytes) -> list[Parsed]:
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        return list(parsed(EVTX, file, Limits(cpu_seconds=10)))


def test_a_record_is_json_with_the_structure_of_its_xml() -> None:
    (record,) = read(SAMPLE)
    system = json.loads(record)["Event"]["System"]
    assert (system["EventID"], system["EventRecordID"], system["Computer"]) == (11, 18792, "swachchhanda")


def test_behind_the_walls_it_reads_the_same() -> None:
    assert confined(SAMPLE) == read(SAMPLE)


def test_a_broken_chunk_costs_its_own_records() -> None:
    ours = read(SAMPLE)[0]
    found = read(HEAD + CHUNK + b"\0garbage" * (len(CHUNK) // 8) + CHUNK)
    assert found[0] == found[-1] == ours
    assert any(isinstance(one, str) and one.startswith("A part of it is broken") for one in found[1:-1])


def test_a_file_that_breaks_off_is_never_taken_for_one_that_is_whole() -> None:
    """A copy that was not finished looked as if nothing had happened."""
    record = read(SAMPLE)[0]
    said = "It breaks off within a block of records: what comes behind is not there."
    assert read(SAMPLE[:-1]) == [record, said]
    assert confined(SAMPLE[:-1]) == [record, ParseFault(said, is_final=False)]
    assert read(SAMPLE + CHUNK[:100])[0] == record
    assert read(HEAD + CHUNK[:100])[-1] == said
    two = HEAD[:42] + b"\x02\0" + HEAD[44:]
    assert read(two + CHUNK + CHUNK) == [record, record]
    (first, reason) = read(two + CHUNK)
    assert (first, reason) == (record, "It breaks off: its head tells of 2 blocks of records, and 1 are there.")


@pytest.mark.parametrize("raw", [b"", b"ElfFile\0", b"ElfFile\0" + b"\xff" * 5000, b"something else" * 1000])
def test_what_is_no_evtx_is_told(raw: bytes) -> None:
    (reason,) = read(raw)
    assert isinstance(reason, str)
    assert reason.startswith("It is no EVTX file")


@pytest.mark.parametrize("seed", range(12))
def test_flipped_and_cut_bytes_never_harm_the_parent(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chooses bytes to break
    raw = bytearray(SAMPLE)
    for _ in range(chance.choice([1, 10, 100])):
        raw[chance.randrange(4096, 4096 + 4096)] = chance.randrange(256)
    for one in confined(bytes(raw[: chance.choice([len(raw), chance.randrange(len(raw))])])):
        assert isinstance(one, bytes) or one.reason
