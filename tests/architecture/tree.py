"""The source tree as the architecture tests see it: which files there are, and what their syntax says."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "src" / "cybervault"
TESTS: Final = ROOT / "tests"

# Folders of tests that mirror no source: whole-program checks, stand-ins of the world, data.
UNMIRRORED_TESTS: Final = frozenset({"architecture", "cases", "console", "contracts", "corpus", "fakes"})


def sources() -> list[Path]:
    """Every Python file of the product."""
    return _python_files(PACKAGE)


def files_of_tests() -> list[Path]:
    """Every Python file below `tests/`, helpers of tests among them."""
    return _python_files(TESTS)


def _python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def is_mirrored(source: Path) -> bool:
    """Whether a source file owes a test file of its own name."""
    place = source.relative_to(PACKAGE)
    is_marker = place.name in {"__init__.py", "__main__.py"}
    is_migration = place.parts[:2] == ("storage", "schema")  # run by every test of the database
    is_built = place.parts[:3] == ("faces", "console", "dist")
    return not (is_marker or is_migration or is_built)


def own_test(source: Path) -> Path:
    """Where the test file of a source file stands: `egress/client.py` has `tests/egress/test_client.py`."""
    place = source.relative_to(PACKAGE)
    return TESTS / place.with_name(f"test_{place.name}")


@cache
def syntax(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner ones too."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    """A path as people write it in this repository."""
    return path.relative_to(ROOT).as_posix()
