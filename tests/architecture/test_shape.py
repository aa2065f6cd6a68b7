"""The shape of a file: small, named after a thing of the field, and catching only what it can name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, files_of_tests, functions, name_of, sources, syntax

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60
BANNED_WORDS = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})

# The frame answers for every face, the worker for every scan, the dispatcher for every job: nothing stands above them.
MAY_CATCH_ALL = frozenset({"faces/http.py", "scans/worker.py", "storage/dispatcher.py"})
CATCH_ALL_NAMES = frozenset({"Exception", "BaseException"})


def written_files() -> list[Path]:
    """What people write by hand: Python of the product and its tests, and the console."""
    console = sorted(path for path in (ROOT / "web" / "src").rglob("*.ts*") if not path.name.endswith(".d.ts"))
    return [*sources(), *files_of_tests(), *console]


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written_files()}
    too_long = {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}
    assert not too_long, f"more than {FILE_LINES_MAX} lines, split by verb or by noun of the field: {too_long}"


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{name_of(path)}:{node.lineno} {node.name}": lines
        for path in (*sources(), *files_of_tests())
        for node in functions(path)
        if (lines := _lines(node)) > FUNCTION_LINES_MAX
    }
    assert not too_long, f"more than {FUNCTION_LINES_MAX} lines: {too_long}"


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in sources() if not ast.get_docstring(syntax(path))]
    assert not silent, f"no module docstring: {silent}"


def test_no_module_is_named_after_nothing() -> None:
    banned = [
        name_of(path) for path in written_files() if BANNED_WORDS & set(path.relative_to(ROOT).with_suffix("").parts)
    ]
    assert not banned, f"name the thing, not that it helps: {banned}"


def test_only_the_frame_and_the_worker_catch_everything() -> None:
    greedy = [
        f"{name_of(path)}:{line}"
        for path in sources()
        if path.relative_to(PACKAGE).as_posix() not in MAY_CATCH_ALL
        for line in catch_all_lines(syntax(path))
    ]
    assert not greedy, f"catch what you can name: {greedy}"


def catch_all_lines(tree: ast.Module) -> Iterator[int]:
    """Lines with `except:`, `except Exception`, also in a tuple, and `suppress(Exception)`.

    A handler that ends by raising again (a rollback, say) keeps nothing and does not count.
    """
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler(body=[*_, ast.Raise(exc=None)]):
                continue
            case ast.ExceptHandler(type=None):
                yield node.lineno
            case ast.ExceptHandler(type=ast.expr() as caught) if _names(caught) & CATCH_ALL_NAMES:
                yield node.lineno
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=caught_types):
                if any(_names(caught) & CATCH_ALL_NAMES for caught in caught_types):
                    yield node.lineno


def _names(caught: ast.expr) -> set[str]:
    parts = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return {part.id for part in parts if isinstance(part, ast.Name)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("try:\n    x()\nexcept:\n    pass", [3]),
        ("try:\n    x()\nexcept Exception:\n    pass", [3]),
        ("try:\n    x()\nexcept (ValueError, BaseException) as error:\n    pass", [3]),
        ("with contextlib.suppress(Exception):\n    x()", [1]),
        ("try:\n    x()\nexcept (ValueError, OSError):\n    pass", []),
        ("try:\n    x()\nexcept BaseException:\n    undo()\n    raise", []),
        ("try:\n    x()\nexcept Exception as error:\n    raise Other from error", [3]),
        ("with suppress(KeyError):\n    x()", []),
    ],
)
def test_a_planted_catch_all_is_found(text: str, expected: list[int]) -> None:
    assert list(catch_all_lines(ast.parse(text))) == expected
