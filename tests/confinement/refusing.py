"""A system that answers as a test says where a thread would lay rules on itself."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest


@contextmanager
def answering(monkeypatch: pytest.MonkeyPatch, answers: Sequence[int | None]) -> Iterator[None]:
    """Each system call gets the next answer, None a descriptor; at the end all were asked and none is left open."""
    waiting, given = list(answers), list[int]()

    class Library:
        def __init__(self, *_name: object, **_more: object) -> None: ...

        @staticmethod
        def syscall(*_words: object) -> int:
            answer = waiting.pop(0)
            if answer is None:
                given.append(os.open("/dev/null", os.O_RDONLY))
                return given[-1]
            return answer

    monkeypatch.setattr(ctypes, "CDLL", Library)
    yield
    assert waiting == []
    for one in given:
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(one)
