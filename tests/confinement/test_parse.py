"""A parser that misbehaves is stopped and told, and costs its parent nothing."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import pytest

from cybervault.confinement.parse import Limits, Parsed, ParseFault, parsed, standing_walls
from cybervault.confinement.parsers import PARSERS, Parser
from cybervault.confinement.walls import Wall

T = TypeVar("T")

MIB = 1024 * 1024
FOLDER = str(Path(__file__).parent)


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as made:
        made.write(b"untrusted")
        made.flush()
        yield made


def ran(parser: str, file: BinaryIO, limits: Limits | None = None) -> list[Parsed]:
    return list(parsed(Parser(f"faulty:{parser}", FOLDER), file, limits or Limits()))


def fault(parser: str, file: BinaryIO, limits: Limits | None = None) -> str:
    """The reason for which it ended early."""
    last = ran(parser, file, limits)[-1]
    assert isinstance(last, ParseFault)
    assert last.is_final
    return last.reason


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to it, or do not show it")
needs_filter = pytest.mark.skipif(
    Wall.FILES not in standing_walls(), reason="this machine has no filter of system calls"
)


def test_the_file_is_read_from_its_begin(file: BinaryIO) -> None:
    assert ran("shows_the_file", file) == [b"untrusted"]


def test_records_and_faults_come_in_their_order_one_line_each(file: BinaryIO) -> None:
    assert ran("shows_both_kinds", file) == [b"one record", ParseFault("a fault of two lines"), b"another"]


def test_a_child_knows_nothing_of_ours(file: BinaryIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the environment, no argument and no open file reaches a parser."""
    monkeypatch.setenv("CYBERVAULT_PEPPER", "canary")
    with open(os.devnull, "rb") as ours:  # noqa: PTH123 - a device
        os.set_inheritable(ours.fileno(), True)  # noqa: FBT003 - it has no name
        names, arguments = ran("shows_what_it_has", file)
        assert b"CYBERVAULT" not in bytes(names)  # type: ignore[arg-type]
        assert b"PATH" not in bytes(names)  # type: ignore[arg-type]
        assert b"canary" not in bytes(arguments)  # type: ignore[arg-type]
        assert ran("shows_its_descriptors", file) == [b"0", b"1", b"2"]


@needs_filter
@pytest.mark.parametrize(
    "parser",
    [
        "opens_a_file", "writes_a_file", "removes_a_file", "makes_a_socket", "starts_a_program", "becomes_a_program",
        "forks", "signals_its_parent", "makes_machine_code", "takes_the_walls_down",
    ],
)  # fmt: skip
def test_what_no_parser_may_do_is_refused(parser: str, file: BinaryIO) -> None:
    reason = fault(parser, file)
    assert "Operation not permitted" in reason or "not allowed" in reason


@needs_filter
def test_no_thread_is_born(file: BinaryIO) -> None:
    assert "can't start new thread" in fault("starts_a_thread", file)


def test_the_file_itself_is_not_written(file: BinaryIO) -> None:
    assert "File too large" in fault("writes_into_its_own", file)
    file.seek(0)
    assert file.read() == b"untrusted"


@on_linux
@pytest.mark.parametrize("parser", ["takes_memory", "takes_memory_in_a_library"])
def test_who_wants_too_much_memory_is_ended(parser: str, file: BinaryIO) -> None:
    assert fault(parser, file) == "Parsing it needed more than 512 MiB of memory."


def test_who_computes_for_ever_is_ended(file: BinaryIO) -> None:
    assert fault("runs_forever", file, Limits(cpu_seconds=1)) == "Parsing it needed more than 1 seconds of computing."


def test_who_waits_for_ever_is_ended(file: BinaryIO) -> None:
    assert fault("waits_forever", file, Limits(wait_seconds=0.5)) == "Parsing it took longer than 0.5 seconds."


def test_who_writes_for_ever_is_ended(file: BinaryIO) -> None:
    found = ran("writes_forever", file, Limits(output_bytes=MIB))
    assert found[-1] == ParseFault("It holds more than 1 MiB of records.", is_final=True)
    assert sum(len(one) for one in found if isinstance(one, bytes)) <= MIB


def test_a_record_without_end_is_not_gathered(file: BinaryIO) -> None:
    assert fault("writes_one_line_forever", file, Limits(line_bytes=MIB)) == "One of its records is longer than 1 MiB."


def test_who_complains_for_ever_holds_up_nobody(file: BinaryIO) -> None:
    assert ran("complains_forever", file) == [b"not held up"]


def test_a_crash_is_told_with_its_signal(file: BinaryIO) -> None:
    assert fault("crashes", file) == f"Its parser crashed ({signal.strsignal(signal.SIGSEGV)})."


def test_what_an_error_says_comes_in_printable_letters_after_what_was_read(file: BinaryIO) -> None:
    assert ran("breaks_off", file) == [
        b"before",
        ParseFault("Its parser broke off: ValueError: made by whoever[31m made the file.", is_final=True),
    ]


def test_an_end_without_a_reason_is_an_end_all_the_same(file: BinaryIO) -> None:
    assert fault("leaves_silently", file) == "Its parser broke off: it did not say why."


def test_who_says_nothing_more_but_lives_is_ended(file: BinaryIO) -> None:
    assert fault("closes_its_mouth", file) == "Its parser fell silent."


def test_a_parser_that_is_not_there_is_told(file: BinaryIO) -> None:
    assert "no_such" in fault("no_such", file)


@on_linux
def test_the_child_is_gone_when_nobody_wants_more(file: BinaryIO) -> None:
    before = children_of(os.getpid())
    parts = parsed(Parser("faulty:writes_forever", FOLDER), file)
    assert next(parts)
    assert len(children_of(os.getpid()) - before) == 1
    parts.close()  # type: ignore[attr-defined] # a generator
    assert children_of(os.getpid()) == before


@on_linux
def test_the_child_goes_with_its_parent() -> None:
    """Also one that neither reads nor writes, and so would never notice."""
    script = (
        "import sys, tempfile; from cybervault.confinement.parse import *;"
        "from cybervault.confinement.parsers import *;"
        "list(parsed(Parser('faulty:waits_forever', sys.argv[1]), tempfile.TemporaryFile()))"
    )
    with subprocess.Popen([sys.executable, "-c", script, FOLDER]) as parent:
        child = until(lambda: next(iter(children_of(parent.pid)), None))
        status = Path(f"/proc/{child}/status")
        until(lambda: "NoNewPrivs:\t1" in status.read_text())
        parent.kill()
    until(lambda: not status.exists() or "State:\tZ" in status.read_text())


def children_of(process: int) -> set[str]:
    return set(Path(f"/proc/{process}/task/{process}/children").read_text().split())


def until(found: Callable[[], T]) -> T:
    """Asks again until there is something; the time limit of tests ends it."""
    while not (value := found()):
        time.sleep(0.01)
    return value


def test_a_larger_file_may_cost_more() -> None:
    small, large = Limits.for_size(0), Limits.for_size(1024 * MIB)
    assert small.cpu_seconds < large.cpu_seconds
    assert small.output_bytes < large.output_bytes
    assert small.memory_bytes == large.memory_bytes


def test_the_parsers_that_ship_stand_in_the_product() -> None:
    assert all(parser.place.startswith("cybervault.confinement.parsers.") and not parser.folder for parser in PARSERS)


def test_where_no_child_starts_no_wall_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Wall.TIME in standing_walls()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert standing_walls() == frozenset()
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert standing_walls() == frozenset()
