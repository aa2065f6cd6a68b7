"""The acceptance checks: which are built, which tests prove them, and their rows on the page of contracts."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "contracts.md"
BUILT: Final = ROOT / "tests" / "architecture" / "built_checks.txt"

_ROW: Final = re.compile(r"^\| (\d+) \| (.*?) \| (?:built|later) \| .*\|$")
_CHECK: Final = re.compile(r"\Atest_check((?:_\d{3})+)_")


def contracts_page() -> str:
    """The page as it stands, each row with its state and its tests filled in."""
    built, tests = built_checks(), check_tests()
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return "\n".join(_contract_row(line, built, tests) for line in lines) + "\n"


def built_checks() -> frozenset[int]:
    """Numbers of the acceptance checks that hold."""
    lines = BUILT.read_text(encoding="utf-8").splitlines()
    return frozenset(int(line) for line in lines if line.strip() and not line.startswith("#"))


def check_tests() -> dict[int, set[str]]:
    """Which test files prove which check; a test names its checks: `test_check_003_004_an_absent_ioc_is_400`."""
    found: dict[int, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = _CHECK.match(node.name) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
            for number in named.group(1).split("_")[1:] if named else ():
                found.setdefault(int(number), set()).add(path.relative_to(ROOT).as_posix())
    return found


def _contract_row(line: str, built: frozenset[int], tests: Mapping[int, set[str]]) -> str:
    row = _ROW.match(line)
    if row is None:
        return line
    number = int(row.group(1))
    links = ", ".join(f"[{Path(name).stem}](../{name})" for name in sorted(tests.get(number, ())))
    state = "built" if number in built else "later"
    return f"| {number} | {row.group(2)} | {state} | {links + ' ' if links else ''}|"
